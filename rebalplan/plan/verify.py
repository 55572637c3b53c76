"""Is a plan still what it was, and does what it was made for still hold? Findings are values.

The steps of ``rebal verify``: 1 bytes and hash (reading the file does that), 2 derivation, 3 limits and expiry,
4 policy and targets still those of today's files. Codes are stable; ``docs/findings.md`` lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from rebalplan.core.errors import PlanFileCode
from rebalplan.core.policy import Policy
from rebalplan.core.text import by_what_is_said, named, printable
from rebalplan.core.vocabulary import CASH, Mode, Targets
from rebalplan.plan.build import derive_again
from rebalplan.plan.document import AccountPlan, Plan, PlannedOrder
from rebalplan.plan.sizing import SIZING_VERSION

if TYPE_CHECKING:
    pass

Code = Literal[
    "RB201",
    "RB202",
    "RB301",
    "RB302",
    "RB303",
    "RB304",
    "RB305",
    "RB306",
    "RB401",
    "RB402",
    "RB403",
    "RB404",
    "RB405",
]

OF_ONE_ACCOUNT: tuple[Code, ...] = ("RB302", "RB405")
"""Findings that leave out an account and not the whole plan."""

_NOT_LISTED = "not listed"

LONGEST_CLOSURE = timedelta(days=10)
"""No exchange stays closed for longer."""

LONGEST_SESSION = timedelta(hours=25)
"""No session lasts longer; the embedded gateway's last a day, and one day a year has 25 hours."""

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a machine's clock may be behind the broker's, which dates plans."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as the plan has it. ``account`` is empty when it concerns the whole plan or its file."""

    code: PlanFileCode | Code
    account: str
    field: str
    planned: str
    now: str
    message: str


def sentences(findings: Iterable[Finding], accounts: int) -> tuple[str, ...]:
    """Return a line per finding; what several of a plan's ``accounts`` share is one line."""
    said = by_what_is_said((found.account, (found.code, found.message)) for found in findings)
    return tuple(
        f"{code} {place}{message}"
        for (code, message), names in said.items()
        for place in (f"{named(names, accounts)}: " if any(names) else "",)
    )


class Expected(msgspec.Struct, frozen=True):
    """What today's files say about one account."""

    policy: Policy
    targets: Targets


def verify_derivation(plan: Plan) -> tuple[Finding, ...]:
    """Derive the plan's orders again from its own snapshot, quotes, targets and policy."""
    if plan.sizing_version != SIZING_VERSION:
        return (
            Finding(
                "RB202",
                "",
                "sizing_version",
                plan.sizing_version,
                SIZING_VERSION,
                f"made by another version (sizing {plan.sizing_version}, this rebal has {SIZING_VERSION}): plan again",
            ),
        )
    try:
        derived = derive_again(plan)
    except (ArithmeticError, ValueError) as error:
        return (_differs("", "inputs", "as written", f"no plan ({printable(str(error))})"),)
    findings = [
        finding
        for written, again in zip(plan.accounts, derived.accounts, strict=True)
        for finding in _compare_account(written, again)
    ]
    if plan.volatile.expires_at != derived.volatile.expires_at:
        findings.append(_differs("", "expires_at", plan.volatile.expires_at, derived.volatile.expires_at))
    if not findings and derived != plan:
        findings.append(_differs("", "quotes", "as written", "in canonical order"))
    return tuple(findings)


_DERIVED_FIELDS = ("status", "reasons", "orders", "drift", "summary")


def _compare_account(written: AccountPlan, again: AccountPlan) -> Iterable[Finding]:
    for field in _DERIVED_FIELDS:
        before, after = getattr(written, field), getattr(again, field)
        if before != after:
            yield _differs(
                written.account, field, _first_difference(before, after), _first_difference(after, before)
            )


def _first_difference(these: object, those: object) -> str:
    """Show the first line of ``these`` that ``those`` has not, in short."""
    if isinstance(these, tuple) and isinstance(those, tuple):
        extra = [item for item in these if item not in those]
        moved = [a for a, b in zip(these, those, strict=False) if a != b]
        if not extra and not moved:
            return "1 entry" if len(these) == 1 else f"{len(these)} entries"
        return _short((extra or moved)[0])
    if isinstance(these, msgspec.Struct) and isinstance(those, type(these)):
        changed = [n for n in these.__struct_fields__ if getattr(these, n) != getattr(those, n)]
        return ", ".join(f"{name} {getattr(these, name)}" for name in changed[:3])
    return _short(these)


def _short(value: object) -> str:
    if isinstance(value, PlannedOrder):
        return (
            f"{value.action} {value.quantity} {value.symbol} (contract {value.con_id}) at {value.price} = "
            f"{value.value_usd} USD"
        )
    if isinstance(value, msgspec.Struct):
        return " ".join(str(getattr(value, name)) for name in value.__struct_fields__)
    return str(value)


def _differs(account: str, field: str, planned: object, derived: object) -> Finding:
    return Finding(
        "RB201",
        account,
        field,
        str(planned),
        str(derived),
        f"{field} says {planned}, but the plan's own snapshot, quotes, targets and policy give {derived}: "
        "the plan was edited after it was made; plan again",
    )


def verify_expiry(plan: Plan, now: datetime) -> tuple[Finding, ...]:
    """Return a finding when the plan is past its expiry, from the future, or a replay that is never applied."""
    findings = []
    expires_at = plan.volatile.expires_at
    if now >= expires_at:
        findings.append(
            Finding(
                "RB301",
                "",
                "expires_at",
                f"{expires_at:%Y-%m-%d %H:%M:%SZ}",
                f"{now:%Y-%m-%d %H:%M:%SZ}",
                f"it expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC: plan again",
            )
        )
    created_at = plan.volatile.created_at
    implausible = _implausible_session(plan)
    if implausible:
        findings.append(
            Finding("RB305", "", "session", str(plan.volatile.session), "", f"{implausible}: plan again")
        )
    if created_at > now + CLOCK_TOLERANCE:
        findings.append(
            Finding(
                "RB304",
                "",
                "created_at",
                f"{created_at:%Y-%m-%d %H:%M:%SZ}",
                f"{now:%Y-%m-%d %H:%M:%SZ}",
                f"it was made at {created_at:%Y-%m-%d %H:%M:%S} UTC, which is still to come: set this machine's clock",
            )
        )
    if plan.replay_of is not None:
        findings.append(
            Finding(
                "RB303",
                "",
                "replay_of",
                plan.replay_of,
                "",
                f"it replays the snapshot of {plan.replay_of} and is for reading only: make one with `rebal plan`",
            )
        )
    return tuple(findings)


def _implausible_session(plan: Plan) -> str:
    """Say what no real session can be: it would only make an old plan look fresh."""
    volatile = plan.volatile
    session = volatile.session
    if session is None or plan.replay_of is not None:
        return ""
    if not volatile.created_at < session.opens_at < session.closes_at:
        return "its session does not open after it was made and close later"
    if (
        session.opens_at - volatile.created_at > LONGEST_CLOSURE
        or session.closes_at - session.opens_at > LONGEST_SESSION
    ):
        return "its session lies further away, or lasts longer, than any exchange's"
    return ""


def verify_limits(plan: Plan) -> tuple[Finding, ...]:
    """Return a finding for every limit that blocks an account and every failure."""
    return tuple(
        Finding("RB302", a.account, "status", a.status, "", reason)
        for a in plan.accounts
        if a.status in ("blocked", "failed")
        for reason in a.reasons
    )


def verify_files(plan: Plan, mode: Mode, expected: Mapping[str, Expected]) -> tuple[Finding, ...]:
    """Compare each account's policy and targets, by value, with what today's files say.

    ``expected`` has an entry for each account that settings.ini lists today.
    """
    findings = []
    if plan.mode != mode:
        findings.append(
            Finding(
                "RB404",
                "",
                "mode",
                plan.mode,
                mode,
                f"made in mode {plan.mode}, settings.ini now says {mode}: use the settings it was made with, or "
                "plan again",
            )
        )
    for account in plan.accounts:
        today = expected.get(account.account)
        if today is None:
            findings.append(
                Finding(
                    "RB403",
                    account.account,
                    "ids",
                    "listed",
                    "",
                    "the account is no longer in [accounts] ids: plan again",
                )
            )
            continue
        findings += _policy_changes(account, today.policy)
        findings += _target_changes(account, today.targets)
    return tuple(findings)


def _policy_changes(account: AccountPlan, today: Policy) -> Iterable[Finding]:
    for section in today.__struct_fields__:
        planned, now = getattr(account.policy, section), getattr(today, section)
        for key in now.__struct_fields__:
            before, after = getattr(planned, key), getattr(now, key)
            if before != after:
                yield Finding(
                    "RB401",
                    account.account,
                    f"{section}.{key}",
                    str(before),
                    str(after),
                    f"[{section}] {key} was {before} and is now {after}: plan again",
                )


def _target_changes(account: AccountPlan, today: Targets) -> Iterable[Finding]:
    planned = account.weights
    now = {w.symbol: w.target_pct for w in today.weights} | {CASH: today.cash_pct}
    for symbol in sorted(planned.keys() | now.keys()):
        before, after = planned.get(symbol, _NOT_LISTED), now.get(symbol, _NOT_LISTED)
        if before != after:
            yield Finding(
                "RB402",
                account.account,
                f"targets.{symbol}",
                str(before),
                str(after),
                f"the target weight of {symbol} was {_percent(before)} and is now {_percent(after)}: plan again",
            )


def _percent(weight: object) -> str:
    return f"{weight}%" if weight != _NOT_LISTED else _NOT_LISTED
