"""Faults of a plan: what it orders, and whether its file is what was planned."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

PLANNING: tuple[Mutant, ...] = (
    Mutant(
        "sizing sells what it should buy",
        "rebalplan/plan/sizing/candidates.py",
        'return "buy_only" if line.drift > 0 else "sell_only"',
        'return "buy_only" if line.drift < 0 else "sell_only"',
        "tests/plan/sizing/test_reasons.py::test_a_forbidden_side_is_named_also_for_a_target_of_0",
    ),
    Mutant(
        "costs are added to the cash",
        "rebalplan/plan/sizing/scaled.py",
        "pay=base + cost,",
        "pay=base - cost,",
        "tests/plan/sizing/test_reasons.py::test_costs_are_set_aside",
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
        "rebalplan/plan/codec.py",
        "if envelope.sha256 != expected.sha256:",
        "if not expected.sha256:",
        "tests/plan/test_codec.py::test_a_content_that_does_not_match_its_hash_is_called_edited",
    ),
    Mutant(
        "a plan never expires",
        "rebalplan/plan/verify.py",
        "if now >= expires_at:",
        "if now == expires_at:",
        "tests/plan/test_verify.py::test_a_plan_is_expired_exactly_at_its_moment",
    ),
)
