"""Live verification: each code on and off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.apply.live import (
    RequiredAccount,
    foreign_orders,
    net_liquidation,
    refusals,
    verify_live,
)
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.vocabulary import AccountSnapshot, BrokerValue, Quote
from tests.apply.journal.support import PLAN, SELL
from tests.apply.support import market_quote
from tests.builders import con_id_of, position, snapshot, unmanaged, working_order

D = Decimal
ACCOUNT = PLAN.plan.accounts[0]
HELD = {"BND": "50", "QQQ": "10", "VTI": "30"}
QUOTES = {symbol: market_quote(symbol) for symbol in HELD}


def now(cash: str = "1000", holdings: Any = None, **fields: Any) -> AccountSnapshot:
    return snapshot(cash, HELD if holdings is None else holdings, **fields)


def found(state: AccountSnapshot, **quotes: Quote) -> list[Finding[InPlan]]:
    held = tuple(position(symbol, quantity) for symbol, quantity in HELD.items())
    expected = RequiredAccount(ACCOUNT, held, D(1000), (SELL,))
    return list(verify_live(expected, state, QUOTES | quotes))


def codes(state: AccountSnapshot, **quotes: Quote) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in found(state, **quotes)]


def priced(symbol: str, price: str, **fields: Any) -> Quote:
    beside = {"bid": D(price) - D("0.01"), "ask": D(price) + D("0.01"), "last": D(price)}
    return msgspec.structs.replace(market_quote(symbol), **(beside | fields))


def test_the_planned_account_has_no_findings() -> None:
    assert codes(now()) == []


@pytest.mark.parametrize(
    "holdings",
    [HELD | {"BND": "49"}, HELD | {"BND": "51"}, {"BND": "50", "QQQ": "10"}, HELD | {"IWM": "1"}, {}],
)
def test_rb501_positions_are_exact(holdings: dict[str, str]) -> None:
    assert ("RB501", "error") in codes(now(holdings=holdings))


def test_what_the_plan_left_out_is_in_no_net_liquidation() -> None:
    drift = tuple(row for row in ACCOUNT.drift if row.symbol != "QQQ")
    assert ACCOUNT.snapshot is not None
    value = BrokerValue("QQQ", con_id_of("QQQ"), D(7))
    state = msgspec.structs.replace(ACCOUNT.snapshot, broker_values=(value,))
    left_out = msgspec.structs.replace(ACCOUNT, drift=drift, snapshot=state)
    assert left_out.left_out == (value,)
    held = net_liquidation(ACCOUNT, now(), QUOTES)
    assert net_liquidation(left_out, now(), QUOTES) == held - 10 * D(100)


def test_rb501_names_what_was_and_what_is() -> None:
    (finding,) = found(now(holdings=HELD | {"BND": "48"}))
    assert finding.sentence == "the plan has 50 BND, the account has 48: plan again"
    assert (finding.where.field, finding.planned, finding.now) == ("positions.BND", "50", "48")


def test_rb508_a_reinvested_dividend_is_a_note() -> None:
    assert codes(now(holdings=HELD | {"BND": "50.99"})) == [("RB508", "note")]
    assert codes(now(holdings=HELD | {"IWM": "0.5"})) == [("RB501", "error")]


def test_rb502_working_orders_on_planned_symbols_whoever_placed_them() -> None:
    assert codes(now(working_orders=(working_order("VTI"),))) == [("RB502", "error")]
    assert codes(now(working_orders=(working_order("IWM"),))) == []
    assert codes(now(working_orders=(working_order("BND", order_ref=SELL),))) == []
    assert codes(now(working_orders=None)) == [("RB502", "error")]


def test_rb502_a_working_order_is_on_a_planned_line_by_its_symbol_or_by_its_contract() -> None:
    for changes in ({"con_id": 7}, {"symbol": "VTI.OLD"}):
        order = msgspec.structs.replace(working_order("VTI"), **changes)
        assert codes(now(working_orders=(order,))) == [("RB502", "error")]


def test_rb503_another_contract() -> None:
    assert codes(now(), VTI=market_quote("VTI", con_id=7)) == [("RB503", "error")]


@pytest.mark.parametrize(
    ("price", "is_stale"), [("106.25", False), ("106.26", True), ("93.75", False), ("93.74", True)]
)
def test_rb504_net_liquidation_beyond_its_tolerance(price: str, is_stale: bool) -> None:
    moved = {symbol: priced(symbol, price) for symbol in ("BND", "VTI")}
    assert (("RB504", "error") in codes(now(), **moved)) == is_stale


def test_rb504_says_how_far_it_moved() -> None:
    moved = {symbol: priced(symbol, "106.26") for symbol in ("BND", "VTI")}
    assert found(now(), **moved)[0].sentence == (
        "net liquidation value went from 10,000.00 to 10,500.80 USD, 5.01%, net_liq_tolerance_pct = 5: plan again"
    )


def test_a_large_deposit_is_never_stale() -> None:
    assert codes(now("5000")) == [("RB507", "note")]


@pytest.mark.parametrize(("cash", "expected"), [("950", []), ("949.99", [("RB505", "error")])])
def test_rb505_missing_cash(cash: str, expected: list[tuple[str, str]]) -> None:
    assert codes(now(cash)) == expected


@pytest.mark.parametrize(("cash", "expected"), [("1050", []), ("1050.01", [("RB507", "note")])])
def test_rb507_extra_cash_is_reported_and_never_stale(cash: str, expected: list[tuple[str, str]]) -> None:
    assert codes(now(cash)) == expected


@pytest.mark.parametrize(("price", "expected"), [("102", []), ("102.01", [("RB506", "warning")])])
def test_rb506_a_price_that_moved_leaves_its_line_out(price: str, expected: list[tuple[str, str]]) -> None:
    assert codes(now(), QQQ=priced("QQQ", price)) == expected


@pytest.mark.parametrize(
    "broken",
    [
        {"halted": True},
        {"problem": "no contract"},
        {"last": None, "bid": None},
        {"last": D(0), "bid": None, "ask": None},
        {"last": D(-1), "bid": None, "ask": None},
        {"last": D("NaN"), "bid": None, "ask": None},
    ],
    ids=str,
)
def test_rb506_a_symbol_without_a_price_leaves_its_line_out(broken: dict[str, Any]) -> None:
    assert codes(now(), QQQ=msgspec.structs.replace(market_quote("QQQ"), **broken)) == [("RB506", "warning")]


def test_rb506_a_symbol_that_is_not_quoted_leaves_its_line_out() -> None:
    held = tuple(position(symbol, quantity) for symbol, quantity in HELD.items())
    quoted = {symbol: quote for symbol, quote in QUOTES.items() if symbol != "QQQ"}
    (finding,) = verify_live(RequiredAccount(ACCOUNT, held, D(1000), (SELL,)), now(), quoted)
    assert (finding.code, finding.severity) == ("RB506", "warning")
    assert finding.sentence == "no price for QQQ: not quoted"


def test_rb509_what_no_account_may_have() -> None:
    debt = unmanaged(quantity="-5")
    assert codes(now(unmanaged=(debt,))) == [("RB509", "error")]
    assert ("RB509", "error") in codes(now(holdings=HELD | {"IWM": "-1"}))


def test_rb510_references_of_this_plan_that_the_journal_does_not_know() -> None:
    assert foreign_orders("DU1", ()) == ()
    (finding,) = foreign_orders("DU1", (SELL,))
    assert (finding.code, finding.severity) == ("RB510", "error")
    assert SELL in finding.sentence


def test_the_most_serious_comes_first() -> None:
    state = now("2000", HELD | {"BND": "48"})
    severities = [finding.severity for finding in found(state, QQQ=priced("QQQ", "103"))]
    assert severities == ["error", "warning", "note"]
    assert [f.severity for f in refusals(found(state))] == ["error"]


def test_an_increase_of_a_whole_share_or_any_decrease_is_no_reinvested_dividend() -> None:
    for quantity in ("51", "49.5", "51.5"):
        assert ("RB501", "error") in codes(now(holdings=HELD | {"BND": quantity}))


def test_rb508_says_both_quantities() -> None:
    assert found(now(holdings=HELD | {"BND": "50.5"})) == [
        Finding(
            code="RB508",
            severity="note",
            where=InPlan("DU1", "positions.BND"),
            message="BND went from 50 to 50.5, less than a share: a reinvested dividend",
            planned="50",
            now="50.5",
            tolerance="an increase below 1 share",
        )
    ]


def test_rb502_names_the_order() -> None:
    (finding,) = found(now(working_orders=(working_order("VTI"),)))
    assert (finding.where.field, finding.planned, finding.now) == ("working_orders.VTI", "none", "BUY 1 VTI")
    (unknown,) = found(now(working_orders=None))
    assert (unknown.where.field, unknown.now) == ("working_orders", "not known")


def test_rb503_names_both_contracts_and_a_quote_with_a_problem_is_no_other_contract() -> None:
    (finding,) = found(now(), VTI=market_quote("VTI", con_id=7))
    assert (finding.where.field, finding.now) == ("orders.VTI.con_id", "7")
    assert codes(now(), VTI=market_quote("VTI", con_id=7, problem="no data")) == [("RB506", "warning")]


def test_rb504_and_rb505_show_what_was_what_is_and_the_tolerance() -> None:
    moved = {symbol: priced(symbol, "106.26") for symbol in ("BND", "VTI")}
    stale = found(now(), **moved)[0]
    assert (stale.where.field, stale.planned, stale.now, stale.tolerance) == (
        "net_liquidation_usd",
        "10,000.00",
        "10,500.80",
        "5%",
    )
    (short,) = found(now("900"))
    assert (short.where.field, short.planned, short.now, short.tolerance) == (
        "cash_usd",
        "1,000.00",
        "900.00",
        "50.00",
    )
    assert short.sentence == (
        "cash was 1,000.00 and is 900.00 USD, cash tolerance 50.00 (cash_tolerance_usd, cash_tolerance_pct): "
        "plan again"
    )
    (extra,) = found(now("1100"))
    assert extra.sentence == "cash was 1,000.00 and is 1,100.00 USD: the extra cash is not touched"


@pytest.mark.parametrize(("cash", "expected"), [("900", []), ("899.99", [("RB505", "error")])])
def test_the_larger_of_both_cash_tolerances_counts(cash: str, expected: list[tuple[str, str]]) -> None:
    """1% of a net liquidation value of 10,000 is 100, more than 50."""
    limits = msgspec.structs.replace(ACCOUNT.policy.limits, cash_tolerance_pct=D(1))
    policy = msgspec.structs.replace(ACCOUNT.policy, limits=limits)
    held = tuple(position(symbol, quantity) for symbol, quantity in HELD.items())
    planned = msgspec.structs.replace(ACCOUNT, policy=policy)
    findings = verify_live(RequiredAccount(planned, held, D(1000), ()), now(cash), QUOTES)
    assert [(finding.code, finding.severity) for finding in findings] == expected


def test_a_position_without_a_live_price_counts_at_the_plan_s() -> None:
    quotes = QUOTES | {"VTI": priced("VTI", "110"), "BND": market_quote("BND", halted=True)}
    assert net_liquidation(ACCOUNT, now("1000"), quotes) == 1000 + 50 * 100 + 10 * 100 + 30 * 110
    assert net_liquidation(ACCOUNT, now("1000", HELD | {"IWM": "3"}), QUOTES) == 10_000


def test_missing_cash_and_a_loss_in_price_add_up() -> None:
    """96 is 4% less; with 1,000 of 10,000 in cash gone as well it is more than 5%."""
    moved = {symbol: priced(symbol, "96") for symbol in HELD}
    assert ("RB504", "error") not in codes(now("1000"), **moved)
    assert ("RB504", "error") in codes(now("0"), **moved)


def test_rb506_says_how_far_a_price_moved() -> None:
    (finding,) = found(now(), QQQ=priced("QQQ", "97.5"))
    assert finding == Finding(
        code="RB506",
        severity="warning",
        where=InPlan("DU1", "orders.QQQ.price"),
        message="QQQ moved 2.5% since the plan (100 to 97.5), max_price_move_pct = 2: the line is left out",
        planned="100",
        now="97.5",
        tolerance="2%",
    )


def test_findings_of_one_severity_come_by_code() -> None:
    state = now("0", HELD | {"BND": "48"}, working_orders=None, unmanaged=(unmanaged(quantity="-5"),))
    assert [code for code, _ in codes(state)] == ["RB501", "RB502", "RB504", "RB505", "RB509"]
