"""Sends an account's orders over one connection and follows each to its end.

At most ``WINDOW`` orders are pending at a time: sent and not acknowledged. The executor sends nothing while the
gateway has lost the broker, nor after that before it has read the broker's lists. It sends nothing after a stop, or
while an unknown order blocks the account. Every wait has an end: an order that still works when its time is up is left
working and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from rebalplan.apply.deadlines import Deadlines
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.order import LiveOrder
from rebalplan.apply.phase import ClosedGate, Gate, NoOffers, Offers
from rebalplan.apply.reconcile import Lists, ask_lists, conclude
from rebalplan.apply.tickets import dispatch_record
from rebalplan.apply.timing import Timing
from rebalplan.core.errors import BrokerError, LinkDownError, TimedOutError, UnreachableError
from rebalplan.core.orders import (
    Acknowledged,
    Commissioned,
    Executed,
    LinkLost,
    LinkRestored,
    Noticed,
    OrderEvent,
    StatusReported,
)
from rebalplan.core.policy import ExecutionPolicy
from rebalplan.core.ports import Clock, Progress, TradingConnection
from rebalplan.core.references import line_of

WINDOW = 4
"""The most pending orders: orders in the client library's own queue are lost when the process dies."""

BENIGN = (399, 404, 2109, 10349)
"""Notices about orders that live on (Message Codes page of the TWS API reference)."""


class Executor:
    """One account's orders on one connection."""

    def __init__(
        self,
        link: TradingConnection,
        orders: LiveOrders,
        clock: Clock,
        execution: ExecutionPolicy,
        *,
        deadlines: Deadlines,
        timing: Timing,
        stop: Callable[[], bool],
        progress: Progress,
    ) -> None:
        self._link = link
        self._orders = orders
        self._clock = clock
        self._execution = execution
        self._timing = timing
        self._deadlines = deadlines
        self._stop = stop
        self._progress = progress
        self._down_from: datetime | None = None
        self._unsynced_from: datetime | None = None
        self._ask_after: datetime | None = None
        self._listed_at: datetime | None = None
        self.stopped = False

    def await_link(self) -> None:
        """Take in the broker's first messages, and wait until the gateway is connected to the broker.

        Raises ``LinkDownError`` when that takes too long.
        """
        self.listen()
        while self._down_from is not None and not self.stopped:
            self._progress(f"{self._orders.account} waits: the gateway has lost its connection to the broker")
            self._require_link_soon()
            self._take_in(self._timing.tick_sec)
            self._notice_stop()

    def listen(self) -> None:
        """Take in the broker's messages so far."""
        self._take_in(0)

    def follow(self) -> None:
        """Follow every order to its end or its deadline and send nothing; raises like ``work``."""
        self.work(NoOffers(), ClosedGate())

    def work(self, offers: Offers, gate: Gate) -> None:
        """Send the orders on offer until there are no more, and follow every order to its end or its deadline.

        Raises ``BrokerError`` when the connection, the broker behind it or a needed answer is lost, and
        ``DiskError`` when the journal is.
        """
        while True:
            self._look_after()
            if self._may_send() and not offers.is_over():
                offers.prepare()
                gate.refresh()
                if offers.has_rest():
                    self._look_for_late_fills()
            # Reading quotes and lists takes seconds. A stop, or a fill meanwhile, must count before the next send.
            self._take_in(0)
            self._notice_stop()
            if self._may_send() and self._send_next(offers, gate):
                continue
            if self._is_over(offers):
                return
            self._take_in(self._wait_sec())

    def inquire(self) -> None:
        """Read the lists once for every order that is not over, the unknown ones too; raises ``BrokerError``."""
        lists = ask_lists(self._link, self._orders)
        for order in self._orders.by_reference.values():
            if not order.order.is_over:
                conclude(self._orders, order, lists, is_last=False, agree_sec=self._timing.agree_sec)

    def await_commissions(self) -> None:
        """Wait up to ``commission_report_timeout`` for the commissions of all fills."""
        until = self._clock.now() + timedelta(seconds=float(self._execution.commission_report_timeout))
        while self._orders.lacks_commissions() and self._clock.now() < until:
            self._take_in(min(self._timing.tick_sec, (until - self._clock.now()).total_seconds()))

    def may_go_on(self) -> bool:
        """Tell whether rebal may send any order after this phase."""
        return not self.stopped and not self._orders.has_unknown() and not self._orders.alarms

    def _may_send(self) -> bool:
        if not self.may_go_on() or self._down_from is not None or self._unsynced_from is not None:
            return False
        if not self._execution.batch_orders:
            return not self._orders.followed()
        return len(self._orders.unacknowledged()) < WINDOW

    def _is_over(self, offers: Offers) -> bool:
        return not self._orders.followed() and (offers.is_over() or not self.may_go_on())

    def _wait_sec(self) -> float:
        if self._down_from is not None or self._is_to_ask_later():
            return self._timing.tick_sec
        return self._deadlines.next_sec(self._orders.followed())

    def _send_next(self, offers: Offers, gate: Gate) -> bool:
        """Send one order, once. Tell whether there was one on offer."""
        ticket = offers.next()
        if ticket is None:
            return False
        price = gate.approve(ticket)
        if price is None:
            return True
        order_id = self._link.next_order_id()
        record = dispatch_record(ticket, order_id, price, self._orders.records.now())
        # The journal comes first. After a crash in between, a resume asks about an order that was never sent. The other
        # way round, a resume would not know the order and could send it twice.
        self._orders.dispatch(record)
        self._link.place(order_id, ticket)
        self._progress(f"{ticket.account} {ticket.side} {ticket.quantity} {ticket.symbol} sent")
        return True

    def _take_in(self, seconds: float) -> None:
        """Take in the broker's messages, waiting so many seconds for the first."""
        event = self._link.next_event(seconds)
        while event is not None:
            self._handle(event)
            event = self._link.next_event(0)

    def _handle(self, event: OrderEvent) -> None:
        match event:
            case Acknowledged():
                self._orders.shown(event.order)
            case StatusReported():
                self._orders.status(event)
            case Executed():
                self._tell_fill(self._orders.record_execution(event.execution))
            case Commissioned():
                self._orders.commissioned(event)
            case Noticed():
                self._note(event)
            case LinkLost():
                self._down_from = self._down_from or self._clock.now()
            case LinkRestored():
                # After 1101 the gateway does not repeat the events meanwhile: lists come before the next send.
                self._down_from, self._unsynced_from = None, self._clock.now()
                self._deadlines.ask_now(self._orders.followed())

    def _tell_fill(self, live: LiveOrder | None) -> None:
        if live is not None:
            sent, filled = live.order.dispatch, live.order.filled
            self._progress(
                f"{self._orders.account} {sent.side} {sent.symbol}: {filled:f} of {sent.quantity:f} filled"
            )

    def _note(self, event: Noticed) -> None:
        order = self._orders.noticed(event) if event.code not in BENIGN else None
        if order is not None and order.is_followed:
            self._deadlines.after_notice(order)

    def _look_after(self) -> None:
        """See to a stop, then to the orders in doubt, then to those that have had their time."""
        self._notice_stop()
        if self._down_from is not None:
            self._require_link_soon()
            return
        self._deadlines.ask_about_ends(self._orders.followed())
        if not self._is_to_ask_later():
            due = self._deadlines.due(self._orders.followed())
            if due or self._unsynced_from is not None:
                self._ask_about(due)
        for order in self._orders.followed():
            is_unwanted = self.stopped or self._follows_in_error(order)
            if self._deadlines.is_to_be_cancelled(order, stopped=is_unwanted):
                self._cancel(order)

    def _look_for_late_fills(self) -> None:
        """Read the lists again before a rest is sent, unless they are fresh. The rest waits until they can be read.

        An execution that crossed the order's end may show only now. It makes the rest smaller.
        """
        now = self._clock.now()
        if self._listed_at is None or (now - self._listed_at).total_seconds() > self._timing.agree_sec:
            self._unsynced_from = self._unsynced_from or now
            self._ask_about(())

    def _require_link_soon(self) -> None:
        if self._deadlines.is_link_lost_late(self._down_from):
            raise LinkDownError(
                f"the gateway has been without its broker for {self._timing.link_sec:.0f} s: "
                "nothing more was sent; go on with --resume when it is back"
            )

    def _follows_in_error(self, order: LiveOrder) -> bool:
        """Tell whether an order was sent for a rest that has been filled after all, or may yet be filled."""
        first = self._orders.by_reference.get(line_of(order.reference), order)
        return first is not order and (bool(first.order.late) or not first.order.is_over)

    def _notice_stop(self) -> None:
        """Remember a stop. It is asked for right before each send, because questions and quotes take time."""
        self.stopped = self.stopped or self._stop()

    def _is_to_ask_later(self) -> bool:
        return self._ask_after is not None and self._clock.now() < self._ask_after

    def _cancel(self, order: LiveOrder) -> None:
        if order.order_id is not None:
            self._orders.cancel_asked(order)
            self._link.cancel(order.order_id)

    def _ask_about(self, orders: Sequence[LiveOrder]) -> None:
        """Read the broker's lists and decide about these orders. Without an answer, ask again later."""
        try:
            lists = ask_lists(self._link, self._orders)
        except BrokerError as error:
            if isinstance(error, UnreachableError) and not isinstance(error, TimedOutError):
                raise
            self._ask_later(error, orders)
            return
        self._ask_after, self._unsynced_from, self._listed_at = None, None, lists.asked_at
        for order in orders:
            self._conclude(order, lists)

    def _ask_later(self, error: BrokerError, orders: Sequence[LiveOrder]) -> None:
        now = self._clock.now()
        self._ask_after = now + timedelta(seconds=self._timing.notice_sec)
        unsynced = self._unsynced_from
        if unsynced is not None and (now - unsynced).total_seconds() >= self._timing.settle_sec:
            raise BrokerError(f"the broker's lists could not be had: {error}") from error
        for order in orders:
            self._orders.leave_working(order, is_time_up=self._deadlines.is_settled_late(order))

    def _conclude(self, order: LiveOrder, lists: Lists) -> None:
        """Decide about one order by complete lists: over, ask again, cancel, or leave it working."""
        if not order.is_followed:
            return
        is_last = self._deadlines.is_settled_late(order)
        verdict = conclude(self._orders, order, lists, is_last=is_last, agree_sec=self._timing.agree_sec)
        if verdict != "working":
            self._deadlines.after_answer(order, is_fine=verdict == "ended")
        elif order.owner is not None:
            self._orders.leave_working(
                order, is_time_up=self._deadlines.has_had_its_time(order, stopped=self.stopped)
            )
            self._deadlines.after_answer(order, is_fine=True)
        elif not self._deadlines.is_cancel_sent(order):
            self._deadlines.after_answer(order, is_fine=True)
        elif is_last:
            self._orders.leave_working(order, is_time_up=True)
        else:
            self._deadlines.answered(order)
            self._cancel(order)
