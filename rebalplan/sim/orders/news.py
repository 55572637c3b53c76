"""Who is told of what: the owner of an order and the master client, watchers of accounts, everybody."""

from __future__ import annotations

from collections.abc import Sequence

from rebalplan.sim.orders.deliveries import AccountChanged, Delivery, Event, HangUp, Notice, PositionChanged
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.orders.order_model import WorkingOrder
from rebalplan.sim.orders.order_texts import text_of
from rebalplan.sim.wire.messages import NO_ID

NO_CONTRACT = 0


def tell(instant: Instant, order: WorkingOrder, events: Sequence[Event]) -> list[Delivery]:
    """Address events to the client that placed the order and to the master client."""
    shared = instant.shared
    owner = shared.clients.get(order.client_id)
    master = shared.clients.get(shared.scenario.orders.master_client_id)
    deliveries = []
    for event in events:
        listeners = [owner] if isinstance(event, HangUp) else dict.fromkeys([owner, master])
        deliveries += [Delivery(listener, event) for listener in listeners if listener is not None]
        if isinstance(event, HangUp):
            shared.clients.pop(order.client_id, None)
    return deliveries


def tell_everyone(instant: Instant, code: int, text: str = "") -> list[Delivery]:
    """Address a notice without a request id to every client."""
    notice = Notice(NO_ID, code, text or text_of(code))
    return [Delivery(connection, notice) for connection in instant.shared.clients.values()]


def position_news(instant: Instant, account: str, con_id: int) -> list[Delivery]:
    """Return the holding as it shows now, for those who asked to be told."""
    changed = PositionChanged(account, con_id)
    return [Delivery(connection, changed) for connection in sorted(instant.shared.position_watchers)]


def value_news(instant: Instant, account: str, con_id: int = NO_CONTRACT) -> list[Delivery]:
    """Return the account values as they show now, and one holding, for the client that is subscribed to them."""
    subscribed = instant.shared.updated_account
    if subscribed is None or subscribed[1] != account:
        return []
    time = f"{instant.shared.hours.local(instant.now):%H:%M}"
    return [Delivery(subscribed[0], AccountChanged(account, con_id, time))]


def fill_news(instant: Instant, order: WorkingOrder) -> list[Delivery]:
    """Return the changed holding and values after a fill, as far as they show yet."""
    executions = instant.book.trading.executions(order.perm_id)
    if order.is_hidden or not all(execution.is_visible for execution in executions):
        return []
    news: list[Delivery] = []
    if all(execution.is_position_visible for execution in executions):
        news += position_news(instant, order.account, order.con_id)
    if all(execution.is_value_visible for execution in executions):
        news += value_news(instant, order.account, order.con_id)
    return news
