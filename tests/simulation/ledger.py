"""The broker's own books: what it accepted, executed and charged. Independent of the engine's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from rebalplan.core.orders import (
    ORDER_TYPES,
    CompletedOrder,
    Execution,
    OpenOrder,
    OrderTicket,
    StatusReported,
)
from tests.simulation.faults import Fate

COMMISSION = Decimal("1.00")


@dataclass
class Deal:
    """One execution with its commission; ``replaces`` the root's earlier ones when it is a correction."""

    execution: Execution
    root: str
    commission: Decimal


@dataclass
class Flow:
    """Cash that came or went without a deal."""

    account: str
    at: datetime
    usd: Decimal


@dataclass
class Booked:
    """One order as the broker has it."""

    ticket: OrderTicket
    order_id: int
    perm_id: int
    at: datetime
    fate: Fate
    client_id: int = 0
    changed_to: Decimal | None = None
    status: str = "Submitted"
    filled: Decimal = Decimal(0)
    ended_at: datetime | None = None
    is_killed_by_us: bool = False

    @property
    def is_working(self) -> bool:
        return self.ended_at is None

    @property
    def quantity(self) -> Decimal:
        """Return what the order is for now: a person may have changed it."""
        return self.ticket.quantity if self.changed_to is None else self.changed_to

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.filled

    def as_open(self) -> OpenOrder:
        ticket = self.ticket
        return OpenOrder(
            reference=ticket.reference,
            perm_id=self.perm_id,
            order_id=self.order_id,
            client_id=self.client_id,
            account=ticket.account,
            symbol=ticket.symbol,
            con_id=ticket.con_id,
            side=ticket.side,
            quantity=self.quantity,
            order_type=ORDER_TYPES[ticket.algo],
            status=self.status,
        )

    def as_completed(self) -> CompletedOrder:
        ticket = self.ticket
        return CompletedOrder(
            reference=ticket.reference,
            perm_id=self.perm_id,
            account=ticket.account,
            con_id=ticket.con_id,
            status=self.status,
            filled=self.filled,
        )

    def as_status(self, *, with_perm: bool = True) -> StatusReported:
        return StatusReported(
            order_id=self.order_id,
            perm_id=self.perm_id if with_perm else 0,
            status=self.status,
            filled=self.filled,
        )


@dataclass
class Ledger:
    """All accounts at the broker: what they began with and everything that happened since."""

    cash: dict[str, Decimal]
    positions: dict[str, dict[str, Decimal]]
    orders: list[Booked] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    arrived: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)

    def book(
        self,
        order: Booked,
        quantity: Decimal,
        price: Decimal,
        root: str,
        at: datetime,
        *,
        correction: int = 1,
    ) -> Execution:
        """Book an execution of an order and return it."""
        ticket = order.ticket
        execution = Execution(
            exec_id=f"{root}.{correction:02d}",
            reference=ticket.reference,
            perm_id=order.perm_id,
            account=ticket.account,
            con_id=ticket.con_id,
            side=ticket.side,
            quantity=quantity,
            price=price,
            at=at,
        )
        self.deals.append(Deal(execution, root, COMMISSION if order.fate.is_charged else Decimal(0)))
        return execution

    def deals_of(self, reference: str) -> list[Deal]:
        """Return the deals that count: a correction takes the place of what it corrects."""
        last = {deal.root: deal for deal in self.deals if deal.execution.reference == reference}
        return list(last.values())

    def filled(self, reference: str) -> Decimal:
        return sum((deal.execution.quantity for deal in self.deals_of(reference)), Decimal(0))

    def value(self, reference: str) -> Decimal:
        return sum((d.execution.quantity * d.execution.price for d in self.deals_of(reference)), Decimal(0))

    def of(
        self, account: str, until: datetime, *, without: Collection[str] = ()
    ) -> tuple[Decimal, dict[str, Decimal]]:
        """Return the cash and the positions that show what was dealt up to a time, but for some roots."""
        cash, positions = self.cash[account], dict(self.positions[account])
        dealt_here = [d for d in self.deals if d.execution.account == account and d.root not in without]
        last = {d.root: d for d in dealt_here if d.execution.at <= until}
        symbols = {order.ticket.con_id: order.ticket.symbol for order in self.orders}
        cash += sum((f.usd for f in self.flows if f.account == account and f.at <= until), Decimal(0))
        for deal in last.values():
            dealt = deal.execution
            sign = 1 if dealt.side == "BUY" else -1
            symbol = symbols[dealt.con_id]
            cash -= sign * dealt.quantity * dealt.price + deal.commission
            positions[symbol] = positions.get(symbol, Decimal(0)) + sign * dealt.quantity
        return cash, positions

    def is_visible(self, booked: Booked, now: datetime) -> bool:
        return now >= booked.at + timedelta(seconds=booked.fate.hidden_sec)

    def open_orders(self, now: datetime) -> tuple[OpenOrder, ...]:
        return tuple(o.as_open() for o in self.orders if o.is_working and self.is_visible(o, now))

    def completed(self, now: datetime) -> tuple[CompletedOrder, ...]:
        return tuple(o.as_completed() for o in self.orders if self._is_listed_completed(o, now))

    def _is_listed_completed(self, booked: Booked, now: datetime) -> bool:
        if booked.ended_at is None or not self.is_visible(booked, now):
            return False
        is_listed = not booked.fate.reject or booked.fate.reject_is_listed
        return is_listed and now >= booked.ended_at + timedelta(seconds=booked.fate.lag_sec)

    def visible_deals(self, account: str, now: datetime) -> list[Deal]:
        """Return the deals that a request for executions shows."""
        fates = {o.ticket.reference: o for o in self.orders}
        shown = []
        for deal in self.deals:
            booked = fates[deal.execution.reference]
            late = timedelta(seconds=booked.fate.lag_sec)
            is_shown = now >= deal.execution.at + late and self.is_visible(booked, now)
            if deal.execution.account == account and is_shown:
                shown.append(deal)
        return shown
