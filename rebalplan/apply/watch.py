"""When to ask about an order, when to cancel it, when to stop waiting: the clock of each order.

An order is doubted when something that should have been said was not. From the first doubt on, the lists are
asked every ``notice_sec`` until they settle it or ``settle_sec`` have passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rebalplan.apply.order import Order
from rebalplan.apply.timing import Timing
from rebalplan.policy import ExecutionPolicy
from rebalplan.ports import Clock


class Watch:
    """Keeps the questions due; knows no broker and no journal."""

    def __init__(self, clock: Clock, execution: ExecutionPolicy, timing: Timing) -> None:
        self._clock = clock
        self._execution = execution
        self._timing = timing

    def after_send(self, order: Order) -> None:
        """Expect an acknowledgement."""
        self._ask_in(order, self._timing.ack_sec)

    def after_notice(self, order: Order) -> None:
        """Expect the notice to be about something the lists show."""
        self._ask_in(order, self._timing.notice_sec)

    def leave_none_alone(self, orders: Iterable[Order]) -> None:
        """Have a question due about each order that no cancel will come for any more.

        It ended, but the lists have not confirmed that; it cannot be cancelled; or its cancel is out.
        """
        for order in orders:
            if order.ended_at is not None:
                lacks_fills_only = order.end_filled >= order.whole
                seconds = (
                    float(self._execution.commission_report_timeout)
                    if lacks_fills_only
                    else self._timing.agree_sec
                )
                self._ask_once_ripe(order, order.ended_at + timedelta(seconds=seconds))
            elif order.ask_at is None and (order.order_id is None or order.cancel_asked):
                self._ask_in(order, float(self._execution.commission_report_timeout))

    def _ask_once_ripe(self, order: Order, ripe_at: datetime) -> None:
        """Ask about an ended order when what crossed its end has had the time to show; not later for other reasons."""
        if order.ask_at is None:
            order.ask_at = max(ripe_at, self._clock.now())
        elif order.ask_at > ripe_at > self._clock.now():
            order.ask_at = ripe_at

    def after_cancel(self, order: Order) -> None:
        """Expect the end."""
        order.cancel_asked = order.was_cancelled_by_us = True
        self._ask_in(order, self._timing.cancel_sec)

    def after_answer(self, order: Order, *, is_fine: bool) -> None:
        """Ask again soon, unless the lists show the order working as it should."""
        order.ask_at = None
        if is_fine:
            order.doubted_from = None
        else:
            self._ask_in(order, self._timing.notice_sec)

    def ask_now(self, orders: Iterable[Order]) -> None:
        """Make a question about each order due."""
        for order in orders:
            self._ask_in(order, 0)

    def _ask_in(self, order: Order, seconds: float) -> None:
        at = self._clock.now() + timedelta(seconds=seconds)
        order.ask_at = at if order.ask_at is None else min(order.ask_at, at)

    def due(self, orders: Iterable[Order]) -> list[Order]:
        """Return the orders to ask about now; each is in doubt from here on."""
        now = self._clock.now()
        due = [order for order in orders if order.ask_at is not None and order.ask_at <= now]
        for order in due:
            order.doubted_from = order.doubted_from or now
        return due

    def is_settled_late(self, order: Order) -> bool:
        """Tell whether an order has been in doubt for as long as anybody waits."""
        return self._has_passed(order.doubted_from, self._timing.settle_sec)

    def is_link_lost_late(self, down_from: datetime | None) -> bool:
        """Tell whether the gateway has been without its broker for too long."""
        return self._has_passed(down_from, self._timing.link_sec)

    def is_to_be_cancelled(self, order: Order, *, stopped: bool) -> bool:
        """Tell whether an order has had its time: all of it after a stop."""
        if order.cancel_asked or order.order_id is None or order.end_status:
            return False
        return stopped or self._has_passed(order.watched_from, self._patience(order))

    def has_had_its_time(self, order: Order, *, stopped: bool) -> bool:
        """Tell whether an order that we cannot cancel is waited for no longer."""
        return stopped or self._has_passed(order.watched_from, self._patience(order))

    def next_sec(self, orders: Iterable[Order]) -> float:
        """Return the seconds until something is due, at most one tick."""
        now = self._clock.now()
        due = [self._next_of(order) for order in orders]
        seconds = [(at - now).total_seconds() for at in due if at is not None]
        return max(0.0, min([self._timing.tick_sec, *seconds]))

    def _next_of(self, order: Order) -> datetime | None:
        if order.cancel_asked or order.order_id is None or order.end_status:
            return order.ask_at
        cancel_at = order.watched_from + timedelta(seconds=self._patience(order))
        return cancel_at if order.ask_at is None else min(order.ask_at, cancel_at)

    def _has_passed(self, since: datetime | None, seconds: float) -> bool:
        return since is not None and (self._clock.now() - since).total_seconds() >= seconds

    def _patience(self, order: Order) -> float:
        """Return how many seconds an order is watched before it is cancelled."""
        execution = self._execution
        if order.dispatch.algo != "none" and execution.fallback_plain_market:
            return float(min(execution.wait_before_fallback, execution.fill_timeout_sec))
        return float(execution.fill_timeout_sec)
