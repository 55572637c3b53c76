"""What became of orders nobody is sure of: the broker is asked, in an order that closes the race.

Open orders, completed orders, executions, open orders again: an order that moves from open to done between
two questions is seen by the later one. Each answer must come with its end marker; an error is "not known",
never "absent".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rebalplan.apply.book import Book, Order
from rebalplan.orders import CompletedOrder, Execution, OpenOrder
from rebalplan.ports import TradingConnection


def reconcile(link: TradingConnection, book: Book, orders: Sequence[Order]) -> None:
    """Settle what the broker's lists settle; an order in none of them is given up as unknown.

    Raises ``BrokerError`` when a list cannot be had; then nothing is concluded.
    """
    before = link.open_orders()
    completed = link.completed_orders()
    executions, commissions = link.executions(book.account)
    after = link.open_orders()
    book.seen_open((*before, *after))
    for execution in executions:
        book.record_execution(execution)
    for commission in commissions:
        book.commissioned(commission)
    for order in orders:
        _settle(book, order, completed, after)


def _settle(
    book: Book, order: Order, completed: Iterable[CompletedOrder], still_open: Iterable[OpenOrder]
) -> None:
    if not order.is_live:
        return
    reference = order.dispatch.reference
    done = [c for c in completed if c.reference == reference]
    if len({c.perm_id for c in done} | ({order.perm_id} - {0})) > 1:
        book.give_up(order, "the broker has it more than once")
    elif done:
        book.finish(order, done[-1].status, done[-1].filled)
    elif order.end_status:
        book.settle(order, even_without_executions=True)
    elif not any(o.reference == reference for o in still_open):
        book.give_up(order, "neither open nor completed at the broker, and its executions do not add up")


def foreign_references(
    prefix: str,
    known: Iterable[str],
    open_orders: Iterable[OpenOrder],
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
