"""``kill -9`` before and after every journal append and socket write of an apply; the gateway's ledger judges.

``python -m tests.kill --all`` plays what is sampled here in full.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.kill.case import DONE, INCOMPLETE, KILLED, Case, Verdict, apply_options
from tests.kill.cases import RESTARTED, SLOW, TWICE, each_boundary, mended, restarts, slow_fills, twice
from tests.kill.judge import Aftermath, judge
from tests.kill.launcher import Kill, What
from tests.kill.nursery import Nursery, environment
from tests.kill.sweep import Sweep
from tests.kill.world import ACCOUNTS, HIDDEN_SEC, SHIFT, make_original, serving, wait_until_alone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL and no fork"),
]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweep]:
    with Sweep(tmp_path_factory.mktemp("kill")) as staged:
        yield staged


@pytest.fixture(scope="module")
def at_the_socket(sweep: Sweep) -> list[Verdict]:
    return list(sweep.play(each_boundary(sweep, "socket")))


def expect_right(verdicts: Iterable[Verdict]) -> None:
    wrong = [(verdict.case.name, *verdict.problems) for verdict in verdicts if verdict.problems]
    assert not wrong, "\n".join("\n  ".join(lines) for lines in wrong)


def places(sweep: Sweep) -> list[int]:
    """Return at which writes to the socket the orders leave; a what-if of the same line comes before it."""
    names = [name.split()[2:] for name in sweep.staged["brisk"].boundaries if name.startswith("socket ")]
    return [at for at, name in enumerate(names, start=1) if name[:1] == ["3"] and name not in names[at:]]


def test_killed_at_every_write_to_the_socket(sweep: Sweep, at_the_socket: list[Verdict]) -> None:
    expect_right(at_the_socket)
    assert sum(verdict.kills for verdict in at_the_socket) >= sweep.staged["brisk"].count("socket")


def test_what_left_is_adopted_and_what_did_not_is_unknown(sweep: Sweep, at_the_socket: list[Verdict]) -> None:
    expected = places(sweep)
    assert len(expected) == len(sweep.staged["brisk"].original.lines)
    before, after = (
        [v for v in at_the_socket if v.case.kills[0].side == side and v.case.kills[0].at in expected]
        for side in ("before", "after")
    )
    assert [v.unknown for v in before] == [1] * len(expected)
    assert [v.unknown for v in after] == [0] * len(expected)
    assert all(v.adopted for v in after)


@pytest.mark.parametrize("what", ["journal", "report"])
def test_killed_at_every_append_and_every_report(sweep: Sweep, what: What) -> None:
    cases = each_boundary(sweep, what)
    verdicts = list(sweep.play(cases))
    expect_right(verdicts)
    assert sum(verdict.kills for verdict in verdicts) == len(cases) >= sweep.staged["brisk"].count(what)


def test_killed_while_orders_fill_slowly(sweep: Sweep) -> None:
    expect_right(sweep.play(slow_fills(sweep, SLOW)))


def test_killed_and_the_gateway_restarted_with_the_same_ids(sweep: Sweep) -> None:
    expect_right(sweep.play(restarts(sweep, RESTARTED)))


def test_the_resume_is_killed_too(sweep: Sweep) -> None:
    verdicts = list(sweep.play(twice(sweep, TWICE)))
    expect_right(verdicts)
    assert sum(verdict.kills for verdict in verdicts) > len(verdicts)


def test_the_mending_of_a_torn_line_is_killed_too(sweep: Sweep) -> None:
    verdicts = list(sweep.play(mended(sweep)[::3]))
    expect_right(verdicts)
    assert [verdict.kills for verdict in verdicts] == [2] * len(verdicts)


def test_what_the_broker_shows_late_is_adopted_by_a_later_resume(sweep: Sweep, tmp_path: Path) -> None:
    kill = Kill("socket", places(sweep)[0], "after")
    with Nursery() as nursery:
        original = make_original("hidden", tmp_path / "original", nursery)
        folder = tmp_path / "late"
        original.copy(folder)
        with serving(folder) as gateway:
            codes = [nursery.run(folder, [*kill.options(), *apply_options()])]
            codes.append(nursery.run(folder, apply_options("--resume")))
            unknown = (folder / "output.txt").read_text(encoding="utf-8")
            time.sleep(HIDDEN_SEC)
            settled = []
            for _ in range(2):
                codes.append(nursery.run(folder, apply_options("--resume")))
                settled.append((folder / "output.txt").read_text(encoding="utf-8"))
            reports = {path.name: path.read_bytes() for path in (folder / "reports").iterdir()}
            codes.append(nursery.run(folder, ["--shift", str(SHIFT), "--", "status", "latest", "--report"]))
            again = {path.name: path.read_bytes() for path in (folder / "reports").iterdir()}
            sent = [entry.order_ref for entry in gateway.ledger if entry.kind == "place"]
    assert codes[:2] == [KILLED, INCOMPLETE]
    assert "sell BND is unknown" in unknown
    assert codes[2:] == [INCOMPLETE, DONE, DONE]
    assert "what was unknown is settled now: go on with --resume once more" in settled[0]
    assert {name: again[name] for name in reports} == reports  # the run that was killed left none of its own
    assert sorted(sent) == sorted(line.reference for line in original.lines)


def test_a_launcher_of_its_own_dies_the_same_way(sweep: Sweep, tmp_path: Path) -> None:
    staged = sweep.staged["brisk"]
    folder = tmp_path / "own"
    staged.original.copy(folder)
    kill = Kill("socket", places(sweep)[0], "after")
    with serving(folder) as gateway:
        killed = _launch(folder, [*kill.options(), *apply_options()])
        wait_until_alone(gateway)
        placed = [entry.order_ref for entry in gateway.ledger if entry.kind == "place"]
        resumed = _launch(folder, apply_options("--resume"))
        final = [entry.order_ref for entry in gateway.ledger if entry.kind == "place"]
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert placed == final[:1]
    assert sorted(final) == sorted(line.reference for line in staged.original.lines)


def _launch(folder: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.kill.launcher", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(), check=False, capture_output=True, text=True, timeout=60
    )


def test_the_sweep_sees_an_order_that_left_before_it_was_durable(sweep: Sweep) -> None:
    """A planted fault: DISPATCH reaches the disk only with the record after it."""
    cases = [Case("brisk", (Kill("socket", at, "after"),), is_late=True) for at in places(sweep)]
    verdicts = list(sweep.play(cases))
    assert all("sent before it was announced" in " ".join(v.problems) for v in verdicts)


def _with_ledger(whole: Aftermath, change: dict[str, str | Decimal], *, extra: bool) -> Aftermath:
    ledger = list(whole.gateway.ledger)
    at = next(at for at, entry in enumerate(ledger) if entry.kind == "place")
    changed = msgspec.structs.replace(ledger[at], **change)
    ledger = [*ledger, changed] if extra else [*ledger[:at], changed, *ledger[at + 1 :]]
    gateway = msgspec.structs.replace(whole.gateway, ledger=tuple(ledger))
    return msgspec.structs.replace(whole, gateway=gateway)


@pytest.mark.parametrize(
    ("change", "extra"),
    [
        ({}, True),
        ({"order_ref": "rb-000000000000-a01-l01"}, True),
        ({"account": ACCOUNTS[1]}, False),
        ({"quantity": Decimal(1)}, False),
        ({"kind": "cancel"}, False),
        ({"tif": ""}, False),
        ({"outcome": "refused 201"}, False),
    ],
)
def test_the_judge_sees_a_wrong_ledger(sweep: Sweep, change: dict[str, str | Decimal], extra: bool) -> None:
    staged = sweep.staged["brisk"]
    lines = staged.original.lines
    assert judge(staged.whole, lines, (), staged.whole) == []
    assert judge(_with_ledger(staged.whole, change, extra=extra), lines, (), staged.whole)


def test_the_judge_sees_an_order_that_nobody_knows_of(sweep: Sweep) -> None:
    staged = sweep.staged["brisk"]
    line = staged.original.lines[0]
    assert judge(staged.whole, staged.original.lines, (line.reference,), staged.whole)
