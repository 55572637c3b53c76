"""The checks of an account before its first order: time, day, hours, the live account.

Each check raises ``RefusedError``, which names the measured value, the limit and the way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.live import RequiredAccount, foreign_orders, refusals, verify_live
from rebalplan.apply.live_quotes import LiveQuotes, outside_hours
from rebalplan.apply.reconcile import foreign_references
from rebalplan.core.errors import FindingsError, RefusedError
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.money import ZERO
from rebalplan.core.orders import CompletedOrder, Execution, Referenced
from rebalplan.core.references import account_prefix
from rebalplan.core.vocabulary import AccountSnapshot, Quote
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan, Plan
from rebalplan.plan.verify import verify_expiry


def check_day(plan: Plan, result: AccountResult, now: datetime) -> None:
    """Refuse a plan that has expired by the broker's time, and a resume on a later day than the first INTENT."""
    expired = verify_expiry(plan, now)
    if expired:
        raise FindingsError(expired[:1])
    if result.intents and result.intents[0].at.date() != now.date():
        raise RefusedError(
            f"it was begun on {result.intents[0].at:%Y-%m-%d}: another day sends nothing more; plan again",
            code="RB612",
        )


def check_hours(plan: AccountPlan, result: AccountResult, quotes: LiveQuotes) -> None:
    """Refuse to begin outside the session or in its guarded first and last minutes; a resume only outside it."""
    session, now, limits = quotes.session(), quotes.now(), plan.policy.limits
    if result.intents:
        return
    if now < session.opens_at + timedelta(minutes=limits.open_guard_min):
        raise outside_hours(
            plan.account,
            f"the session opened at {session.opens_at:%H:%M} UTC, open_guard_min = {limits.open_guard_min}",
            "apply later",
        )
    if now >= session.closes_at - timedelta(minutes=limits.close_guard_min):
        raise outside_hours(
            plan.account,
            f"the session closes at {session.closes_at:%H:%M} UTC, close_guard_min = {limits.close_guard_min}",
            "apply in the next session",
        )


def required_account(plan: AccountPlan, result: AccountResult) -> RequiredAccount:
    """Return the holdings that the account must show now: the plan's snapshot, or the first INTENT and our fills since.

    An order that a person has resolved must not work any more, so its reference does not count as one of ours.
    """
    orders = (order for line in result.lines for order in line.orders)
    references = tuple(order.dispatch.reference for order in orders if order.status != "resolved")
    if not result.intents:
        snapshot = plan.snapshot
        return RequiredAccount(
            plan, snapshot.positions if snapshot else (), snapshot.cash_usd if snapshot else ZERO, references
        )
    holdings = result.reckon()
    return RequiredAccount(plan, holdings.positions, holdings.cash_usd, references)


def check_live(
    required: RequiredAccount,
    snapshot: AccountSnapshot,
    quotes: Mapping[str, Quote],
    references: Sequence[str],
) -> tuple[Finding[InPlan], ...]:
    """Return the harmless differences; raises ``FindingsError`` for a stale account.

    ``references`` are those of this plan that the broker has and the journal does not. A line whose price moved is no
    finding here: the preview leaves it out.
    """
    findings = (
        *foreign_orders(required.plan.account, references),
        *verify_live(required, snapshot, quotes),
    )
    refused = refusals(findings)
    if refused:
        raise FindingsError(refused)
    return tuple(finding for finding in findings if finding.severity == "note")


def foreign(
    envelope: Envelope,
    plan: AccountPlan,
    *,
    known: Iterable[str],
    open_orders: Iterable[Referenced],
    completed: Iterable[CompletedOrder],
    executions: Iterable[Execution],
) -> tuple[str, ...]:
    """Return the references of this account's lines at the broker that the journal does not know."""
    position = 1 + [account.account for account in envelope.plan.accounts].index(plan.account)
    prefix = account_prefix(envelope.sha256, position)
    return foreign_references(prefix, known, open_orders, completed, executions)
