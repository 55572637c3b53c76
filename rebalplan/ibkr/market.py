"""From contract details and ticks to a quote."""

from __future__ import annotations

from datetime import datetime

import msgspec

from rebalplan.ibkr.hours import is_open
from rebalplan.ibkr.values import price_or_none
from rebalplan.model import Quote, Session
from rebalplan.text import printable

DELAYED_TYPES = (3, 4)
"""Market data types of a ticker that mean delayed and delayed-frozen."""


class Contract(msgspec.Struct, frozen=True):
    """One resolved contract and its regular sessions."""

    symbol: str
    con_id: int
    sessions: tuple[Session, ...]


class Ticks(msgspec.Struct, frozen=True):
    """What one snapshot of market data brought; unset prices are NaN."""

    bid: float
    ask: float
    last: float
    close: float
    last_at: datetime | None
    market_data_type: int
    halted: float


def read_quote(symbol: str, contract: Contract, ticks: Ticks, received_at: datetime) -> Quote:
    """Return the quote; prices that are none (NaN, 0, -1) are ``None``."""
    return Quote(
        symbol=symbol,
        con_id=contract.con_id,
        bid=price_or_none(ticks.bid),
        ask=price_or_none(ticks.ask),
        last=price_or_none(ticks.last),
        close=price_or_none(ticks.close),
        last_at=ticks.last_at,
        received_at=received_at,
        delayed=ticks.market_data_type in DELAYED_TYPES,
        closed=not is_open(contract.sessions, received_at),
        halted=ticks.halted > 0,
        problem=None,
    )


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
