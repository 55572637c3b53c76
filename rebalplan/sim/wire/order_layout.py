"""The two messages of an order at the market: openOrder (5) and orderStatus (3), per server version."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from rebalplan.sim.orders.order_model import WorkingOrder
from rebalplan.sim.scenario.model import Instrument
from rebalplan.sim.wire.frames import UNSET_DOUBLE_TEXT, Message, as_text, message
from rebalplan.sim.wire.messages import Out

_DURATION: Final = 158
_POST_TO_ATS: Final = 160
_AUTO_CANCEL_PARENT: Final = 162
_PEG_OFFSETS: Final = 170

UNSET: Final = UNSET_DOUBLE_TEXT
UNSET_INT: Final = "2147483647"
OPEN_CLOSE_ORIGIN: Final = ("", "0")


class Margins(msgspec.Struct, frozen=True, kw_only=True):
    """What a whatIf order answers: margins and equity with loan, before and after, and the commission."""

    initial_before: Decimal
    maintenance_before: Decimal
    equity_before: Decimal
    initial_after: Decimal
    maintenance_after: Decimal
    equity_after: Decimal
    commission: Decimal
    currency: str


def order_status(order: WorkingOrder) -> Message:
    """Return how far an order has come."""
    return message(
        Out.ORDER_STATUS,
        order.order_id,
        order.status,
        order.filled,
        order.remaining,
        price_text(order.average_price),
        order.perm_id,
        0,
        price_text(order.last_price),
        order.client_id,
        order.why_held,
        "0.0",  # market cap price
    )


def open_order(
    version: int, order: WorkingOrder, instrument: Instrument, margins: Margins | None = None
) -> Message:
    """Return the order with everything it was placed with; what it was not placed with is unset.

    With ``margins`` it is the answer to a whatIf order.
    """
    return (
        str(int(Out.OPEN_ORDER)),
        str(order.order_id),
        *contract(instrument),
        *_terms(order),
        *_volatility_to_combo(),
        *_scale_to_algo(order),
        *_state(order, margins),
        *_tail(version),
    )


def price_text(price: Decimal) -> str:
    """Return a price of an order as Java prints a double, to eight digits."""
    return as_text(round(price, 8).normalize()) if price else "0.0"


def limit_of(order: WorkingOrder) -> str:
    """Return the limit price as the wire has it; a market order has 0."""
    return as_text(order.limit_price) if order.limit_price and order.order_type != "MKT" else "0.0"


def contract(instrument: Instrument) -> Message:
    """Return the eleven fields of a contract in the messages about orders."""
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


def _terms(order: WorkingOrder) -> Message:
    """Return the fields from the side to the trigger method."""
    return (
        *(order.side, as_text(order.quantity), order.order_type, limit_of(order), "0.0", order.tif),
        *("", order.account, *OPEN_CLOSE_ORIGIN, order.order_ref, str(order.client_id), str(order.perm_id)),
        # outside hours, hidden, discretionary amount, good after, obsolete shares allocation
        *("1" if order.outside_hours else "0", "0", "0", "", ""),
        # adviser group, method, percentage, profile, model
        *("", "", "", "", ""),
        # good till date, rule 80A, percent offset, settling firm
        *("", "", UNSET, ""),
        # short sale slot, location, exempt code, auction strategy
        *("0", "", "-1", "0"),
        # starting price, stock reference price, delta, stock range
        *(UNSET, UNSET, UNSET, UNSET, UNSET),
        # display size, block, sweep to fill, all or none, minimum quantity, OCA type
        *(UNSET_INT, "0", "0", "0", UNSET_INT, "3"),
        # electronic only, firm quote only, NBBO cap, parent, trigger method
        *("0", "0", UNSET, "0", "0"),
    )


def _volatility_to_combo() -> Message:
    return (
        # volatility, its type, delta-neutral type and price
        *(UNSET, "0", "None", UNSET),
        # the eight fields that follow a delta-neutral type
        *("0", "", "", "", "?", "0", "0", ""),
        # continuous update, reference price type
        *("0", "0"),
        # trail stop price, trailing percent, basis points and their type
        *(UNSET, UNSET, UNSET, UNSET_INT),
        # combo description, counts of legs, order legs and routing parameters
        *("", "0", "0", "0"),
    )


def _scale_to_algo(order: WorkingOrder) -> Message:
    parameters = [text for pair in order.algo_parameters for text in pair]
    return (
        # scale sizes and increment, hedge type
        *(UNSET_INT, UNSET_INT, UNSET, ""),
        # opt out of smart routing, clearing account and intent, not held, delta-neutral contract
        *("0", "", "IB", "0", "0"),
        order.algo,
        *((str(len(order.algo_parameters)), *parameters) if order.algo else ()),
        # solicited
        "0",
    )


def _state(order: WorkingOrder, margins: Margins | None) -> Message:
    if margins is None:
        unset = (UNSET for _ in range(9))
        # commission, its bounds and currency, warning
        return ("0", order.status, *unset, "", "", "", "", "")
    after = (margins.initial_after, margins.maintenance_after, margins.equity_after)
    before = (margins.initial_before, margins.maintenance_before, margins.equity_before)
    change = tuple(new - old for new, old in zip(after, before, strict=True))
    cost = (as_text(margins.commission), UNSET, UNSET, margins.currency, "")
    return ("1", "PreSubmitted", *(format(amount, ".2f") for amount in (*before, *change, *after)), *cost)


def _tail(version: int) -> Message:
    fields = [
        # randomized size and price, conditions
        *("0", "0", "0"),
        # adjusted order type, its six numbers and their unit
        *("None", *(UNSET for _ in range(6)), "0"),
        # soft dollar tier, cash quantity, price for the hedge
        *("", "", "", "0", "1"),
        # container, discretionary up to the limit, price management
        *("0", "0", "0"),
    ]
    gates = (
        (_DURATION, (UNSET_INT,)),
        (_POST_TO_ATS, (UNSET_INT,)),
        (_AUTO_CANCEL_PARENT, ("0",)),
        (_PEG_OFFSETS, (UNSET_INT, UNSET_INT, "", UNSET, UNSET)),
    )
    for gate, values in gates:
        if version >= gate:
            fields += values
    return tuple(fields)
