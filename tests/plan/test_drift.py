from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.plan.drift import (
    Drift,
    Holding,
    cash_band_usd,
    holding_band_usd,
    measure_drift,
    sizing_problem,
)
from rebalplan.plan.sizing import size_orders
from tests.builders import holding, rules, valuation

D = Decimal


def drifts(cash: str, *holdings: Holding, cash_target: str = "0", **keys: Any) -> dict[str, Drift]:
    worth = valuation(cash, holdings, cash_target=cash_target, **keys)
    return {d.holding.symbol: d for d in measure_drift(worth, holdings, rules(**keys))}


def selected(cash: str, *holdings: Holding, cash_target: str = "0", **keys: Any) -> set[str]:
    """Return what the trigger asks to trade, whether or not an order comes of it."""
    worth = valuation(cash, holdings, cash_target=cash_target, **keys)
    found = measure_drift(worth, sorted(holdings, key=lambda each: each.symbol), rules(**keys))
    problem = sizing_problem(worth, found, rules(**keys))
    return {line.symbol for line in size_orders(problem).lines if line.selected}


# 2,000 cash, 5,000 VTI, 2,000 BND, 1,000 OLD (unlisted): 10,000 USD; the buffer is 1%.
VTI = holding("VTI", "50", "60")
BND = holding("BND", "20", "30")
OLD = holding("OLD", "10", None)


def test_an_account_is_its_cash_and_the_market_value_of_everything_it_holds() -> None:
    worth = valuation("2000", (VTI, BND, OLD), cash_target="10", cash_buffer_pct=D("0.01"))
    assert worth.net_liquidation == 10_000
    assert worth.exposure == 8_000
    assert worth.held == 1_000
    assert worth.buffer == 100
    assert worth.investable == 8_900
    assert worth.cash_target == 890
    assert worth.cash_floor == 100
    assert worth.cash_drift == 1_010


def test_a_negative_cash_target_lowers_the_floor() -> None:
    worth = valuation("2000", (VTI, BND, OLD), cash_target="-10", cash_buffer_pct=D("0.01"))
    assert worth.cash_target == -890
    assert worth.cash_floor == -790
    assert worth.cash_drift == 2_790


def test_an_absolute_buffer_is_taken_as_it_is() -> None:
    worth = valuation("2000", (VTI, BND, OLD), cash_buffer_type="abs", cash_buffer_abs=D(250))
    assert worth.buffer == 250
    assert worth.investable == 8_750


def test_drift_is_value_less_target_in_dollars_and_percent_points_of_the_investable_value() -> None:
    found = drifts("2000", VTI, BND, OLD, cash_target="10", cash_buffer_pct=D("0.01"))
    assert list(found) == ["VTI", "BND"]
    assert found["VTI"].target_usd == 5_340
    assert found["VTI"].usd == -340
    assert found["VTI"].pct == D("-3.820225")
    assert found["BND"].target_usd == 2_670
    assert found["BND"].usd == -670
    assert found["BND"].pct == D("-7.52809")


def test_overweight_is_positive() -> None:
    assert drifts("0", holding("VTI", "60", "50"), holding("BND", "40", "50"))["VTI"].pct == 10


# 10,000 USD without cash: one basis point is one dollar.
def split(vti_usd: str, bnd_usd: str) -> tuple[Holding, Holding]:
    return holding("VTI", vti_usd, "50", "1"), holding("BND", bnd_usd, "50", "1")


@pytest.mark.parametrize(("off", "beyond"), [(50, False), (51, True)])
def test_a_drift_of_the_band_itself_is_within_it(off: int, beyond: bool) -> None:
    pair = split(str(5_000 + off), str(5_000 - off))
    assert bool(selected("0", *pair, per_holding_band_bps=D(50))) is beyond


def test_a_fraction_of_a_cent_beyond_the_band_is_beyond_it() -> None:
    pair = split("5050.0001", "4949.9999")
    assert selected("0", *pair, per_holding_band_bps=D(50)) == {"VTI", "BND"}


def test_per_holding_selects_each_symbol_on_its_own() -> None:
    three = (
        holding("A", "4000", "30", "1"),
        holding("B", "2970", "30", "1"),
        holding("C", "3030", "40", "1"),
    )
    assert selected("0", *three, per_holding_band_bps=D(50)) == {"A", "C"}


@pytest.mark.parametrize(("target", "band_bps"), [("2", 50), ("20", 500), ("40", 500), ("0", 0)])
def test_of_a_band_in_bps_and_one_relative_to_the_target_the_tighter_counts(
    target: str, band_bps: int
) -> None:
    """5/25: 500 bps of the investable value, or a quarter of the target weight."""
    both = rules(per_holding_band_bps=D(500), per_holding_band_pct=D(25))
    assert holding_band_usd(both, D(10_000), D(target)) == band_bps


def test_cash_has_a_band_of_its_own_or_that_of_the_trigger_mode() -> None:
    assert cash_band_usd(rules(per_holding_band_bps=D(500), per_holding_band_pct=D(25)), D(10_000)) == 500
    assert cash_band_usd(rules(per_holding_band_bps=D(500), cash_band_bps=D(20)), D(10_000)) == 20
    total = rules(trigger_mode="total_drift", portfolio_total_band_bps=D(70))
    assert cash_band_usd(total, D(10_000)) == 70


def test_a_small_holding_is_selected_by_its_relative_band() -> None:
    held = (holding("A", "9860", "98", "1"), holding("B", "140", "2", "1"))
    keys: dict[str, Any] = {"per_holding_band_bps": D(500), "min_order_usd": D(0)}
    assert selected("0", *held, **keys) == set()
    assert selected("0", *held, per_holding_band_pct=D(25), **keys) == {"A", "B"}  # A pays for B


@pytest.mark.parametrize(("off", "beyond"), [(50, False), (51, True)])
def test_total_drift_of_the_band_itself_selects_nothing(off: int, beyond: bool) -> None:
    pair = split(str(5_000 + off), str(5_000 - off))
    chosen = selected("0", *pair, trigger_mode="total_drift", portfolio_total_band_bps=D(100))
    assert bool(chosen) is beyond


def test_total_drift_selects_the_largest_until_the_rest_is_within_the_band() -> None:
    four = (
        holding("A", "2600", "20", "1"),  # +600
        holding("B", "1600", "20", "1"),  # -400
        holding("C", "3150", "30", "1"),  # +150
        holding("D", "2650", "30", "1"),  # -350
    )
    keys: dict[str, Any] = {"trigger_mode": "total_drift"}
    assert selected("0", *four, portfolio_total_band_bps=D(500), **keys) == {"A", "B"}
    funded = {"A", "B", "C", "D"}  # D is selected next, and C pays for what A does not
    assert selected("0", *four, portfolio_total_band_bps=D(499), **keys) == funded


def test_total_drift_breaks_ties_by_symbol() -> None:
    pair = split("5100", "4900")
    keys: dict[str, Any] = {
        "trigger_mode": "total_drift",
        "direction": "buy_only",
    }  # so VTI does not pay for it
    assert selected("0", *pair, portfolio_total_band_bps=D(100), **keys) == {"BND"}
    assert selected("0", *pair[::-1], portfolio_total_band_bps=D(100), **keys) == {"BND"}


def test_total_drift_does_not_look_at_the_band_of_a_holding() -> None:
    pair = split("5040", "4960")
    chosen = selected(
        "0", *pair, trigger_mode="total_drift", per_holding_band_bps=D(1), portfolio_total_band_bps=D(100)
    )
    assert chosen == set()


@pytest.mark.parametrize("mode", ["per_holding", "total_drift"])
def test_a_holding_with_target_zero_is_always_selected(mode: str) -> None:
    held = (holding("VTI", "9999", "100", "1"), holding("OLD", "1", "0", "1"))
    assert selected("0", *held, trigger_mode=mode) == {"OLD"}


@pytest.mark.parametrize("mode", ["per_holding", "total_drift"])
def test_a_target_with_no_holding_is_always_selected_and_what_is_overweight_pays_for_it(mode: str) -> None:
    held = (holding("VTI", "10000", "99.99", "1"), holding("NEW", "0", "0.01", "1"))
    assert selected("0", *held, trigger_mode=mode) == {"NEW", "VTI"}


def test_an_unlisted_holding_has_no_drift() -> None:
    assert "OLD" not in drifts("2000", VTI, BND, OLD)


# In the next tests CASH should be 10% of 10,000 USD, and each symbol is within its own band.
def test_cash_exactly_at_its_band_selects_nothing() -> None:
    held = (
        holding("A", "4400", "45", "1"),
        holding("B", "4400", "45", "1"),
    )
    assert selected("1200", *held, cash_target="10", per_holding_band_bps=D(200)) == set()


def test_cash_beyond_its_band_selects_every_underweight_symbol_within_its_own() -> None:
    held = (
        holding("A", "4399", "45", "1"),
        holding("B", "4400", "45", "1"),
    )
    assert selected("1201", *held, cash_target="10", per_holding_band_bps=D(200)) == {"A", "B"}


def test_a_deposit_does_not_select_the_overweight() -> None:
    held = (holding("A", "4300", "45", "1"), holding("B", "4450", "44", "1"))
    assert selected("1250", *held, cash_target="11", per_holding_band_bps=D(140)) == {"A"}


def test_cash_below_its_band_selects_the_largest_drift_that_brings_it_back() -> None:
    held = (
        holding("A", "4601", "45", "1"),
        holding("B", "4600", "45", "1"),
    )
    assert selected("799", *held, cash_target="10", per_holding_band_bps=D(200)) == {"A"}


def test_correcting_cash_leaves_out_what_is_on_target_or_on_the_other_side() -> None:
    deposit = (holding("A", "4300", "45", "1"), holding("B", "4500", "45", "1"))
    assert selected("1200", *deposit, cash_target="10", per_holding_band_bps=D(199)) == {"A"}
    debt = (holding("A", "4700", "45", "1"), holding("B", "4500", "45", "1"))
    assert selected("800", *debt, cash_target="10", per_holding_band_bps=D(199)) == {"A"}


def test_cash_at_the_lower_end_of_its_band_selects_nothing() -> None:
    held = (holding("A", "4600", "45", "1"), holding("B", "4600", "45", "1"))
    assert selected("800", *held, cash_target="10", per_holding_band_bps=D(200)) == set()


def test_total_drift_gives_cash_the_total_band() -> None:
    held = (holding("A", "4450", "45", "1"), holding("B", "4450", "45", "1"))
    keys: dict[str, Any] = {"cash_target": "10", "trigger_mode": "total_drift"}
    assert selected("1100", *held, portfolio_total_band_bps=D(100), **keys) == set()
    held = (holding("A", "4449.5", "45", "1"), holding("B", "4449.5", "45", "1"))
    assert selected("1101", *held, portfolio_total_band_bps=D(101), **keys) == set()
    assert selected("1101", *held, portfolio_total_band_bps=D("100.5"), **keys) == {"A", "B"}


def test_cash_under_its_floor_selects_the_overweight_however_wide_the_bands() -> None:
    held = (holding("A", "5051", "50", "1"), holding("B", "4850", "50", "1"))
    keys: dict[str, Any] = {
        "per_holding_band_bps": D(10_000),
        "cash_buffer_type": "abs",
        "cash_buffer_abs": D(100),
    }
    assert selected("99", *held, **keys) == {"A"}
    at_the_floor = (holding("A", "5050", "50", "1"), holding("B", "4850", "50", "1"))
    assert selected("100", *at_the_floor, **keys) == set()


def test_leverage_over_its_cap_selects_the_overweight_however_wide_the_bands() -> None:
    held = (holding("A", "7600", "75", "1"), holding("B", "7401", "75", "1"))
    keys: dict[str, Any] = {"per_holding_band_bps": D(10_000), "max_leverage": D("1.5")}
    assert selected("-5001", *held, cash_target="-50", **keys) == {"A"}
    at_the_cap = (holding("A", "7600", "75", "1"), holding("B", "7400", "75", "1"))
    assert selected("-5000", *at_the_cap, cash_target="-50", **keys) == set()


def test_unlisted_holdings_count_in_leverage() -> None:
    held = (holding("A", "5100", "100", "1"), holding("OLD", "5000", None, "1"))
    keys: dict[str, Any] = {"per_holding_band_bps": D(10_000), "max_leverage": D(1)}
    assert selected("-100", *held, cash_target="0", **keys) == {"A"}


def test_a_debt_within_a_margin_target_selects_nothing() -> None:
    held = (holding("A", "7500", "75", "1"), holding("B", "7500", "75", "1"))
    assert selected("-5000", *held, cash_target="-50", max_leverage=D(2)) == set()
