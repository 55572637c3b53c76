"""The orders of the lines that are asked are the best of all order sets, wherever these can be enumerated."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing import SizingProblem, size_orders
from rebalplan.plan.sizing.candidates import find_candidates, whole_orders
from rebalplan.plan.sizing.rounds import signed_steps
from rebalplan.plan.sizing.scaled import scale_account, scale_line
from rebalplan.plan.sizing.solve import solve

from .reference import Trades, best_order_set
from .strategies import NONE, asked, small_problems, usd

_SETTINGS = settings(derandomize=True, deadline=None, max_examples=150)
_AMPLE = st.just(Decimal(10**6))
_BOTH = st.just("both")


def solved(problem: SizingProblem) -> tuple[Trades, bool, bool]:
    """Return the trades of the lines that are asked and of no others, and whether floor and cap are unmet."""
    lines = [scale_line(line, allow_fractional=problem.allow_fractional) for line in problem.lines]
    account = scale_account(problem, sum(line.held for line in lines))
    candidates = find_candidates(whole_orders(lines), set(asked(problem)), {}, problem.direction)
    solution = solve(account, candidates)
    steps = signed_steps(candidates, solution)
    step = Fraction(1, 10_000) if problem.allow_fractional else Fraction(1)
    trades = tuple(steps.get(position, 0) * step for position in range(len(lines)))
    return trades, solution.cash_budget < 0, solution.exposure_budget < 0


def assert_equals_brute_force(problem: SizingProblem) -> None:
    trades, floor_short, cap_excess = best_order_set(problem, asked(problem))
    assert solved(problem) == (trades, floor_short > 0, cap_excess > 0)


@given(small_problems())
@_SETTINGS
def test_any_small_account(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(small_problems(cash_usd=_AMPLE, max_leverage=_AMPLE))
@_SETTINGS
def test_plentiful_cash(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@given(
    small_problems(
        cash_usd=usd(0, 300), cash_floor_usd=st.just(Decimal(0)), max_leverage=_AMPLE, direction=_BOTH
    )
)
@_SETTINGS
def test_short_cash(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(
    small_problems(cash_usd=usd(-2000, 10), cash_floor_usd=usd(0, 50), max_leverage=_AMPLE, direction=_BOTH)
)
@_SETTINGS
def test_cash_under_its_floor(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(
    small_problems(
        cash_usd=usd(-300, 100), cash_floor_usd=usd(-500, -1), max_leverage=_AMPLE, direction=_BOTH
    )
)
@_SETTINGS
def test_a_negative_floor_lends_cash(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(
    small_problems(cash_usd=_AMPLE, net_liquidation_usd=usd(1, 400), held_usd=usd(0, 300), direction=_BOTH)
)
@_SETTINGS
def test_leverage_at_or_over_its_cap(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(small_problems(direction=st.just("buy_only")))
@_SETTINGS
def test_buys_only(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(small_problems(direction=st.just("sell_only")))
@_SETTINGS
def test_sells_only(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@given(
    small_problems(
        bands=[NONE],
        min_order_usd=st.just(Decimal(0)),
        direction=st.sampled_from(("both", "both", "buy_only")),
    )
)
@_SETTINGS
def test_where_every_line_is_asked_the_orders_are_the_best_of_all(problem: SizingProblem) -> None:
    sizing = size_orders(problem)
    trades, floor_short, cap_excess = best_order_set(problem, range(len(problem.lines)))
    assert tuple(Fraction(line.trade) for line in sizing.lines) == trades
    assert (sizing.floor_unmet, sizing.cap_unmet) == (floor_short > 0, cap_excess > 0)


@given(
    small_problems(
        cash_usd=usd(-100, 300), cash_floor_usd=st.just(Decimal(0)), net_liquidation_usd=usd(50, 600),
        max_leverage=st.sampled_from((Decimal("0.5"), Decimal(1))), cost_bps=st.just(Decimal(500)),
        direction=_BOTH,
    )
)  # fmt: skip
@_SETTINGS
def test_cash_and_leverage_both_short(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(small_problems(fractional=True))
@_SETTINGS
def test_fractional_shares(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)
