"""The ticks of one quote: live, frozen and delayed ones, halted instruments, a closed market."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, assert_never

from rebalplan.sim.hours import Hours
from rebalplan.sim.scenario.model import Quote
from rebalplan.sim.wire import messages
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import Tick

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
ALL_TYPES: Final = (LIVE, FROZEN, DELAYED, DELAYED_FROZEN)
NOT_SUBSCRIBED_TEXT: Final = (
    "Requested market data is not subscribed. Check API status by selecting the Account menu then under "
    "Management choose Market Data Subscription Manager and/or availability of delayed data."
)
DELAYED_TEXT: Final = "Requested market data is not subscribed. Displaying delayed market data."
NO_PRICE: Final = Decimal(-1)
_SIZE: Final = 100
_DELAY: Final = timedelta(minutes=15)
"""How late delayed quotes are."""


class TickSet(NamedTuple):
    """The tick numbers of one kind of data."""

    bid: Tick
    bid_size: Tick
    ask: Tick
    ask_size: Tick
    last: Tick
    last_size: Tick
    close: Tick
    timestamp: Tick


_LIVE_TICKS = TickSet(
    Tick.BID,
    Tick.BID_SIZE,
    Tick.ASK,
    Tick.ASK_SIZE,
    Tick.LAST,
    Tick.LAST_SIZE,
    Tick.CLOSE,
    Tick.LAST_TIMESTAMP,
)
_DELAYED_TICKS = TickSet(
    Tick.DELAYED_BID,
    Tick.DELAYED_BID_SIZE,
    Tick.DELAYED_ASK,
    Tick.DELAYED_ASK_SIZE,
    Tick.DELAYED_LAST,
    Tick.DELAYED_LAST_SIZE,
    Tick.DELAYED_CLOSE,
    Tick.DELAYED_LAST_TIMESTAMP,
)


def granted_type(quote: Quote, asked: int) -> int | None:
    """Return the market data type that a client gets when it asked for ``asked``; ``None`` means no data."""
    match quote.data:
        case "none":
            return None
        case "delayed":
            return asked if asked >= DELAYED else None
        case "live" | "halted":
            return FROZEN if asked in (FROZEN, DELAYED_FROZEN) else LIVE
        case _:
            assert_never(quote.data)


def quote_messages(request_id: int, quote: Quote, granted: int, hours: Hours, now: datetime) -> list[Message]:
    """Return the ticks of a quote, after the message that says which type they are.

    Outside liquid hours bid and ask are -1, unless the client asked for frozen data; the last trade is
    then at the last close at the latest, unless the scenario says when. A halted instrument says so in tick 49.
    """
    ticks = _DELAYED_TICKS if granted >= DELAYED else _LIVE_TICKS
    is_open = hours.is_open(now)
    withheld = not is_open and granted in (LIVE, DELAYED) and not quote.outside_hours
    bid, ask = (NO_PRICE, NO_PRICE) if withheld else (quote.bid, quote.ask)
    traded = _last_trade(quote, granted, now if is_open else hours.last_close(now))
    if quote.last_at:
        traded = hours.moment(quote.last_at)
    # While the market is open, frozen data is current data: type 2 is sent as 1, type 4 as 3.
    shown = granted if not is_open or granted in (LIVE, DELAYED) else granted - 1
    return [
        messages.market_data_type(request_id, shown),
        *_priced(request_id, ticks.bid, ticks.bid_size, bid),
        *_priced(request_id, ticks.ask, ticks.ask_size, ask),
        *_priced(request_id, ticks.last, ticks.last_size, quote.last),
        *_timestamp(request_id, ticks.timestamp, quote, traded),
        *_close(request_id, ticks.close, quote),
        *_halted(request_id, quote, granted),
    ]


def _last_trade(quote: Quote, granted: int, latest: datetime) -> datetime:
    delay = _DELAY if granted >= DELAYED else timedelta()
    return latest - timedelta(seconds=quote.last_age_sec) - delay


def _priced(request_id: int, tick: Tick, size_tick: Tick, price: Decimal | None) -> list[Message]:
    if price is None:
        return []
    size = _SIZE if price.is_finite() and price > 0 else 0
    return [
        messages.tick_price(request_id, tick, price, size),
        messages.tick_size(request_id, size_tick, size),
    ]


def _timestamp(request_id: int, tick: Tick, quote: Quote, traded: datetime) -> list[Message]:
    if quote.last is None:
        return []
    return [messages.tick_string(request_id, tick, str(int(traded.timestamp())))]


def _close(request_id: int, tick: Tick, quote: Quote) -> list[Message]:
    return [] if quote.close is None else [messages.tick_price(request_id, tick, quote.close, 0)]


def _halted(request_id: int, quote: Quote, granted: int) -> list[Message]:
    if granted >= DELAYED:
        return []
    return [messages.tick_generic(request_id, Tick.HALTED, 1 if quote.data == "halted" else 0)]
