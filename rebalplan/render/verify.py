"""The findings of a check as text."""

from __future__ import annotations

from collections.abc import Sequence

from rebalplan.live import LiveFinding
from rebalplan.render.style import PLAIN, Style
from rebalplan.verify import Finding


def render_findings(findings: Sequence[Finding], style: Style = PLAIN) -> str:
    """Return one line per finding: its code, the account, and the sentence."""
    return "\n".join(_line(finding, style) for finding in findings)


def render_live(findings: Sequence[LiveFinding], style: Style = PLAIN) -> str:
    """Return one line per difference between plan and account: what refuses, what leaves out a line, what is a note."""
    return "\n".join(_live_line(finding, style) for finding in findings)


def _live_line(finding: LiveFinding, style: Style) -> str:
    code = style.paint(finding.code, "red") if finding.weight == "refuse" else finding.code
    word = {"refuse": "", "line": "line left out: ", "note": "note: "}[finding.weight]
    return f"{code} {finding.account}: {word}{finding.message}"


def _line(finding: Finding, style: Style) -> str:
    place = f"{finding.account}: " if finding.account else ""
    return f"{style.paint(finding.code, 'red')} {place}{finding.message}"
