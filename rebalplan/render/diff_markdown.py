"""The difference of two plans as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from rebalplan.diff import AccountDiff, Cause, PlanDiff
from rebalplan.render.diff import (
    causes,
    change_text,
    changed,
    common_causes,
    facts,
    headline,
    mark,
    nothing_changed,
    unchanged,
)
from rebalplan.render.figures import count
from rebalplan.render.markdown import LONGEST, escape
from rebalplan.render.redaction import NOTHING, Redaction

_ROOM_FOR_THE_END = 1_200
_FENCE_MARKS = {"+": "+", "-": "-", "~": "!"}
"""What a forge colours in a block of ``diff``."""


def render_diff_markdown(diff: PlanDiff, redaction: Redaction = NOTHING, longest: int = LONGEST) -> str:
    """Return the difference in at most ``longest`` characters; what is left out is said at its end."""
    head = f"### Plan `{diff.old_id}` → `{diff.new_id}`"
    if diff.is_same:
        return f"{head}\n\n{nothing_changed(diff).capitalize()}\n"
    common = common_causes(diff)
    said_once = "\n".join(f"- {escape(line)}" for line in causes(common, redaction))
    parts = ["\n\n".join(filter(None, (head, f"**{headline(diff)}**", said_once)))]
    room = longest - len(parts[0]) - _ROOM_FOR_THE_END
    for number, account in enumerate(changed(diff)):
        text = _account(account, common, redaction)
        room -= len(text) + 2
        if room < 0:
            parts.append(_left_out(diff, len(changed(diff)) - number, longest))
            break
        parts.append(text)
    return "\n\n".join([*parts, *(escape(line) for line in unchanged(diff, redaction))]) + "\n"


def _account(account: AccountDiff, common: Sequence[Cause], redaction: Redaction) -> str:
    lines = [f"**{escape(redaction.account(account.account))}**", "", "```diff"]
    lines += [f"{_FENCE_MARKS[mark(c)]} {change_text(c, redaction)}" for c in account.orders]
    lines += ["```", ""]
    lines += [f"- {escape(line)}" for line in facts(account, common, redaction)]
    return "\n".join(lines)


def _left_out(diff: PlanDiff, number: int, longest: int) -> str:
    return (
        f"> Left out to stay under {longest:,} characters: {count(number, 'account')} that changed as well. "
        f"All of it: `rebal diff {diff.old_id} {diff.new_id}`"
    )
