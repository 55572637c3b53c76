from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.plan.sizing.problem import SizingLine
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine, scale_account, scale_line, shares

from .integers import account, line
from .test_reasons import problem

D = Decimal
JUST_OVER_ONE = D("0.00000000011")
"""1.1 of the units that values count in."""


def scaled(held_by_lines: int = 0, **changed: Any) -> ScaledAccount:
    plain = {
        "cash_usd": D(0),
        "cash_target_usd": D(0),
        "net_liquidation_usd": D(1),
        "max_leverage": D(0),
        "cost_bps": D(0),
    }
    return scale_account(problem(**(plain | changed)), held_by_lines)


def test_a_line_counts_in_the_smallest_steps_of_price_and_quantity() -> None:
    line = SizingLine("A", D("2.5"), D("10.000001"), D("30.0000000001"), D("1.23456789019"))
    held = 25_000 * 10_000_001
    assert scale_line(line, allow_fractional=False) == ScaledLine(
        unit=100_000_010_000,
        drift=300_000_000_001 - held,
        held=held,
        held_steps=2,
        closing=False,
        band=12_345_678_901,
    )
    fractional = scale_line(line, allow_fractional=True)
    assert (fractional.unit, fractional.held_steps) == (10_000_001, 25_000)


@pytest.mark.parametrize(("target", "closing"), [("0", True), ("0.0000000001", False)])
def test_a_target_of_exactly_0_is_closed(target: str, closing: bool) -> None:
    line = SizingLine("A", D(1), D(1), D(target), D(0))
    assert scale_line(line, allow_fractional=False).closing is closing


def test_every_bound_is_rounded_to_its_safe_side() -> None:
    """Cash, the cap and the bands count as 1 where they are 1.1; floor, cash target, held value, minimum as 2."""
    assert scaled(cash_usd=JUST_OVER_ONE).spare_cash == 1
    assert scaled(cash_usd=-JUST_OVER_ONE).spare_cash == -2
    assert scaled(cash_floor_usd=JUST_OVER_ONE).spare_cash == -2
    assert scaled(max_leverage=JUST_OVER_ONE).spare_exposure == 1
    assert scaled(held_usd=JUST_OVER_ONE).spare_exposure == -2
    assert scaled(min_order_usd=JUST_OVER_ONE).min_order == 2
    assert scaled(cash_usd=JUST_OVER_ONE).cash_drift == 1
    assert scaled(cash_target_usd=JUST_OVER_ONE).cash_drift == -2
    assert scaled(cash_band_usd=JUST_OVER_ONE).cash_band == 1
    assert scaled(cash_slack_usd=JUST_OVER_ONE).cash_slack == 1
    assert scaled(total_band_usd=JUST_OVER_ONE).total_band == 1
    assert scaled().total_band is None


def test_a_cap_a_breath_under_a_dollar_is_under_a_dollar() -> None:
    """(1 + e)(1 - e) is 1 - e^2, with 34 nines."""
    found = scaled(max_leverage=D("1.00000000000000001"), net_liquidation_usd=D("0.99999999999999999"))
    assert found.spare_exposure == 10**10 - 1


def test_what_lines_hold_counts_in_exposure() -> None:
    assert scaled(held_by_lines=7, max_leverage=D(1)).spare_exposure == 10**10 - 7


@pytest.mark.parametrize(
    ("cost_bps", "keep", "pay", "base"),
    [("0", 10_000, 10_000, 10_000), ("20", 9_980, 10_020, 10_000), ("33.3", 99_667, 100_333, 100_000)],
)
def test_a_sold_dollar_brings_less_and_a_bought_one_takes_more_by_the_cost(
    cost_bps: str, keep: int, pay: int, base: int
) -> None:
    found = scaled(cost_bps=D(cost_bps))
    assert (found.keep, found.pay, found.base) == (keep, pay, base)


def test_the_budgets_are_what_may_be_bought_after_the_sells() -> None:
    """(1,000 · 10 + 500 · 9) / 11 is 1,318.18; a debt of 1 is already under the floor."""
    found = account(1_000, spare_exposure=300, keep=9, pay=11, base=10)
    assert (found.cash_budget(500), found.exposure_budget(500)) == (1_318, 800)
    in_debt = account(-1, spare_exposure=-1, keep=9, pay=11, base=10)
    assert (in_debt.cash_budget(0), in_debt.exposure_budget(0)) == (-1, -1)


def test_an_account_after_orders_has_their_value_less_and_the_same_bounds() -> None:
    before = account(100, spare_exposure=50, cash_drift=7, keep=9, pay=11, base=10)
    assert before.moved(30) == account(70, spare_exposure=20, cash_drift=-23, keep=9, pay=11, base=10)
    assert before.moved(-30) == account(130, spare_exposure=80, cash_drift=37, keep=9, pay=11, base=10)


def test_an_account_that_has_spent_has_the_costs_less_too_rounded_up() -> None:
    """21 and their costs are 21 · 11 / 10 = 23.1."""
    before = account(100, spare_exposure=50, cash_drift=7, keep=9, pay=11, base=10)
    assert before.spent(21) == account(76, spare_exposure=29, cash_drift=-17, keep=9, pay=11, base=10)


@pytest.mark.parametrize(
    ("held", "drift", "always"), [(0, 5, True), (5, -5, True), (5, -4, False), (5, 9, False), (0, 0, False)]
)
def test_a_target_with_no_holding_and_a_holding_with_target_0_are_always_asked(
    held: int, drift: int, always: bool
) -> None:
    assert line(drift, unit=1, held_steps=held).is_always_asked is always


def test_a_line_after_an_order_keeps_its_target() -> None:
    assert line(26, held_steps=4).moved(3) == line(-4, held_steps=7)
    assert line(-26, held_steps=4).moved(-3) == line(4, held_steps=1)


@pytest.mark.parametrize(
    ("steps", "fractional", "text"),
    [(-3, False, "-3"), (-3, True, "-0.0003"), (20_000, True, "2"), (0, True, "0")],
)
def test_steps_are_shares_or_ten_thousandths(steps: int, fractional: bool, text: str) -> None:
    assert str(shares(steps, allow_fractional=fractional)) == text
