"""Is a plan still what it was, and may it still be applied? Findings are values.

The steps of ``rebal verify``: 1 bytes and hash (reading the file does that), 2 derivation, 3 limits and expiry,
4 policy and targets still those of today's files (``rebalplan.plan.today``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from rebalplan.core.finding import Code, Finding, InPlan
from rebalplan.core.text import printable
from rebalplan.plan.build import derive_again
from rebalplan.plan.document import AccountPlan, Plan, PlannedOrder
from rebalplan.plan.sizing import SIZING_VERSION

OF_ONE_ACCOUNT: tuple[Code, ...] = ("RB302", "RB405")
"""Findings that leave out an account and not the whole plan."""

LONGEST_CLOSURE = timedelta(days=10)
"""No exchange stays closed for longer."""

LONGEST_SESSION = timedelta(hours=25)
"""No session lasts longer; the embedded gateway's last a day, and one day a year has 25 hours."""

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a machine's clock may be behind the broker's, which dates plans."""


def verify_derivation(plan: Plan) -> tuple[Finding[InPlan], ...]:
    """Derive the plan's orders again from its own snapshot, quotes, targets and policy."""
    if plan.sizing_version != SIZING_VERSION:
        return (
            _refusal(
                "RB202",
                "sizing_version",
                f"made by another version (sizing {plan.sizing_version}, this rebal has {SIZING_VERSION})",
                "plan again",
                planned=plan.sizing_version,
                now=SIZING_VERSION,
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


def _compare_account(written: AccountPlan, again: AccountPlan) -> Iterable[Finding[InPlan]]:
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


def _differs(account: str, field: str, planned: object, derived: object) -> Finding[InPlan]:
    return Finding(
        code="RB201",
        severity="error",
        where=InPlan(account, field),
        message=f"{field} says {planned}, but the plan's own snapshot, quotes, targets and policy give {derived}",
        planned=str(planned),
        now=str(derived),
        way_out="the plan was edited after it was made; plan again",
    )


def _refusal(
    code: Code, field: str, message: str, way_out: str, *, planned: str, now: str = ""
) -> Finding[InPlan]:
    """Return a finding that refuses the whole plan."""
    return Finding(
        code=code,
        severity="error",
        where=InPlan("", field),
        message=message,
        planned=planned,
        now=now,
        way_out=way_out,
    )


def verify_expiry(plan: Plan, now: datetime) -> tuple[Finding[InPlan], ...]:
    """Return a finding when the plan is past its expiry, from the future, or a replay that is never applied."""
    findings = []
    expires_at = plan.volatile.expires_at
    if now >= expires_at:
        findings.append(
            _refusal(
                "RB301",
                "expires_at",
                f"it expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC",
                "plan again",
                planned=f"{expires_at:%Y-%m-%d %H:%M:%SZ}",
                now=f"{now:%Y-%m-%d %H:%M:%SZ}",
            )
        )
    created_at = plan.volatile.created_at
    implausible = _implausible_session(plan)
    if implausible:
        findings.append(
            _refusal("RB305", "session", implausible, "plan again", planned=str(plan.volatile.session))
        )
    if created_at > now + CLOCK_TOLERANCE:
        findings.append(
            _refusal(
                "RB304",
                "created_at",
                f"it was made at {created_at:%Y-%m-%d %H:%M:%S} UTC, which is still to come",
                "set this machine's clock",
                planned=f"{created_at:%Y-%m-%d %H:%M:%SZ}",
                now=f"{now:%Y-%m-%d %H:%M:%SZ}",
            )
        )
    if plan.replay_of is not None:
        findings.append(
            _refusal(
                "RB303",
                "replay_of",
                f"it replays the snapshot of {plan.replay_of} and is for reading only",
                "make one with `rebal plan`",
                planned=plan.replay_of,
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


def verify_limits(plan: Plan) -> tuple[Finding[InPlan], ...]:
    """Return a finding for every limit that blocks an account and every failure."""
    return tuple(
        Finding(
            code="RB302",
            severity="error",
            where=InPlan(a.account, "status"),
            message=reason,
            planned=a.status,
        )
        for a in plan.accounts
        if a.status in ("blocked", "failed")
        for reason in a.reasons
    )
