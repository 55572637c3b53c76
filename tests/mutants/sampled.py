"""Mutants by chance: a sample of all small changes, each run against the tests of its module."""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import msgspec
from tabulate import tabulate

from tests.mutants.changes import Change, find_changes
from tests.mutants.equivalent import is_equivalent
from tests.mutants.modules import MODULES
from tests.mutants.scratch import ROOT, Outcome, Scratch

LEAST_RATE = 0.92
"""The share of mutants that must be noticed."""

_SPARE_SEC = 10.0
"""What a run may take beyond three times the tests' own time before it counts as hung."""


class Run(msgspec.Struct, frozen=True):
    """A mutant and what became of it."""

    change: Change
    outcome: Outcome


def all_changes(*only: str) -> list[Change]:
    """Return every change of the modules whose path begins with one of ``only``, module by module."""
    return [
        change
        for file in MODULES
        if file.startswith(only or "")
        for change in find_changes(file, (ROOT / file).read_bytes())
    ]


def sample(changes: Sequence[Change], number: int, seed: int) -> list[Change]:
    """Return ``number`` of the changes, or all; the same for the same seed."""
    chosen = random.Random(seed).sample(range(len(changes)), min(number, len(changes)))  # noqa: S311  # reproducible
    return [changes[index] for index in sorted(chosen)]


def run_sample(number: int, *, seed: int, only: tuple[str, ...], jobs: int) -> int:
    """Run a sample without its equivalent mutants, print the result, and return 1 when too many survive."""
    everything = all_changes(*only)
    chosen = [change for change in sample(everything, number, seed) if not is_equivalent(change)]
    print(f"{len(chosen)} of {len(everything)} mutants, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        runs = _run(chosen, [Scratch(Path(folder) / str(job)) for job in range(jobs)])
    print(table(runs))
    for run in runs:
        if run.outcome == "survived":
            print(f"\n{run.change.file}:{run.change.line}\n- {run.change.before}\n+ {run.change.after}")
    return 0 if rate(runs) >= LEAST_RATE else 1


def _run(changes: Sequence[Change], copies: Sequence[Scratch]) -> list[Run]:
    limits = _timeouts({change.file for change in changes}, copies[0])
    idle: SimpleQueue[Scratch] = SimpleQueue()
    for copy in copies:
        idle.put(copy)

    def run(change: Change) -> Run:
        copy = idle.get()
        try:
            with copy.changed(change.file, change.source):
                outcome = _first_notice(copy, MODULES[change.file], limits)
        finally:
            idle.put(copy)
        print(f"{outcome:8} {change.file}:{change.line} {change.after}", file=sys.stderr, flush=True)
        return Run(change, outcome)

    with ThreadPoolExecutor(len(copies)) as threads:
        return list(threads.map(run, changes))


def _first_notice(copy: Scratch, tests: Iterable[str], limits: Mapping[str, float]) -> Outcome:
    """Run one test file after the other, so that an endless loop is noticed in the first and quickest."""
    for path in tests:
        outcome = copy.run([path], limits[path])
        if outcome != "survived":
            return outcome
    return "survived"


def _timeouts(files: Iterable[str], copy: Scratch) -> Mapping[str, float]:
    """Return the seconds that each test file may take, from a run without a mutant."""
    needed = sorted({path for file in files for path in MODULES[file]})
    return {path: 3 * copy.seconds([path]) + _SPARE_SEC for path in needed}


def rate(runs: Sequence[Run]) -> float:
    """Return the share of mutants that did not survive."""
    return sum(run.outcome != "survived" for run in runs) / len(runs) if runs else 1.0


def table(runs: Sequence[Run]) -> str:
    """Return a row for each module and one for all."""
    files = sorted({run.change.file for run in runs})
    rows = [_row(file, [run for run in runs if run.change.file == file]) for file in files]
    return tabulate([*rows, _row("all", runs)], headers=("module", "killed", "survived", "hung", "rate"))


def _row(name: str, runs: Sequence[Run]) -> tuple[str, int, int, int, str]:
    counted = Counter(run.outcome for run in runs)
    return (
        name,
        counted["killed"] + counted["broken"],
        counted["survived"],
        counted["hung"],
        f"{rate(runs):.1%}",
    )
