"""Sends an account's orders over one connection and follows each to its end.

At most ``WINDOW`` orders are unacknowledged at a time. One call of ``work`` is one phase: the sells, or the
buys. Nothing is sent while the gateway has lost the broker, after a stop, or while an unknown order blocks
the account.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from rebalplan.apply.book import Book, Order
from rebalplan.apply.gate import fallback_reference
from rebalplan.apply.reconcile import reconcile
from rebalplan.apply.timing import Timing
from rebalplan.errors import BrokerError, UnreachableError
from rebalplan.journal.records import Dispatch
from rebalplan.money import ZERO
from rebalplan.orders import (
    Acknowledged,
    Commissioned,
    Executed,
    LinkLost,
    LinkRestored,
    Noticed,
    OrderEvent,
    OrderTicket,
    StatusReported,
)
from rebalplan.policy import ExecutionPolicy
from rebalplan.ports import Clock, TradingConnection

WINDOW = 4
"""More unacknowledged orders than this are never out: the client library's own queue is lost with it."""

BENIGN = (399, 404, 2109, 10349)
"""Notices about orders that live on (Message Codes page of the TWS API reference)."""

Approve = Callable[[OrderTicket], Decimal | None]
"""The send gate: the price to measure slippage against, or ``None`` after the line has been cut."""


class Desk:
    """One account's orders on one connection."""

    def __init__(
        self,
        link: TradingConnection,
        book: Book,
        clock: Clock,
        execution: ExecutionPolicy,
        *,
        timing: Timing,
        stop: Callable[[], bool],
    ) -> None:
        self._link = link
        self._book = book
        self._clock = clock
        self._execution = execution
        self._timing = timing
        self._stop = stop
        self._link_up = True
        self._must_ask = False
        self.stopped = False

    def work(self, tickets: Callable[[], OrderTicket | None], approve: Approve) -> None:
        """Send what ``tickets`` yields until it has no more, and follow everything to its end.

        Raises ``UnreachableError`` when the connection is lost and ``DiskError`` when the journal is.
        """
        fallbacks: deque[OrderTicket] = deque()
        exhausted = False
        while True:
            self._check_stop()
            if self._may_send():
                ticket = fallbacks.popleft() if fallbacks else None
                if ticket is None and not exhausted:
                    ticket = tickets()
                    exhausted = ticket is None
                if ticket is not None:
                    self._send(ticket, approve)
                    continue
            if not self._book.live() and (exhausted or not self._can_send_later()):
                return
            self._listen()
            fallbacks.extend(self._tend())

    def _may_send(self) -> bool:
        window = WINDOW if self._execution.batch_orders else 1
        waiting = self._book.unacknowledged() if self._execution.batch_orders else self._book.live()
        return self._can_send_later() and self._link_up and not self._must_ask and len(waiting) < window

    def _can_send_later(self) -> bool:
        return not self.stopped and not any(o.unknown for o in self._book.orders.values())

    def _send(self, ticket: OrderTicket, approve: Approve) -> None:
        quote = approve(ticket)
        if quote is None:
            return
        order_id = self._link.next_order_id()
        record = Dispatch(
            account=ticket.account,
            at=self._book.now(),
            reference=ticket.reference,
            line=ticket.reference.removesuffix("-f"),
            order_id=order_id,
            quantity=ticket.quantity,
            algo=ticket.algo,
            quote=quote,
        )
        self._book.dispatch(record, ticket)
        self._link.place(order_id, ticket)

    def _listen(self) -> None:
        """Take in what the broker says, at least for one tick."""
        event = self._link.next_event(self._timing.tick_sec)
        while event is not None:
            self._handle(event)
            event = self._link.next_event(0)

    def _handle(self, event: OrderEvent) -> None:
        match event:
            case Acknowledged():
                self._book.acknowledged(event)
            case StatusReported():
                self._book.status(event)
            case Executed():
                self._book.executed(event)
            case Commissioned():
                self._book.commissioned(event)
            case Noticed():
                if event.code not in BENIGN:
                    self._book.noticed(event)
            case LinkLost():
                self._link_up = False
            case LinkRestored():
                self._link_up, self._must_ask = True, True

    def _check_stop(self) -> None:
        """On a stop nothing more is sent and our own working orders are cancelled; others' never."""
        if self.stopped or not self._stop():
            return
        self.stopped = True
        for order in self._book.live():
            self._cancel(order)

    def _cancel(self, order: Order) -> None:
        if order.cancel_asked_at is None:
            order.cancel_asked_at = self._clock.now()
            self._link.cancel(order.dispatch.order_id)

    def _tend(self) -> Iterable[OrderTicket]:
        """Look after the clock of each order; return the fallbacks that are due."""
        live = self._book.live()
        doubtful = [order for order in live if self._is_doubtful(order)]
        if self._link_up and (self._must_ask or doubtful):
            self._ask_about(live if self._must_ask else doubtful)
        for order in self._book.live():
            if self._age(order.watched_from) >= self._patience(order):
                self._cancel(order)
        return self._fallbacks()

    def _ask_about(self, orders: list[Order]) -> None:
        """Ask the broker's lists; when they cannot be had, ask again at the next tick."""
        try:
            reconcile(self._link, self._book, orders)
        except UnreachableError:
            raise
        except BrokerError:
            self._must_ask = True
            return
        self._must_ask = False
        now = self._clock.now()
        for order in orders:
            order.sent_at, order.noticed_at, order.ended_at = now, None, None
            if order.cancel_asked_at is not None:
                order.cancel_asked_at = now

    def _is_doubtful(self, order: Order) -> bool:
        """Tell whether something that should have been said by now has not been."""
        timing = self._timing
        return (
            (not order.perm_id and self._age(order.sent_at) >= timing.ack_sec)
            or self._is_past(order.noticed_at, timing.notice_sec)
            or self._is_past(order.cancel_asked_at, timing.cancel_sec)
            or self._is_past(order.ended_at, self._execution.commission_report_timeout)
        )

    def _is_past(self, since: datetime | None, seconds: float) -> bool:
        return since is not None and self._age(since) >= seconds

    def _age(self, since: datetime) -> float:
        return (self._clock.now() - since).total_seconds()

    def _patience(self, order: Order) -> float:
        """Return how many seconds an order is watched before it is cancelled."""
        execution = self._execution
        if order.dispatch.algo != "none" and execution.fallback_plain_market:
            return min(execution.wait_before_fallback, execution.fill_timeout_sec)
        return execution.fill_timeout_sec

    def _fallbacks(self) -> list[OrderTicket]:
        """Return a plain market order for each dead algo order, for what it evidently did not fill."""
        if not self._execution.fallback_plain_market or self.stopped:
            return []
        return [self._fallback(order) for order in self._book.orders.values() if self._wants_fallback(order)]

    def _wants_fallback(self, order: Order) -> bool:
        reference = fallback_reference(order.dispatch.reference)
        return (
            order.over in ("cancelled", "rejected")
            and order.dispatch.algo != "none"
            and order.rest > ZERO
            and reference not in self._book.orders
            and not order.fallback_queued
        )

    def _fallback(self, order: Order) -> OrderTicket:
        order.fallback_queued = True
        return OrderTicket(
            reference=fallback_reference(order.dispatch.reference),
            account=self._book.account,
            symbol=order.symbol,
            con_id=order.con_id,
            side=order.side,
            quantity=order.rest,
            algo="none",
        )
