"""One case of the sweep: an apply that is killed, resumed and judged."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from rebalplan.apply.journal.journal import journal_path
from rebalplan.apply.journal.records import Done
from rebalplan.core.errors import RebalError
from rebalplan.sim import Gateway, SimError, describe, load_scenario
from tests.kill.judge import Aftermath, dispatched, judge, read_aftermath, read_records
from tests.kill.launcher import Kill
from tests.kill.nursery import Nursery
from tests.kill.world import SHIFT, Original, Scene, serving, wait_until_alone

KILLED: Final = -9
DONE: Final = 0
INCOMPLETE: Final = 4


class Case(msgspec.Struct, frozen=True):
    """An apply that dies at the first kill, resumes that die at the others, and one that lives.

    ``restarted``: the gateway starts again in between and gives out the same order ids. ``is_late`` plants a
    fault, see the launcher.
    """

    scene: Scene
    kills: tuple[Kill, ...]
    restarted: bool = False
    is_late: bool = False

    @property
    def name(self) -> str:
        """Return what it is called in a report and as a folder."""
        kills = "-then-".join(f"{kill.side}-{kill.what}-{kill.at}" for kill in self.kills)
        return (
            f"{self.scene}-{kills}{'-restarted' if self.restarted else ''}{'-late' if self.is_late else ''}"
        )


class Verdict(msgspec.Struct, frozen=True):
    """What came of a case: nothing wrong, it is hoped.

    ``adopted`` orders had arrived before a kill without their end being in the journal; ``unknown`` ones were
    announced and never arrived.
    """

    case: Case
    problems: tuple[str, ...]
    kills: int
    adopted: int
    unknown: int


class _State:
    """What a case has come to so far."""

    def __init__(self, case: Case, original: Original, folder: Path) -> None:
        self.case = case
        self.folder = folder
        self.original = original
        self.plan = original.copy(folder)
        self.problems: list[str] = []
        self.kills = 0
        self.adopted: set[str] = set()
        self.unknown: set[str] = set()
        self.arrived: tuple[str, ...] = ()

    def look(self, gateway: Gateway) -> None:
        """Compare journal and ledger after a kill."""
        records = read_records(self.plan, self.original.envelope, may_be_torn=True)
        self.arrived = tuple(entry.order_ref for entry in gateway.ledger if entry.kind == "place")
        announced = dispatched(records)
        if set(self.arrived) - announced:
            self.problems.append(f"sent before it was announced: {set(self.arrived) - announced}")
        ended = {record.reference for record in records if isinstance(record, Done)}
        self.adopted |= set(self.arrived) - ended
        self.unknown |= announced - set(self.arrived)


def play(case: Case, original: Original, whole: Aftermath, folder: Path, nursery: Nursery) -> Verdict:
    """Play a case in ``folder``, which is removed when nothing is wrong with it."""
    state = _State(case, original, folder)
    for gateway, step in _steps(state):
        if isinstance(step, Kill):
            _kill(state, step, gateway, nursery)
        else:
            _finish(state, gateway, nursery)
    try:
        found = read_aftermath(folder, state.plan, original.envelope)
        state.problems += judge(found, original.lines, state.unknown, whole)
        state.problems += _blocked(state, found)
    except (AssertionError, ValueError, LookupError, RebalError, SimError) as error:
        state.problems.append(f"{type(error).__name__}: {error}")
    if state.problems:
        state.problems.append(_evidence(state))
    else:
        shutil.rmtree(folder)
    return Verdict(case, tuple(state.problems), state.kills, len(state.adopted), len(state.unknown))


def _steps(state: _State) -> Iterator[tuple[Gateway, Kill | None]]:
    """Return the kills and, at last, nothing, each with the gateway it meets."""
    steps = (*state.case.kills, None)
    if state.case.restarted:
        for step in steps:
            with serving(state.folder) as gateway:
                yield gateway, step
        return
    with serving(state.folder) as gateway:
        for step in steps:
            yield gateway, step
    if gateway.max_connections > 1:
        state.problems.append(f"{gateway.max_connections} connections at once")


def apply_options(*options: str) -> list[str]:
    """Return what makes a launcher apply the plan."""
    return ["--shift", str(SHIFT), "--", "apply", "latest", "--yes", *options]


def _kill(state: _State, kill: Kill, gateway: Gateway, nursery: Nursery) -> None:
    is_first = kill is state.case.kills[0]
    options = () if is_first else ("--resume",)
    planted = ["--late"] if state.case.is_late else []
    code = nursery.run(state.folder, [*planted, *kill.options(), *apply_options(*options)])
    wait_until_alone(gateway)
    state.kills += code == KILLED
    if code != KILLED and is_first:
        state.problems.append(f"was not killed at {kill} but exited with {code}")
    if code not in (KILLED, DONE, INCOMPLETE):
        state.problems.append(f"exited with {code}")
    state.look(gateway)


def _summaries(files: Iterable[str]) -> list[str]:
    """Return the names of the runs' summaries, oldest first."""
    return sorted(name for name in files if name.startswith("run_summary_"))


def _finish(state: _State, gateway: Gateway, nursery: Nursery) -> None:
    """Resume until it is done or blocked, then write the reports once more."""
    expected = INCOMPLETE if state.unknown else DONE
    code = nursery.run(state.folder, apply_options("--resume"))
    if code != expected:
        state.problems.append(f"the resume exited with {code}, not {expected}")
    before = _files(state.folder / "reports")
    if state.unknown:
        again = nursery.run(state.folder, apply_options("--resume"))
        if again != expected:
            state.problems.append(f"a second resume exited with {again}, not {expected}")
    wait_until_alone(gateway)
    status = nursery.run(state.folder, ["--shift", str(SHIFT), "--", "status", "latest", "--report"])
    if status != DONE:
        state.problems.append(f"status --report exited with {status}")
    after = _files(state.folder / "reports")
    killed = set(
        _summaries(before)[:-1]
    )  # written as its last account ended: the journal knows more of that run
    changed = [name for name, data in before.items() if after.get(name) != data and name not in killed]
    if changed:
        state.problems.append(f"written again, {changed} differ")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def _blocked(state: _State, found: Aftermath) -> Iterator[str]:
    """An account with an unknown order is sent nothing more."""
    blocked = {line.account for line in state.original.lines if line.reference in state.unknown}
    for entry in found.placed:
        if entry.account in blocked and entry.order_ref not in state.arrived:
            yield f"{entry.order_ref} was sent although its account is blocked"
    if found.summaries != 1:
        yield "there is no summary of the run"


def _evidence(state: _State) -> str:
    """Return everything needed to see what happened, and how to make it happen again."""
    files: Collection[Path] = (state.folder / "output.txt", journal_path(state.plan))
    texts = [f"--- {path.name}\n{path.read_text(encoding='utf-8')}" for path in files if path.exists()]
    gateway = describe(load_scenario(state.folder / "scenario.toml"), state.folder / "gateway.json")
    ledger = [f"{e.kind} {e.order_ref} {e.side} {e.quantity} {e.symbol} {e.outcome}" for e in gateway.ledger]
    again = f"--- in {state.folder}; again: python -m tests.kill --only {state.case.name}"
    return "\n".join([again, *texts, "--- the gateway's ledger", *ledger])
