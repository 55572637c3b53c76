"""Answers to the questions about orders: open ones, done ones, executions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from rebalplan.sim.answers import Caller
from rebalplan.sim.orders.agenda import Charge
from rebalplan.sim.orders.order_model import Execution, WorkingOrder
from rebalplan.sim.orders.steps import SendCommission
from rebalplan.sim.wire import execution_layout, messages, order_layout
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import NO_ID, Code, Out
from rebalplan.sim.wire.requests import Executions

DEFAULT_CLIENT: Final = 0
AUTO_BIND_TEXT: Final = "Only the default client (i.e 0) can auto bind orders."
_EXECUTIONS_KEPT: Final = timedelta(days=1)
_SIDES: Final = {"BUY": "BUY", "BOT": "BUY", "BOUGHT": "BUY", "SELL": "SELL", "SLD": "SELL", "SOLD": "SELL"}


def open_orders(caller: Caller) -> list[Message]:
    """Return the working orders that this client placed."""
    return [*own_orders(caller), messages.open_order_end()]


def all_open_orders(caller: Caller) -> list[Message]:
    """Return the working orders of every client."""
    return [*every_order(caller), messages.open_order_end()]


def own_orders(caller: Caller) -> list[Message]:
    """Return openOrder and orderStatus of each working order that this client placed."""
    return _told(caller, caller.shared.book.orders_of([caller.client_id]))


def every_order(caller: Caller) -> list[Message]:
    """Return openOrder and orderStatus of each working order."""
    return _told(caller, caller.shared.book.orders)


def _told(caller: Caller, orders: Sequence[WorkingOrder]) -> list[Message]:
    answer = []
    for order in orders:
        if order.is_hidden:
            continue
        instrument = caller.shared.book.instruments[order.con_id]
        answer.append(order_layout.open_order(caller.version, order, instrument))
        answer.append(order_layout.order_status(order))
    return answer


def auto_open_orders(caller: Caller) -> list[Message]:
    """Return nothing for client 0, which alone may bind orders, and error 327 for any other."""
    if caller.client_id == DEFAULT_CLIENT:
        return []
    return caller.error(NO_ID, Code.AUTO_BIND_CLIENT, AUTO_BIND_TEXT)


def completed_orders(caller: Caller) -> list[Message]:
    """Return the orders of every client that were done today, as far as they show by now."""
    hours, zone = caller.shared.hours, caller.shared.scenario.market.time_zone
    today = hours.local(caller.now).date()
    rows = []
    for order in caller.shared.book.trading.orders():
        if order.completed is None or not order.is_visible or order.is_hidden:
            continue
        done = hours.local(order.completed)
        if done.date() == today:
            instrument = caller.shared.book.instruments[order.con_id]
            time = f"{done:%Y%m%d %H:%M:%S} {zone}"
            shown = _as_listed(caller, order)
            rows.append(execution_layout.completed_order(caller.version, shown, instrument, time))
    return [*rows, messages.completed_orders_end()]


def _as_listed(caller: Caller, order: WorkingOrder) -> WorkingOrder:
    """Return a done order with the shares that the lists show by now."""
    unlisted = caller.shared.book.trading.unlisted(order.perm_id)
    return msgspec.structs.replace(order, filled=order.filled - unlisted) if unlisted else order


def executions(caller: Caller, request: Executions) -> list[Message]:
    """Return the executions of the last day that pass the filter, then what they cost, then the end."""
    found = [
        execution
        for execution in caller.shared.book.trading.executions()
        if _fits(caller, request, execution)
    ]
    instruments = caller.shared.book.instruments
    rows = [
        execution_layout.execution(request.request_id, execution, instruments[execution.con_id])
        for execution in found
    ]
    costs = [
        execution_layout.commission(execution, instruments[execution.con_id].currency)
        for execution in found
        if not _is_uncharged(caller, execution)
    ]
    return [*rows, *costs, messages.list_end(Out.EXECUTIONS_END, request.request_id)]


def _fits(caller: Caller, request: Executions, execution: Execution) -> bool:
    instrument = caller.shared.book.instruments[execution.con_id]
    since = read_since(request.since, ZoneInfo(caller.shared.scenario.market.time_zone))
    return (
        execution.is_visible
        and not caller.shared.book.trading.order(execution.perm_id).is_hidden
        and execution.time > caller.now - _EXECUTIONS_KEPT
        and (since is None or execution.time >= since)
        and request.client_id in (0, execution.client_id)
        and request.account in ("", execution.account)
        and request.symbol in ("", instrument.symbol)
        and request.sec_type in ("", instrument.sec_type)
        and request.exchange in ("", instrument.exchange, instrument.primary_exchange)
        and _SIDES.get(request.side.upper(), execution.side) == execution.side
    )


def _is_uncharged(caller: Caller, execution: Execution) -> bool:
    """Tell whether the commission report of an execution is still to come, or never comes."""
    book = caller.shared.book
    order = book.trading.order(execution.perm_id)
    number = book.trading.executions(execution.perm_id).index(execution) + 1
    to_come = [e for e in book.agenda.effects() if isinstance(e, Charge)]
    return (
        (order.behaviour or caller.shared.scenario.orders).no_commission
        or SendCommission(number) in order.script
        or any((e.perm_id, e.number) == (order.perm_id, number) for e in to_come)
    )


def read_since(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the moment of a filter, ``None`` for none or for one that makes no sense.

    ``yyyymmdd hh:mm:ss`` in the market's zone or with one behind it, or ``yyyymmdd-hh:mm:ss`` in UTC.
    """
    is_utc = "-" in text[:9]
    parts = text.replace("-", " ", 1).split() if is_utc else text.split()
    try:
        moment = datetime.strptime(" ".join(parts[:2]), "%Y%m%d %H:%M:%S")  # noqa: DTZ007  # set below
        named = ZoneInfo(parts[2]) if len(parts) > 2 else zone  # noqa: PLR2004  # date, time and zone
    except (ValueError, LookupError, OSError):
        return None
    return moment.replace(tzinfo=UTC if is_utc else named)
