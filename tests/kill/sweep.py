"""Many cases at once: a nursery and a gateway for each core."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import msgspec

from tests.kill.case import DONE, Case, Verdict, apply_options, play
from tests.kill.judge import Aftermath, read_aftermath
from tests.kill.launcher import Kill, Side, What
from tests.kill.nursery import Nursery
from tests.kill.world import Original, Scene, make_original, serving

SIDES: Final[dict[What, tuple[Side, ...]]] = {
    "journal": ("before", "torn", "after"),
    "socket": ("before", "after"),
    "report": ("before", "after"),
}


STAGED: Final[tuple[Scene, ...]] = ("brisk", "slow")
"""The scenes in which a run that nobody kills is compared with the others."""


class Staged(msgspec.Struct, frozen=True):
    """A scene with its plan, what a run that nobody kills leaves, and the boundaries of that run."""

    original: Original
    whole: Aftermath
    boundaries: tuple[str, ...]

    def count(self, what: What) -> int:
        """Return how many boundaries of a kind a whole run has."""
        return sum(1 for name in self.boundaries if name.startswith(f"{what} "))


class Sweep:
    """Stages the scenes and plays cases; a context manager."""

    def __init__(self, folder: Path, workers: int = 0) -> None:
        self._folder = folder
        self._workers = workers or min(4, os.cpu_count() or 1)
        self._stack = ExitStack()
        self._nurseries: SimpleQueue[Nursery] = SimpleQueue()
        self.staged: dict[Scene, Staged] = {}

    def __enter__(self) -> Sweep:
        for _ in range(self._workers):
            self._nurseries.put(self._stack.enter_context(Nursery()))
        nursery = self._nurseries.get()
        for scene in STAGED:
            self.staged[scene] = _stage(scene, self._folder / scene, nursery)
        self._nurseries.put(nursery)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def play(self, cases: Iterable[Case]) -> Iterator[Verdict]:
        """Play the cases side by side; the verdicts come in their order."""
        with ThreadPoolExecutor(self._workers) as pool:
            yield from pool.map(self._play, cases)

    def _play(self, case: Case) -> Verdict:
        nursery = self._nurseries.get()
        try:
            staged = self.staged[case.scene]
            return play(case, staged.original, staged.whole, self._folder / case.name, nursery)
        finally:
            self._nurseries.put(nursery)


def _stage(scene: Scene, folder: Path, nursery: Nursery) -> Staged:
    original = make_original(scene, folder / "original", nursery)
    plan = original.copy(folder / "whole")
    with serving(folder / "whole"):
        code = nursery.run(folder / "whole", ["--count", *apply_options()])
    output = (folder / "whole" / "output.txt").read_text(encoding="utf-8")
    assert code == DONE, output
    boundaries = re.findall(r"(?m)^(?:journal|socket|report) \d+ .*$", output)
    return Staged(original, read_aftermath(folder / "whole", plan, original.envelope), tuple(boundaries))


def every_kill(staged: Staged, what: What) -> list[Kill]:
    """Return a kill on each side of each boundary of a kind."""
    return [Kill(what, at, side) for at in range(1, staged.count(what) + 1) for side in SIDES[what]]


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return the figures of a sweep in one line."""
    wrong = sum(1 for v in verdicts if v.problems)
    return (
        f"{len(verdicts)} cases, {sum(v.kills for v in verdicts)} kills, {sum(v.adopted for v in verdicts)} orders "
        f"adopted, {sum(v.unknown for v in verdicts)} unknown, {wrong} cases wrong"
    )
