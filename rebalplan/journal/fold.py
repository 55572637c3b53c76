"""The records of a journal folded into what became of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from rebalplan.codec import Envelope, order_ref
from rebalplan.errors import JournalError
from rebalplan.journal.records import (
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
    Said,
    Unknown,
)
from rebalplan.journal.result import (
    AccountOrders,
    AccountResult,
    ApplyResult,
    LineResult,
    OrderResult,
    OrderStatus,
)
from rebalplan.money import ZERO
from rebalplan.orders import correction_root
from rebalplan.plan import AccountPlan


def fold(envelope: Envelope, records: Sequence[AnyRecord]) -> ApplyResult:
    """Return what the records say about the plan's accounts and lines.

    Raises ``JournalError`` for records that cannot be of this plan.
    """
    accounts = envelope.plan.accounts
    strangers = {name for record in records for name in _accounts_of(record)} - {a.account for a in accounts}
    if strangers:
        raise JournalError(
            f"it speaks of account {min(strangers)}, which the plan has not: restore the journal"
        )
    return ApplyResult(tuple(fold_account(envelope, records, plan.account) for plan in accounts))


def fold_account(envelope: Envelope, records: Iterable[AnyRecord], account: str) -> AccountResult:
    """Return what the records say about one account; raises ``KeyError`` for one that the plan has not."""
    for position, plan in enumerate(envelope.plan.accounts, start=1):
        if plan.account == account:
            own = [r for r in records if not isinstance(r, RunStarted) and r.account == account]
            return _account(envelope.sha256, position, plan, own)
    raise KeyError(account)


def fold_orders(records: Iterable[AnyRecord], account: str) -> AccountOrders:
    """Return an account's INTENTs and orders, from the records alone; both empty for one they do not name."""
    own = [r for r in records if not isinstance(r, RunStarted) and r.account == account]
    return AccountOrders(account, _intents(own), tuple(orders_of(own)))


def _intents(records: Iterable[AccountRecord]) -> tuple[Intent, ...]:
    return tuple(r for r in records if isinstance(r, Intent))


def _accounts_of(record: AnyRecord) -> tuple[str, ...]:
    return () if isinstance(record, RunStarted) else (record.account,)


def line_references(sha256: str, position: int, plan: AccountPlan) -> tuple[str, ...]:
    """Return the references of an account's lines, in the plan's order; ``position`` counts from 1."""
    return tuple(order_ref(sha256, position, line) for line in range(1, len(plan.orders) + 1))


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


_AboutOrder = Dispatch | Ack | Fill | Changed | Done | Unknown | Resolved


def orders_of(records: Iterable[AccountRecord]) -> list[OrderResult]:
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
    cancel_asked = is_agreed = is_doubled = False
    changed: Changed | None = None
    said: tuple[Said, ...] = ()
    fills: dict[str, Fill] = {}
    vouched: dict[str, Fill] | None = None
    for record in records[1:]:
        match record:
            case Dispatch():
                raise JournalError(f"{record.reference} is dispatched twice: a defect, send nothing more")
            case Ack():
                perm_id = record.perm_id
                is_news = status in ("dispatched", "unknown") and not is_doubled
                status = "acknowledged" if is_news else status
            case Fill():
                fills[correction_root(record.exec_id)] = record
            case Changed():
                changed = record
            case Done():
                status, evidenced, note = record.status, record.filled, record.note
                cancel_asked, is_agreed = record.cancel_asked, record.is_agreed
            case Unknown():
                status, note, is_doubled = "unknown", record.why, is_doubled or record.is_twin
                said = record.said or said
                if vouched is not None:  # the broker showed it since: what it said before is outdated
                    vouched, evidenced, said = None, ZERO, record.said
            case Resolved():
                status, evidenced, note = "resolved", record.filled, record.evidence
                vouched, is_doubled = _resolved_fills(record), False
    fills = fills if vouched is None else vouched
    charged = {root: commissions[root] for root in fills if root in commissions}
    return OrderResult(
        dispatch=dispatch,
        status=status,
        perm_id=perm_id,
        fills=tuple(fills.values()),
        commissions=charged,
        evidenced=evidenced,
        cancel_asked=cancel_asked,
        is_agreed=is_agreed,
        is_doubled=is_doubled,
        note=note,
        changed=changed,
        said=said,
    )


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
