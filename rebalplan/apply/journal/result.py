"""The results of a plan's lines and accounts, as ``fold`` reads them from the journal.

Nothing else says what an apply did: the command's summary, ``rebal status`` and the reports all read this.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import AccountClosed, Intent, LineCut
from rebalplan.core.money import ZERO, canonical, divide
from rebalplan.core.vocabulary import Position
from rebalplan.plan.document import AccountPlan, PlannedOrder

LineStatus = Literal[
    "not_sent",
    "cut",
    "dispatched",
    "working",
    "filled",
    "partial",
    "cancelled",
    "rejected",
    "unknown",
    "overfilled",
]
"""``dispatched``: the order was sent and nothing more is known; a resume asks. ``filled``: all that was sent of the
line is filled. ``overfilled``: more than planned is filled, whatever the cause."""


class LineResult(msgspec.Struct, frozen=True):
    """One line of the plan with its order, and a fallback's where there was one."""

    reference: str
    planned: PlannedOrder
    orders: tuple[OrderResult, ...]
    cut: LineCut | None

    @property
    def filled(self) -> Decimal:
        """Return the shares bought or sold by all of the line's orders."""
        return sum((order.filled for order in self.orders), ZERO)

    @property
    def executed(self) -> Decimal:
        """Return the shares whose executions are known."""
        return sum((order.executed for order in self.orders), ZERO)

    @property
    def is_priced(self) -> bool:
        """Tell whether every share that was filled has its execution, and so its price."""
        return all(order.is_priced for order in self.orders)

    @property
    def value_usd(self) -> Decimal:
        """Return the value of all known fills in USD, without commission."""
        return sum((order.value_usd for order in self.orders), ZERO)

    @property
    def average_price(self) -> Decimal | None:
        """Return the average price of the executions in USD; ``None`` when there are none."""
        return divide(self.value_usd, self.executed) if self.executed else None

    @property
    def charged_usd(self) -> Decimal:
        """Return the known commissions in USD."""
        return sum((order.charged_usd for order in self.orders), ZERO)

    @property
    def commission_usd(self) -> Decimal | None:
        """Return the commission in USD; ``None`` until it is known for every fill."""
        return self.charged_usd if all(order.is_charged for order in self.orders) else None

    @property
    def is_overfilled(self) -> bool:
        """Tell whether more was bought or sold than planned."""
        return self.filled > self.planned.quantity

    @property
    def status(self) -> LineStatus:
        """Return the line's end, or where it stands."""
        if not self.orders:
            return "cut" if self.cut is not None and not self.cut.quantity else "not_sent"
        if any(order.status == "unknown" for order in self.orders):
            return "unknown"
        if self.is_overfilled:
            return "overfilled"
        if any(order.status == "dispatched" for order in self.orders):
            return "dispatched"
        if not all(order.is_over for order in self.orders):
            return "working"
        if self.filled >= self.orders[0].dispatch.quantity:
            return "filled"
        if self.filled:
            return "partial"
        return "rejected" if self.orders[-1].status == "rejected" else "cancelled"


class Holdings(msgspec.Struct, frozen=True):
    """An account's positions, by symbol and contract, and its cash in USD."""

    positions: tuple[Position, ...]
    cash_usd: Decimal


class AccountOrders(msgspec.Struct, frozen=True):
    """One account's INTENTs and orders, from its records alone: no plan is needed."""

    account: str
    intents: tuple[Intent, ...]
    orders: tuple[OrderResult, ...]

    def reckon(self) -> Holdings:
        """Return the holdings at the first INTENT, of which there must be one, and all fills and commissions since."""
        first = self.intents[0]
        held = {(p.symbol, p.con_id): p.quantity for p in first.positions}
        cash = first.cash_usd
        for order in self.orders:
            key = (order.dispatch.symbol, order.dispatch.con_id)
            held[key] = held.get(key, ZERO) + order.sign * order.filled
            cash -= order.sign * order.value_usd + order.charged_usd
        positions = (Position(symbol, con_id, canonical(q)) for (symbol, con_id), q in sorted(held.items()))
        return Holdings(tuple(positions), canonical(cash))


class AccountResult(msgspec.Struct, frozen=True):
    """One account of the plan: its lines, every INTENT, how it was last closed.

    ``is_current`` tells whether the closing is the last record of the account.
    """

    plan: AccountPlan
    lines: tuple[LineResult, ...]
    intents: tuple[Intent, ...]
    closed: AccountClosed | None
    is_current: bool

    @property
    def account(self) -> str:
        """Return the account's id."""
        return self.plan.account

    @property
    def orders(self) -> tuple[OrderResult, ...]:
        """Return every order that was dispatched, line by line."""
        return tuple(order for line in self.lines for order in line.orders)

    @property
    def is_applied(self) -> bool:
        """Tell whether the account came to its end as planned and nothing of it is under way."""
        if self.closed is None or self.closed.status != "done" or self.unresolved:
            return False
        return not any(line.is_overfilled for line in self.lines)

    @property
    def status(self) -> str:
        """Return how the account ended: the plan's word when it was never begun, else the journal's."""
        if self.plan.status != "planned":
            return self.plan.status
        if self.intents and not self.is_current:
            return "incomplete"
        return self.closed.status if self.closed is not None else "not_applied"

    @property
    def error(self) -> str:
        """Return why the account did not end as planned, or nothing."""
        if self.plan.reasons:
            return "; ".join(self.plan.reasons)
        if self.intents and not self.is_current:
            return "the run did not finish: `rebal apply PLAN --resume` finishes it"
        return self.closed_error

    @property
    def closed_error(self) -> str:
        """Return the error text of the account's last closing."""
        return self.closed.error if self.closed is not None else ""

    @property
    def unresolved(self) -> tuple[OrderResult, ...]:
        """Return the dispatched orders whose end is not known."""
        return tuple(order for order in self.orders if not order.is_over)

    @property
    def unpriced(self) -> tuple[OrderResult, ...]:
        """Return the orders that are over and lack executions: their value is not known yet."""
        return tuple(order for order in self.orders if order.is_over and not order.is_priced)

    @property
    def unsent(self) -> tuple[LineResult, ...]:
        """Return the lines that no order was ever sent for, cut or not."""
        return tuple(line for line in self.lines if not line.orders)

    @property
    def unknown(self) -> tuple[OrderResult, ...]:
        """Return the orders that block the account until a person resolves them."""
        return tuple(order for order in self.unresolved if order.status == "unknown")

    def reckon(self) -> Holdings:
        """Return the holdings at the first INTENT, of which there must be one, and all fills and commissions since."""
        return AccountOrders(self.account, self.intents, self.orders).reckon()


class ApplyResult(msgspec.Struct, frozen=True):
    """The whole plan, in its order of accounts."""

    accounts: tuple[AccountResult, ...]

    def of(self, account: str) -> AccountResult:
        """Return one account's result; raises ``KeyError`` for one that is not in the plan."""
        for result in self.accounts:
            if result.account == account:
                return result
        raise KeyError(account)
