"""The shared state at one moment, and a way to schedule effects for later ones."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from rebalplan.sim.accounts.book import Book
from rebalplan.sim.orders.agenda import Effect
from rebalplan.sim.orders.order_model import Behaviour, WorkingOrder
from rebalplan.sim.scenario.scenario_behaviours import plain_behaviour
from rebalplan.sim.shared import Shared


class Instant(msgspec.Struct, frozen=True):
    """The shared state at one moment: the gateway's time and a monotonic clock in seconds."""

    shared: Shared
    now: datetime
    clock_sec: float

    @property
    def book(self) -> Book:
        """Return the book."""
        return self.shared.book

    def behaviour(self, order: WorkingOrder) -> Behaviour:
        """Return what an order does."""
        return order.behaviour or plain_behaviour(self.shared.scenario.orders)

    def schedule(self, after_sec: Decimal, effect: Effect) -> None:
        """Let something happen so many seconds from now."""
        entry = self.book.agenda.add(after_sec, effect)
        self.shared.agenda_due[entry.number] = self.clock_sec + float(after_sec)
