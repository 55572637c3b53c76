"""The findings of a check as text and as JSON."""

from __future__ import annotations

import msgspec

from rebalplan.live import LiveFinding
from rebalplan.render.checked import Checked
from rebalplan.render.style import PLAIN, Style
from rebalplan.verify import Finding


def render_checked(checked: Checked, style: Style = PLAIN) -> str:
    """Return a line per finding, the plan's own first, then the accounts', then those that could not be read."""
    lines = [_line(finding, style) for finding in checked.findings]
    lines += [_live_line(finding, style) for finding in checked.live]
    lines += [f"{account}: could not be read: {why}" for account, why in checked.unread.items()]
    return "\n".join(lines)


def render_checked_json(checked: Checked) -> str:
    """Return the findings as an indented JSON document."""
    return msgspec.json.format(msgspec.json.encode(checked), indent=2).decode()


def _line(finding: Finding, style: Style) -> str:
    place = f"{finding.account}: " if finding.account else ""
    return f"{style.paint(finding.code, 'red')} {place}{finding.message}"


def _live_line(finding: LiveFinding, style: Style) -> str:
    """Return one difference between plan and account: what refuses, what leaves out a line, or a note."""
    code = style.paint(finding.code, "red") if finding.weight == "refuse" else finding.code
    word = {"refuse": "", "line": "line left out: ", "note": "note: "}[finding.weight]
    return f"{code} {finding.account}: {word}{finding.message}"
