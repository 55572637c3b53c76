"""Order messages in, replies out. The ledger has every message, and the book is saved before a reply leaves."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from rebalplan.sim.answers import Caller
from rebalplan.sim.faults import Reply
from rebalplan.sim.orders import engine, placing, script
from rebalplan.sim.orders.behaviours import Subject
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.orders.order_model import Behaviour, LedgerEntry, MessageKind, WorkingOrder
from rebalplan.sim.orders.order_texts import OrderCode, text_of
from rebalplan.sim.orders.outcomes import ACCEPTED, DROPPED, Outcome, ledger_entry, order_id_of, refused
from rebalplan.sim.orders.steps import Script
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import Code
from rebalplan.sim.wire.request_parser import find_order_id
from rebalplan.sim.wire.requests import CancelOrder, GlobalCancel, In, OrderRequest, PlaceOrder

READ_ONLY_TEXT: Final = (
    "Error validating request:-'b7' : cause - The API interface is currently in Read-Only mode."
)
PENDING_CANCEL: Final = "PendingCancel"


def answer(caller: Caller, request: OrderRequest) -> list[Reply]:
    """Return the replies to an order message of a started client."""
    instant = Instant(caller.shared, caller.now, caller.clock_sec)
    if caller.shared.read_only:
        outcome = refused(caller, order_id_of(request), Code.CANNOT_VALIDATE, READ_ONLY_TEXT)
    else:
        outcome = _handle(caller, instant, request)
    caller.shared.book.trading.record(ledger_entry(caller, request, outcome))
    return engine.conclude(instant, outcome.deliveries)


def _handle(caller: Caller, instant: Instant, request: OrderRequest) -> Outcome:
    match request:
        case PlaceOrder():
            return placing.place(caller, instant, request)
        case CancelOrder():
            return _cancel(caller, instant, request.order_id)
        case GlobalCancel():
            told = [delivery for order in instant.book.orders for delivery in engine.cancel(instant, order)]
            return Outcome(text=ACCEPTED, deliveries=tuple(told))
        case _:
            assert_never(request)


def unreadable(caller: Caller, fields: Message, problem: str) -> list[Reply]:
    """Return the replies to an order message with an unreadable field."""
    kind: MessageKind = "cancel" if int(fields[0]) == In.CANCEL_ORDER else "place"
    order_id = find_order_id(fields)
    outcome = refused(caller, order_id, Code.CANNOT_READ, problem)
    caller.shared.book.trading.record(
        LedgerEntry(
            time=caller.now,
            client_id=caller.client_id,
            kind=kind,
            order_id=order_id,
            outcome=f"unreadable: {problem}",
        )
    )
    return engine.conclude(Instant(caller.shared, caller.now, caller.clock_sec), outcome.deliveries)


def _cancel(caller: Caller, instant: Instant, order_id: int) -> Outcome:
    order = instant.book.trading.find(caller.client_id, order_id)
    if order is None:
        text = text_of(OrderCode.CANCEL_UNKNOWN, order_id)
        return refused(caller, order_id, OrderCode.CANCEL_UNKNOWN, text)
    behaviour = _choose(instant, order)
    if behaviour is not None and behaviour.silence == "dropped":
        return Outcome(text=DROPPED, perm_id=order.perm_id)
    if behaviour is not None and behaviour.code:
        return refused(caller, order_id, behaviour.code, behaviour.text, order.perm_id)
    if order.status == PENDING_CANCEL:
        text = text_of(OrderCode.NOT_CANCELLABLE, order.perm_id)
        return refused(caller, order_id, OrderCode.NOT_CANCELLABLE, text, order.perm_id)
    if not order.is_working:
        text = text_of(OrderCode.CANCEL_REFUSED, order_id, order.status)
        return refused(caller, order_id, OrderCode.CANCEL_REFUSED, text, order.perm_id)
    return _give_up(instant, order, behaviour)


def _choose(instant: Instant, order: WorkingOrder) -> Behaviour | None:
    symbol = instant.book.instruments[order.con_id].symbol
    subject = Subject(on="cancel", account=order.account, symbol=symbol, side=order.side, algo=order.algo)
    return instant.shared.behaviours.choose(subject)


def _give_up(instant: Instant, order: WorkingOrder, behaviour: Behaviour | None) -> Outcome:
    first: Script = ()
    after: Script = ()
    if behaviour is not None:
        executions = len(instant.book.trading.executions(order.perm_id))
        first = script.before_cancel(behaviour, order.remaining, executions)
        after = behaviour.late_fill
        if behaviour.after_sec:
            order = msgspec.structs.replace(order, status=PENDING_CANCEL)
    told = engine.cancel(instant, order, first=first, after=after)
    return Outcome(text=ACCEPTED, deliveries=tuple(told), perm_id=order.perm_id)
