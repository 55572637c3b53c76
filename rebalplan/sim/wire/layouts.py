"""The long messages: contract details, positions and portfolio rows, per server version."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from rebalplan.sim.scenario.model import Instrument, Position
from rebalplan.sim.wire.frames import Message, as_text, escape_text, message
from rebalplan.sim.wire.messages import Out

_SUGGESTED_SIZE: Final = 163
_SIZE_RULES: Final = 164

_ORDER_TYPES: Final = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AON,AVGCOST,BASKET,COND,CONDORDER,DAY,DEACT,GTC,GTD,GTT,"
    "IOC,LIMIT,LIT,LMT,LOC,MIDPX,MIT,MKT,MOC,MTL,NGCOMB,NODARK,OCA,OPG,PEGMID,SMARTSTG,STP,STPLMT,"
    "SWEEP,TRAIL,TRAILLIT,WHATIF"
)
_MARKET_RULE_ID: Final = "26"


def _double(value: Decimal) -> str:
    """Format a number as Java prints a double: at least one decimal."""
    text = as_text(value)
    return text if "." in text or not value.is_finite() else f"{text}.0"


def valid_exchanges(instrument: Instrument) -> tuple[str, ...]:
    """Return the exchanges a contract can be asked for at, the routing one first."""
    return tuple(dict.fromkeys(name for name in (instrument.exchange, instrument.primary_exchange) if name))


def contract_details(
    version: int, request_id: int, instrument: Instrument, exchange: str, hours: tuple[str, str, str]
) -> Message:
    """Return one contract; ``hours`` are the time zone, the trading and the liquid hours."""
    return (
        *message(Out.CONTRACT_DETAILS, *((8,) if version < _SIZE_RULES else ()), request_id),
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry,
        _double(instrument.strike) if instrument.strike else "0",
        instrument.right,
        exchange,
        instrument.currency,
        instrument.local_symbol,
        instrument.trading_class,
        instrument.trading_class,
        str(instrument.con_id),
        as_text(instrument.min_tick),
        *(("100",) if version < _SIZE_RULES else ()),
        instrument.multiplier_text,
        _ORDER_TYPES,
        ",".join(valid_exchanges(instrument)),
        "1",
        "0",
        escape_text(instrument.name),
        instrument.primary_exchange,
        instrument.expiry[:6],
        *("", "", ""),
        *hours,
        *("", ""),
        "0",
        *_details_tail(version, instrument),
    )


def _details_tail(version: int, instrument: Instrument) -> Message:
    underlying = [instrument.symbol, "STK"] if instrument.sec_type == "OPT" else ["", ""]
    rules = ",".join(_MARKET_RULE_ID for _ in valid_exchanges(instrument))
    fields = ["1", *underlying, rules, instrument.expiry, instrument.stock_type]
    if version == _SUGGESTED_SIZE:
        fields += ["100"]
    if version >= _SIZE_RULES:
        fields += ["0.0001", "0.0001", "100"]
    return tuple(fields)


def _held_contract(instrument: Instrument, exchange: str) -> Message:
    return (
        str(instrument.con_id),
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry,
        _double(instrument.strike),
        instrument.right,
        instrument.multiplier_text,
        exchange,
        instrument.currency,
        instrument.local_symbol,
        instrument.trading_class,
    )


def position(account: str, instrument: Instrument, held: Position) -> Message:
    """Return a row of the positions of all accounts (16 fields)."""
    head = message(Out.POSITION, 3, account)
    return (*head, *_held_contract(instrument, ""), as_text(held.quantity), _double(held.avg_cost))


def position_multi(request_id: int, account: str, instrument: Instrument, held: Position) -> Message:
    """Return a row of the positions of one account; the model code is empty."""
    head = message(Out.POSITION_MULTI, 1, request_id, account)
    return (*head, *_held_contract(instrument, ""), as_text(held.quantity), _double(held.avg_cost), "")


def portfolio_value(account: str, instrument: Instrument, held: Position) -> Message:
    """Return a row of account updates with its market value in the instrument's currency (20 fields)."""
    price = instrument.quote.mark()
    value = held.quantity * price * instrument.multiplier
    unrealized = value - held.quantity * held.avg_cost
    return (
        *message(Out.PORTFOLIO_VALUE, 8),
        *_held_contract(instrument, instrument.primary_exchange),
        as_text(held.quantity),
        _double(price),
        format(value, ".2f"),
        _double(held.avg_cost),
        format(unrealized, ".2f"),
        "0.0",
        account,
    )
