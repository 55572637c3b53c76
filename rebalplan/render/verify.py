"""The findings of a check as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rebalplan.live import LiveFinding
from rebalplan.render.checked import Checked, FileFinding
from rebalplan.render.style import PLAIN, Style
from rebalplan.verify import Finding


def render_checked(checked: Checked, style: Style = PLAIN) -> str:
    """Return a line per finding, the plan's own first, then the accounts', then those that could not be read."""
    parts = [render_findings(checked.findings, style), render_live(checked.live, style)]
    parts += [f"{account}: could not be read: {why}" for account, why in checked.unread.items()]
    return "\n".join(part for part in parts if part)


def render_checked_json(checked: Checked) -> str:
    """Return the findings as an indented JSON document."""
    return msgspec.json.format(msgspec.json.encode(checked), indent=2).decode()


def render_findings(findings: Sequence[FileFinding | Finding], style: Style = PLAIN) -> str:
    """Return one line per finding: its code, the account, and the sentence."""
    return "\n".join(_line(finding, style) for finding in findings)


def render_live(findings: Sequence[LiveFinding], style: Style = PLAIN) -> str:
    """Return one line per difference between plan and account: what refuses, what leaves out a line, what is a note."""
    return "\n".join(_live_line(finding, style) for finding in findings)


def _live_line(finding: LiveFinding, style: Style) -> str:
    code = style.paint(finding.code, "red") if finding.weight == "refuse" else finding.code
    word = {"refuse": "", "line": "line left out: ", "note": "note: "}[finding.weight]
    return f"{code} {finding.account}: {word}{finding.message}"


def _line(finding: FileFinding | Finding, style: Style) -> str:
    place = f"{finding.account}: " if finding.account else ""
    return f"{style.paint(finding.code, 'red')} {place}{finding.message}"
