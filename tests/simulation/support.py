"""Scripted faults for one line or one connection, and what a world came to."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from rebalplan.apply.engine import Outcome
from rebalplan.apply.journal.result import AccountResult, LineResult
from rebalplan.core.references import order_reference
from rebalplan.plan.document import PlannedOrder
from tests.simulation.exchange import Exchange
from tests.simulation.faults import Fate, LinkFate
from tests.simulation.invariants import judge
from tests.simulation.isolation import trail
from tests.simulation.process import silent
from tests.simulation.run import result_of
from tests.simulation.scenario import ACCOUNTS, calm
from tests.simulation.world import World

TRADING = 2
"""The connection of a first run that sends orders: the one before it looks at the account for the question."""


class Script:
    """A calm world in which chosen orders and connections have another fate."""

    def __init__(self, **changes: Any) -> None:
        self.world = World(calm(**changes), silent)
        self._fates: dict[str, dict[str, Any]] = {}
        self._links: dict[tuple[str, int], LinkFate] = {}
        self._connections: dict[str, int] = {}
        self._plain_order = self.world.faults.order
        self.world.faults.order = self._order  # type: ignore[method-assign]
        self.world.faults.link = self._link  # type: ignore[method-assign]

    def order(self, account: str, line: int, *, fallback: bool = False, **fate: Any) -> str:
        """Give a line's order a fate; return its reference."""
        position = ACCOUNTS.index(account) + 1
        reference = order_reference(self.world.envelope.sha256, position, line) + ("-f" if fallback else "")
        self._fates[reference] = fate
        return reference

    def link(self, account: str, number: int = TRADING, **fate: Any) -> None:
        """Give an account's connection, counted from 1, a fate; by default the one that trades."""
        self.world.faults.is_on = True
        self._links[account, number] = LinkFate(**fate)

    def _order(self, account: str, reference: str) -> Fate:
        return replace(self._plain_order(account, reference), **self._fates.get(reference, {}))

    def _link(self, account: str) -> LinkFate:
        self._connections[account] = self._connections.get(account, 0) + 1
        return self._links.get((account, self._connections[account]), LinkFate())

    def apply(self) -> Outcome:
        """Run the first process to its end and find nothing forbidden in what it did."""
        outcome = self._run(resume=False)
        assert outcome is not None
        return outcome

    def resume(self) -> Outcome:
        """Run a resume a minute later."""
        self.world.pass_time(60)
        outcome = self._run(resume=True)
        assert outcome is not None
        return outcome

    def _run(self, *, resume: bool) -> Outcome | None:
        outcome = self.world.run(resume=resume)
        assert not [
            found for found in judge(self.world, result_of(self.world)) if "after the last" not in found
        ]
        return outcome

    def account(self, name: str) -> AccountResult:
        """Return what the journal says about an account."""
        return result_of(self.world).of(name)

    def line(self, account: str, number: int) -> LineResult:
        """Return what became of a line."""
        return self.account(account).lines[number - 1]

    def largest(self, account: str) -> int:
        """Return the number of the line with the most shares."""
        quantities = [order.quantity for order in planned_orders(self.world, account)]
        return 1 + quantities.index(max(quantities))

    def statuses(self, account: str) -> list[str]:
        """Return what became of each line."""
        return [line.status for line in self.account(account).lines]

    def require_others_untouched(self, hit: str) -> None:
        """Find the other accounts exactly as in a run without any fault."""
        clean = Script()
        clean.apply()
        for account in ACCOUNTS:
            if account != hit:
                assert trail(self.world, account) == trail(clean.world, account)


def planned_orders(world: World, account: str) -> tuple[PlannedOrder, ...]:
    """Return an account's planned orders."""
    return next(a.orders for a in world.envelope.plan.accounts if a.account == account)


def cancelled_first(account: str, *, by_us: bool = True) -> Script:
    """Return a world in which the connection was lost after an account's first order, which then was cancelled.

    By us when its time was up, or by somebody else before that.
    """
    for call in range(1, 40):
        script = Script()
        reference = script.order(account, 1, fills=())
        script.link(account, drops_at=call)
        exchange = script.world.exchange
        if not by_us:
            exchange.at(60, partial(_cancel, exchange, reference))
        script.apply()
        orders = script.account(account).orders
        if [(o.status, o.cancel_asked) for o in orders] == [("cancelled", by_us)]:
            return script
    raise AssertionError("the connection is never lost between the first two orders")


def _cancel(exchange: Exchange, reference: str) -> None:
    for booked in exchange.ledger.orders:
        if booked.ticket.reference == reference:
            exchange._end_cancelled(booked)
