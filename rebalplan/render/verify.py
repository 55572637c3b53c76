"""The findings of a check as text."""

from __future__ import annotations

from collections.abc import Sequence

from rebalplan.render.style import PLAIN, Style
from rebalplan.verify import Finding


def render_findings(findings: Sequence[Finding], style: Style = PLAIN) -> str:
    """Return one line per finding: its code, the account, and the sentence."""
    return "\n".join(_line(finding, style) for finding in findings)


def _line(finding: Finding, style: Style) -> str:
    place = f"{finding.account}: " if finding.account else ""
    return f"{style.paint(finding.code, 'red')} {place}{finding.message}"
