"""The orders of one account that are under way, and what the broker has evidenced of each so far.

Every change is in the journal before anything else follows from it. Orders are found by their reference; a
permanent id stands for it once the broker has tied the two together; an order id never does on its own,
because a gateway restart issues ids again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from rebalplan.journal.journal import Journal
from rebalplan.journal.records import Ack, Commission, Dispatch, Done, DoneStatus, Fill, Unknown
from rebalplan.journal.result import OrderResult
from rebalplan.model import Side
from rebalplan.money import ZERO, canonical
from rebalplan.orders import (
    DEAD,
    FILLED,
    Acknowledged,
    Commissioned,
    Executed,
    Execution,
    Noticed,
    OpenOrder,
    OrderTicket,
    StatusReported,
    correction_root,
)
from rebalplan.plan import PlannedOrder
from rebalplan.ports import Clock
from rebalplan.text import printable

REJECTIONS = (201, *range(439, 444))
"""Error codes that come with an order the broker did not take (Message Codes page of the TWS API reference)."""


@dataclass
class Order:
    """One dispatched order. Shares; ``end_status`` is the wire's last word, empty while it may still fill."""

    dispatch: Dispatch
    side: Side
    symbol: str
    con_id: int
    sent_at: datetime
    watched_from: datetime
    perm_id: int = 0
    fills: dict[str, Fill] = field(default_factory=dict)
    end_status: str = ""
    end_filled: Decimal = ZERO
    ended_at: datetime | None = None
    over: DoneStatus | None = None
    unknown: bool = False
    is_doubled: bool = False
    fallback_queued: bool = False
    notices: dict[int, str] = field(default_factory=dict)
    noticed_at: datetime | None = None
    cancel_asked_at: datetime | None = None

    @property
    def filled(self) -> Decimal:
        """Return the shares evidenced so far."""
        return max(
            sum((f.quantity for f in self.fills.values()), ZERO), self.end_filled if self.over else ZERO
        )

    @property
    def value_usd(self) -> Decimal:
        """Return what the fills came to."""
        return sum((f.quantity * f.price for f in self.fills.values()), ZERO)

    @property
    def is_live(self) -> bool:
        """Tell whether it may still fill, as far as anybody knows."""
        return self.over is None and not self.unknown

    @property
    def rest(self) -> Decimal:
        """Return the shares that have not been filled."""
        return self.dispatch.quantity - self.filled


class Book:
    """The account's orders, kept in step with the journal."""

    def __init__(self, account: str, journal: Journal, clock: Clock) -> None:
        self.account = account
        self._journal = journal
        self._clock = clock
        self.orders: dict[str, Order] = {}
        self.commissions: dict[str, Decimal] = {}
        self._early: dict[int, StatusReported] = {}

    def now(self) -> datetime:
        """Return the time to the second, for records."""
        return self._clock.now().replace(microsecond=0)

    def dispatch(self, record: Dispatch, ticket: OrderTicket) -> Order:
        """Record that an order is about to be sent."""
        self._journal.append(record)
        now = self._clock.now()
        order = Order(record, ticket.side, ticket.symbol, ticket.con_id, now, now)
        self.orders[record.reference] = order
        return order

    def adopt(self, result: OrderResult, planned: PlannedOrder) -> None:
        """Take over an order of an earlier run as the journal left it."""
        now = self._clock.now()
        order = Order(result.dispatch, planned.side, planned.symbol, planned.con_id, now, now)
        order.perm_id, order.fallback_queued = result.perm_id, True
        order.fills = {correction_root(fill.exec_id): fill for fill in result.fills}
        if result.is_over:
            order.over = "cancelled" if result.status not in ("filled", "rejected") else _done(result.status)
            order.end_filled = result.filled
        order.unknown = result.status == "unknown"
        self.orders[result.dispatch.reference] = order

    def live(self) -> list[Order]:
        """Return the orders that may still fill, in the order they were sent."""
        return [order for order in self.orders.values() if order.is_live]

    def unacknowledged(self) -> list[Order]:
        """Return the live orders the broker has not shown yet."""
        return [order for order in self.live() if not order.perm_id]

    def acknowledged(self, event: Acknowledged) -> None:
        """Tie the broker's order to ours by its reference."""
        self._tie(event.order.reference, event.order.perm_id)

    def _tie(self, reference: str, perm_id: int) -> Order | None:
        order = self.orders.get(reference)
        if order is None:
            return None
        if order.perm_id and perm_id and order.perm_id != perm_id:
            self.give_up(order, f"the broker has it twice (permanent ids {order.perm_id} and {perm_id})")
            order.is_doubled = True
            return order
        if not order.perm_id and perm_id:
            order.perm_id, order.unknown = perm_id, False
            self._journal.append(
                Ack(account=self.account, at=self.now(), reference=reference, perm_id=perm_id)
            )
            early = self._early.pop(perm_id, None)
            if early is not None:
                self._end(order, early.status, early.filled)
        return order

    def status(self, event: StatusReported) -> None:
        """Note the end of an order; states in between change nothing."""
        if event.status not in (*FILLED, *DEAD):
            return
        order = self._of_status(event)
        if order is None:
            if event.perm_id:
                self._early[event.perm_id] = event
            return
        self._end(order, event.status, event.filled)

    def _of_status(self, event: StatusReported) -> Order | None:
        """Find the order by permanent id; a rejected order may never get one, then its order id must do."""
        for order in self.orders.values():
            if event.perm_id and order.perm_id == event.perm_id:
                return order
        if event.perm_id:
            return None
        rejected = [
            o for o in self.unacknowledged() if o.dispatch.order_id == event.order_id and _is_rejected(o)
        ]
        return rejected[0] if rejected else None

    def _end(self, order: Order, status: str, filled: Decimal) -> None:
        if order.over is not None:
            return
        order.end_status, order.end_filled = status, canonical(filled)
        order.ended_at = order.ended_at or self._clock.now()
        self.settle(order)

    def executed(self, event: Executed) -> None:
        """Record a fill, once; a correction takes the place of what it corrects."""
        self.record_execution(event.execution)

    def record_execution(self, execution: Execution) -> None:
        """Record a fill from an event or from the broker's list."""
        order = self._tie(execution.reference, execution.perm_id)
        if order is None:
            return
        root = correction_root(execution.exec_id)
        known = order.fills.get(root)
        if known is not None and known.exec_id >= execution.exec_id:
            return
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
        self.settle(order)

    def commissioned(self, event: Commissioned) -> None:
        """Record a fill's commission, once."""
        root = correction_root(event.exec_id)
        ours = any(root in order.fills for order in self.orders.values())
        if self.commissions.get(root) == event.amount or not ours:
            return
        self.commissions[root] = event.amount
        self._journal.append(
            Commission(
                account=self.account,
                at=self.now(),
                exec_id=printable(event.exec_id),
                amount_usd=canonical(event.amount),
            )
        )

    def noticed(self, event: Noticed) -> None:
        """Keep what was said about an unfinished order; it proves nothing."""
        for order in self.live():
            if order.dispatch.order_id == event.order_id:
                order.notices[event.code] = printable(event.text)
                order.noticed_at = self._clock.now()

    def settle(self, order: Order, *, even_without_executions: bool = False) -> None:
        """Close an order once its end and all its fills are evidenced."""
        if order.over is not None or order.is_doubled:
            return
        seen = sum((f.quantity for f in order.fills.values()), ZERO)
        if seen >= order.dispatch.quantity:
            self._close(order, "filled", seen)
        elif order.end_status and (seen >= order.end_filled or even_without_executions):
            self._close(order, _end_kind(order), max(seen, order.end_filled))

    def _close(self, order: Order, status: DoneStatus, filled: Decimal) -> None:
        order.over, order.end_filled, order.unknown = status, filled, False
        note = "; ".join(f"{text} ({code})" for code, text in order.notices.items())
        self._journal.append(
            Done(
                account=self.account,
                at=self.now(),
                reference=order.dispatch.reference,
                status=status,
                filled=canonical(filled),
                note=note,
            )
        )

    def finish(self, order: Order, status: str, filled: Decimal) -> None:
        """Close an order that the broker's list of finished orders has."""
        self._end(order, status, filled)
        self.settle(order, even_without_executions=True)

    def give_up(self, order: Order, why: str) -> None:
        """Record that nobody can say what became of an order; it blocks the account."""
        if order.unknown or order.over is not None:
            return
        order.unknown = True
        self._journal.append(
            Unknown(account=self.account, at=self.now(), reference=order.dispatch.reference, why=why)
        )

    def seen_open(self, found: Iterable[OpenOrder]) -> None:
        """Tie working orders from the broker's list."""
        for order in found:
            self._tie(order.reference, order.perm_id)


def _end_kind(order: Order) -> DoneStatus:
    if order.end_status in FILLED:
        return "filled"
    return "rejected" if _is_rejected(order) or order.end_status == "Inactive" else "cancelled"


def _is_rejected(order: Order) -> bool:
    return any(code in REJECTIONS for code in order.notices)


def _done(status: str) -> DoneStatus:
    return "filled" if status == "filled" else "rejected"
