"""Late effects of a fill: the account shows it, its commission comes, shares execute after a cancel."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.sim.orders import fills, news
from rebalplan.sim.orders.agenda import Charge, ExecuteLate, Hide, Reveal, TellExecution
from rebalplan.sim.orders.deliveries import Charged, Delivery, Executed
from rebalplan.sim.orders.fills import Moment
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.orders.order_model import ZERO, Behaviour, WorkingOrder
from rebalplan.sim.orders.steps import LateFill


def moment_of(instant: Instant, behaviour: Behaviour) -> Moment:
    """Return when and how something fills now."""
    local: datetime = instant.shared.hours.local(instant.now)
    zone = behaviour.time_zone_text or instant.shared.scenario.market.time_zone
    return Moment(
        behaviour=behaviour,
        now=instant.now,
        time_text=f"{local:%Y%m%d %H:%M:%S} {zone}",
        today=local.date(),
    )


def schedule_reveals(instant: Instant, order: WorkingOrder, behaviour: Behaviour) -> None:
    """Schedule when positions and account values show the order's last fill, where they lag behind it."""
    last = instant.book.trading.executions(order.perm_id)[-1].fill
    if behaviour.positions_after_sec:
        instant.schedule(behaviour.positions_after_sec, Reveal(order.perm_id, last, "position"))
    if behaviour.values_after_sec:
        instant.schedule(behaviour.values_after_sec, Reveal(order.perm_id, last, "values"))


def schedule_hiding(instant: Instant, order: WorkingOrder, behaviour: Behaviour) -> WorkingOrder:
    """Schedule when lists leave the order out and when they show it again; return it as it is now."""
    if not behaviour.hidden_for_sec:
        return order
    starts, lasts = behaviour.hidden_after_sec, behaviour.hidden_for_sec
    instant.schedule(starts + lasts, Hide(order.perm_id, is_hidden=False))
    if starts:
        instant.schedule(starts, Hide(order.perm_id, is_hidden=True))
        return order
    return msgspec.structs.replace(order, is_hidden=True)


def schedule_late_fill(instant: Instant, order: WorkingOrder, late: LateFill) -> None:
    """Schedule a late fill of an order that was just cancelled. An order that filled before gets none."""
    if order.status == "Cancelled":
        instant.schedule(_first_sec(late), ExecuteLate(order.perm_id, late))


def _first_sec(late: LateFill) -> Decimal:
    """Return when the shares execute: as soon as anything tells of them."""
    return (
        late.listed_after_sec if late.told_after_sec < 0 else min(late.listed_after_sec, late.told_after_sec)
    )


def execute_late(instant: Instant, order: WorkingOrder, late: LateFill) -> list[Delivery]:
    """Execute shares of a cancelled order, at most its rest, and schedule what tells of them."""
    instrument = instant.book.instruments[order.con_id]
    price = order.limit_price or fills.touch(instrument.quote, order.side)
    shares = min(late.shares, order.remaining)
    if price is None or shares <= 0:
        return []
    first = _first_sec(late)
    is_listed = late.listed_after_sec == first
    behaviour = instant.behaviour(order)
    instant.book.reached[f"{late.label}.late_shares"] += 1
    order = fills.fill_late(
        instant.book, order, shares, price, moment_of(instant, behaviour), is_listed=is_listed
    )
    executions = instant.book.trading.executions(order.perm_id)
    number, fill = len(executions), executions[-1].fill
    if not is_listed:
        instant.schedule(late.listed_after_sec - first, Reveal(order.perm_id, fill, "all"))
    is_told = late.told_after_sec >= 0
    known_sec = late.told_after_sec if is_told else late.listed_after_sec
    if is_told:
        instant.schedule(late.told_after_sec - first, TellExecution(order.perm_id, number))
    if not behaviour.no_commission:
        wait_sec = known_sec - first + behaviour.commission_after_sec
        instant.schedule(max(wait_sec, ZERO), Charge(order.perm_id, number, is_told))
    return news.fill_news(instant, order) if is_listed else []


def reveal(instant: Instant, effect: Reveal) -> list[Delivery]:
    """Let a fill show, and tell those who watch."""
    trading = instant.book.trading
    trading.show(effect.perm_id, effect.fill, effect.part)
    order = trading.order(effect.perm_id)
    told: list[Delivery] = []
    if effect.part in ("position", "all"):
        told += news.position_news(instant, order.account, order.con_id)
    if effect.part in ("values", "all"):
        told += news.value_news(instant, order.account, order.con_id)
    return told


def hide(instant: Instant, effect: Hide) -> list[Delivery]:
    """Let every list leave the order out, or show it again."""
    order = instant.book.trading.order(effect.perm_id)
    instant.book.trading.put(msgspec.structs.replace(order, is_hidden=effect.is_hidden))
    return news.position_news(instant, order.account, order.con_id) if order.filled else []


def tell_execution(instant: Instant, effect: TellExecution) -> list[Delivery]:
    """Send the message of an execution."""
    order = instant.book.trading.order(effect.perm_id)
    execution = instant.book.trading.executions(effect.perm_id)[effect.number - 1]
    return news.tell(instant, order, [Executed(execution, instant.book.instruments[order.con_id])])


def charge(instant: Instant, effect: Charge) -> list[Delivery]:
    """Send the commission report of an execution that was told."""
    if not effect.is_told:
        return []
    order = instant.book.trading.order(effect.perm_id)
    execution = instant.book.trading.executions(effect.perm_id)[effect.number - 1]
    return news.tell(instant, order, [Charged(execution, instant.book.instruments[order.con_id].currency)])
