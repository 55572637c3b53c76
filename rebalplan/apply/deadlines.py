"""The deadlines of each order: when to ask about it, when to cancel it, when to stop waiting.

An order is in doubt when a message about it is late. From the first doubt on, rebal asks for the broker's
lists every ``notice_sec``, until they settle the order or ``settle_sec`` have passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rebalplan.apply.order import LiveOrder
from rebalplan.apply.timing import Timing
from rebalplan.core.policy import ExecutionPolicy
from rebalplan.core.ports import Clock


@dataclass
class _Due:
    """One order: when to ask about it next, since when it is in doubt, whether this connection sent its cancel."""

    ask_at: datetime | None = None
    doubted_from: datetime | None = None
    is_cancel_sent: bool = False


class Deadlines:
    """The deadlines of one account's orders. They know neither broker nor journal."""

    def __init__(self, clock: Clock, execution: ExecutionPolicy, timing: Timing) -> None:
        self._clock = clock
        self._execution = execution
        self._timing = timing
        self._due: dict[str, _Due] = {}

    def _of(self, live: LiveOrder) -> _Due:
        return self._due.setdefault(live.reference, _Due())

    def after_send(self, live: LiveOrder) -> None:
        """Expect an acknowledgement."""
        self._ask_in(live, self._timing.ack_sec)

    def acknowledged(self, live: LiveOrder) -> None:
        """End the doubt: the broker has the order. After its cancel was sent, its end is still waited for."""
        due = self._of(live)
        if not due.is_cancel_sent:
            due.ask_at, due.doubted_from = None, None

    def contested(self, live: LiveOrder) -> None:
        """Forget a cancel: the order works although it was over."""
        self._of(live).is_cancel_sent = False

    def reconnected(self, live: LiveOrder) -> None:
        """Start anew with an order: this connection has neither shown it nor sent its cancel."""
        self._due[live.reference] = _Due(ask_at=self._clock.now())

    def after_notice(self, live: LiveOrder) -> None:
        """Expect the lists to show the event behind the notice."""
        self._ask_in(live, self._timing.notice_sec)

    def ask_about_ends(self, orders: Iterable[LiveOrder]) -> None:
        """Set the time of the next question about each order that rebal will not cancel any more.

        The order ended and the lists have not confirmed it, or it cannot be cancelled, or its cancel was sent.
        """
        for live in orders:
            due = self._of(live)
            if live.ended_at is not None:
                # Filled whole: there is no rest to send, only executions and their prices are missing.
                lacks_fills_only = live.end_filled >= live.order.most
                seconds = (
                    float(self._execution.commission_report_timeout)
                    if lacks_fills_only
                    else self._timing.agree_sec
                )
                self._ask_from(due, live.ended_at + timedelta(seconds=seconds))
            elif due.ask_at is None and (live.order_id is None or due.is_cancel_sent):
                self._ask_in(live, float(self._execution.commission_report_timeout))

    def _ask_from(self, due: _Due, earliest: datetime) -> None:
        """Ask about an ended order once an execution that crossed its end has had the time to show, but not later."""
        if due.ask_at is None:
            due.ask_at = max(earliest, self._clock.now())
        elif due.ask_at > earliest > self._clock.now():
            due.ask_at = earliest

    def after_cancel(self, live: LiveOrder) -> None:
        """Expect the end."""
        self._of(live).is_cancel_sent = True
        self._ask_in(live, self._timing.cancel_sec)

    def after_answer(self, live: LiveOrder, *, is_fine: bool) -> None:
        """Ask again soon, unless the lists show the order working as it should."""
        self.answered(live)
        if is_fine:
            self._of(live).doubted_from = None
        else:
            self._ask_in(live, self._timing.notice_sec)

    def answered(self, live: LiveOrder) -> None:
        """Drop the next question about an order. Its doubt does not change."""
        self._of(live).ask_at = None

    def ask_now(self, orders: Iterable[LiveOrder]) -> None:
        """Make each order due for a question at once."""
        for live in orders:
            self._ask_in(live, 0)

    def _ask_in(self, live: LiveOrder, seconds: float) -> None:
        at, due = self._clock.now() + timedelta(seconds=seconds), self._of(live)
        due.ask_at = at if due.ask_at is None else min(due.ask_at, at)

    def due(self, orders: Iterable[LiveOrder]) -> list[LiveOrder]:
        """Return the orders to ask about now. Each of them is in doubt from here on."""
        now = self._clock.now()
        found = []
        for live in orders:
            due = self._of(live)
            if due.ask_at is not None and due.ask_at <= now:
                due.doubted_from = due.doubted_from or now
                found.append(live)
        return found

    def is_settled_late(self, live: LiveOrder) -> bool:
        """Tell whether an order has been in doubt for ``settle_sec``: nobody waits longer."""
        return self._has_passed(self._of(live).doubted_from, self._timing.settle_sec)

    def is_cancel_sent(self, live: LiveOrder) -> bool:
        """Tell whether this connection has sent the order's cancel."""
        return self._of(live).is_cancel_sent

    def is_link_lost_late(self, down_from: datetime | None) -> bool:
        """Tell whether the gateway has been without its broker for too long."""
        return self._has_passed(down_from, self._timing.link_sec)

    def is_to_be_cancelled(self, live: LiveOrder, *, stopped: bool) -> bool:
        """Tell whether rebal must cancel an order now: it had its time, or somebody said stop."""
        if self._cannot_be_cancelled(live):
            return False
        return self.has_had_its_time(live, stopped=stopped)

    def has_had_its_time(self, live: LiveOrder, *, stopped: bool) -> bool:
        """Tell whether an order has worked for as long as it may; after a stop every order has."""
        return stopped or self._has_passed(live.since, self._working_limit_sec(live))

    def _cannot_be_cancelled(self, live: LiveOrder) -> bool:
        """Tell whether rebal will send no cancel: it did already, or it has no order id for it, or the order ended."""
        return self.is_cancel_sent(live) or live.order_id is None or bool(live.end_status)

    def next_sec(self, orders: Iterable[LiveOrder]) -> float:
        """Return the seconds until something is due, at most one tick."""
        now = self._clock.now()
        seconds = [(at - now).total_seconds() for at in map(self._next_of, orders) if at is not None]
        return max(0.0, min([self._timing.tick_sec, *seconds]))

    def _next_of(self, live: LiveOrder) -> datetime | None:
        ask_at = self._of(live).ask_at
        if self._cannot_be_cancelled(live):
            return ask_at
        cancel_at = live.since + timedelta(seconds=self._working_limit_sec(live))
        return cancel_at if ask_at is None else min(ask_at, cancel_at)

    def _has_passed(self, since: datetime | None, seconds: float) -> bool:
        return since is not None and (self._clock.now() - since).total_seconds() >= seconds

    def _working_limit_sec(self, live: LiveOrder) -> float:
        """Return how many seconds an order may work before rebal cancels it."""
        execution = self._execution
        if live.order.dispatch.algo != "none" and execution.fallback_plain_market:
            return float(min(execution.wait_before_fallback, execution.fill_timeout_sec))
        return float(execution.fill_timeout_sec)
