"""What some clients are told in the write that ends their handshake."""

from __future__ import annotations

from collections.abc import Iterable

from rebalplan.sim.answers import Desk
from rebalplan.sim.orders.incident_model import Handshake
from rebalplan.sim.orders.order_texts import OrderCode, text_of
from rebalplan.sim.wire import messages, order_layout
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import NO_ID


def greeting(desk: Desk, handshake: Handshake | None, welcome: list[Message]) -> list[Message]:
    """Return what follows an accepted start of the API: accounts and the next order id, with what the scenario adds.

    While the broker is lost, every new client hears that too.
    """
    accounts_and_id, farms = welcome[:2], welcome[2:]
    lost = [_notice(desk, str(int(OrderCode.CONNECTION_LOST)))] if desk.shared.book.lost else []
    if handshake is None:
        return [*accounts_and_id, *lost, *farms]
    before, after = _messages(desk, handshake.before), _messages(desk, handshake.after)
    return [*before, *accounts_and_id, *after, *lost, *farms]


def _messages(desk: Desk, words: Iterable[str]) -> list[Message]:
    return [message for word in words for message in _expand(desk, word)]


def _expand(desk: Desk, word: str) -> list[Message]:
    if word in ("orders", "all_orders"):
        book, found = desk.shared.book, []
        for order in book.orders if word == "all_orders" else book.orders_of([desk.client_id]):
            if order.is_hidden:
                continue
            instrument = book.instruments[order.con_id]
            found.append(order_layout.open_order(desk.version, order, instrument))
            found.append(order_layout.order_status(desk.version, order))
        return found
    return [_notice(desk, word)]


def _notice(desk: Desk, word: str) -> Message:
    code, _, text = word.partition(" ")
    return messages.error(desk.version, NO_ID, int(code), text or text_of(int(code)))
