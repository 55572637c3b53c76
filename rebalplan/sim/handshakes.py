"""What some clients are told in the write that ends their handshake."""

from __future__ import annotations

from collections.abc import Iterable

from rebalplan.sim.answers import Caller
from rebalplan.sim.orders.incident_model import Handshake
from rebalplan.sim.orders.order_texts import OrderCode, text_of
from rebalplan.sim.wire import messages, order_layout
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import NO_ID


def greeting(caller: Caller, handshake: Handshake | None, welcome: list[Message]) -> list[Message]:
    """Return what follows an accepted start of the API: accounts and the next order id, with what the scenario adds.

    While the broker is lost, every new client hears that too.
    """
    accounts_and_id, farms = welcome[:2], welcome[2:]
    lost = [_notice(caller, str(int(OrderCode.CONNECTION_LOST)))] if caller.shared.book.lost else []
    if handshake is None:
        return [*accounts_and_id, *lost, *farms]
    before, after = _messages(caller, handshake.before), _messages(caller, handshake.after)
    return [*before, *accounts_and_id, *after, *lost, *farms]


def _messages(caller: Caller, words: Iterable[str]) -> list[Message]:
    return [message for word in words for message in _expand(caller, word)]


def _expand(caller: Caller, word: str) -> list[Message]:
    if word in ("orders", "all_orders"):
        book, found = caller.shared.book, []
        for order in book.orders if word == "all_orders" else book.orders_of([caller.client_id]):
            if order.is_hidden:
                continue
            instrument = book.instruments[order.con_id]
            found.append(order_layout.open_order(caller.version, order, instrument))
            found.append(order_layout.order_status(order))
        return found
    return [_notice(caller, word)]


def _notice(caller: Caller, word: str) -> Message:
    code, _, text = word.partition(" ")
    return messages.error(caller.version, NO_ID, int(code), text or text_of(int(code)))
