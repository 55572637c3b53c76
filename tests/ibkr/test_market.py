from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.core.vocabulary import Quote, Session
from rebalplan.ibkr.market import Contract, Ticks, no_quote, read_quote

SECOND = timedelta(seconds=1)
OPENS = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CLOSES = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
EVENING = CLOSES + timedelta(hours=3)
WEDNESDAY = Session(OPENS + timedelta(days=2), CLOSES + timedelta(days=2))
VTI = Contract("VTI", 756733, (Session(OPENS, CLOSES), WEDNESDAY))
TICKS = Ticks(
    bid=310.1,
    ask=310.3,
    last=310.2,
    close=305.0,
    last_at=OPENS + timedelta(hours=2),
    market_data_type=1,
    halted=0.0,
)


def quoted(at: datetime = EVENING, **ticks: Any) -> Quote:
    return read_quote("VTI", VTI, msgspec.structs.replace(TICKS, **ticks), at)


def test_a_quote_in_the_session_has_every_tick_as_a_decimal() -> None:
    now = OPENS + timedelta(hours=2)
    assert quoted(now) == Quote(
        symbol="VTI",
        con_id=756733,
        bid=Decimal("310.1"),
        ask=Decimal("310.3"),
        last=Decimal("310.2"),
        close=Decimal(305),
        last_at=now,
        received_at=now,
        delayed=False,
        closed=False,
        halted=False,
        problem=None,
    )


@pytest.mark.parametrize("field", ["bid", "ask", "last", "close"])
@pytest.mark.parametrize("nothing", [math.nan, 0.0, -1.0])
def test_a_tick_that_is_no_price_is_none(field: str, nothing: float) -> None:
    made = quoted(OPENS, **{field: nothing})
    assert [name for name in ("bid", "ask", "last", "close") if getattr(made, name) is None] == [field]


def test_the_symbol_is_the_one_that_was_asked_for() -> None:
    assert read_quote("VTI@ARCA", VTI, TICKS, EVENING).symbol == "VTI@ARCA"


def test_in_the_session_close_is_its_tick_also_when_nothing_traded_since_the_session_before() -> None:
    made = quoted(WEDNESDAY.opens_at + SECOND, last_at=CLOSES)
    assert (made.closed, made.close) == (False, Decimal(305))


@pytest.mark.parametrize(
    ("at", "closed"), [(OPENS - SECOND, True), (OPENS, False), (CLOSES - SECOND, False), (CLOSES, True)]
)
def test_a_quote_is_closed_before_the_open_and_from_the_close_on(at: datetime, closed: bool) -> None:
    assert quoted(at).closed is closed


@pytest.mark.parametrize("last_at", [OPENS, OPENS + SECOND, CLOSES])
def test_after_the_session_its_last_trade_is_the_close(last_at: datetime) -> None:
    made = quoted(last_at=last_at)
    assert (made.closed, made.close, made.last) == (True, Decimal("310.2"), Decimal("310.2"))


def test_without_a_trade_in_the_session_its_close_is_that_of_the_day_before() -> None:
    made = quoted(last_at=OPENS - SECOND)
    assert (made.closed, made.close, made.close_unknown) == (True, Decimal(305), False)


@pytest.mark.parametrize("last_at", [CLOSES + SECOND, None])
def test_after_the_session_its_close_is_not_known_when_the_last_trade_was_later_or_at_no_time(
    last_at: datetime | None,
) -> None:
    made = quoted(last_at=last_at)
    assert (made.closed, made.close, made.close_unknown) == (True, None, True)
    assert (made.last, made.last_at) == (Decimal("310.2"), last_at)


@pytest.mark.parametrize("last_at", [CLOSES + SECOND, None])
def test_in_the_session_and_before_the_first_one_the_close_is_known(last_at: datetime | None) -> None:
    assert not quoted(OPENS, last_at=last_at).close_unknown
    assert not quoted(OPENS - SECOND, last_at=last_at).close_unknown


def test_the_close_is_that_of_the_session_that_ended_last() -> None:
    after_both = WEDNESDAY.closes_at + SECOND
    assert quoted(after_both, last_at=WEDNESDAY.opens_at).close == Decimal("310.2")
    assert quoted(after_both, last_at=CLOSES).close == Decimal(305)


def test_before_the_first_session_the_close_is_its_tick() -> None:
    made = quoted(OPENS - SECOND, last_at=OPENS - timedelta(days=3))
    assert (made.closed, made.close) == (True, Decimal(305))


def test_a_contract_without_sessions_is_closed_at_its_close_tick() -> None:
    made = read_quote("VTI", msgspec.structs.replace(VTI, sessions=()), TICKS, EVENING)
    assert (made.closed, made.close) == (True, Decimal(305))


@pytest.mark.parametrize(("kind", "delayed"), [(1, False), (2, False), (3, True), (4, True)])
def test_market_data_of_types_three_and_four_is_delayed(kind: int, delayed: bool) -> None:
    assert quoted(market_data_type=kind).delayed is delayed


@pytest.mark.parametrize(
    ("halted", "is_halted"), [(math.nan, False), (-1.0, False), (0.0, False), (1.0, True), (2.0, True)]
)
def test_a_positive_halted_tick_means_that_trading_is_halted(halted: float, is_halted: bool) -> None:
    assert quoted(halted=halted).halted is is_halted


def test_a_quote_that_is_none_has_a_printable_problem_and_nothing_else() -> None:
    assert no_quote("VTI", 7, "no\x1b[31m\r\ndata\x00", EVENING) == Quote(
        symbol="VTI",
        con_id=7,
        bid=None,
        ask=None,
        last=None,
        close=None,
        last_at=None,
        received_at=EVENING,
        delayed=False,
        closed=False,
        halted=False,
        problem="no [31m data",
    )
