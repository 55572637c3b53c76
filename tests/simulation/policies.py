"""Wrong policies that have lost money elsewhere, each planted by putting one part of the engine out of place.

The simulation must catch every one of them; a policy is a context in which the engine behaves wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import rebalplan.apply.journal.journal as journal_module
from rebalplan.apply.executor import Executor
from rebalplan.apply.journal.chain import Chain
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.order import LiveOrder
from rebalplan.apply.reconcile import Lists
from rebalplan.core.orders import Noticed, OrderTicket

Policy = Callable[[], AbstractContextManager[None]]


@contextmanager
def _substituted(owner: Any, name: str, replacement: object) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)


def no_journal() -> AbstractContextManager[None]:
    """Begin every process with an empty memory."""

    def read_nothing(data: bytes, plan: str) -> Chain:
        del data
        return Chain((), plan, 0, False)

    return _substituted(journal_module, "read_chain", read_nothing)


def retry_on_timeout() -> AbstractContextManager[None]:
    """Send again what was not acknowledged in time, as a loop around the send does."""
    ask_about = Executor._ask_about

    def ask_or_send(self: Executor, orders: Sequence[LiveOrder]) -> None:
        for order in orders:
            if not order.order.perm_id and not order.notices:
                _send_again(self, order)
        ask_about(self, orders)

    return _substituted(Executor, "_ask_about", ask_or_send)


def trust_local_cancelled() -> AbstractContextManager[None]:
    """Take every error about an order for its end, as the client library's local status does."""
    noticed = LiveOrders.noticed

    def end(self: LiveOrders, event: Noticed) -> LiveOrder | None:
        order = noticed(self, event)
        if order is not None:
            self.end(order, "Cancelled", order.order.executed)
        return order

    return _substituted(LiveOrders, "noticed", end)


def resend_absent() -> AbstractContextManager[None]:
    """Send again what the broker's lists do not show."""
    conclude = Executor._conclude

    def send_or_conclude(self: Executor, order: LiveOrder, lists: Lists) -> None:
        reference = order.reference
        shown = [*(o.reference for o in lists.completed), *(o.reference for o in lists.still_open)]
        if reference not in shown and not order.order.perm_id and not order.notices:
            _send_again(self, order)
        conclude(self, order, lists)

    return _substituted(Executor, "_conclude", send_or_conclude)


def remainder_before_cancel_is_confirmed() -> AbstractContextManager[None]:
    """Take an order for dead as soon as its cancel was sent."""
    cancel = Executor._cancel

    def cancel_and_end(self: Executor, order: LiveOrder) -> None:
        cancel(self, order)
        self._orders.end(order, "Cancelled", order.order.executed)

    return _substituted(Executor, "_cancel", cancel_and_end)


def _send_again(executor: Executor, live: LiveOrder) -> None:
    order = live.order
    executor._link.place(
        executor._link.next_order_id(),
        OrderTicket(
            reference=order.reference,
            account=order.dispatch.account,
            symbol=order.dispatch.symbol,
            con_id=order.dispatch.con_id,
            side=order.dispatch.side,
            quantity=order.dispatch.quantity,
            algo=order.dispatch.algo,
        ),
    )


POLICIES: dict[str, Policy] = {
    "no_journal": no_journal,
    "retry_on_timeout": retry_on_timeout,
    "trust_local_cancelled": trust_local_cancelled,
    "resend_absent": resend_absent,
    "remainder_before_cancel_is_confirmed": remainder_before_cancel_is_confirmed,
}
