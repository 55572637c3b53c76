"""What became of a plan: its journal, replayed.

This is the only account of an apply; the command's summary, ``rebal status`` and the reports all read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.codec import Envelope, order_ref
from rebalplan.errors import JournalError
from rebalplan.journal.records import (
    AccountClosed,
    AccountRecord,
    Ack,
    AnyRecord,
    Commission,
    Dispatch,
    Done,
    Fill,
    Intent,
    LineCut,
    Resolved,
    RunEnded,
    Unknown,
)
from rebalplan.money import ZERO
from rebalplan.orders import correction_root
from rebalplan.plan import AccountPlan, PlannedOrder

OrderStatus = Literal["dispatched", "acknowledged", "filled", "cancelled", "rejected", "unknown", "resolved"]
LineStatus = Literal[
    "not_sent", "cut", "dispatched", "working", "filled", "partial", "cancelled", "rejected", "unknown"
]
"""``dispatched`` was sent and nothing is known yet: a resume asks. ``filled`` is all that was sent of the line."""


class OrderResult(msgspec.Struct, frozen=True):
    """One order that was dispatched, and all that is known of it. Shares and USD."""

    dispatch: Dispatch
    status: OrderStatus
    perm_id: int
    fills: tuple[Fill, ...]
    commissions: Mapping[str, Decimal]
    evidenced: Decimal
    note: str

    @property
    def executed(self) -> Decimal:
        """Return the shares whose executions are known."""
        return sum((fill.quantity for fill in self.fills), ZERO)

    @property
    def filled(self) -> Decimal:
        """Return the shares known to have been bought or sold."""
        return max(self.evidenced, self.executed)

    @property
    def is_priced(self) -> bool:
        """Tell whether every share that was filled has its execution, and so its price."""
        return self.executed >= self.filled

    @property
    def commission_usd(self) -> Decimal:
        """Return what the broker charged for the known fills."""
        return sum(self.commissions.values(), ZERO)

    @property
    def value_usd(self) -> Decimal:
        """Return what the known fills came to, without commission."""
        return sum((fill.quantity * fill.price for fill in self.fills), ZERO)

    @property
    def is_over(self) -> bool:
        """Tell whether the broker, or a person, evidenced that nothing more will fill."""
        return self.status in ("filled", "cancelled", "rejected", "resolved")


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
    def value_usd(self) -> Decimal:
        """Return what all fills came to, without commission."""
        return sum((order.value_usd for order in self.orders), ZERO)

    @property
    def commission_usd(self) -> Decimal:
        """Return what the broker charged."""
        return sum((order.commission_usd for order in self.orders), ZERO)

    @property
    def status(self) -> LineStatus:
        """Return the line's end, or where it stands."""
        if not self.orders:
            return "cut" if self.cut is not None and not self.cut.quantity else "not_sent"
        if any(order.status == "unknown" for order in self.orders):
            return "unknown"
        if any(order.status == "dispatched" for order in self.orders):
            return "dispatched"
        if not all(order.is_over for order in self.orders):
            return "working"
        if self.filled >= self.orders[0].dispatch.quantity:
            return "filled"
        if self.filled:
            return "partial"
        return "rejected" if self.orders[-1].status == "rejected" else "cancelled"


class AccountResult(msgspec.Struct, frozen=True):
    """One account of the plan: its lines, every INTENT, how it was last closed.

    ``is_current`` tells whether nothing was learnt of it since it was closed.
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
    def closed_error(self) -> str:
        """Return what was said when the account was last closed."""
        return self.closed.error if self.closed is not None else ""

    @property
    def unresolved(self) -> tuple[OrderResult, ...]:
        """Return the dispatched orders nobody has evidence of the end of."""
        return tuple(order for line in self.lines for order in line.orders if not order.is_over)

    @property
    def unpriced(self) -> tuple[OrderResult, ...]:
        """Return the orders that are over but lack executions: what they came to is not known yet."""
        return tuple(o for line in self.lines for o in line.orders if o.is_over and not o.is_priced)

    @property
    def unsent(self) -> tuple[LineResult, ...]:
        """Return the lines nothing was ever sent of, cut or not."""
        return tuple(line for line in self.lines if not line.orders)

    @property
    def unknown(self) -> tuple[OrderResult, ...]:
        """Return the orders that block the account until a person resolves them."""
        return tuple(order for order in self.unresolved if order.status == "unknown")


class ApplyResult(msgspec.Struct, frozen=True):
    """The whole plan, in its order of accounts."""

    plan_id: str
    accounts: tuple[AccountResult, ...]

    def of(self, account: str) -> AccountResult:
        """Return one account's result; raises ``KeyError`` for an account the plan has not."""
        for result in self.accounts:
            if result.account == account:
                return result
        raise KeyError(account)


def replay(envelope: Envelope, records: Sequence[AnyRecord]) -> ApplyResult:
    """Return what the records say about the plan's accounts and lines.

    Raises ``JournalError`` for records that cannot be of this plan.
    """
    accounts = envelope.plan.accounts
    strangers = {name for record in records for name in _accounts_of(record)} - {a.account for a in accounts}
    if strangers:
        raise JournalError(
            f"it speaks of account {min(strangers)}, which the plan has not: restore the journal"
        )
    return ApplyResult(
        envelope.id, tuple(replay_account(envelope, records, plan.account) for plan in accounts)
    )


def replay_account(envelope: Envelope, records: Iterable[AnyRecord], account: str) -> AccountResult:
    """Return what the records say about one account; raises ``KeyError`` for one that the plan has not."""
    for position, plan in enumerate(envelope.plan.accounts, start=1):
        if plan.account == account:
            own = [r for r in records if not isinstance(r, RunEnded) and r.account == account]
            return _account(envelope.sha256, position, plan, own)
    raise KeyError(account)


def _accounts_of(record: AnyRecord) -> tuple[str, ...]:
    return record.accounts if isinstance(record, RunEnded) else (record.account,)


def line_references(sha256: str, position: int, plan: AccountPlan) -> tuple[str, ...]:
    """Return the references of an account's lines, in the plan's order; ``position`` counts from 1."""
    return tuple(order_ref(sha256, position, line) for line in range(1, len(plan.orders) + 1))


def _account(
    sha256: str, position: int, plan: AccountPlan, records: Sequence[AccountRecord]
) -> AccountResult:
    references = line_references(sha256, position, plan)
    orders: dict[str, list[OrderResult]] = {}
    for order in _orders(records):
        orders.setdefault(order.dispatch.line, []).append(order)
    cuts = _cuts(records)
    closings = [r for r in records if isinstance(r, AccountClosed)]
    return AccountResult(
        plan=plan,
        lines=tuple(
            LineResult(ref, planned, tuple(orders.get(ref, ())), cuts.get(ref))
            for ref, planned in zip(references, plan.orders, strict=True)
        ),
        intents=tuple(r for r in records if isinstance(r, Intent)),
        closed=closings[-1] if closings else None,
        is_current=bool(records) and isinstance(records[-1], AccountClosed),
    )


def _cuts(records: Iterable[AccountRecord]) -> dict[str, LineCut]:
    """Return the cuts that hold: an INTENT that names a line again opens it again."""
    cuts: dict[str, LineCut] = {}
    for record in records:
        if isinstance(record, LineCut):
            cuts[record.line] = record
        elif isinstance(record, Intent):
            for reference in record.references:
                cuts.pop(reference, None)
    return cuts


_AboutOrder = Dispatch | Ack | Fill | Done | Unknown | Resolved


def _orders(records: Iterable[AccountRecord]) -> list[OrderResult]:
    """Fold the records of each order, in the order of their dispatch."""
    by_reference: dict[str, list[_AboutOrder]] = {}
    commissions: dict[str, Decimal] = {}
    for record in records:
        if isinstance(record, Commission):
            commissions[correction_root(record.exec_id)] = record.amount_usd
        elif isinstance(record, _AboutOrder):
            by_reference.setdefault(record.reference, []).append(record)
    return [_order(about, commissions) for about in by_reference.values()]


def _order(records: Sequence[_AboutOrder], commissions: Mapping[str, Decimal]) -> OrderResult:
    """Fold everything that was recorded about one order; its DISPATCH comes first."""
    dispatch = records[0]
    if not isinstance(dispatch, Dispatch):
        raise JournalError(
            f"{dispatch.reference} is reported on before it is dispatched: restore the journal"
        )
    status: OrderStatus = "dispatched"
    perm_id, evidenced, note = 0, ZERO, ""
    fills: dict[str, Fill] = {}
    for record in records[1:]:
        match record:
            case Dispatch():
                raise JournalError(f"{record.reference} is dispatched twice: a defect, send nothing more")
            case Ack():
                perm_id = record.perm_id
                status = "acknowledged" if status in ("dispatched", "unknown") else status
            case Fill():
                fills[correction_root(record.exec_id)] = record
            case Done():
                status, evidenced, note = record.status, record.filled, record.note
            case Unknown():
                status, note = "unknown", record.why
            case Resolved():
                status, evidenced, note = "resolved", record.filled, record.evidence
                fills = _resolved_fills(record)
    charged = {root: commissions[root] for root in fills if root in commissions}
    return OrderResult(dispatch, status, perm_id, tuple(fills.values()), charged, evidenced, note)


def _resolved_fills(record: Resolved) -> dict[str, Fill]:
    """Return the fill a person vouches for, in place of whatever was seen of the order before."""
    if not record.filled:
        return {}
    root = f"resolved-{record.reference}"
    return {
        root: Fill(
            account=record.account,
            at=record.at,
            reference=record.reference,
            exec_id=f"{root}.1",
            quantity=record.filled,
            price=record.price,
        )
    }
