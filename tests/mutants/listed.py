"""Mutants written down by hand: each a fault that would cost money, and the test that must fail because of it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tabulate import tabulate

from tests.mutants.lists import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.scratch import ROOT, Scratch

_TIMEOUT_SEC = 300.0


def applies(mutant: Mutant) -> bool:
    """Tell whether the mutant's old text occurs exactly once in its file."""
    return (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1


def run_listed(mutants: Sequence[Mutant] = MUTANTS, *, jobs: int = 1) -> int:
    """Run each mutant against its test, print the results, and return 1 unless every test failed."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [Scratch(Path(folder) / str(job)) for job in range(jobs)]
        copies[0].seconds(list(dict.fromkeys(mutant.test for mutant in mutants)))
        results = _run(mutants, copies)
    rows = [
        (result, mutant.name, mutant.file, mutant.test.partition("::")[2])
        for mutant, result in zip(mutants, results, strict=True)
    ]
    print(tabulate(rows, headers=("result", "mutant", "file", "test")))
    return 0 if all(result in ("killed", "hung") for result in results) else 1


def _run(mutants: Sequence[Mutant], copies: Sequence[Scratch]) -> list[str]:
    idle: SimpleQueue[Scratch] = SimpleQueue()
    for copy in copies:
        idle.put(copy)

    def run(mutant: Mutant) -> str:
        if not applies(mutant):
            return "does not apply"
        source = (ROOT / mutant.file).read_text(encoding="utf-8").replace(mutant.old, mutant.new)
        copy = idle.get()
        try:
            with copy.changed(mutant.file, source.encode()):
                outcome = copy.run([mutant.test], _TIMEOUT_SEC)
        finally:
            idle.put(copy)
        print(f"{outcome:8} {mutant.name}", file=sys.stderr, flush=True)
        return outcome

    with ThreadPoolExecutor(len(copies)) as threads:
        return list(threads.map(run, mutants))
