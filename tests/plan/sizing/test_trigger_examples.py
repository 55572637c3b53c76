"""The trigger, the minimum and the floor, in accounts that a person can follow by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.plan.sizing import SizingProblem, size_orders
from tests.plan.sizing.accounts import account, after, cash_after_costs, trades


def reasons(problem: SizingProblem) -> list[str | None]:
    return [line.reason for line in size_orders(problem).lines]


def test_five_dollars_under_the_buffer_sell_nothing_within_its_band() -> None:
    problem = account((60, 600, 100), (40, "395", 100), cash=1000, band_bps=500)
    assert problem.net_liquidation_usd == Decimal(100_500)
    assert problem.cash_floor_usd - problem.cash_usd == 5
    assert trades(size_orders(problem)) == [0, 0]
    assert not size_orders(problem).floor_unmet


@pytest.mark.parametrize(("minimum", "sold"), [(500, 0), (0, 2)])
def test_cash_under_its_floor_sells_the_largest_drift_no_further_than_needed(minimum: int, sold: int) -> None:
    quarters = ((25, 271, 100), (25, 270, 100), (25, 225, 100), (25, 225, 100))
    problem = account(*quarters, cash=900, band_bps=300, min_order_usd=Decimal(minimum))
    assert trades(size_orders(problem)) == [-sold, 0, 0, 0]
    assert trades(size_orders(after(problem, size_orders(problem)))) == [0, 0, 0, 0]


def test_proceeds_over_the_band_of_cash_are_invested_and_small_orders_are_dropped() -> None:
    problem = account(
        (25, 246, 100), (20, 194, 100), (5, 43, 100), (40, 417, 100), (10, 90, 100),
        cash=1000, band_bps=200, cash_band_bps=50,
    )  # fmt: skip
    sizing = size_orders(problem)
    assert trades(sizing) == [0, 0, 6, -21, 9]
    assert reasons(problem) == ["below_min_order", "below_min_order", None, None, None]
    assert cash_after_costs(problem, sizing) == Decimal("1592.80")
    assert trades(size_orders(after(problem, sizing))) == [0] * 5


def test_a_selected_buy_is_funded_by_the_largest_overweight_holding_within_its_band() -> None:
    problem = account(
        (25, 220, 100), (25, 257, 100), (25, 260, 100), (25, 253, 100), cash=1000, band_bps=200
    )  # fmt: skip
    sizing = size_orders(problem)
    assert trades(sizing) == [25, -9, -12, -5]
    assert trades(size_orders(after(problem, sizing))) == [0] * 4


def test_the_minimum_blocks_no_deposit() -> None:
    problem = account(*[(100 / 12, 165, 50)] * 12, cash=5000 + 1000)
    sizing = size_orders(problem)
    assert sum(trades(sizing)) > 60
    assert abs(after(problem, sizing).cash_usd - problem.cash_target_usd) <= problem.cash_band_usd
    assert trades(size_orders(after(problem, sizing))) == [0] * 12


def test_the_minimum_blocks_no_debit() -> None:
    problem = account(*[(100 / 12, 165, 50)] * 12, cash=-3000)
    sizing = size_orders(problem)
    assert not sizing.floor_unmet
    assert cash_after_costs(problem, sizing) >= problem.cash_floor_usd
    assert trades(size_orders(after(problem, sizing))) == [0] * 12


def test_the_floor_outranks_the_nearest_share() -> None:
    problem = account(*[("33.3333", 5000, 10)] * 3, cash=0, buffer="0", reserve=1000, band_bps=500)
    sizing = size_orders(problem)
    assert trades(sizing) == [-34, -34, -33]
    assert not sizing.floor_unmet
    assert cash_after_costs(problem, sizing) >= 1000


def test_one_share_past_the_target_of_a_sell_funds_a_better_buy() -> None:
    problem = account(
        ("38.26", 3, "403.69"), ("33.18", 34, "50.18"), ("28.56", 4, "316.41"),
        cash="34.53", buffer="0", min_order_usd=Decimal(0),
    )  # fmt: skip
    assert trades(size_orders(problem)) == [1, -8, 0]


def test_a_reserve_is_raised_with_its_costs_by_the_share_that_adds_least() -> None:
    problem = account((60, 198, 300), (40, 528, 75), cash=1000, reserve=12_000)
    sizing = size_orders(problem)
    assert trades(sizing) == [-24, -65]
    assert cash_after_costs(problem, sizing) == Decimal("13050.85")


def test_needed_sells_are_not_dropped_for_their_size() -> None:
    problem = account(*[(100 / 15, 66, 100)] * 15, cash=1000, reserve=3000)
    sizing = size_orders(problem)
    assert trades(sizing) == [-3] + [-2] * 14
    assert cash_after_costs(problem, sizing) == Decimal("4093.80")
    assert trades(size_orders(after(problem, sizing))) == [0] * 15


def test_sell_only_raises_money_and_nothing_more() -> None:
    lines = ((50, 600, 100), (50, 390, 100))
    assert trades(size_orders(account(*lines, cash=1000, direction="sell_only"))) == [0, 0]
    assert reasons(account(*lines, cash=1000, direction="sell_only"))[0] == "direction"
    problem = account(*lines, cash=1000, reserve=3000, direction="sell_only")
    assert trades(size_orders(problem)) == [-31, 0]
