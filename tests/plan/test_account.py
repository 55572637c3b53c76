from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.core.vocabulary import BrokerValue
from rebalplan.plan.document import AccountPlan
from tests.builders import (
    account,
    con_id_of,
    planned,
    position,
    quote,
    snapshot,
    unmanaged,
    working_order,
)

D = Decimal


def orders(made: AccountPlan) -> list[tuple[str, str, str]]:
    return [(o.side, o.symbol, str(o.quantity)) for o in made.orders]


def reasons_by_symbol(made: AccountPlan) -> dict[str, str | None]:
    return {row.symbol: row.reason for row in made.drift}


def test_cash_is_invested_in_the_targets() -> None:
    made = planned(account(cash="10000", weights={"VTI": "60", "BND": "40"}))
    assert made.status == "planned"
    assert orders(made) == [("BUY", "BND", "40"), ("BUY", "VTI", "60")]


def test_an_account_on_target_has_no_changes_and_no_reasons() -> None:
    made = planned(account(cash="0", holdings={"VTI": "100"}))
    assert (made.status, made.orders, made.reasons) == ("no_changes", (), ())
    assert reasons_by_symbol(made) == {"VTI": "within_band"}


def test_sells_come_first_then_symbols_in_order() -> None:
    made = planned(
        account(
            cash="0",
            holdings={"BND": "10", "QQQ": "50", "VXUS": "40"},
            weights={"AVUV": "30", "BND": "40", "QQQ": "20", "VXUS": "10"},
        )
    )
    assert orders(made) == [
        ("SELL", "QQQ", "30"),
        ("SELL", "VXUS", "30"),
        ("BUY", "AVUV", "30"),
        ("BUY", "BND", "30"),
    ]


def test_an_order_has_contract_price_and_value() -> None:
    (order,) = planned(account(cash="10000"), VTI="33.33").orders
    assert (order.con_id, order.price, order.quantity) == (con_id_of("VTI"), D("33.33"), D(300))
    assert order.value_usd == D(9999)


def test_an_unlisted_holding_is_held_and_keeps_its_value_out_of_the_targets() -> None:
    made = planned(account(cash="6000", holdings={"OLD": "40"}))
    assert orders(made) == [("BUY", "VTI", "60")]
    assert reasons_by_symbol(made) == {"OLD": "held_unlisted", "VTI": None}
    assert made.summary is not None
    assert (made.summary.unlisted_usd, made.summary.investable_usd) == (D(4000), D(6000))


def test_the_row_of_a_held_unlisted_symbol_has_no_target_and_no_drift() -> None:
    row = planned(account(cash="6000", holdings={"OLD": "30"})).drift[0]
    assert (row.symbol, row.target_pct, row.drift_usd, row.trade) == ("OLD", None, D(0), D(0))
    assert row.current_pct == 50


def test_an_unlisted_holding_is_closed_where_the_policy_sells_it() -> None:
    made = planned(account(cash="6000", holdings={"OLD": "40"}, unlisted="sell"))
    assert orders(made) == [("SELL", "OLD", "40"), ("BUY", "VTI", "100")]
    assert [o.closes for o in made.orders] == [True, False]


def test_a_row_with_blank_cells_closes_the_holding_even_below_the_minimum_order() -> None:
    made = planned(
        account(
            cash="0",
            holdings={"OLD": "1", "VTI": "99"},
            weights={"VTI": "100", "OLD": "0"},
            min_order_usd=D(500),
        )
    )
    assert orders(made) == [("SELL", "OLD", "1"), ("BUY", "VTI", "1")]
    assert made.orders[0].closes


def test_a_symbol_with_blank_cells_that_is_not_held_needs_no_price() -> None:
    made = planned(
        account(cash="10000", weights={"VTI": "100", "OLD": "0"}), quote("OLD", problem="no contract")
    )
    assert made.status == "planned"
    assert [row.symbol for row in made.drift] == ["VTI"]


def test_the_rest_of_a_share_cannot_be_closed_without_fractions() -> None:
    given: dict[str, Any] = {
        "cash": "0",
        "holdings": {"OLD": "1.5", "VTI": "98.5"},
        "weights": {"VTI": "100", "OLD": "0"},
    }
    whole = planned(account(**given))
    assert orders(whole)[0] == ("SELL", "OLD", "1")
    assert not whole.orders[0].closes
    assert reasons_by_symbol(whole)["OLD"] == "fractional_residue"
    parts = planned(account(**given, allow_fractional=True))
    assert orders(parts)[0] == ("SELL", "OLD", "1.5")
    assert parts.orders[0].closes


def test_half_a_share_is_bought_where_fractions_are_allowed() -> None:
    made = planned(account(cash="50", allow_fractional=True))
    assert orders(made) == [("BUY", "VTI", "0.5")]
    assert made.orders[0].value_usd == 50


@pytest.mark.parametrize(("held", "buys", "sells"), [("0", "0.5", "0"), ("0.01", "0", "0.5")])
def test_half_a_dollar_counts_in_turnover(held: str, buys: str, sells: str) -> None:
    cash = "0.5" if held == "0" else "-0.5"
    made = planned(account(cash=cash, holdings={"VTI": held}, allow_fractional=True))
    assert made.summary is not None
    assert (made.summary.buys_usd, made.summary.sells_usd) == (D(buys), D(sells))


def test_a_sell_that_leaves_shares_does_not_close() -> None:
    made = planned(account(cash="0", holdings={"VTI": "100"}, weights={"VTI": "50"}, cash_target="50"))
    assert orders(made) == [("SELL", "VTI", "50")]
    assert not made.orders[0].closes


def test_missing_prices_fail_the_account_and_are_all_named() -> None:
    made = planned(
        account(weights={"VTI": "50", "BND": "30", "QQQ": "20"}),
        quote("BND", last=None),
        quote("VTI", halted=True),
    )
    assert made.status == "failed"
    assert made.reasons == (
        "no price for BND: no last trade; no bid and ask",
        "no price for VTI: trading is halted",
    )
    assert (made.orders, made.drift, made.summary) == ((), (), None)


def unpriced(value: str | None, con_id: int = 0, **fields: Any) -> AccountPlan:
    """Return the plan of 100 VTI and 40 OLD, of which the broker says what it is worth and nobody a price."""
    worth = BrokerValue("OLD", con_id or con_id_of("OLD"), None if value is None else D(value))
    holdings = {"VTI": "100", "OLD": "40"}
    state = snapshot("0", holdings, broker_values=(worth,), **fields)
    return planned(account(state=state), quote("VTI"), quote("OLD", problem="delisted", con_id=0))


def test_a_held_unlisted_symbol_without_a_price_is_left_out_at_the_broker_s_value() -> None:
    made = unpriced("4000")
    assert (made.status, reasons_by_symbol(made)) == ("no_changes", {"VTI": "within_band"})
    assert [v.symbol for v in made.left_out] == ["OLD"]
    assert made.summary is not None
    assert made.summary.net_liquidation_usd == D(10000)


@pytest.mark.parametrize("value", ["0", "2000", None])
def test_a_broker_whose_total_has_more_of_what_is_left_out_is_a_mismatch(value: str | None) -> None:
    (reason,) = unpriced(value).reasons
    assert "nlv_mismatch_pct" in reason
    assert unpriced(value, broker_usd=D(10000) + D(value or 0)).status == "no_changes"


def test_another_contract_s_value_does_not_stand_for_the_held_one() -> None:
    made = unpriced("4000", con_id=99)
    assert (made.reasons, made.left_out) == (("no price for OLD: delisted",), ())


def test_a_held_unlisted_symbol_needs_a_price_too() -> None:
    made = planned(account(holdings={"OLD": "1"}), quote("OLD", problem="not one US dollar stock"))
    assert made.reasons == ("no price for OLD: not one US dollar stock",)


def test_a_failed_account_keeps_what_it_was_planned_from() -> None:
    given = account(holdings={"VTI": "-1"})
    made = planned(given)
    assert (made.policy, made.targets) == (given.policy, given.targets.weights)
    assert made.snapshot == given.snapshot


def test_shorts_and_missing_prices_are_named_together() -> None:
    made = planned(account(holdings={"OLD": "-1"}), quote("VTI", last=None))
    assert [reason.split(":")[0] for reason in made.reasons] == ["short position -1 OLD", "no price for VTI"]


def test_two_contracts_of_one_symbol_fail_the_account() -> None:
    made = planned(account(holdings=(position("VTI", "1", 5), position("VTI", "2", 6))))
    assert made.status == "failed"
    assert made.reasons[0].startswith("2 positions are called VTI (contracts 5, 6)")


def test_one_contract_under_two_symbols_fails_the_account() -> None:
    held = position("BRK B", "10", 72)
    made = planned(
        account(holdings=(held,), weights={"BRK.B": "100"}),
        quote("BRK B", con_id=72),
        quote("BRK.B", con_id=72),
    )
    assert made.status == "failed"
    assert made.reasons == (
        "BRK B and BRK.B are one contract (72) at the broker: use the name that the account holds it by in "
        "portfolios.csv",
    )


def test_a_contract_that_changed_fails_the_account() -> None:
    made = planned(account(holdings=(position("VTI", "5", 11),)), quote("VTI", con_id=12))
    assert made.reasons == ("no price for VTI: the account holds contract 11 but VTI is now contract 12",)


def test_the_problem_of_a_quote_says_more_than_its_missing_contract() -> None:
    made = planned(account(holdings=(position("VTI", "5", 11),)), quote("VTI", con_id=0, problem="timed out"))
    assert made.reasons == ("no price for VTI: timed out",)


@pytest.mark.parametrize(("cash", "status"), [("1000", "failed"), ("1000.01", "no_changes")])
def test_what_is_left_to_invest_must_be_positive(cash: str, status: str) -> None:
    given = account(cash=cash, cash_buffer_type="abs", cash_buffer_abs=D(1000))
    assert planned(given).status == status


def test_nothing_to_invest_says_where_the_money_is() -> None:
    made = planned(
        account(cash="500", holdings={"OLD": "10"}, cash_buffer_type="abs", cash_buffer_abs=D(600))
    )
    assert made.reasons == (
        "nothing to invest: 1,500.00 USD net liquidation value less 600.00 USD cash buffer and 1,000.00 USD "
        "unlisted holdings leaves -100.00 USD",
    )


def test_next_to_nothing_to_invest_is_nothing() -> None:
    made = planned(account(cash="1000000.000001", cash_buffer_type="abs", cash_buffer_abs=D(1_000_000)))
    assert made.status == "failed"


@pytest.mark.parametrize(("cash", "status"), [("10000000000", "planned"), ("10000000000.01", "failed")])
def test_figures_beyond_what_a_plan_can_hold_fail_the_account_alone(cash: str, status: str) -> None:
    assert planned(account(cash=cash, max_order_usd=D(10**12))).status == status


def test_little_is_still_something_to_invest() -> None:
    made = planned(account(cash="1000000.01", cash_buffer_type="abs", cash_buffer_abs=D(1_000_000)))
    assert made.status == "no_changes"


def test_an_empty_account_fails_and_says_so() -> None:
    assert planned(account(cash="0")).reasons[0].startswith("nothing to invest: 0.00 USD")


def test_a_value_that_the_broker_does_not_share_fails_the_account() -> None:
    made = planned(account(state=snapshot("0", {"VTI": "100"}, broker_usd=D(20_000))))
    assert made.status == "failed"
    assert "50% apart" in made.reasons[0]


def test_the_buffer_is_a_fraction_of_the_net_liquidation_value() -> None:
    made = planned(account(cash="10000", cash_buffer_pct=D("0.05")))
    assert orders(made) == [("BUY", "VTI", "95")]
    assert made.summary is not None
    assert made.summary.buffer_usd == 500


def test_the_buffer_is_an_amount() -> None:
    made = planned(account(cash="10000", cash_buffer_type="abs", cash_buffer_abs=D(700)))
    assert orders(made) == [("BUY", "VTI", "93")]


def test_costs_are_set_aside() -> None:
    made = planned(account(cash="10000", cost_bps=D(100)))
    assert orders(made) == [("BUY", "VTI", "99")]
    assert reasons_by_symbol(made) == {"VTI": "cash_short"}
    assert made.summary is not None
    assert (made.summary.costs_usd, made.summary.cash_after_usd) == (D(99), D(1))


def test_a_broken_limit_blocks_the_account_and_leaves_its_orders_as_they_are() -> None:
    free = planned(account(cash="10000"))
    blocked = planned(account(cash="10000", max_order_usd=D(9_999)))
    assert blocked.status == "blocked"
    assert blocked.orders == free.orders
    assert blocked.reasons[0].startswith("buy VTI for 10,000.00 USD is more than max_order_usd = 9,999.00")


def test_what_could_not_be_read_fails_with_its_reason() -> None:
    made = planned(account(failure="127.0.0.1:4002 did not answer"))
    assert (made.status, made.reasons) == ("failed", ("127.0.0.1:4002 did not answer",))
    assert made.snapshot is None


def test_a_reason_keeps_no_control_characters() -> None:
    made = planned(account(failure="two\nlines \x1b[31m"))
    assert made.reasons == ("two lines [31m",)


def test_what_is_not_managed_is_neither_valued_nor_in_the_way() -> None:
    foreign = (unmanaged(), unmanaged("OPT", "SPY 400 C", "USD", "2"))
    made = planned(account(state=snapshot("10000", unmanaged=foreign, working_orders=(working_order(),))))
    assert orders(made) == [("BUY", "VTI", "100")]


def test_debts_are_repaid() -> None:
    made = planned(account(cash="-1000", holdings={"VTI": "110"}))
    assert orders(made) == [("SELL", "VTI", "10")]


def test_a_margin_target_is_bought_up_to_its_cash() -> None:
    made = planned(account(cash="10000", weights={"VTI": "150"}, cash_target="-50", max_leverage=D(2)))
    assert orders(made) == [("BUY", "VTI", "150")]
    assert made.summary is not None
    assert (made.summary.cash_after_usd, made.summary.leverage_after) == (D(-5000), D("1.5"))


def test_the_leverage_cap_is_the_reason_for_a_smaller_order() -> None:
    made = planned(account(cash="10000", weights={"VTI": "150"}, cash_target="-50", max_leverage=D("1.2")))
    assert orders(made) == [("BUY", "VTI", "120")]
    assert reasons_by_symbol(made) == {"VTI": "leverage_cap"}


@pytest.mark.parametrize(
    ("direction", "cash", "side"), [("buy_only", "5000", "BUY"), ("sell_only", "-1000", "SELL")]
)
def test_direction_allows_one_side(direction: str, cash: str, side: str) -> None:
    made = planned(
        account(
            cash=cash,
            holdings={"BND": "50"},
            weights={"BND": "20", "VTI": "80"},
            direction=direction,
        )
    )
    assert {o.side for o in made.orders} == {side}
    assert "direction" in reasons_by_symbol(made).values()


def test_proceeds_beyond_the_band_of_cash_are_invested_and_small_orders_left_out() -> None:
    made = planned(
        account(
            cash="1000",
            holdings={"BND": "246", "EFA": "194", "GLD": "43", "VTI": "417", "VWO": "90"},
            weights={"BND": "25", "EFA": "20", "GLD": "5", "VTI": "40", "VWO": "10"},
            cash_buffer_pct=D("0.01"),
            per_holding_band_bps=D(200),
            cash_band_bps=D(50),
            cost_bps=D(20),
            min_order_usd=D(500),
        )
    )
    assert orders(made) == [("SELL", "VTI", "21"), ("BUY", "GLD", "6"), ("BUY", "VWO", "9")]
    assert {symbol: why for symbol, why in reasons_by_symbol(made).items() if why} == {
        "BND": "below_min_order",
        "EFA": "below_min_order",
    }
    assert made.summary is not None
    assert made.summary.cash_after_usd == D("1592.8")


def test_the_figures_of_an_account() -> None:
    """2,000 cash, 6,000 VTI, 2,000 OLD; buffer 100, so 7,900 to invest: 4,740 VTI and 3,160 BND."""
    made = planned(
        account(
            cash="2000",
            holdings={"VTI": "60", "OLD": "20"},
            weights={"VTI": "60", "BND": "40"},
            cash_buffer_pct=D("0.01"),
            cost_bps=D(10),
        )
    )
    assert orders(made) == [("SELL", "VTI", "13"), ("BUY", "BND", "31")]
    assert made.summary is not None
    shown = {name: str(getattr(made.summary, name)) for name in made.summary.__struct_fields__}
    assert shown == {
        "net_liquidation_usd": "10000",
        "buffer_usd": "100",
        "unlisted_usd": "2000",
        "investable_usd": "7900",
        "cash_usd": "2000",
        "cash_floor_usd": "100",
        "cash_current_pct": "24.050633",
        "cash_drift_pct": "24.050633",
        "cash_drift_usd": "1900",
        "buys_usd": "3100",
        "sells_usd": "1300",
        "turnover_usd": "4400",
        "turnover_pct": "44",
        "costs_usd": "4.4",
        "cash_after_usd": "195.6",
        "exposure_before_usd": "8000",
        "exposure_after_usd": "9800",
        "leverage_before": "0.8",
        "leverage_after": "0.98",
        "tracking_error_before_pct": "43.06254",
        "tracking_error_after_pct": "0.912798",
        "floor_unmet": "False",
        "cap_unmet": "False",
    }


def test_a_price_on_the_other_side_of_its_age_fails_the_account() -> None:
    assert planned(account(), quote("VTI", age_sec=90)).status == "planned"
    assert planned(account(), quote("VTI", age_sec=91)).status == "failed"


def test_accounts_may_choose_different_prices_of_one_quote() -> None:
    made = quote("VTI", "100", bid="90", ask="110")
    assert planned(account(price_source="bid"), made).orders[0].price == 90
    assert planned(account(price_source="ask"), made).orders[0].price == 110
