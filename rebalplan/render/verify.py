"""The findings of a check as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rebalplan.core.errors import NotApplicableError
from rebalplan.core.finding import Finding, InPlan, Severity
from rebalplan.core.text import by_what_is_said, named
from rebalplan.render.checked import Checked
from rebalplan.render.redaction import Redaction
from rebalplan.render.style import PLAIN, Style

_MOST_FINDINGS = 12
_FOLLOWS: dict[Severity, str] = {"error": "", "warning": "line left out: ", "note": "note: "}
_WEIGHTS: dict[Severity, str] = {"error": "refuse", "warning": "line", "note": "note"}
"""The words of the JSON answer. Programs read them, so they stay."""


def render_checked(checked: Checked, style: Style = PLAIN, *, accounts: int = 0) -> str:
    """Return a line per finding: the plan's own, then the accounts', then the accounts that could not be read.

    A sentence that several of the plan's ``accounts`` share is printed once.
    """
    lines = [_coloured(line, style) for line in sentences(checked.findings, accounts)]
    lines += [_live_line(finding, style) for finding in checked.live]
    unread = by_what_is_said(checked.unread.items())
    lines += [f"{named(names, accounts)}: could not be read: {why}" for why, names in unread.items()]
    return "\n".join(lines)


def render_refused(error: NotApplicableError) -> str:
    """Return why a plan must not be applied, a finding a line: the first twelve, and the number of the others."""
    found = sentences(error.findings, error.accounts)
    lines = [*found[:_MOST_FINDINGS]]
    if len(found) > _MOST_FINDINGS:
        lines.append(f"and {len(found) - _MOST_FINDINGS} more: `rebal verify PLAN --offline` lists them all")
    return "\n  ".join(["this plan must not be applied as things are. No order is sent.", *lines])


def render_edit(finding: Finding[InPlan], redaction: Redaction) -> str:
    """Return the differences between a plan and its own inputs; codes stay as they are."""
    account = finding.where.account
    said = f"{account}: {finding.sentence}" if account else finding.sentence
    return f"{finding.code} {redaction.text(said)}"


def sentences(findings: Iterable[Finding[InPlan]], accounts: int) -> tuple[str, ...]:
    """Return a line per finding; several of a plan's ``accounts`` may share one line."""
    said = by_what_is_said((found.where.account, (found.code, found.sentence)) for found in findings)
    return tuple(
        f"{code} {place}{sentence}"
        for (code, sentence), names in said.items()
        for place in (f"{named(names, accounts)}: " if any(names) else "",)
    )


def render_checked_json(checked: Checked) -> str:
    """Return the findings as an indented JSON document."""
    answer = {
        "plan": checked.plan,
        "findings": [_fields(finding) for finding in checked.findings],
        "live": [_live_fields(finding) for finding in checked.live],
        "unread": checked.unread,
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode()


def _fields(finding: Finding[InPlan]) -> dict[str, str]:
    return {
        "code": finding.code,
        "account": finding.where.account,
        "field": finding.where.field,
        "planned": finding.planned,
        "now": finding.now,
        "message": finding.sentence,
    }


def _live_fields(finding: Finding[InPlan]) -> dict[str, str]:
    return {
        "code": finding.code,
        "weight": _WEIGHTS[finding.severity],
        "account": finding.where.account,
        "field": finding.where.field,
        "planned": finding.planned,
        "now": finding.now,
        "tolerance": finding.tolerance,
        "message": finding.sentence,
    }


def _coloured(line: str, style: Style) -> str:
    code, _space, text = line.partition(" ")
    return f"{style.paint(code, 'red')} {text}"


def _live_line(finding: Finding[InPlan], style: Style) -> str:
    """Return one difference between plan and account: an error, a line to leave out, or a note."""
    code = style.paint(finding.code, "red") if finding.severity == "error" else finding.code
    return f"{code} {finding.where.account}: {_FOLLOWS[finding.severity]}{finding.sentence}"
