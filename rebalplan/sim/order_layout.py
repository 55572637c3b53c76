"""The two messages of an order at the market: openOrder (5) and orderStatus (3), per server version."""

from __future__ import annotations

from typing import Final

from rebalplan.sim.messages import Out
from rebalplan.sim.model import Instrument, WorkingOrder
from rebalplan.sim.wire import UNSET_DOUBLE_TEXT, Message, as_text, message

_FRACTIONAL: Final = 101
_PEGGED_AND_CONDITIONS: Final = 102
_MODELS: Final = 103
_SOFT_DOLLAR: Final = 106
_CASH_QUANTITY: Final = 111
_MARKET_CAP_PRICE: Final = 131
_AUTO_PRICE_FOR_HEDGE: Final = 141
_WHAT_IF_EXTENDED: Final = 142
_ORDER_CONTAINER: Final = 145
_DISCRETIONARY_PEG: Final = 148
_PRICE_MANAGEMENT: Final = 151
_DURATION: Final = 158
_POST_TO_ATS: Final = 160
_AUTO_CANCEL_PARENT: Final = 162
_PEG_OFFSETS: Final = 170
_OPEN_ORDER_VERSION: Final = "34"

_UNSET: Final = UNSET_DOUBLE_TEXT
_UNSET_INT: Final = "2147483647"


def order_status(version: int, order: WorkingOrder) -> Message:
    """Return the status of an order of which nothing is filled yet."""
    return message(
        Out.ORDER_STATUS,
        *((6,) if version < _MARKET_CAP_PRICE else ()),
        order.order_id,
        order.status,
        "0",
        order.quantity,
        "0.0",
        order.perm_id,
        0,
        "0.0",
        order.client_id,
        "",
        *(("0.0",) if version >= _MARKET_CAP_PRICE else ()),
    )


def open_order(version: int, order: WorkingOrder, instrument: Instrument) -> Message:
    """Return the order with everything it was placed with; what it was not placed with is unset."""
    return (
        str(int(Out.OPEN_ORDER)),
        *((_OPEN_ORDER_VERSION,) if version < _ORDER_CONTAINER else ()),
        str(order.order_id),
        *_contract(instrument),
        *_terms(version, order),
        *_volatility_to_combo(),
        *_scale_to_algo(),
        *_state(version, order),
        *_tail(version),
    )


def _contract(instrument: Instrument) -> Message:
    return (
        str(instrument.con_id),
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry,
        as_text(instrument.strike),
        instrument.right or "?",
        instrument.multiplier_text,
        instrument.exchange,
        instrument.currency,
        instrument.local_symbol,
        instrument.trading_class,
    )


def _terms(version: int, order: WorkingOrder) -> Message:
    """Return the fields from the side to the trigger method."""
    quantity = as_text(order.quantity) if version >= _FRACTIONAL else str(int(order.quantity))
    limit = as_text(order.limit_price) if order.order_type == "LMT" else "0.0"
    return (
        *(order.side, quantity, order.order_type, limit, "0.0", order.tif),
        *("", order.account, "", "0", order.order_ref, str(order.client_id), str(order.perm_id)),
        # outside hours, hidden, discretionary amount, good after, obsolete shares allocation
        *("0", "0", "0", "", ""),
        # adviser group, method, percentage, profile
        *("", "", "", ""),
        *(("",) if version >= _MODELS else ()),
        # good till date, rule 80A, percent offset, settling firm
        *("", "", _UNSET, ""),
        # short sale slot, location, exempt code, auction strategy
        *("0", "", "-1", "0"),
        # starting price, stock reference price, delta, stock range
        *(_UNSET, _UNSET, _UNSET, _UNSET, _UNSET),
        # display size, block, sweep to fill, all or none, minimum quantity, OCA type
        *(_UNSET_INT, "0", "0", "0", _UNSET_INT, "3"),
        # electronic only, firm quote only, NBBO cap, parent, trigger method
        *("0", "0", _UNSET, "0", "0"),
    )


def _volatility_to_combo() -> Message:
    return (
        # volatility, its type, delta-neutral type and price
        *(_UNSET, "0", "None", _UNSET),
        # the eight fields that follow a delta-neutral type
        *("0", "", "", "", "?", "0", "0", ""),
        # continuous update, reference price type
        *("0", "0"),
        # trail stop price, trailing percent, basis points and their type
        *(_UNSET, _UNSET, _UNSET, _UNSET_INT),
        # combo description, counts of legs, order legs and routing parameters
        *("", "0", "0", "0"),
    )


def _scale_to_algo() -> Message:
    return (
        # scale sizes and increment, hedge type
        *(_UNSET_INT, _UNSET_INT, _UNSET, ""),
        # opt out of smart routing, clearing account and intent, not held, delta-neutral contract
        *("0", "", "IB", "0", "0"),
        # algo strategy, solicited
        *("", "0"),
    )


def _state(version: int, order: WorkingOrder) -> Message:
    margins = 9 if version >= _WHAT_IF_EXTENDED else 3
    return (
        *("0", order.status),
        *(_UNSET for _ in range(margins)),
        # commission, its bounds and currency, warning
        *("", "", "", "", ""),
    )


def _tail(version: int) -> Message:
    # randomized size and price
    fields = ["0", "0"]
    gates = (
        # conditions, adjusted order type, its six numbers and their unit
        (_PEGGED_AND_CONDITIONS, ("0", "None", *(_UNSET for _ in range(6)), "0")),
        (_SOFT_DOLLAR, ("", "", "")),
        (_CASH_QUANTITY, ("0",)),
        (_AUTO_PRICE_FOR_HEDGE, ("1",)),
        (_ORDER_CONTAINER, ("0",)),
        (_DISCRETIONARY_PEG, ("0",)),
        (_PRICE_MANAGEMENT, ("0",)),
        (_DURATION, (_UNSET_INT,)),
        (_POST_TO_ATS, (_UNSET_INT,)),
        (_AUTO_CANCEL_PARENT, ("0",)),
        (_PEG_OFFSETS, (_UNSET_INT, _UNSET_INT, "", _UNSET, _UNSET)),
    )
    for gate, values in gates:
        if version >= gate:
            fields += values
    return tuple(fields)
