"""The orders of one account, kept in step with the journal.

Every change is in the journal before anything else follows from it. Orders are found by their reference; a
permanent id stands for it once the broker has tied the two together; an order id never does on its own,
because a gateway restart issues ids again.
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
    DEAD,
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
    """One account's orders by reference. ``deadlines`` is told of what changes when they are asked about.

    Once there is an alarm, nothing more of the account is sent.
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
        """Return a sentence about each order of which something is true that must not be."""
        return self._alarms.sentences

    def adopt(self, lines: Iterable[LineResult]) -> None:
        """Take over the orders of earlier runs, as the journal left them."""
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
        """Return the orders as the journal has them, in the order they were sent."""
        return [live.order for live in self.by_reference.values()]

    def cancel_asked(self, live: LiveOrder) -> None:
        """Note that we are about to ask for an order's cancel."""
        live.is_cancel_asked = True
        self._deadlines.after_cancel(live)

    def leave_working(self, live: LiveOrder, *, is_time_up: bool) -> None:
        """Say whether an order has had its time: then its end is not waited for any more, it works on."""
        live.is_left_working = is_time_up

    def reconnected(self) -> None:
        """Forget every order id: another connection may know other orders by them."""
        self._early_ends.clear()
        for live in self.by_reference.values():
            live.order_id, live.owner, live.is_left_working, live.inactive_filled = None, None, False, None
            if live.is_followed:
                self._deadlines.reconnected(live)

    def followed(self) -> list[LiveOrder]:
        """Return the orders whose end is waited for, in the order they were sent."""
        return [live for live in self.by_reference.values() if live.is_followed]

    def unacknowledged(self) -> list[LiveOrder]:
        """Return the followed orders the broker has not shown yet."""
        return [live for live in self.followed() if not live.order.perm_id]

    def has_unknown(self) -> bool:
        """Tell whether nobody can say what became of some order: then nothing more is sent."""
        return any(live.is_unknown for live in self.by_reference.values())

    def lacks_commissions(self) -> bool:
        """Tell whether the cost of some fill has not been reported."""
        return not all(order.is_charged for order in self.results())

    def shown(self, found: OpenOrder) -> None:
        """Tie an order that the broker shows to ours by its reference."""
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
        """Record that somebody changed a working order; raised over what was sent it stops the account."""
        if self.records.changed(live, found) and live.order.working_quantity > live.order.dispatch.quantity:
            self._alarms.raised(live.order)

    def _contest(self, live: LiveOrder, now: str) -> None:
        """Take back what a person said of an order: the broker shows it as ``now``. It blocks the account again."""
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
        """Compare what a person said of orders with the broker's complete lists."""
        for live in [live for live in self.by_reference.values() if live.is_resolved]:
            filled = live.order.filled
            now = shown_otherwise(live.reference, filled, open_orders, completed, executions)
            if now:
                self._contest(live, now)

    def contest_ends(self, open_orders: Iterable[OpenOrder | WorkingOrder]) -> None:
        """Take back the end of each order that a complete list of open orders of this account shows all the same."""
        for found in open_orders:
            live = self.by_reference.get(found.reference)
            if live is None or not live.order.is_over or live.is_resolved:
                continue
            self._tie(found.reference, self.account, found.perm_id)
            if live.order.is_over:
                self._contest_end(live, found.quantity)

    def _contest_end(self, live: LiveOrder, quantity: Decimal) -> None:
        """Take back that an order is over: it works, for so many shares. It stops the account and is followed again."""
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
        """Give an order up although it may be over: its reference is no longer a key."""
        if not live.order.is_doubled and not live.is_resolved:
            self.records.unknown(live, why, is_twin=True)

    def _acknowledge(self, live: LiveOrder, perm_id: int) -> None:
        self.records.acknowledged(live, perm_id)
        self._deadlines.acknowledged(live)
        early = [event for event in self._early_ends.values() if event.perm_id == perm_id]
        if early and not live.order.is_over:
            self._said(live, early[-1])

    def status(self, event: StatusReported) -> None:
        """Note the end of an order; states in between change nothing."""
        is_end = event.status in (*FILLED, *DEAD)
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
        """Take the wire's word for an end; ``Inactive`` alone is none, since a held order is inactive too."""
        if event.status == INACTIVE and not live.is_rejected:
            if live.inactive_filled is None:
                self._deadlines.ask_now([live])
            live.inactive_filled = event.filled
        else:
            self.end(live, event.status, event.filled)

    def _end_rejected(self, order_id: int) -> None:
        """End an order that never got a reference on the wire: error and status together say it was not taken."""
        early_end = self._early_ends.get(order_id)
        if early_end is None or early_end.status not in DEAD or early_end.filled:
            return
        for live in self.unacknowledged():
            if live.order_id == order_id and live.is_rejected:
                self.end(live, early_end.status, early_end.filled)

    def end(self, live: LiveOrder, status: str, filled: Decimal | None) -> None:
        """Take the broker's word that an order is over; its fills may still be on their way."""
        if live.order.is_over:
            return
        live.end_status, live.ended_at = status, live.ended_at or self.clock.now()
        if filled is not None:
            live.end_filled, live.is_end_counted = max(live.end_filled, canonical(filled)), True
        self.records.settle(live)

    def record_execution(self, execution: Execution) -> LiveOrder | None:
        """Record a fill, once; a correction takes the place of what it corrects. Return its order when it is news."""
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
        """Keep what was said about an unfinished order and return it; on its own it proves nothing."""
        for live in self.followed():
            if live.order_id == event.order_id:
                live.notices[event.code] = printable(event.text)
                self._end_rejected(event.order_id)
                if live.is_rejected and live.inactive_filled is not None:
                    self.end(live, INACTIVE, live.inactive_filled)
                return live
        return None

    def give_up(self, live: LiveOrder, why: str) -> None:
        """Record that nobody can say what became of an order; it blocks the account."""
        if live.is_followed:
            self.records.unknown(live, why, is_twin=False)
