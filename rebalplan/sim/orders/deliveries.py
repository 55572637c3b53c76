"""Messages about orders: which connection gets which, with the fields of its version."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rebalplan.sim.accounts import valuation
from rebalplan.sim.faults import Reply, reply_with
from rebalplan.sim.orders.order_model import Execution, WorkingOrder
from rebalplan.sim.scenario.model import Instrument
from rebalplan.sim.shared import Shared
from rebalplan.sim.wire import execution_layout, layouts, messages, order_layout
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import NO_ID
from rebalplan.sim.wire.order_layout import Margins


class OpenOrder(msgspec.Struct, frozen=True):
    """An order with its terms."""

    order: WorkingOrder
    instrument: Instrument


class WhatIf(msgspec.Struct, frozen=True):
    """What an order would do to the account."""

    order: WorkingOrder
    instrument: Instrument
    margins: Margins


class Status(msgspec.Struct, frozen=True):
    """How far an order has come."""

    order: WorkingOrder


class Executed(msgspec.Struct, frozen=True):
    """A fill as it happens."""

    execution: Execution
    instrument: Instrument


class Charged(msgspec.Struct, frozen=True):
    """What a fill cost."""

    execution: Execution
    currency: str


class Notice(msgspec.Struct, frozen=True):
    """An error or a notice; ``request_id`` is the order id or -1."""

    request_id: int
    code: int
    text: str


class AccountChanged(msgspec.Struct, frozen=True):
    """New values for whoever is subscribed to this account; ``con_id`` 0: no holding changed."""

    account: str
    con_id: int
    time: str


class PositionChanged(msgspec.Struct, frozen=True):
    """A holding that changed, perhaps to none."""

    account: str
    con_id: int


class HangUp(msgspec.Struct, frozen=True):
    """The end of the connection."""


Event = OpenOrder | WhatIf | Status | Executed | Charged | Notice | AccountChanged | PositionChanged | HangUp


class Delivery(msgspec.Struct, frozen=True):
    """One event for one connection, perhaps some seconds from now."""

    connection: int
    event: Event
    after_sec: float = 0.0


def to_replies(shared: Shared, deliveries: Sequence[Delivery]) -> list[Reply]:
    """Return the replies. Neighbouring messages to one connection at one time leave in one write."""
    replies: list[Reply] = []
    pending: list[Message] = []
    for at, delivery in enumerate(deliveries):
        if isinstance(delivery.event, HangUp):
            replies.append(_flush(pending, delivery.connection, close=True))
            pending = []
            continue
        pending += _render(shared, delivery)
        if pending and (at + 1 == len(deliveries) or not _goes_with(deliveries[at + 1], delivery)):
            replies.append(_flush(pending, delivery.connection, after_sec=delivery.after_sec))
            pending = []
    return replies


def _goes_with(later: Delivery, earlier: Delivery) -> bool:
    return (later.connection, later.after_sec) == (earlier.connection, earlier.after_sec)


def _flush(pending: list[Message], connection: int, *, after_sec: float = 0.0, close: bool = False) -> Reply:
    reply = reply_with(pending, after_sec=after_sec, close=close)
    return msgspec.structs.replace(reply, connection=connection)


def _render(shared: Shared, delivery: Delivery) -> list[Message]:  # noqa: PLR0911  # one case per event
    version = shared.versions[delivery.connection]
    match delivery.event:
        case OpenOrder(order, instrument):
            return [order_layout.open_order(version, order, instrument)]
        case WhatIf(order, instrument, margins):
            return [order_layout.open_order(version, order, instrument, margins)]
        case Status(order):
            return [order_layout.order_status(order)]
        case Executed(execution, instrument):
            return [execution_layout.execution(NO_ID, execution, instrument)]
        case Charged(execution, currency):
            return [execution_layout.commission(execution, currency)]
        case Notice(request_id, code, text):
            return [messages.error(version, request_id, code, text)]
        case AccountChanged(account, con_id, time):
            return _account_rows(shared, account, con_id, time)
        case PositionChanged(account, con_id):
            book = shared.book
            return [layouts.position(account, book.instruments[con_id], book.shown(account, con_id))]
        case HangUp():
            return []


def _account_rows(shared: Shared, account: str, con_id: int, time: str) -> list[Message]:
    book = shared.book
    rows = valuation.updated_rows(book, account, prefixed=shared.scenario.gateway.ledger_prefix)
    held = book.shown(account, con_id)
    return [
        *(messages.account_value(tag, value, currency, account) for tag, value, currency in rows),
        *([layouts.portfolio_value(account, book.instruments[con_id], held)] if con_id else []),
        messages.account_time(time),
    ]
