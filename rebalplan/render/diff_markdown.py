"""The difference of two plans as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rebalplan.plan.diff import AccountDiff, Cause, PlanDiff
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
from rebalplan.render.fitting import LONGEST, ROOM_FOR_THE_END, fit, shortened
from rebalplan.render.markdown import bullet, escape
from rebalplan.render.redaction import NOTHING, Redaction

_FEWER_ORDERS = (12, 60, 300)
"""The numbers of changed orders of an account that may be shown when there is no room for all."""

_LONGEST_LINE = 500
_FENCE_MARKS = {"+": "+", "-": "-", "~": "!"}
"""The marks that a forge colours in a block of ``diff``."""


def render_diff_markdown(diff: PlanDiff, redaction: Redaction = NOTHING, longest: int = LONGEST) -> str:
    """Return the difference in at most ``longest`` characters (20,000 or more). The text counts the orders left out."""
    head = f"### Plan `{diff.old_id}` → `{diff.new_id}`"
    if diff.is_same:
        return f"{head}\n\n{nothing_changed(diff).capitalize()}\n"
    accounts, common = changed(diff), common_causes(diff)
    said_once = "\n".join(bullet(line) for line in causes(common, redaction))
    head = "\n\n".join(filter(None, (head, f"**{headline(diff)}**", said_once)))
    texts = [("", *_forms(account, common, redaction)) for account in accounts]
    fitted = fit(texts, range(len(texts)), longest - len(head) - ROOM_FOR_THE_END)
    parts = [forms[form] for forms, form in zip(texts, fitted, strict=True)]
    same = (escape(shortened(line, _LONGEST_LINE)) for line in unchanged(diff, redaction))
    return "\n\n".join([head, *filter(None, parts), *_left_out(diff, texts, fitted, longest), *same]) + "\n"


def _forms(account: AccountDiff, common: Sequence[Cause], redaction: Redaction) -> Iterable[str]:
    """Return the account with few, more and all of its orders."""
    number = len(account.orders)
    for shown in (*(fewer for fewer in _FEWER_ORDERS if fewer < number), number):
        yield _account(account, shown, common, redaction)


def _account(account: AccountDiff, shown: int, common: Sequence[Cause], redaction: Redaction) -> str:
    lines = [f"**{escape(redaction.account(account.account))}**", ""]
    if shown:
        orders = [f"{_FENCE_MARKS[mark(c)]} {change_text(c, redaction)}" for c in account.orders[:shown]]
        lines += ["```diff", *orders, "```", ""]
    if shown < len(account.orders):
        lines.append(f"- and {count(len(account.orders) - shown, 'more order')}")
    lines += [bullet(line) for line in facts(account, common, redaction)]
    return "\n".join(lines)


def _left_out(
    diff: PlanDiff, texts: Sequence[Sequence[str]], fitted: Sequence[int], longest: int
) -> Iterable[str]:
    """Return a sentence: how much is left out, and which command shows it."""
    missing = sum(form == 0 for form in fitted)
    cut = sum(0 < form < len(forms) - 1 for forms, form in zip(texts, fitted, strict=True))
    parts = [f"{count(missing, 'account')} that changed as well"] if missing else []
    if cut:
        parts.append(f"orders of {count(cut, 'account')}")
    if parts:
        yield (
            f"> Left out to stay under {longest:,} characters: {'; '.join(parts)}. "
            f"All of it: `rebal diff {diff.old_id} {diff.new_id}`"
        )
