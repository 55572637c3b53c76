"""The messages about what is done: execDetails (11), commissionReport (59), completedOrder (101)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from rebalplan.sim.orders.order_model import Execution, WorkingOrder
from rebalplan.sim.scenario.model import ZERO, Instrument
from rebalplan.sim.wire.frames import Message, as_text, message
from rebalplan.sim.wire.messages import Out
from rebalplan.sim.wire.order_layout import OPEN_CLOSE_ORIGIN, UNSET, UNSET_INT, contract, limit_of

_PEG_OFFSETS: Final = 170
_REMOVED_LIQUIDITY: Final = "2"


def execution(request_id: int, fill: Execution, instrument: Instrument) -> Message:
    """Return an execution: 31 fields."""
    return (
        str(int(Out.EXECUTION)),
        *(str(request_id), str(fill.order_id)),
        *contract(instrument),
        *(fill.exec_id, fill.time_text, fill.account, instrument.primary_exchange or instrument.exchange),
        "BOT" if fill.side == "BUY" else "SLD",
        *(as_text(fill.quantity), as_text(fill.price), str(fill.perm_id), str(fill.client_id), "0"),
        *(as_text(fill.cumulative), as_text(fill.average_price), fill.order_ref),
        # economic value rule and multiplier, model
        *("", "", ""),
        _REMOVED_LIQUIDITY,
    )


def commission(fill: Execution, currency: str) -> Message:
    """Return what a fill cost; the profit it realized is unset for one that opened a position (8 fields)."""
    realized = as_text(fill.realized) if fill.realized else UNSET
    return (*message(Out.COMMISSION, 1, fill.exec_id, fill.commission, currency), realized, UNSET, "")


def completed_order(version: int, order: WorkingOrder, instrument: Instrument, time_text: str) -> Message:
    """Return an order that is done; a filled one has its size in the filled quantity alone."""
    total = ZERO if order.status == "Filled" else order.quantity
    return (
        str(int(Out.COMPLETED_ORDER)),
        *contract(instrument),
        *_terms(order, total),
        *_volatility_to_algo(order),
        # solicited, status, randomized size and price, conditions
        *("0", order.status, "0", "0", "0"),
        # trail stop price, limit price offset, cash quantity, hedge price, container
        *(UNSET, UNSET, "0", "1", "0"),
        # auto-cancel date, filled quantity, reference future, cancelled with its parent
        *("", as_text(order.filled), "0", "0"),
        # shareholder, imbalance only, route marketable to BBO, parent's permId
        *("", "0", "0", "0"),
        *(time_text, order.completed_status),
        *((UNSET_INT, UNSET_INT, "", UNSET, UNSET) if version >= _PEG_OFFSETS else ()),
    )


def _terms(order: WorkingOrder, total: Decimal) -> Message:
    """Return the fields from the side to the trigger method."""
    return (
        *(order.side, as_text(total), order.order_type, limit_of(order), "0.0", order.tif),
        *("", order.account, *OPEN_CLOSE_ORIGIN, order.order_ref, str(order.perm_id)),
        # outside hours, hidden, discretionary amount, good after
        *("1" if order.outside_hours else "0", "0", "0", ""),
        # adviser group, method, percentage, profile, model
        *("", "", "", "", ""),
        # good till date, rule 80A, percent offset, settling firm
        *("", "", UNSET, ""),
        # short sale slot, location, exempt code
        *("0", "", "-1"),
        # starting price, stock reference price, delta, stock range
        *(UNSET, UNSET, UNSET, UNSET, UNSET),
        # display size, sweep to fill, all or none, minimum quantity, OCA type, trigger method
        *(UNSET_INT, "0", "0", UNSET_INT, "3", "0"),
    )


def _volatility_to_algo(order: WorkingOrder) -> Message:
    parameters = [text for pair in order.algo_parameters for text in pair]
    return (
        # volatility, its type, delta-neutral type and price, and the four fields that follow a type
        *(UNSET, "0", "None", UNSET, "0", "0", "0", ""),
        # continuous update, reference price type, trail stop price, trailing percent
        *("0", "0", UNSET, UNSET),
        # combo description, counts of legs, order legs and routing parameters
        *("", "0", "0", "0"),
        # scale sizes and increment, hedge type
        *(UNSET_INT, UNSET_INT, UNSET, ""),
        # clearing account and intent, not held, delta-neutral contract
        *("", "IB", "0", "0"),
        order.algo,
        *((str(len(order.algo_parameters)), *parameters) if order.algo else ()),
    )
