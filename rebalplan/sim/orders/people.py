"""Carry out incidents: a person changes, cancels, trades, pays in or out; the broker is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

import msgspec

from rebalplan.sim.orders import engine, fills, late, news, script
from rebalplan.sim.orders.agenda import Restore
from rebalplan.sim.orders.deliveries import Charged, Delivery, Event, Executed, OpenOrder, Status
from rebalplan.sim.orders.incident_model import (
    Buy,
    CancelByHand,
    Change,
    Deposit,
    Incident,
    Lose,
    Payment,
    Sell,
    Trade,
    Withdraw,
)
from rebalplan.sim.orders.incidents import NO_ORDER
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.orders.order_model import ZERO, Side, WorkingOrder
from rebalplan.sim.orders.order_texts import OrderCode
from rebalplan.sim.orders.steps import ACKNOWLEDGEMENT, Cancel, SendOpenOrder, SendStatus
from rebalplan.sim.scenario.scenario_behaviours import plain_behaviour


def happen(instant: Instant, incident: Incident, perm_id: int) -> list[Delivery] | None:
    """Carry out an incident and return who is told, ``None`` when it is too late for it.

    ``perm_id`` is the order whose event it follows, 0 without one.
    """
    order = instant.book.trading.order(perm_id) if perm_id != NO_ORDER else None
    match deed := incident.deed:
        case Change():
            return None if order is None else _change(instant, deed, order)
        case CancelByHand():
            return None if order is None else _cancel(instant, deed, order)
        case Buy():
            return _trade(instant, deed, order, "BUY")
        case Sell():
            return _trade(instant, deed, order, "SELL")
        case Deposit():
            return _pay(instant, deed, order, deed.amount)
        case Withdraw():
            return _pay(instant, deed, order, -deed.amount)
        case Lose():
            return _lose(instant, deed)
        case _:
            assert_never(deed)


def _change(instant: Instant, change: Change, order: WorkingOrder) -> list[Delivery] | None:
    """Give a working order another size or price; it begins anew with what is left."""
    quantity = change.quantity or order.quantity
    if not order.is_working or quantity <= order.filled:
        return None
    changed = msgspec.structs.replace(order, quantity=quantity)
    if change.limit_price:
        changed = msgspec.structs.replace(changed, order_type="LMT", limit_price=change.limit_price)
    executions = len(instant.book.trading.executions(order.perm_id))
    steps = script.build_script(instant.behaviour(order), changed.remaining, executions)
    rest = tuple(step for step in steps if step not in ACKNOWLEDGEMENT)
    told = (SendOpenOrder(), SendStatus()) if change.told else ()
    return engine.restart(instant, msgspec.structs.replace(changed, script=(*told, *rest)))


def _cancel(instant: Instant, deed: CancelByHand, order: WorkingOrder) -> list[Delivery] | None:
    if not order.is_working:
        return None
    if deed.told:
        return engine.cancel(instant, order, after=deed.late_fill)
    left = script.left_after_cancel(order.script)
    after = deed.late_fill or instant.behaviour(order).late_fill
    return engine.restart(instant, msgspec.structs.replace(order, script=(Cancel(""), *left, *after)))


def _trade(instant: Instant, trade: Trade, order: WorkingOrder | None, side: Side) -> list[Delivery] | None:
    """Buy or sell by hand: an order without reference, of order id 0 and client id 0, that fills at once."""
    behaviour = plain_behaviour(instant.shared.scenario.orders)
    con_id = _contract(instant, trade, order)
    price = fills.touch(instant.book.instruments[con_id].quote, side)
    if price is None:
        return None
    traded = instant.book.trading.put(
        WorkingOrder(
            account=_account(trade, order),
            con_id=con_id,
            side=side,
            quantity=trade.quantity,
            order_type="MKT",
            limit_price=ZERO,
            tif="DAY",
            order_ref="",
            client_id=0,
            order_id=0,
            perm_id=instant.book.trading.new_perm_id(),
            status="Submitted",
            placed=instant.now,
        )
    )
    traded = fills.fill(instant.book, traded, trade.quantity, price, late.moment_of(instant, behaviour))
    late.schedule_reveals(instant, traded, behaviour)
    instrument = instant.book.instruments[con_id]
    (execution,) = instant.book.trading.executions(traded.perm_id)
    fills.move_market(instant.book, traded, instant.shared.scenario.orders, price)
    events: list[Event] = [OpenOrder(traded, instrument), Executed(execution, instrument), Status(traded)]
    if not behaviour.no_commission:
        events.append(Charged(execution, instrument.currency))
    return [*news.tell(instant, traded, events), *news.fill_news(instant, traded)]


def _contract(instant: Instant, trade: Trade, order: WorkingOrder | None) -> int:
    if order is not None and not trade.what:
        return order.con_id
    found = [i.con_id for i in instant.book.instruments.values() if i.symbol == trade.what]
    return found[0]


def _account(deed: Trade | Payment, order: WorkingOrder | None) -> str:
    return order.account if order is not None else deed.account


def _pay(instant: Instant, payment: Payment, order: WorkingOrder | None, change: Decimal) -> list[Delivery]:
    account = _account(payment, order)
    instant.book.pay(account, payment.currency, change)
    return news.value_news(instant, account)


def _lose(instant: Instant, deed: Lose) -> list[Delivery] | None:
    """Stand still until the broker is there again, if ever; nothing when it is lost already."""
    if instant.book.lost:
        return None
    instant.book.lost = deed.label
    if deed.for_sec >= 0:
        instant.schedule(deed.for_sec, Restore(int(deed.restored)))
    return news.tell_everyone(instant, OrderCode.CONNECTION_LOST)


def restore(instant: Instant, effect: Restore) -> list[Delivery]:
    """Tell every client that the broker is there again, then let every order go on."""
    instant.book.lost = ""
    told = news.tell_everyone(instant, effect.code)
    unfinished = [order for order in instant.book.trading.orders() if order.script]
    return [*told, *(delivery for order in unfinished for delivery in engine.advance(instant, order))]
