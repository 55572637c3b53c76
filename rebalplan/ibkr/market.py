"""From contract details and ticks to a quote."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.core.text import printable
from rebalplan.core.vocabulary import Quote, Session
from rebalplan.ibkr.hours import is_open, last_session
from rebalplan.ibkr.values import price_or_none

DELAYED_TYPES = (3, 4)
"""Market data types of a ticker that mean delayed and delayed-frozen."""


class Contract(msgspec.Struct, frozen=True):
    """One resolved contract and its regular sessions."""

    symbol: str
    con_id: int
    sessions: tuple[Session, ...]


class Ticks(msgspec.Struct, frozen=True):
    """What one snapshot of market data brought; unset prices are NaN.

    ``notice`` is what the broker said of data that is missing, or empty.
    """

    bid: float
    ask: float
    last: float
    close: float
    last_at: datetime | None
    market_data_type: int
    halted: float
    notice: str = ""


def read_quote(symbol: str, contract: Contract, ticks: Ticks, received_at: datetime) -> Quote:
    """Return the quote; prices that are none (NaN, 0, -1) are ``None``.

    Outside the session ``close`` is the last regular close. When the last trade was in the session that ended last,
    its price is that close. When it was before, the close tick is. Until the overnight roll the close tick is the one
    of the day before (Tick Types page of the TWS API reference). So when the last trade came after the session, or at
    an unknown time, the close is unknown.
    """
    closed = not is_open(contract.sessions, received_at)
    is_unknown = closed and _is_close_unknown(contract, ticks, received_at)
    return Quote(
        symbol=symbol,
        con_id=contract.con_id,
        bid=price_or_none(ticks.bid),
        ask=price_or_none(ticks.ask),
        last=price_or_none(ticks.last),
        close=None
        if is_unknown
        else _close(contract, ticks, received_at)
        if closed
        else price_or_none(ticks.close),
        last_at=ticks.last_at,
        received_at=received_at,
        delayed=ticks.market_data_type in DELAYED_TYPES,
        closed=closed,
        halted=ticks.halted > 0,
        problem=None,
        notice=printable(ticks.notice) or None,
        close_unknown=is_unknown,
    )


def _is_close_unknown(contract: Contract, ticks: Ticks, at: datetime) -> bool:
    ended = last_session(contract.sessions, at)
    return ended is not None and (ticks.last_at is None or ticks.last_at > ended.closes_at)


def _close(contract: Contract, ticks: Ticks, at: datetime) -> Decimal | None:
    ended = last_session(contract.sessions, at)
    if ended is not None and ticks.last_at is not None and ended.opens_at <= ticks.last_at <= ended.closes_at:
        return price_or_none(ticks.last)
    return price_or_none(ticks.close)


def no_quote(symbol: str, con_id: int, problem: str, received_at: datetime) -> Quote:
    """Return the quote of a symbol that could not be quoted."""
    return Quote(
        symbol=symbol,
        con_id=con_id,
        bid=None,
        ask=None,
        last=None,
        close=None,
        last_at=None,
        received_at=received_at,
        delayed=False,
        closed=False,
        halted=False,
        problem=printable(problem),
    )
