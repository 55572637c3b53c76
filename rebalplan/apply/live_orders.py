"""The orders of one account as the broker reports them, kept in step with the journal.

Every change is in the journal before anything follows from it. The reference identifies an order. The permanent id
does too, once the broker has shown both together. An order id alone never does: a restarted gateway issues ids again.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.apply.alarms import Alarms
from rebalplan.apply.answers import shown_otherwise
from rebalplan.apply.deadlines import Deadlines
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import Dispatch
from rebalplan.apply.journal.result import LineResult
from rebalplan.apply.order import LiveOrder
from rebalplan.apply.order_records import OrderRecords
from rebalplan.core.money import ZERO, canonical
from rebalplan.core.orders import (
    ENDED,
    FILLED,
    INACTIVE,
    Commissioned,
    CompletedOrder,
    Execution,
    Noticed,
    OpenOrder,
    Referenced,
    StatusReported,
    correction_number,
    correction_root,
)
from rebalplan.core.ports import Clock
from rebalplan.core.text import count, printable
from rebalplan.core.vocabulary import WorkingOrder


class LiveOrders:
    """One account's orders by reference. It tells ``deadlines`` every event that changes when to ask about an order.

    After an alarm, rebal sends nothing more of the account.
    """

    def __init__(
        self, account: str, client_id: int, journal: Journal, clock: Clock, deadlines: Deadlines
    ) -> None:
        self.account = account
        self._client_id = client_id
        self.records = OrderRecords(account, journal, clock)
        self.clock = clock
        self._deadlines = deadlines
        self.by_reference: dict[str, LiveOrder] = {}
        self._alarms = Alarms(account)
        self._early_ends: dict[int, StatusReported] = {}

    @property
    def alarms(self) -> tuple[str, ...]:
        """Return a sentence about each order with an alarm."""
        return self._alarms.sentences

    def adopt(self, lines: Iterable[LineResult]) -> None:
        """Take over the orders of earlier runs from the journal."""
        for line in lines:
            for result in line.orders:
                live = LiveOrder(result, self.clock.now(), end_filled=result.evidenced)
                self.by_reference[result.reference] = live
                if not result.is_over:
                    self._deadlines.ask_now([live])

    def dispatch(self, record: Dispatch) -> LiveOrder:
        """Record that an order is about to be sent."""
        self._early_ends.pop(record.order_id, None)
        live = self.records.dispatched(record)
        self.by_reference[record.reference] = live
        self._deadlines.after_send(live)
        return live

    def results(self) -> list[OrderResult]:
        """Return the orders by the journal, in the order they were sent."""
        return [live.order for live in self.by_reference.values()]

    def cancel_asked(self, live: LiveOrder) -> None:
        """Note that rebal is about to cancel an order."""
        live.is_cancel_asked = True
        self._deadlines.after_cancel(live)

    def leave_working(self, live: LiveOrder, *, is_time_up: bool) -> None:
        """Leave an order working once its time is up: its end is not waited for any more."""
        live.is_left_working = is_time_up

    def reconnected(self) -> None:
        """Forget every order id: on another connection it may belong to another order."""
        self._early_ends.clear()
        for live in self.by_reference.values():
            live.order_id, live.owner, live.is_left_working, live.inactive_filled = None, None, False, None
            if live.is_followed:
                self._deadlines.reconnected(live)

    def followed(self) -> list[LiveOrder]:
        """Return the orders whose end is waited for, in the order they were sent."""
        return [live for live in self.by_reference.values() if live.is_followed]

    def unacknowledged(self) -> list[LiveOrder]:
        """Return the pending orders: followed, and not shown by the broker yet."""
        return [live for live in self.followed() if not live.order.perm_id]

    def has_unknown(self) -> bool:
        """Tell whether some order is unknown: then rebal sends nothing more."""
        return any(live.is_unknown for live in self.by_reference.values())

    def lacks_commissions(self) -> bool:
        """Tell whether the commission of some fill is missing."""
        return not all(order.is_charged for order in self.results())

    def shown(self, found: OpenOrder) -> None:
        """Take in an order that the broker shows, when its reference is one of ours."""
        live = self._tie(found.reference, found.account, found.perm_id)
        if live is None:
            return
        if found.client_id == self._client_id:
            live.order_id, live.owner = found.order_id, None
        else:
            live.order_id, live.owner = None, found.client_id
        if live.is_resolved:
            self._contest(live, "working")
        elif not live.order.is_over:
            self._note_change(live, found)
        elif found.quantity > max(live.order.most, live.order.filled):
            self._contest_end(live, found.quantity)
            self._note_change(live, found)

    def _note_change(self, live: LiveOrder, found: OpenOrder) -> None:
        """Record that somebody changed a working order. More shares than sent stop the account."""
        if self.records.changed(live, found) and live.order.working_quantity > live.order.dispatch.quantity:
            self._alarms.raised(live.order)

    def _contest(self, live: LiveOrder, now: str) -> None:
        """Take back a person's answer about an order: the broker shows it as ``now``. It blocks the account again."""
        filled = live.order.filled
        why = f"it was resolved as {count(filled, 'share')}, but the broker shows it {now}"
        live.end_status, live.end_filled = "", ZERO
        self.records.unknown(live, why, is_twin=False)
        self._alarms.resolved_otherwise(live.order, filled, why, now)
        for execution in live.seen.values():
            self.record_execution(execution)
        self.records.settle(live)

    def check_resolved(
        self,
        open_orders: Iterable[Referenced],
        completed: Iterable[CompletedOrder],
        executions: Iterable[Execution],
    ) -> None:
        """Compare a person's answers about orders with the broker's complete lists."""
        for live in [live for live in self.by_reference.values() if live.is_resolved]:
            filled = live.order.filled
            now = shown_otherwise(live.reference, filled, open_orders, completed, executions)
            if now:
                self._contest(live, now)

    def contest_ends(self, open_orders: Iterable[OpenOrder | WorkingOrder]) -> None:
        """Take back the end of each order that the account's complete list of open orders still shows."""
        for found in open_orders:
            live = self.by_reference.get(found.reference)
            if live is None or not live.order.is_over or live.is_resolved:
                continue
            self._tie(found.reference, self.account, found.perm_id)
            if live.order.is_over:
                self._contest_end(live, found.quantity)

    def _contest_end(self, live: LiveOrder, quantity: Decimal) -> None:
        """Take back an order's end: it works for so many shares. That stops the account; the order is followed."""
        perm_id, filled = live.order.perm_id, live.order.filled
        what = f"is over with {filled:f} shares by all that was reported, but works at the broker for {quantity:f}"
        live.is_left_working, live.end_status, live.ended_at, live.is_end_counted = False, "", None, False
        live.inactive_filled = None
        self._deadlines.contested(live)
        self.records.unknown(live, f"it {what}", is_twin=False)
        if perm_id:
            self._acknowledge(live, perm_id)
        self._alarms.works_on(live.order, what)

    def _tie(self, reference: str, account: str, perm_id: int) -> LiveOrder | None:
        live = self.by_reference.get(reference)
        if live is None:
            return None
        known = live.order.perm_id
        if account != self.account:
            self.give_up_doubled(live, f"the broker has its reference in account {printable(account)}")
            return None
        if known and perm_id and known != perm_id:
            self.give_up_doubled(live, f"the broker has it twice (permanent ids {known} and {perm_id})")
        elif not known and perm_id:
            self._acknowledge(live, perm_id)
        return live

    def give_up_doubled(self, live: LiveOrder, why: str) -> None:
        """Record an order as unknown because the broker has its reference twice: it identifies no order any more."""
        if not live.order.is_doubled and not live.is_resolved:
            self.records.unknown(live, why, is_twin=True)

    def _acknowledge(self, live: LiveOrder, perm_id: int) -> None:
        self.records.acknowledged(live, perm_id)
        self._deadlines.acknowledged(live)
        early = [event for event in self._early_ends.values() if event.perm_id == perm_id]
        if early and not live.order.is_over:
            self._said(live, early[-1])

    def status(self, event: StatusReported) -> None:
        """Take in the end of an order; other states change nothing."""
        is_end = event.status in (*FILLED, *ENDED)
        for live in self.by_reference.values():
            if event.perm_id and live.order.perm_id == event.perm_id:
                if is_end:
                    self._said(live, event)
                else:
                    live.inactive_filled = None
                return
        if not is_end:
            return
        self._early_ends[event.order_id] = event
        self._end_rejected(event.order_id)

    def _said(self, live: LiveOrder, event: StatusReported) -> None:
        """Take a status for an end. ``Inactive`` alone is none: the broker shows a held order as inactive too."""
        if event.status == INACTIVE and not live.is_rejected:
            if live.inactive_filled is None:
                self._deadlines.ask_now([live])
            live.inactive_filled = event.filled
        else:
            self.end(live, event.status, event.filled)

    def _end_rejected(self, order_id: int) -> None:
        """End a pending order that the broker rejected with an error and a status, which carry no reference."""
        early_end = self._early_ends.get(order_id)
        if early_end is None or early_end.status not in ENDED or early_end.filled:
            return
        for live in self.unacknowledged():
            if live.order_id == order_id and live.is_rejected:
                self.end(live, early_end.status, early_end.filled)

    def end(self, live: LiveOrder, status: str, filled: Decimal | None) -> None:
        """Note that the broker reported an order's end. Its executions may still be on their way."""
        if live.order.is_over:
            return
        live.end_status, live.ended_at = status, live.ended_at or self.clock.now()
        if filled is not None:
            live.end_filled, live.is_end_counted = max(live.end_filled, canonical(filled)), True
        self.records.settle(live)

    def record_execution(self, execution: Execution) -> LiveOrder | None:
        """Record an execution once; a correction replaces the one it corrects. Return the order when it is news."""
        live = self._tie(execution.reference, execution.account, execution.perm_id)
        if live is None:
            return None
        root, number = correction_root(execution.exec_id), correction_number(execution.exec_id)
        if live.is_resolved:
            live.seen[root] = execution
            return None
        known = [correction_number(f.exec_id) for f in live.order.fills if correction_root(f.exec_id) == root]
        if known and known[0] >= number:
            return None
        self.records.filled(live, execution)
        if live.order.late:
            self._alarms.filled_late(live.order)
        elif live.order.executed > live.order.dispatch.quantity:
            self._alarms.overfilled(live.order)
        self.records.settle(live)
        return live

    def commissioned(self, event: Commissioned) -> None:
        """Record a fill's commission, once."""
        root = correction_root(event.exec_id)
        for live in self.by_reference.values():
            ours = any(correction_root(fill.exec_id) == root for fill in live.order.fills)
            if ours and live.order.commissions.get(root) != event.amount:
                self.records.charged(live, event)

    def noticed(self, event: Noticed) -> LiveOrder | None:
        """Keep an error about a followed order and return the order. An error alone proves no end."""
        for live in self.followed():
            if live.order_id == event.order_id:
                live.notices[event.code] = printable(event.text)
                self._end_rejected(event.order_id)
                if live.is_rejected and live.inactive_filled is not None:
                    self.end(live, INACTIVE, live.inactive_filled)
                return live
        return None

    def give_up(self, live: LiveOrder, why: str) -> None:
        """Record a followed order as unknown; it blocks the account."""
        if live.is_followed:
            self.records.unknown(live, why, is_twin=False)
