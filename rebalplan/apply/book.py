"""The orders of one account, kept in step with the journal.

Every change is in the journal before anything else follows from it. Orders are found by their reference; a
permanent id stands for it once the broker has tied the two together; an order id never does on its own,
because a gateway restart issues ids again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from rebalplan.apply.answers import shown_otherwise
from rebalplan.apply.order import Order, adopted_order, new_order
from rebalplan.journal.journal import Journal
from rebalplan.journal.records import Ack, Changed, Commission, Dispatch, Done, DoneStatus, Fill, Unknown
from rebalplan.journal.result import LineResult
from rebalplan.model import WorkingOrder
from rebalplan.money import ZERO, canonical
from rebalplan.orders import (
    DEAD,
    FILLED,
    INACTIVE,
    Commissioned,
    CompletedOrder,
    Execution,
    Noticed,
    OpenOrder,
    OrderTicket,
    Referenced,
    StatusReported,
    correction_number,
    correction_root,
)
from rebalplan.ports import Clock
from rebalplan.text import count, printable


class Book:
    """One account's orders by reference, and their commissions by the root of the execution id.

    Once there is an alarm, nothing more of the account is sent.
    """

    def __init__(self, account: str, client_id: int, journal: Journal, clock: Clock) -> None:
        self.account = account
        self._client_id = client_id
        self._journal = journal
        self.clock = clock
        self.orders: dict[str, Order] = {}
        self.commissions: dict[str, Decimal] = {}
        self._alarms: dict[str, str] = {}
        self._strays: dict[int, StatusReported] = {}

    @property
    def alarms(self) -> tuple[str, ...]:
        """Return a sentence about each order of which something is true that must not be."""
        return tuple(self._alarms.values())

    def now(self) -> datetime:
        """Return the time to the second, for records."""
        return self.clock.now().replace(microsecond=0)

    def adopt(self, lines: Iterable[LineResult]) -> None:
        """Take over the orders of earlier runs, as the journal left them."""
        for line in lines:
            for result in line.orders:
                order = adopted_order(result, line.planned, self.clock.now())
                self.orders[result.dispatch.reference] = order
                self.commissions.update(result.commissions)

    def dispatch(self, record: Dispatch, ticket: OrderTicket) -> Order:
        """Record that an order is about to be sent."""
        self._strays.pop(record.order_id, None)
        self._journal.append(record)
        order = new_order(record, ticket, self.clock.now())
        self.orders[record.reference] = order
        return order

    def reconnected(self) -> None:
        """Forget every order id: another connection may know other orders by them."""
        self._strays.clear()
        for order in self.orders.values():
            order.order_id, order.owner, order.is_left, order.inactive_filled = None, None, False, None
            if order.is_followed:
                order.ask_at, order.doubted_from, order.cancel_asked = self.clock.now(), None, False

    def followed(self) -> list[Order]:
        """Return the orders whose end is waited for, in the order they were sent."""
        return [order for order in self.orders.values() if order.is_followed]

    def unacknowledged(self) -> list[Order]:
        """Return the followed orders the broker has not shown yet."""
        return [order for order in self.orders.values() if not order.perm_id and order.is_followed]

    def has_unknown(self) -> bool:
        """Tell whether nobody can say what became of some order: then nothing more is sent."""
        return any(order.is_unknown for order in self.orders.values())

    def shares_in_flight(self) -> dict[int, Decimal]:
        """Return the signed shares that may fill, or have filled, without our knowing it, by contract id."""
        shares: dict[int, Decimal] = {}
        for order in self.orders.values():
            if order.over is None:
                signed = (order.whole - order.executed) * (1 if order.side == "BUY" else -1)
                shares[order.con_id] = shares.get(order.con_id, ZERO) + signed
        return shares

    def lacks_commissions(self) -> bool:
        """Tell whether the cost of some fill has not been reported."""
        return any(root not in self.commissions for o in self.orders.values() for root in o.fills)

    def shown(self, found: OpenOrder) -> None:
        """Tie an order that the broker shows to ours by its reference."""
        order = self._tie(found.reference, found.account, found.perm_id)
        if order is None:
            return
        if found.client_id == self._client_id:
            order.order_id, order.owner = found.order_id, None
        else:
            order.order_id, order.owner = None, found.client_id
        if order.is_resolved:
            self.contest(order, "working")
        elif order.over is None:
            self._note_change(order, found)
        elif found.quantity > max(order.whole, order.filled):
            self._contest_end(order, found.quantity)
            self._note_change(order, found)

    def _note_change(self, order: Order, found: OpenOrder) -> None:
        """Record that somebody changed a working order; raised over what was sent it stops the account."""
        quantity = found.quantity or order.working_quantity
        order_type = found.order_type or order.order_type
        if (quantity, order_type) == (order.working_quantity, order.order_type):
            return
        order.working_quantity, order.order_type = quantity, order_type
        reference = order.dispatch.reference
        self._journal.append(
            Changed(
                account=self.account,
                at=self.now(),
                reference=reference,
                quantity=canonical(quantity),
                order_type=printable(order_type),
            )
        )
        if quantity > order.dispatch.quantity:
            self._sound(
                order,
                f"somebody changed {reference} at the broker from {order.dispatch.quantity:f} to "
                f"{count(quantity, 'share')} of {order.symbol}: more than planned may fill, nothing more is sent",
            )

    def contest(self, order: Order, now: str) -> None:
        """Take back what a person said of an order: the broker shows it as ``now``. It blocks the account again."""
        why = f"it was resolved as {count(order.filled, 'share')}, but the broker shows it {now}"
        order.is_resolved, order.is_unknown, order.over = False, True, None
        order.end_status, order.end_filled, order.is_agreed = "", ZERO, False
        self._record_unknown(order, why, is_twin=False)
        self._sound(order, f"RB512 {order.dispatch.reference}: {why}. Nothing more is sent")
        order.fills.clear()
        for execution in order.seen.values():
            self.record_execution(execution)

    def check_resolved(
        self,
        open_orders: Iterable[Referenced],
        completed: Iterable[CompletedOrder],
        executions: Iterable[Execution],
    ) -> None:
        """Compare what a person said of orders with the broker's complete lists."""
        for order in [order for order in self.orders.values() if order.is_resolved]:
            now = shown_otherwise(order.dispatch.reference, order.filled, open_orders, completed, executions)
            if now:
                self.contest(order, now)

    def contest_ends(self, open_orders: Iterable[OpenOrder | WorkingOrder]) -> None:
        """Take back the end of each order that a complete list of open orders of this account shows all the same."""
        for found in open_orders:
            order = self.orders.get(found.reference)
            if order is None or order.over is None or order.is_resolved:
                continue
            self._tie(found.reference, self.account, found.perm_id)
            if order.over is not None:
                self._contest_end(order, found.quantity)

    def _contest_end(self, order: Order, quantity: Decimal) -> None:
        """Take back that an order is over: it works, for so many shares. It stops the account and is followed again."""
        reference, perm_id, filled = order.dispatch.reference, order.perm_id, order.filled
        what = f"is over with {filled:f} shares by all that was reported, but works at the broker for {quantity:f}"
        order.is_unknown, order.over, order.is_agreed, order.is_left = True, None, False, False
        order.end_status, order.ended_at, order.is_end_counted = "", None, False
        order.inactive_filled, order.cancel_asked = None, False
        self._record_unknown(order, f"it {what}", is_twin=False)
        if perm_id:
            self._acknowledge(order, perm_id)
        self._sound(order, f"{reference} {what}: nothing more is sent, --resume follows it")

    def _tie(self, reference: str, account: str, perm_id: int) -> Order | None:
        order = self.orders.get(reference)
        if order is None:
            return None
        if account != self.account:
            self.refuse_twin(order, f"the broker has its reference in account {printable(account)}")
            return None
        if order.perm_id and perm_id and order.perm_id != perm_id:
            self.refuse_twin(order, f"the broker has it twice (permanent ids {order.perm_id} and {perm_id})")
        elif not order.perm_id and perm_id:
            self._acknowledge(order, perm_id)
        return order

    def refuse_twin(self, order: Order, why: str) -> None:
        """Give an order up although it may be over: its reference is no longer a key."""
        if not order.is_doubled and not order.is_resolved:
            order.is_doubled, order.is_unknown, order.over = True, True, None
            self._record_unknown(order, why, is_twin=True)

    def _acknowledge(self, order: Order, perm_id: int) -> None:
        reference = order.dispatch.reference
        self._journal.append(Ack(account=self.account, at=self.now(), reference=reference, perm_id=perm_id))
        order.perm_id, order.is_unknown = perm_id, order.is_doubled
        if not order.cancel_asked:
            order.ask_at, order.doubted_from = None, None
        early = [event for event in self._strays.values() if event.perm_id == perm_id]
        if early and order.over is None:
            self._said(order, early[-1])

    def status(self, event: StatusReported) -> None:
        """Note the end of an order; states in between change nothing."""
        is_end = event.status in (*FILLED, *DEAD)
        for order in self.orders.values():
            if event.perm_id and order.perm_id == event.perm_id:
                if is_end:
                    self._said(order, event)
                else:
                    order.inactive_filled = None
                return
        if not is_end:
            return
        self._strays[event.order_id] = event
        self._end_rejected(event.order_id)

    def _said(self, order: Order, event: StatusReported) -> None:
        """Take the wire's word for an end; ``Inactive`` alone is none, since a held order is inactive too."""
        if event.status == INACTIVE and not order.is_rejected:
            if order.inactive_filled is None:
                order.ask_at = self.clock.now()
            order.inactive_filled = event.filled
        else:
            self.end(order, event.status, event.filled)

    def _end_rejected(self, order_id: int) -> None:
        """End an order that never got a reference on the wire: error and status together say it was not taken."""
        stray = self._strays.get(order_id)
        if stray is None or stray.status not in DEAD or stray.filled:
            return
        for order in self.unacknowledged():
            if order.order_id == order_id and order.is_rejected:
                self.end(order, stray.status, stray.filled)

    def end(self, order: Order, status: str, filled: Decimal | None) -> None:
        """Take the broker's word that an order is over; its fills may still be on their way."""
        if order.over is not None:
            return
        order.end_status, order.ended_at = status, order.ended_at or self.clock.now()
        order.is_unknown = order.is_doubled
        if filled is not None:
            order.end_filled, order.is_end_counted = max(order.end_filled, canonical(filled)), True
        self.settle(order)

    def record_execution(self, execution: Execution) -> Order | None:
        """Record a fill, once; a correction takes the place of what it corrects. Return its order when it is news."""
        order = self._tie(execution.reference, execution.account, execution.perm_id)
        if order is None:
            return None
        if order.is_resolved:
            order.seen[correction_root(execution.exec_id)] = execution
            return None
        root, number = correction_root(execution.exec_id), correction_number(execution.exec_id)
        known = order.fills.get(root)
        if known is not None and correction_number(known.exec_id) >= number:
            return None
        fill = Fill(
            account=self.account,
            at=self.now(),
            reference=order.dispatch.reference,
            exec_id=printable(execution.exec_id),
            quantity=canonical(execution.quantity),
            price=canonical(execution.price),
        )
        self._journal.append(fill)
        order.fills[root] = fill
        if order.late:
            self._sound_late(order)
        elif order.executed > order.dispatch.quantity:
            self._sound_overfilled(order)
        self.settle(order)
        return order

    def _sound_late(self, order: Order) -> None:
        """Stop the account: an order that was evidenced as over filled more, so evidence cannot be built on."""
        reference = order.dispatch.reference
        self._sound(
            order,
            f"{reference} filled {count(order.filled, 'share')} of {order.symbol}, the broker had said that it ended "
            f"with {order.end_filled:f}: nothing more is sent",
        )

    def _sound_overfilled(self, order: Order) -> None:
        """Stop the account: an order filled more than was sent, whether or not anybody told who raised it."""
        self._sound(
            order,
            f"{order.dispatch.reference} filled {count(order.executed, 'share')} of {order.symbol}, "
            f"{order.dispatch.quantity:f} were sent: nothing more is sent",
        )

    def _sound(self, order: Order, what: str) -> None:
        """Raise the alarm about an order; the first one says it."""
        self._alarms.setdefault(order.dispatch.reference, what)

    def commissioned(self, event: Commissioned) -> None:
        """Record a fill's commission, once."""
        root = correction_root(event.exec_id)
        ours = any(root in order.fills for order in self.orders.values())
        if self.commissions.get(root) == event.amount or not ours:
            return
        self._journal.append(
            Commission(
                account=self.account,
                at=self.now(),
                exec_id=printable(event.exec_id),
                amount_usd=canonical(event.amount),
            )
        )
        self.commissions[root] = event.amount

    def noticed(self, event: Noticed) -> Order | None:
        """Keep what was said about an unfinished order and return it; on its own it proves nothing."""
        for order in self.followed():
            if order.order_id == event.order_id:
                order.notices[event.code] = printable(event.text)
                self._end_rejected(event.order_id)
                if order.is_rejected and order.inactive_filled is not None:
                    self.end(order, INACTIVE, order.inactive_filled)
                return order
        return None

    def settle(self, order: Order, *, is_confirmed: bool = False) -> None:
        """Close an order that is filled whole, or whose end with a rest the lists have confirmed."""
        if order.over is not None or order.is_doubled:
            return
        executed = order.executed
        if executed >= max(order.whole, order.end_filled):
            order.is_agreed = True
            self._close(order, "filled", executed)
        elif order.end_status and is_confirmed:
            self._close(order, _end_kind(order), max(executed, order.end_filled))

    def _close(self, order: Order, status: DoneStatus, filled: Decimal) -> None:
        self._journal.append(
            Done(
                account=self.account,
                at=self.now(),
                reference=order.dispatch.reference,
                status=status,
                filled=canonical(filled),
                cancel_asked=order.was_cancelled_by_us,
                is_agreed=order.is_agreed,
                note=order.note,
            )
        )
        order.over, order.end_filled, order.is_unknown = status, filled, False

    def give_up(self, order: Order, why: str) -> None:
        """Record that nobody can say what became of an order; it blocks the account."""
        if order.is_followed:
            order.is_unknown = True
            self._record_unknown(order, why, is_twin=False)

    def _record_unknown(self, order: Order, why: str, *, is_twin: bool) -> None:
        self._journal.append(
            Unknown(
                account=self.account,
                at=self.now(),
                reference=order.dispatch.reference,
                why=why,
                is_twin=is_twin,
                said=order.said,
            )
        )


def _end_kind(order: Order) -> DoneStatus:
    if order.end_status in FILLED or order.end_filled >= order.dispatch.quantity > ZERO:
        return "filled"
    return "rejected" if order.is_rejected or order.end_status == INACTIVE else "cancelled"
