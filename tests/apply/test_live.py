"""Live verification: each code on and off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.live import Expectation, LiveFinding, foreign_orders, refusals, verify_live
from rebalplan.model import AccountSnapshot, Quote
from tests.apply.support import market_quote
from tests.builders import position, snapshot, unmanaged, working_order
from tests.journal.support import PLAN, SELL

D = Decimal
ACCOUNT = PLAN.plan.accounts[0]
HELD = {"BND": "50", "QQQ": "10", "VTI": "30"}
QUOTES = {symbol: market_quote(symbol) for symbol in HELD}


def now(cash: str = "1000", holdings: Any = None, **fields: Any) -> AccountSnapshot:
    return snapshot(cash, HELD if holdings is None else holdings, **fields)


def found(state: AccountSnapshot, **quotes: Quote) -> list[LiveFinding]:
    held = tuple(position(symbol, quantity) for symbol, quantity in HELD.items())
    expected = Expectation(ACCOUNT, held, D(1000), (SELL,))
    return list(verify_live(expected, state, QUOTES | quotes))


def codes(state: AccountSnapshot, **quotes: Quote) -> list[tuple[str, str]]:
    return [(finding.code, finding.weight) for finding in found(state, **quotes)]


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
    assert ("RB501", "refuse") in codes(now(holdings=holdings))


def test_rb501_names_what_was_and_what_is() -> None:
    (finding,) = found(now(holdings=HELD | {"BND": "48"}))
    assert finding.message == "the plan has 50 BND, the account has 48: plan again"
    assert (finding.field, finding.planned, finding.now) == ("positions.BND", "50", "48")


def test_rb508_a_reinvested_dividend_is_a_note() -> None:
    assert codes(now(holdings=HELD | {"BND": "50.99"})) == [("RB508", "note")]
    assert codes(now(holdings=HELD | {"IWM": "0.5"})) == [("RB501", "refuse")]


def test_rb502_working_orders_on_planned_symbols_whoever_placed_them() -> None:
    assert codes(now(working_orders=(working_order("VTI"),))) == [("RB502", "refuse")]
    assert codes(now(working_orders=(working_order("IWM"),))) == []
    assert codes(now(working_orders=(working_order("BND", order_ref=SELL),))) == []
    assert codes(now(working_orders=None)) == [("RB502", "refuse")]


def test_rb502_a_working_order_is_on_a_planned_line_by_its_symbol_or_by_its_contract() -> None:
    for changes in ({"con_id": 7}, {"symbol": "VTI.OLD"}):
        order = msgspec.structs.replace(working_order("VTI"), **changes)
        assert codes(now(working_orders=(order,))) == [("RB502", "refuse")]


def test_rb503_another_contract() -> None:
    assert codes(now(), VTI=market_quote("VTI", con_id=7)) == [("RB503", "refuse")]


@pytest.mark.parametrize(
    ("price", "is_stale"), [("106.25", False), ("106.26", True), ("93.75", False), ("93.74", True)]
)
def test_rb504_net_liquidation_beyond_its_tolerance(price: str, is_stale: bool) -> None:
    moved = {symbol: priced(symbol, price) for symbol in ("BND", "VTI")}
    assert (("RB504", "refuse") in codes(now(), **moved)) == is_stale


def test_rb504_says_how_far_it_moved() -> None:
    moved = {symbol: priced(symbol, "106.26") for symbol in ("BND", "VTI")}
    assert found(now(), **moved)[0].message == (
        "net liquidation value went from 10,000.00 to 10,500.80 USD, 5.01%, net_liq_tolerance_pct = 5: plan again"
    )


def test_a_large_deposit_is_never_stale() -> None:
    assert codes(now("5000")) == [("RB507", "note")]


@pytest.mark.parametrize(("cash", "expected"), [("950", []), ("949.99", [("RB505", "refuse")])])
def test_rb505_missing_cash(cash: str, expected: list[tuple[str, str]]) -> None:
    assert codes(now(cash)) == expected


@pytest.mark.parametrize(("cash", "expected"), [("1050", []), ("1050.01", [("RB507", "note")])])
def test_rb507_extra_cash_is_reported_and_never_stale(cash: str, expected: list[tuple[str, str]]) -> None:
    assert codes(now(cash)) == expected


@pytest.mark.parametrize(("price", "expected"), [("102", []), ("102.01", [("RB506", "line")])])
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
    assert codes(now(), QQQ=msgspec.structs.replace(market_quote("QQQ"), **broken)) == [("RB506", "line")]


def test_rb506_a_symbol_that_is_not_quoted_leaves_its_line_out() -> None:
    held = tuple(position(symbol, quantity) for symbol, quantity in HELD.items())
    quoted = {symbol: quote for symbol, quote in QUOTES.items() if symbol != "QQQ"}
    (finding,) = verify_live(Expectation(ACCOUNT, held, D(1000), (SELL,)), now(), quoted)
    assert (finding.code, finding.weight) == ("RB506", "line")
    assert finding.message == "no price for QQQ: not quoted"


def test_rb509_what_no_account_may_have() -> None:
    debt = unmanaged(quantity="-5")
    assert codes(now(unmanaged=(debt,))) == [("RB509", "refuse")]
    assert ("RB509", "refuse") in codes(now(holdings=HELD | {"IWM": "-1"}))


def test_rb510_references_of_this_plan_that_the_journal_does_not_know() -> None:
    assert foreign_orders("DU1", ()) == ()
    (finding,) = foreign_orders("DU1", (SELL,))
    assert (finding.code, finding.weight) == ("RB510", "refuse")
    assert SELL in finding.message


def test_the_most_serious_comes_first() -> None:
    state = now("2000", HELD | {"BND": "48"})
    weights = [finding.weight for finding in found(state, QQQ=priced("QQQ", "103"))]
    assert weights == ["refuse", "line", "note"]
    assert [f.weight for f in refusals(found(state))] == ["refuse"]
