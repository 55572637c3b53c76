"""Walk the scripts of orders: fills, messages, waits, cancels. It is told the time and does no I/O of its own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

import msgspec

from rebalplan.sim.errors import SimError
from rebalplan.sim.faults import Reply
from rebalplan.sim.orders import fills, incidents, late, news, script
from rebalplan.sim.orders.deliveries import (
    Charged,
    Delivery,
    Event,
    Executed,
    HangUp,
    Notice,
    OpenOrder,
    Status,
    to_replies,
)
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.orders.order_model import ZERO, WorkingOrder
from rebalplan.sim.orders.order_texts import CONNECTIVITY, OrderCode, text_of
from rebalplan.sim.orders.steps import (
    Cancel,
    Correct,
    Disconnect,
    Fill,
    LateFill,
    Script,
    SendCommission,
    SendExecution,
    SendNotice,
    SendOpenOrder,
    SendStatus,
    ShowFills,
    Step,
    Wait,
)

_Told = SendOpenOrder | SendStatus | SendExecution | SendCommission | Disconnect
"""The steps that are news of the order as it is, with nothing changed."""


def conclude(instant: Instant, deliveries: Sequence[Delivery]) -> list[Reply]:
    """Save the book, then return the replies. When the disk refuses, hang up on the receivers instead.

    The order matters: no client may hear of something that a restarted gateway does not know.
    """
    try:
        instant.shared.save()
    except SimError:
        unsaid = dict.fromkeys(delivery.connection for delivery in deliveries)
        return [Reply(close=True, connection=connection) for connection in unsaid]
    return to_replies(instant.shared, deliveries)


def cancel(
    instant: Instant,
    order: WorkingOrder,
    reason: str = "",
    *,
    first: Script = (),
    after: Script = (),
) -> list[Delivery]:
    """Cancel the rest of an order: first the steps ``first``, then the cancel, then the steps ``after``.

    Without ``after``, the late fill of the order's own behaviour follows, if it has one.
    """
    after = after or instant.behaviour(order).late_fill
    steps = (*first, *script.cancelling(order.script, reason), *after)
    return restart(instant, msgspec.structs.replace(order, script=steps))


def restart(instant: Instant, order: WorkingOrder) -> list[Delivery]:
    """Put an order with a new script into the book and walk as far as that goes now."""
    instant.shared.due.pop(order.perm_id, None)
    return advance(instant, instant.book.trading.put(order))


def advance(instant: Instant, order: WorkingOrder) -> list[Delivery]:
    """Walk the order's script up to the first step that has to wait."""
    deliveries: list[Delivery] = []
    is_account_changed = False
    while order.script and not _has_to_wait(instant, order):
        step = order.script[0]
        # The step leaves the script before it runs: a fill and a cancel put the order into the book themselves.
        order = instant.book.trading.put(msgspec.structs.replace(order, script=order.script[1:]))
        deliveries += _perform(instant, order, step)
        is_account_changed |= isinstance(step, Fill | Correct | ShowFills)
        order = instant.book.trading.order(order.perm_id)
    if not order.script:
        instant.shared.due.pop(order.perm_id, None)
    return [*deliveries, *(news.fill_news(instant, order) if is_account_changed else [])]


def _has_to_wait(instant: Instant, order: WorkingOrder) -> bool:
    if instant.book.lost:
        return True
    step, due = order.script[0], instant.shared.due
    if isinstance(step, Wait):
        if instant.clock_sec < due.setdefault(order.perm_id, instant.clock_sec + float(step.sec)):
            return True
        del due[order.perm_id]
    elif isinstance(step, Fill) and order.is_working:
        if is_held(instant, order):
            opening = instant.shared.hours.next_open(instant.now)
            if opening is not None:
                due[order.perm_id] = instant.clock_sec + (opening - instant.now).total_seconds()
            return True
        due.pop(order.perm_id, None)
        return _price(instant, order) is None
    return False


def is_held(instant: Instant, order: WorkingOrder) -> bool:
    """Tell whether the market is closed for the order; a limit order may ask for the hours outside."""
    is_outside = order.outside_hours and order.order_type == "LMT"
    return not is_outside and not instant.shared.hours.is_open(instant.now)


def _price(instant: Instant, order: WorkingOrder) -> Decimal | None:
    instrument = instant.book.instruments[order.con_id]
    return fills.fill_price(order, instrument, instant.behaviour(order).slippage_bps)


def _perform(instant: Instant, order: WorkingOrder, step: Step) -> list[Delivery]:
    """Do one step. The order's script does not hold it any more."""
    match step:
        case Fill(shares):
            _fill(instant, order, shares)
        case Correct():
            fills.correct(instant.book, order, instant.behaviour(order).correction_bps)
        case ShowFills():
            instant.book.trading.reveal(order.perm_id)
            instant.book.trading.put(msgspec.structs.replace(order, is_visible=True))
        case Cancel(reason):
            _cancel(instant, order, reason)
        case LateFill():
            late.schedule_late_fill(instant, order, step)
        case SendNotice(code, text):
            return _notice(instant, order, code, text)
        case SendOpenOrder() | SendStatus() | SendExecution() | SendCommission() | Disconnect():
            return news.tell(instant, order, _events(instant, order, step))
        case Wait():  # it is over, or the walk would not be here
            pass
        case _:
            assert_never(step)
    return []


def _fill(instant: Instant, order: WorkingOrder, shares: Decimal) -> None:
    price = _price(instant, order)
    quantity = min(shares, order.remaining)
    if not order.is_working or price is None or quantity <= 0:
        return
    behaviour = instant.behaviour(order)
    filled = fills.fill(instant.book, order, quantity, price, late.moment_of(instant, behaviour))
    late.schedule_reveals(instant, filled, behaviour)
    incidents.occurred(instant, "execution", filled)
    if not filled.is_working:
        incidents.occurred(instant, "filled", filled)
    fills.move_market(instant.book, order, instant.shared.scenario.orders, price)


def _cancel(instant: Instant, order: WorkingOrder, reason: str) -> None:
    """End the order. When it is done already, refuse the cancel as the real gateway does (10148)."""
    if order.is_working:
        text = reason or "Cancelled by Trader"
        ended = msgspec.structs.replace(
            order, status="Cancelled", completed=instant.now, completed_status=text, why_held=""
        )
    else:
        refusal = text_of(OrderCode.CANCEL_REFUSED, order.order_id, order.status)
        steps = script.without_cancel(order.script)
        ended = msgspec.structs.replace(
            order, script=(script.notice(OrderCode.CANCEL_REFUSED, refusal), *steps)
        )
    instant.book.trading.put(ended)
    if ended.status == "Cancelled" != order.status:
        incidents.occurred(instant, "cancelled", ended)


def _notice(instant: Instant, order: WorkingOrder, code: int, text: str) -> list[Delivery]:
    if code in CONNECTIVITY:
        return news.tell_everyone(instant, code, text)
    if code == OrderCode.HELD and order.is_working:
        instant.book.trading.put(msgspec.structs.replace(order, why_held="locate"))
    return news.tell(instant, order, [Notice(order.order_id, code, text)])


def _events(instant: Instant, order: WorkingOrder, step: _Told) -> list[Event]:
    instrument = instant.book.instruments[order.con_id]
    executions = instant.book.trading.executions(order.perm_id)
    match step:
        case SendOpenOrder(is_new):
            return [OpenOrder(_before_fills(order) if is_new else order, instrument)]
        case SendStatus(is_new):
            return [Status(_before_fills(order) if is_new else order)]
        case SendExecution(number):
            return [Executed(execution, instrument) for execution in executions[number - 1 : number]]
        case SendCommission(number):
            return [Charged(execution, instrument.currency) for execution in executions[number - 1 : number]]
        case Disconnect():
            return [HangUp()]
        case _:
            assert_never(step)


def _before_fills(order: WorkingOrder) -> WorkingOrder:
    """Return the order as its acknowledgement shows it: without fills."""
    if not order.filled:
        return order
    return msgspec.structs.replace(order, filled=ZERO, value=ZERO, last_price=ZERO, status="Submitted")
