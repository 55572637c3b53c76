"""Each control on both sides of its limit; a refusal names the measured value, the limit and the way out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.apply.gate import (
    GateRefusal,
    Sent,
    check_limits,
    check_quote,
    check_rest,
    check_ticket,
    check_time,
)
from rebalplan.apply.journal.fold import orders_of
from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import AccountRecord
from tests.apply.journal.support import PLAN, SELL, dispatch, done, fill
from tests.apply.support import AT, limits, market_quote, ticket

D = Decimal
PLANNED = PLAN.plan.accounts[0].orders[0]
NOTHING = Sent((), 0, D(0), D(0))


def why(refusal: GateRefusal | None, *, is_defect: bool = False) -> str:
    assert refusal is not None
    assert refusal.is_defect == is_defect
    return refusal.why


def test_the_order_of_its_plan_line_passes() -> None:
    assert PLANNED.quantity == 40
    assert check_ticket(ticket(), SELL, "DU1", PLANNED, NOTHING) is None
    assert check_ticket(ticket(f"{SELL}-f", "3", algo="none"), SELL, "DU1", PLANNED, NOTHING) is None


@pytest.mark.parametrize(
    "other",
    [
        {"account": "DU2"},
        {"symbol": "VTI"},
        {"con_id": 1},
        {"side": "BUY"},
        {"reference": "rb-0-a01-l09"},
        {"quantity": D(41)},
        {"quantity": D(0)},
        {"quantity": D(-1)},
    ],
    ids=str,
)
def test_an_order_that_is_not_its_plan_line_is_a_defect(other: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(ticket(), **other)
    assert "defect" in why(check_ticket(changed, SELL, "DU1", PLANNED, NOTHING), is_defect=True)


def test_a_reference_that_was_used_is_a_defect() -> None:
    sent = Sent((SELL,), 1, D(4000), D(4000))
    assert "was sent before" in why(check_ticket(ticket(), SELL, "DU1", PLANNED, sent), is_defect=True)


def order_after(*records: AccountRecord) -> OrderResult:
    (order,) = orders_of([dispatch(), *records])
    return order


def test_a_fallback_needs_the_end_of_the_first_order_and_takes_no_more_than_its_rest() -> None:
    sold = fill("e.01.01", "10")
    first = order_after()
    rest = ticket(f"{SELL}-f", "40", algo="none")
    assert "not over" in why(check_rest(rest, None), is_defect=True)
    assert "not over" in why(check_rest(rest, first), is_defect=True)
    first = order_after(sold, done("cancelled", "10", cancel_asked=False))
    assert "somebody else cancelled" in why(check_rest(rest, first), is_defect=True)
    first = order_after(sold, done("cancelled", "10", cancel_asked=True, is_agreed=False))
    assert "do not agree" in why(check_rest(rest, first), is_defect=True)
    first = order_after(sold, done("cancelled", "10", cancel_asked=True))
    assert "30 shares left" in why(check_rest(rest, first), is_defect=True)
    assert check_rest(ticket(f"{SELL}-f", "30", algo="none"), first) is None
    assert check_rest(ticket(), None) is None


def test_order_value() -> None:
    assert check_limits(ticket(), D(100), NOTHING, D(9000), limits(max_order_usd=D(4000))) is None
    said = why(check_limits(ticket(), D("100.01"), NOTHING, D(9000), limits(max_order_usd=D(4000))))
    assert said == (
        "sell BND is 4,000.40 USD at the live price, over max_order_usd = 4,000.00: plan again or raise the limit"
    )


def test_number_of_orders() -> None:
    one = Sent(("x",), 1, D(0), D(0))
    assert check_limits(ticket(), D(100), one, D(9000), limits(max_orders=2)) is None
    said = why(check_limits(ticket(), D(100), one, D(9000), limits(max_orders=1)))
    assert said == "1 order sent, max_orders = 1: plan again or raise the limit"
    assert check_limits(ticket(f"{SELL}-f"), D(100), one, D(9000), limits(max_orders=1)) is None


def test_turnover_of_the_account() -> None:
    sent = Sent(("x",), 1, D(1000), D(1000))
    assert check_limits(ticket(), D(100), sent, D(10000), limits(max_turnover_pct=D(50))) is None
    said = why(check_limits(ticket(), D("100.25"), sent, D(10000), limits(max_turnover_pct=D(50))))
    assert said == (
        "turnover would be 50.1% of NLV at live prices, over max_turnover_pct = 50: plan again or raise the limit"
    )


def test_turnover_of_all_accounts() -> None:
    sent = Sent((), 0, D(0), D(6000))
    assert check_limits(ticket(), D(100), sent, D(9000), limits(max_total_turnover_usd=D(10000))) is None
    said = why(check_limits(ticket(), D(101), sent, D(9000), limits(max_total_turnover_usd=D(10000))))
    assert said == (
        "turnover of all accounts would be 10,040.00 USD, over max_total_turnover_usd = 10,000.00: "
        "plan again or raise the limit"
    )


@pytest.mark.parametrize(
    ("price", "is_refused"), [("102", False), ("98", False), ("102.01", True), ("97.99", True)]
)
def test_price_moved_since_the_plan(price: str, is_refused: bool) -> None:
    refusal = check_quote(market_quote(), D(price), PLANNED, limits())
    assert (refusal is not None) == is_refused
    if is_refused:
        assert f"(100 to {price}), max_price_move_pct = 2: plan again" in why(refusal)


@pytest.mark.parametrize(("ask", "is_refused"), [("100.5", False), ("100.52", True)])
def test_spread(ask: str, is_refused: bool) -> None:
    refusal = check_quote(market_quote(bid="99.5", ask=ask), D(100), PLANNED, limits())
    assert (refusal is not None) == is_refused
    if is_refused:
        assert "BND is 99.5 to 100.52, 101.99 bps apart, max_spread_bps = 100" in why(refusal)


@pytest.mark.parametrize(
    ("quoted", "said"),
    [
        (market_quote(halted=True), "BND is halted: plan again when it trades"),
        (market_quote(closed=True), "the market of BND is closed: apply within the regular session"),
        (market_quote(bid="101", ask="100"), "BND is crossed (bid 101 over ask 100): apply later"),
        (
            msgspec.structs.replace(market_quote(), bid=None),
            "BND has no bid and ask: plan again when it is quoted",
        ),
    ],
)
def test_a_market_that_is_none(quoted: Any, said: str) -> None:
    assert why(check_quote(quoted, D(100), PLANNED, limits())) == said


def test_expiry_and_close_by_the_second() -> None:
    second = timedelta(seconds=1)
    assert check_time(AT, AT + second, AT + second) is None
    assert "plan expired at 16:05:00: plan again" in why(check_time(AT, AT, AT + second))
    assert "session closed at 16:05:00: apply in the next session" in why(check_time(AT, AT + second, AT))
