"""Walk the scripts of orders: fills, messages, waits, cancels. It is told the time and does no I/O of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from rebalplan.sim import fills, script
from rebalplan.sim.book import Book
from rebalplan.sim.deliveries import (
    AccountChanged,
    Charged,
    Delivery,
    Event,
    Executed,
    HangUp,
    Notice,
    OpenOrder,
    PositionChanged,
    Status,
    to_replies,
)
from rebalplan.sim.errors import SimError
from rebalplan.sim.faults import Reply
from rebalplan.sim.fills import Moment
from rebalplan.sim.messages import NO_ID
from rebalplan.sim.order_model import ZERO, Behaviour, WorkingOrder
from rebalplan.sim.order_texts import CONNECTIVITY, OrderCode, text_of
from rebalplan.sim.scenario_behaviours import plain_behaviour
from rebalplan.sim.script import split_step
from rebalplan.sim.shared import Shared

_ACCOUNT_STEPS: Final = frozenset({"fill", "correct", "reveal"})
_LONGEST_WAIT_SEC: Final = 3600.0


class Floor(msgspec.Struct, frozen=True):
    """The shared state at one moment: the gateway's time and a monotonic clock in seconds."""

    shared: Shared
    now: datetime
    clock_sec: float

    @property
    def book(self) -> Book:
        """Return the book."""
        return self.shared.book


def conclude(floor: Floor, deliveries: Sequence[Delivery]) -> list[Reply]:
    """Make the book durable and return what may be said then; without that, hang up on those it was for."""
    try:
        floor.shared.save()
    except SimError:
        unsaid = dict.fromkeys(delivery.connection for delivery in deliveries)
        return [Reply(close=True, connection=connection) for connection in unsaid]
    return to_replies(floor.shared, deliveries)


def resume(floor: Floor) -> list[Reply]:
    """Go on with every order that a state file remembers as unfinished."""
    unfinished = [order for order in floor.book.trading.orders() if order.script]
    deliveries = [delivery for order in unfinished for delivery in advance(floor, order)]
    return conclude(floor, deliveries) if unfinished else []


def tick(floor: Floor) -> list[Reply]:
    """Do what is due by now, which may be nothing: waits that are over, DAY orders whose session is."""
    shared = floor.shared
    floor.book.settle(shared.hours.local(floor.now).date())
    due = [perm_id for perm_id, at_sec in shared.due.items() if at_sec <= floor.clock_sec]
    deliveries = [d for perm_id in due for d in advance(floor, floor.book.trading.order(perm_id))]
    lapsed = [order for order in floor.book.orders if order.expires and order.expires <= floor.now]
    deliveries += [delivery for order in lapsed for delivery in cancel(floor, order)]
    return conclude(floor, deliveries) if due or lapsed else []


def next_wake_sec(floor: Floor) -> float | None:
    """Return in how many seconds ``tick`` may have something to do, ``None`` for never."""
    waits = [at_sec - floor.clock_sec for at_sec in floor.shared.due.values()]
    waits += [(order.expires - floor.now).total_seconds() for order in floor.book.orders if order.expires]
    return min(max(min(waits), 0.0), _LONGEST_WAIT_SEC) if waits else None


def cancel(
    floor: Floor, order: WorkingOrder, reason: str = "", *, first: script.Script = ()
) -> list[Delivery]:
    """Give up what is not filled of an order, after the steps ``first``."""
    steps = (*first, *script.cancelling(order.script, reason))
    return restart(floor, msgspec.structs.replace(order, script=steps))


def restart(floor: Floor, order: WorkingOrder) -> list[Delivery]:
    """Put an order with a new script into the book and walk as far as that goes now."""
    floor.shared.due.pop(order.perm_id, None)
    return advance(floor, floor.book.trading.put(order))


def advance(floor: Floor, order: WorkingOrder) -> list[Delivery]:
    """Walk the order's script up to the first step that has to wait."""
    deliveries: list[Delivery] = []
    is_account_changed = False
    while order.script and not _has_to_wait(floor, order):
        word, value = split_step(order.script[0])
        order = floor.book.trading.put(msgspec.structs.replace(order, script=order.script[1:]))
        deliveries += _perform(floor, order, word, value)
        is_account_changed |= word in _ACCOUNT_STEPS
        order = floor.book.trading.order(order.perm_id)
    if not order.script:
        floor.shared.due.pop(order.perm_id, None)
    return [*deliveries, *(_account_news(floor, order) if is_account_changed else [])]


def _has_to_wait(floor: Floor, order: WorkingOrder) -> bool:
    word, value = split_step(order.script[0])
    due = floor.shared.due
    if word == "wait":
        if floor.clock_sec < due.setdefault(order.perm_id, floor.clock_sec + float(value)):
            return True
        del due[order.perm_id]
    elif word == "fill" and order.is_working:
        if is_held(floor, order):
            opening = floor.shared.hours.next_open(floor.now)
            if opening is not None:
                due[order.perm_id] = floor.clock_sec + (opening - floor.now).total_seconds()
            return True
        due.pop(order.perm_id, None)
        return _price(floor, order) is None
    return False


def is_held(floor: Floor, order: WorkingOrder) -> bool:
    """Tell whether the market is closed for the order; a limit order may ask for the hours outside."""
    is_outside = order.outside_hours and order.order_type == "LMT"
    return not is_outside and not floor.shared.hours.is_open(floor.now)


def _price(floor: Floor, order: WorkingOrder) -> Decimal | None:
    instrument = floor.book.instruments[order.con_id]
    return fills.fill_price(order, instrument, _behaviour(floor, order).slippage_bps)


def _behaviour(floor: Floor, order: WorkingOrder) -> Behaviour:
    return order.behaviour or plain_behaviour(floor.shared.scenario.orders)


def _perform(floor: Floor, order: WorkingOrder, word: str, value: str) -> list[Delivery]:
    """Do one step of which the order's script is rid already."""
    match word:
        case "fill":
            _fill(floor, order, value)
        case "correct":
            fills.correct(floor.book, order, _behaviour(floor, order).correction_bps)
        case "reveal":
            floor.book.trading.reveal(order.perm_id)
            floor.book.trading.put(msgspec.structs.replace(order, is_visible=True))
        case "cancel":
            _cancel(floor, order, value)
        case "notice":
            return _notice(floor, order, value)
        case _:
            return _tell(floor, order, _events(floor, order, word, value))
    return []


def _fill(floor: Floor, order: WorkingOrder, value: str) -> None:
    price = _price(floor, order)
    quantity = min(Decimal(value), order.remaining)
    if not order.is_working or price is None or quantity <= 0:
        return
    behaviour, local = _behaviour(floor, order), floor.shared.hours.local(floor.now)
    moment = Moment(
        behaviour=behaviour,
        now=floor.now,
        time_text=f"{local:%Y%m%d %H:%M:%S} {behaviour.time_zone_text or floor.shared.scenario.market.time_zone}",
        today=local.date(),
    )
    fills.fill(floor.book, order, quantity, price, moment)
    fills.move_market(floor.book, order, floor.shared.scenario.orders, price)


def _cancel(floor: Floor, order: WorkingOrder, reason: str) -> None:
    """End the order, or let it say that it was done already."""
    if order.is_working:
        text = reason or "Cancelled by Trader"
        ended = msgspec.structs.replace(
            order, status="Cancelled", completed=floor.now, completed_status=text, why_held=""
        )
    else:
        refusal = text_of(OrderCode.CANCEL_REFUSED, order.order_id, order.status)
        steps = script.without_cancel(order.script)
        ended = msgspec.structs.replace(
            order, script=(script.notice(OrderCode.CANCEL_REFUSED, refusal), *steps)
        )
    floor.book.trading.put(ended)


def _notice(floor: Floor, order: WorkingOrder, value: str) -> list[Delivery]:
    number, _, text = value.partition(" ")
    code = int(number)
    if code in CONNECTIVITY:
        everyone = floor.shared.clients.values()
        return [Delivery(connection, Notice(NO_ID, code, text)) for connection in everyone]
    if code == OrderCode.HELD and order.is_working:
        floor.book.trading.put(msgspec.structs.replace(order, why_held="locate"))
    return _tell(floor, order, [Notice(order.order_id, code, text)])


def _events(floor: Floor, order: WorkingOrder, word: str, value: str) -> list[Event]:
    instrument = floor.book.instruments[order.con_id]
    match word:
        case "new_open":
            return [OpenOrder(_before_fills(order), instrument)]
        case "new_status":
            return [Status(_before_fills(order))]
        case "open":
            return [OpenOrder(order, instrument)]
        case "status":
            return [Status(order)]
        case "execution" | "commission":
            executions = floor.book.trading.executions(order.perm_id)
            chosen = executions[int(value) - 1 : int(value)]
            if word == "execution":
                return [Executed(execution, instrument) for execution in chosen]
            return [Charged(execution, instrument.currency) for execution in chosen]
        case "hang_up":
            return [HangUp()]
        case _:
            return []


def _before_fills(order: WorkingOrder) -> WorkingOrder:
    """Return the order as its acknowledgement shows it."""
    if not order.filled:
        return order
    return msgspec.structs.replace(order, filled=ZERO, value=ZERO, last_price=ZERO, status="Submitted")


def _tell(floor: Floor, order: WorkingOrder, events: Sequence[Event]) -> list[Delivery]:
    """Address events to the client that placed the order and to the master client."""
    shared = floor.shared
    owner = shared.clients.get(order.client_id)
    master = shared.clients.get(shared.scenario.orders.master_client_id)
    deliveries = []
    for event in events:
        listeners = [owner] if isinstance(event, HangUp) else dict.fromkeys([owner, master])
        deliveries += [Delivery(listener, event) for listener in listeners if listener is not None]
        if isinstance(event, HangUp):
            shared.clients.pop(order.client_id, None)
    return deliveries


def _account_news(floor: Floor, order: WorkingOrder) -> list[Delivery]:
    """Return the changed holding and values for those who asked to be told, unless they do not show yet."""
    shared = floor.shared
    if not all(execution.is_visible for execution in floor.book.trading.executions(order.perm_id)):
        return []
    holding = PositionChanged(order.account, order.con_id)
    news = [Delivery(connection, holding) for connection in sorted(shared.position_watchers)]
    subscribed = shared.updated_account
    if subscribed is not None and subscribed[1] == order.account:
        time = f"{shared.hours.local(floor.now):%H:%M}"
        news.append(Delivery(subscribed[0], AccountChanged(order.account, order.con_id, time)))
    return news
