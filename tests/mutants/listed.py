"""Mutants written down by hand: each a fault that would cost money, and the test that must fail because of it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import msgspec
from tabulate import tabulate

from tests.mutants.scratch import ROOT, Scratch

_TIMEOUT_SEC = 300.0


class Mutant(msgspec.Struct, frozen=True):
    """A fault: ``old``, which the file has once, becomes ``new``, and ``test`` (a pytest node id) must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "sizing sells what it should buy",
        "rebalplan/sizing/candidates.py",
        'return "buy_only" if line.drift > 0 else "sell_only"',
        'return "buy_only" if line.drift < 0 else "sell_only"',
        "tests/sizing/test_reasons.py::test_a_forbidden_side_is_named_also_for_a_target_of_0",
    ),
    Mutant(
        "costs are added to the cash",
        "rebalplan/sizing/scaled.py",
        "pay=base + cost,",
        "pay=base - cost,",
        "tests/sizing/test_reasons.py::test_costs_are_set_aside",
    ),
    Mutant(
        "buys are counted as sells too",
        "rebalplan/plan/summary.py",
        "sells = -sum((t for t in trades if t < 0), ZERO)",
        "sells = sum((abs(t) for t in trades), ZERO)",
        "tests/plan/test_account.py::test_the_figures_of_an_account",
    ),
    Mutant(
        "the plan's hash is not compared",
        "rebalplan/codec.py",
        "if envelope.sha256 != expected.sha256:",
        "if not expected.sha256:",
        "tests/test_codec.py::test_a_content_that_does_not_match_its_hash_is_called_edited",
    ),
    Mutant(
        "a plan never expires",
        "rebalplan/verify.py",
        "if now >= expires_at:",
        "if now == expires_at:",
        "tests/test_verify.py::test_a_plan_is_expired_exactly_at_its_moment",
    ),
)


def applies(mutant: Mutant) -> bool:
    """Tell whether the mutant's old text occurs exactly once in its file."""
    return (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1


def run_listed(mutants: Sequence[Mutant] = MUTANTS, *, jobs: int = 1) -> int:
    """Run each mutant against its test, print the results, and return 1 unless every test failed."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [Scratch(Path(folder) / str(job)) for job in range(jobs)]
        copies[0].seconds(list(dict.fromkeys(mutant.test for mutant in mutants)))
        results = _run(mutants, copies)
    rows = [(result, mutant.name, mutant.file) for mutant, result in zip(mutants, results, strict=True)]
    print(tabulate(rows, headers=("result", "mutant", "file")))
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
                return copy.run([mutant.test], _TIMEOUT_SEC)
        finally:
            idle.put(copy)

    with ThreadPoolExecutor(len(copies)) as threads:
        return list(threads.map(run, mutants))
