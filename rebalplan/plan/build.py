"""All accounts together: the plan, and the same plan derived again from what it carries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from rebalplan.core.money import ZERO, exact
from rebalplan.core.vocabulary import Mode, Quote, Session, Targets
from rebalplan.plan.account import AccountInput, needed_symbols, plan_account, unpriced_holdings
from rebalplan.plan.document import PLAN_FORMAT, AccountPlan, Plan, Volatile
from rebalplan.plan.fractions import without_fractional_orders
from rebalplan.plan.limits import total_breach
from rebalplan.plan.sizing import SIZING_VERSION

__all__ = ["PLAN_FORMAT", "build_plan", "derive_again", "inputs_of", "needed_symbols", "unpriced_holdings"]


def build_plan(
    accounts: Iterable[AccountInput],
    quotes: Sequence[Quote],
    *,
    mode: Mode,
    session: Session | None,
    created_at: datetime,
    tool_version: str,
    replay_of: str | None = None,
) -> Plan:
    """Plan every account on its own, then apply the limit on all of them together.

    ``quotes`` are shared by all accounts, one per symbol; ``created_at`` is the broker's time in UTC. Raises
    ``ValueError`` when an account or a symbol comes twice.
    """
    accounts = tuple(accounts)
    _require_unique("account", (a.account for a in accounts))
    _require_unique("quote of", (q.symbol for q in quotes))
    by_symbol = {quote.symbol: quote for quote in sorted(quotes, key=lambda quote: quote.symbol)}
    with exact():
        planned = tuple(
            without_fractional_orders(plan_account(account, by_symbol), mode) for account in accounts
        )
        planned = _block_on_total(planned)
    return Plan(
        format_version=PLAN_FORMAT,
        sizing_version=SIZING_VERSION,
        mode=mode,
        replay_of=replay_of,
        accounts=planned,
        volatile=Volatile(
            quotes=tuple(by_symbol.values()),
            session=session,
            created_at=created_at,
            expires_at=_expiry(planned, session, created_at),
            tool_version=tool_version,
        ),
    )


def _require_unique(what: str, names: Iterable[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name} comes twice")
        seen.add(name)


def _block_on_total(accounts: tuple[AccountPlan, ...]) -> tuple[AccountPlan, ...]:
    """Block accounts whose limit on the turnover of all is broken by what would be sent in all."""
    total = sum((a.summary.turnover_usd for a in accounts if a.summary and a.status == "planned"), ZERO)
    return tuple(
        _blocked(a, total_breach(total, a.policy.limits)) if a.status == "planned" else a for a in accounts
    )


def _blocked(account: AccountPlan, breach: str | None) -> AccountPlan:
    if breach is None:
        return account
    return msgspec.structs.replace(account, status="blocked", reasons=(*account.reasons, breach))


def _expiry(accounts: Iterable[AccountPlan], session: Session | None, created_at: datetime) -> datetime:
    """Return the close of the session, or earlier where an account's ``plan_ttl_min`` says so."""
    if session is None:
        return created_at
    ttls = [a.policy.limits.plan_ttl_min for a in accounts if a.orders]
    return min([session.closes_at, *(created_at + timedelta(minutes=ttl) for ttl in ttls if ttl is not None)])


def inputs_of(plan: Plan) -> tuple[AccountInput, ...]:
    """Return what the plan's orders were derived from, account by account."""
    return tuple(
        AccountInput(
            account=a.account,
            client_id=a.client_id,
            policy=a.policy,
            targets=Targets(a.targets, a.cash_target_pct),
            snapshot=a.snapshot,
            failure=a.reasons[0] if a.snapshot is None and a.reasons else "",
        )
        for a in plan.accounts
    )


def derive_again(plan: Plan) -> Plan:
    """Return the plan that this plan's own inputs give; an untouched plan equals it."""
    volatile = plan.volatile
    derived = build_plan(
        inputs_of(plan),
        volatile.quotes,
        mode=plan.mode,
        session=volatile.session,
        created_at=volatile.created_at,
        tool_version=volatile.tool_version,
        replay_of=plan.replay_of,
    )
    return msgspec.structs.replace(derived, format_version=plan.format_version)
