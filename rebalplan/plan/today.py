"""Compares the policy and the targets that a plan was made with, by value, with those of today's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.policy import Policy
from rebalplan.core.vocabulary import CASH, Mode, Targets
from rebalplan.plan.document import AccountPlan, Plan

_NOT_LISTED = "not listed"


class AccountToday(msgspec.Struct, frozen=True):
    """What today's files say about one account."""

    policy: Policy
    targets: Targets


def verify_files(plan: Plan, mode: Mode, today: Mapping[str, AccountToday]) -> tuple[Finding[InPlan], ...]:
    """Compare each account's policy and targets, by value, with what today's files say.

    ``today`` has an entry for each account that settings.ini lists today.
    """
    findings = []
    if plan.mode != mode:
        findings.append(
            Finding(
                code="RB404",
                severity="error",
                where=InPlan("", "mode"),
                message=f"made in mode {plan.mode}, settings.ini now says {mode}",
                planned=plan.mode,
                now=mode,
                way_out="use the settings it was made with, or plan again",
            )
        )
    for account in plan.accounts:
        own = today.get(account.account)
        if own is None:
            findings.append(
                Finding(
                    code="RB403",
                    severity="error",
                    where=InPlan(account.account, "ids"),
                    message="the account is no longer in [accounts] ids",
                    planned="listed",
                    way_out="plan again",
                )
            )
            continue
        findings += _policy_changes(account, own.policy)
        findings += _target_changes(account, own.targets)
    return tuple(findings)


def _policy_changes(account: AccountPlan, today: Policy) -> Iterable[Finding[InPlan]]:
    for section in today.__struct_fields__:
        planned, now = getattr(account.policy, section), getattr(today, section)
        for key in now.__struct_fields__:
            before, after = getattr(planned, key), getattr(now, key)
            if before != after:
                yield Finding(
                    code="RB401",
                    severity="error",
                    where=InPlan(account.account, f"{section}.{key}"),
                    message=f"[{section}] {key} was {before} and is now {after}",
                    planned=str(before),
                    now=str(after),
                    way_out="plan again",
                )


def _target_changes(account: AccountPlan, today: Targets) -> Iterable[Finding[InPlan]]:
    planned = account.weights
    now = {w.symbol: w.target_pct for w in today.weights} | {CASH: today.cash_pct}
    for symbol in sorted(planned.keys() | now.keys()):
        before, after = planned.get(symbol, _NOT_LISTED), now.get(symbol, _NOT_LISTED)
        if before != after:
            yield Finding(
                code="RB402",
                severity="error",
                where=InPlan(account.account, f"targets.{symbol}"),
                message=f"the target weight of {symbol} was {_percent(before)} and is now {_percent(after)}",
                planned=str(before),
                now=str(after),
                way_out="plan again",
            )


def _percent(weight: object) -> str:
    return f"{weight}%" if weight != _NOT_LISTED else _NOT_LISTED
