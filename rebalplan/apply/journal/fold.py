"""The records of a journal folded into what became of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from rebalplan.apply.journal.order_result import OrderResult, OrderStatus
from rebalplan.apply.journal.records import (
    AccountClosed,
    AccountRecord,
    Ack,
    AnyRecord,
    Changed,
    Commission,
    Dispatch,
    Done,
    Fill,
    Intent,
    LineCut,
    Resolved,
    RunStarted,
    Unknown,
)
from rebalplan.apply.journal.result import AccountOrders, AccountResult, ApplyResult, LineResult
from rebalplan.core.errors import JournalError
from rebalplan.core.money import ZERO
from rebalplan.core.orders import correction_root
from rebalplan.core.references import order_reference
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan


def fold(envelope: Envelope, records: Sequence[AnyRecord]) -> ApplyResult:
    """Return what the records say about the plan's accounts and lines.

    Raises ``JournalError`` for a record of an account that is not in the plan.
    """
    accounts = envelope.plan.accounts
    unplanned = {name for record in records for name in _accounts_of(record)} - {a.account for a in accounts}
    if unplanned:
        raise JournalError(
            f"it speaks of account {min(unplanned)}, which the plan has not: restore the journal"
        )
    return ApplyResult(tuple(fold_account(envelope, records, plan.account) for plan in accounts))


def fold_account(envelope: Envelope, records: Iterable[AnyRecord], account: str) -> AccountResult:
    """Return what the records say about one account; raises ``KeyError`` for one that is not in the plan."""
    for position, plan in enumerate(envelope.plan.accounts, start=1):
        if plan.account == account:
            own = [r for r in records if not isinstance(r, RunStarted) and r.account == account]
            return _account(envelope.sha256, position, plan, own)
    raise KeyError(account)


def fold_orders(records: Iterable[AnyRecord], account: str) -> AccountOrders:
    """Return an account's INTENTs and orders from the records alone; without any record of it both are empty."""
    own = [r for r in records if not isinstance(r, RunStarted) and r.account == account]
    return AccountOrders(account, _intents(own), tuple(orders_of(own)))


def _intents(records: Iterable[AccountRecord]) -> tuple[Intent, ...]:
    return tuple(r for r in records if isinstance(r, Intent))


def _accounts_of(record: AnyRecord) -> tuple[str, ...]:
    return () if isinstance(record, RunStarted) else (record.account,)


def line_references(sha256: str, position: int, plan: AccountPlan) -> tuple[str, ...]:
    """Return the references of an account's lines, in the plan's order; ``position`` counts from 1."""
    return tuple(order_reference(sha256, position, line) for line in range(1, len(plan.orders) + 1))


def _account(
    sha256: str, position: int, plan: AccountPlan, records: Sequence[AccountRecord]
) -> AccountResult:
    references = line_references(sha256, position, plan)
    orders: dict[str, list[OrderResult]] = {}
    for order in orders_of(records):
        orders.setdefault(order.dispatch.line, []).append(order)
    cuts = _cuts(records)
    closings = [r for r in records if isinstance(r, AccountClosed)]
    return AccountResult(
        plan=plan,
        lines=tuple(
            LineResult(ref, planned, tuple(orders.get(ref, ())), cuts.get(ref))
            for ref, planned in zip(references, plan.orders, strict=True)
        ),
        intents=_intents(records),
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


AboutOrder = Ack | Fill | Commission | Changed | Done | Unknown | Resolved
"""The records that can follow an order's DISPATCH."""


def orders_of(records: Iterable[AccountRecord]) -> list[OrderResult]:
    """Fold the records of each order, in the order of their dispatch.

    Raises ``JournalError`` for an order that is reported on before it is dispatched, or dispatched twice.
    """
    orders: dict[str, OrderResult] = {}
    for record in records:
        if isinstance(record, Dispatch):
            if record.reference in orders:
                raise JournalError(f"{record.reference} is dispatched twice: a defect, send nothing more")
            orders[record.reference] = begun(record)
        elif isinstance(record, Commission):
            # It names an execution, not an order: each order looks whether the execution is its own.
            for reference, order in orders.items():
                orders[reference] = advance(order, record)
        elif isinstance(record, AboutOrder):
            order_so_far = orders.get(record.reference)
            if order_so_far is None:
                raise JournalError(
                    f"{record.reference} is reported on before it is dispatched: restore the journal"
                )
            orders[record.reference] = advance(order_so_far, record)
    return list(orders.values())


def begun(dispatch: Dispatch) -> OrderResult:
    """Return the order as its DISPATCH leaves it: the broker may have it, and nothing more is known."""
    return OrderResult(dispatch=dispatch)


def advance(order: OrderResult, record: AboutOrder) -> OrderResult:
    """Return the order after one more record of it; a commission for another order's fill changes nothing.

    This is the only place where an order changes, in a run as well as when its journal is read again.
    """
    match record:
        case Ack():
            # An ack that comes after the end changes no status. Of a doubled order it may be about the other one.
            is_news = order.status in ("dispatched", "unknown") and not order.is_doubled
            status: OrderStatus = "acknowledged" if is_news else order.status
            return replace(order, perm_id=record.perm_id, status=status)
        case Fill():
            # Execution ids that differ only behind the root are corrections of one execution: the last one counts.
            fills = {correction_root(fill.exec_id): fill for fill in order.shown}
            return replace(order, shown=tuple((fills | {correction_root(record.exec_id): record}).values()))
        case Commission():
            return _charged(order, record)
        case Changed():
            return replace(order, changed=record)
        case Done():
            return replace(
                order,
                status=record.status,
                evidenced=record.filled,
                cancel_asked=record.cancel_asked,
                is_agreed=record.is_agreed,
                note=record.note,
            )
        case Unknown():
            return _given_up(order, record)
        case Resolved():
            return replace(
                order,
                status="resolved",
                evidenced=record.filled,
                note=record.evidence,
                answer=record,
                is_doubled=False,
            )


def _charged(order: OrderResult, record: Commission) -> OrderResult:
    root = correction_root(record.exec_id)
    if all(correction_root(fill.exec_id) != root for fill in order.shown):
        return order
    return replace(order, costs={**order.costs, root: record.amount_usd})


def _given_up(order: OrderResult, record: Unknown) -> OrderResult:
    """Return the order as unknown. After a person's answer UNKNOWN takes it back: the broker contradicted it."""
    unknown = replace(
        order,
        status="unknown",
        note=record.why,
        is_doubled=order.is_doubled or record.is_twin,
        said=record.said or order.said,
    )
    return (
        unknown if order.answer is None else replace(unknown, answer=None, evidenced=ZERO, said=record.said)
    )
