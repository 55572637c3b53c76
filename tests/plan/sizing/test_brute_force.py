"""Sizing equals the best of all order sets, enumerated, wherever these can be enumerated."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing import SizingProblem, size_orders

from .reference import reference_trades
from .strategies import small_problems, usd

_SETTINGS = settings(derandomize=True, deadline=None, max_examples=150)
_AMPLE = st.just(Decimal(10**6))
_BOTH = st.just("both")


def assert_equals_brute_force(problem: SizingProblem) -> None:
    sizing = size_orders(problem)
    trades, floor_unmet, cap_unmet = reference_trades(problem)
    assert tuple(Fraction(line.trade) for line in sizing.lines) == trades
    assert (sizing.floor_unmet, sizing.cap_unmet) == (floor_unmet, cap_unmet)


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


@given(small_problems(min_order_usd=usd(0, 60)))
@_SETTINGS
def test_the_minimum_order_drops_the_smallest_and_solves_again(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)


@pytest.mark.slow
@given(small_problems(fractional=True))
@_SETTINGS
def test_fractional_shares(problem: SizingProblem) -> None:
    assert_equals_brute_force(problem)
