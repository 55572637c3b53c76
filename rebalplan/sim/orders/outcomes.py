"""The outcome of an order message: who is told what, and its line in the ledger."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from rebalplan.sim.answers import Caller
from rebalplan.sim.orders.deliveries import Delivery, Notice
from rebalplan.sim.orders.order_model import LedgerEntry, MessageKind
from rebalplan.sim.wire.messages import READ_ONLY_ID
from rebalplan.sim.wire.requests import CancelOrder, GlobalCancel, OrderRequest, PlaceOrder

ACCEPTED: Final = "accepted"
DROPPED: Final = "dropped"
_REFUSED: Final = "refused"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's text for a message, and who is told what."""

    text: str
    deliveries: tuple[Delivery, ...] = ()
    perm_id: int = 0
    is_change: bool = False


def refused(caller: Caller, order_id: int, code: int, text: str, perm_id: int = 0) -> Outcome:
    """Return the outcome of a message that is answered with an error alone."""
    told = Delivery(caller.connection, Notice(order_id, code, text))
    return Outcome(text=refusal_text(code, text), deliveries=(told,), perm_id=perm_id)


def refusal_text(code: int, text: str) -> str:
    """Return the ledger's words for a refusal."""
    return f"{_REFUSED} {code:d}: {text}"


def order_id_of(request: OrderRequest) -> int:
    """Return the id that errors about the message carry."""
    return READ_ONLY_ID if isinstance(request, GlobalCancel) else request.order_id


def ledger_entry(caller: Caller, request: OrderRequest, outcome: Outcome) -> LedgerEntry:
    """Return the line of a message that could be read."""
    match request:
        case PlaceOrder():
            return _of_order(caller, request, outcome)
        case CancelOrder():
            return _of_cancel(caller, request, outcome)
        case GlobalCancel():
            return LedgerEntry(
                time=caller.now,
                client_id=caller.client_id,
                kind="global_cancel",
                order_id=0,
                outcome=outcome.text,
            )
        case _:
            assert_never(request)


def _of_cancel(caller: Caller, request: CancelOrder, outcome: Outcome) -> LedgerEntry:
    entry = LedgerEntry(
        time=caller.now,
        client_id=caller.client_id,
        kind="cancel",
        order_id=request.order_id,
        outcome=outcome.text,
        perm_id=outcome.perm_id,
    )
    if not outcome.perm_id:
        return entry
    book = caller.shared.book
    order = book.trading.order(outcome.perm_id)
    return msgspec.structs.replace(
        entry,
        account=order.account,
        symbol=book.instruments[order.con_id].symbol,
        con_id=order.con_id,
        side=order.side,
        quantity=order.quantity,
        order_type=order.order_type,
        limit_price=order.limit_price,
        algo=order.algo,
        tif=order.tif,
        order_ref=order.order_ref,
    )


def _of_order(caller: Caller, request: PlaceOrder, outcome: Outcome) -> LedgerEntry:
    return LedgerEntry(
        time=caller.now,
        client_id=caller.client_id,
        kind=_placing_kind(request, outcome),
        order_id=request.order_id,
        outcome=outcome.text,
        perm_id=outcome.perm_id,
        account=request.account,
        symbol=_symbol(caller, request),
        con_id=request.contract.con_id,
        side=request.side,
        quantity=request.quantity,
        order_type=request.order_type,
        limit_price=request.limit_price,
        algo=request.algo,
        tif=request.tif,
        order_ref=request.order_ref,
    )


def _placing_kind(request: PlaceOrder, outcome: Outcome) -> MessageKind:
    if request.is_what_if:
        return "what_if"
    return "modify" if outcome.is_change else "place"


def _symbol(caller: Caller, request: PlaceOrder) -> str:
    found = caller.shared.book.find(request.contract)
    return found[0].symbol if found else request.contract.symbol
