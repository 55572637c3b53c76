"""Reconciles orders in doubt with the broker's lists.

The order of the questions matters: open orders, completed orders, executions, open orders again. When an order moves
from open to completed between two questions, the later one shows it. Each answer must come with its end marker. An
error means "not known", never "absent".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.order import LiveOrder
from rebalplan.core.orders import INACTIVE, CompletedOrder, Execution, OpenOrder, Referenced
from rebalplan.core.ports import TradingConnection
from rebalplan.core.text import count

Verdict = Literal["ended", "working", "unconfirmed", "absent"]
"""``unconfirmed``: it is over, but the lists do not agree yet on how much was filled. ``absent``: no list has it."""


class Lists(msgspec.Struct, frozen=True):
    """The broker's lists, each complete. ``asked_at`` is the time of the first question."""

    asked_at: datetime
    completed: tuple[CompletedOrder, ...]
    still_open: tuple[OpenOrder, ...]


def ask_lists(link: TradingConnection, orders: LiveOrders) -> Lists:
    """Ask for all lists and record the account's orders in them.

    Raises ``BrokerError`` when one list is missing; then nothing may be concluded.
    """
    asked_at = orders.clock.now()
    # Open orders twice: the second list shows an order that appeared meanwhile, and decides which orders are open.
    before = link.open_orders(orders.account)
    completed = link.completed_orders(orders.account)
    executions, commissions = link.executions(orders.account)
    after = link.open_orders(orders.account)
    orders.check_resolved(after, completed, executions)
    for shown in (*before, *after):
        orders.shown(shown)
    for execution in executions:
        orders.record_execution(execution)
    for commission in commissions:
        orders.commissioned(commission)
    return Lists(asked_at, completed, after)


def conclude(
    orders: LiveOrders, live: LiveOrder, lists: Lists, *, is_last: bool, agree_sec: float
) -> Verdict:
    """Return an order's state by complete lists. With ``is_last``, an absent order becomes unknown.

    An end with a rest counts once lists that were asked ``agree_sec`` after its first report agree on the filled
    shares. With ``is_last`` it counts without that, and then no order may follow for the rest.
    """
    done = [c for c in lists.completed if c.reference == live.reference]
    if len({live.order.perm_id, *(c.perm_id for c in done)} - {0}) > 1:
        orders.give_up_doubled(live, "the broker has it more than once")
    elif done:
        orders.end(live, done[-1].status, done[-1].filled)
    elif live.inactive_filled is not None and not _is_open(live, lists):
        orders.end(live, INACTIVE, live.inactive_filled)
    if live.is_followed and live.ended_at is not None:
        is_old_enough = (lists.asked_at - live.ended_at).total_seconds() >= agree_sec
        orders.records.settle(live, is_agreed=is_old_enough and _agree(live, lists), is_last=is_last)
    if not live.is_followed:
        return "ended"
    if live.end_status:
        return "unconfirmed"
    if _is_open(live, lists):
        return "working"
    if is_last:
        executed = live.order.executed
        fills = f"executions of {count(executed, 'share')}" if executed else "no execution"
        orders.give_up(live, f"neither open nor completed at the broker, which shows {fills} of it")
    return "absent"


def _agree(live: LiveOrder, lists: Lists) -> bool:
    """Tell whether all reports of an ended order's filled shares agree, and it is not open."""
    said = [c.filled for c in lists.completed if c.reference == live.reference and c.filled is not None]
    if not said and not live.is_end_counted:
        return False
    filled = said[-1] if said else live.end_filled
    return live.order.executed == filled and not _is_open(live, lists)


def _is_open(live: LiveOrder, lists: Lists) -> bool:
    return any(shown.reference == live.reference for shown in lists.still_open)


def foreign_references(
    prefix: str,
    known: Iterable[str],
    open_orders: Iterable[Referenced],
    completed: Iterable[CompletedOrder],
    executions: Iterable[Execution],
) -> tuple[str, ...]:
    """Return this plan's references at the broker that this journal does not know, sorted."""
    mine = frozenset(known)
    seen = [
        *(o.reference for o in open_orders),
        *(c.reference for c in completed),
        *(e.reference for e in executions),
    ]
    return tuple(sorted(dict.fromkeys(r for r in seen if r.startswith(prefix) and r not in mine)))
