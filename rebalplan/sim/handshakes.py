"""The messages that end a handshake, with those that a scenario adds for some clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from rebalplan.sim.answers import Caller
from rebalplan.sim.orders import order_answers
from rebalplan.sim.orders.incident_model import Handshake, OrderWord
from rebalplan.sim.orders.order_texts import OrderCode
from rebalplan.sim.orders.script import read_word
from rebalplan.sim.orders.steps import SendNotice
from rebalplan.sim.wire import messages
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import NO_ID


def greeting(caller: Caller, handshake: Handshake | None, welcome: list[Message]) -> list[Message]:
    """Return accounts and next order id, with what the scenario adds before and after them.

    All of it leaves in one write. While the broker is lost, every new client hears that too.
    """
    accounts_and_id, farms = welcome[:2], welcome[2:]
    lost = _expand(caller, str(int(OrderCode.CONNECTION_LOST))) if caller.shared.book.lost else []
    if handshake is None:
        return [*accounts_and_id, *lost, *farms]
    before, after = _messages(caller, handshake.before), _messages(caller, handshake.after)
    return [*before, *accounts_and_id, *after, *lost, *farms]


def _messages(caller: Caller, words: Iterable[str]) -> list[Message]:
    return [message for word in words for message in _expand(caller, word)]


def _expand(caller: Caller, word: str) -> list[Message]:
    said = read_word(word)
    if isinstance(said, SendNotice):
        return [messages.error(caller.version, NO_ID, said.code, said.text)]
    match cast(OrderWord, said):
        case "orders":
            return order_answers.own_orders(caller)
        case "all_orders":
            return order_answers.every_order(caller)
        case other:
            assert_never(other)
