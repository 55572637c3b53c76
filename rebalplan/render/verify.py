"""The findings of a check as text and as JSON."""

from __future__ import annotations

import msgspec

from rebalplan.apply.live import LiveFinding
from rebalplan.core.text import by_what_is_said, named
from rebalplan.plan.verify import sentences
from rebalplan.render.checked import Checked
from rebalplan.render.style import PLAIN, Style


def render_checked(checked: Checked, style: Style = PLAIN, *, accounts: int = 0) -> str:
    """Return a line per finding, the plan's own first, then the accounts', then those that could not be read.

    What several of the plan's ``accounts`` share is said once.
    """
    lines = [_coloured(line, style) for line in sentences(checked.findings, accounts)]
    lines += [_live_line(finding, style) for finding in checked.live]
    unread = by_what_is_said(checked.unread.items())
    lines += [f"{named(names, accounts)}: could not be read: {why}" for why, names in unread.items()]
    return "\n".join(lines)


def render_checked_json(checked: Checked) -> str:
    """Return the findings as an indented JSON document."""
    return msgspec.json.format(msgspec.json.encode(checked), indent=2).decode()


def _coloured(line: str, style: Style) -> str:
    code, _space, text = line.partition(" ")
    return f"{style.paint(code, 'red')} {text}"


def _live_line(finding: LiveFinding, style: Style) -> str:
    """Return one difference between plan and account: what refuses, what leaves out a line, or a note."""
    code = style.paint(finding.code, "red") if finding.weight == "refuse" else finding.code
    word = {"refuse": "", "line": "line left out: ", "note": "note: "}[finding.weight]
    return f"{code} {finding.account}: {word}{finding.message}"
