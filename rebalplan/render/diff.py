"""The difference of two plans as text, and the sentences that its other formats share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rebalplan.plan.diff import AccountDiff, Cause, OrderChange, PlanDiff
from rebalplan.plan.document import PlannedOrder
from rebalplan.render.figures import count, dollars, listed, percent, shares
from rebalplan.render.redaction import LEVERAGE_STEP, NOTHING, Redaction
from rebalplan.render.style import PLAIN, Style

_MOST_CAUSES = 8
_MOST_NAMES = 12
_MOST_REASONS = 3
_MARKS = {"+": "green", "-": "red", "~": "yellow"}


def render_diff(diff: PlanDiff, redaction: Redaction = NOTHING, style: Style = PLAIN) -> str:
    """Return the difference as text; one line when there is none."""
    head = f"{diff.old_id} -> {diff.new_id}"
    if diff.is_same:
        return f"{head}: {nothing_changed(diff)}"
    common = common_causes(diff)
    parts = ["\n".join([f"{head}: {headline(diff)}", *(f"  {line}" for line in causes(common, redaction))])]
    parts += [_account(account, common, redaction, style) for account in changed(diff)]
    return "\n\n".join([*parts, *unchanged(diff, redaction)])


def changed(diff: PlanDiff) -> tuple[AccountDiff, ...]:
    """Return the accounts whose orders or status changed."""
    return tuple(account for account in diff.accounts if not account.is_same)


def nothing_changed(diff: PlanDiff) -> str:
    """Return one sentence: no order changed, and these inputs did."""
    kinds = dict.fromkeys(c.kind for account in diff.accounts for c in account.causes)
    return f"no order changed ({', '.join(kinds)} moved)." if kinds else "no order changed."


def headline(diff: PlanDiff) -> str:
    """Return the number of changed orders and of their accounts."""
    marks = [mark(change) for account in diff.accounts for change in account.orders]
    words = (("+", "added"), ("-", "removed"), ("~", "changed"))
    counts = [(marks.count(sign), word) for sign, word in words if sign in marks]
    accounts = count(len(changed(diff)), "account")
    if not counts:
        return f"{accounts} changed."
    (number, word), *others = counts
    parts = [f"{count(number, 'order')} {word}", *(f"{n} {w}" for n, w in others)]
    return f"{', '.join(parts)} in {accounts}."


def common_causes(diff: PlanDiff) -> tuple[Cause, ...]:
    """Return the causes that all of several changed accounts share. They are printed once."""
    first, *others = changed(diff)
    if not others:
        return ()
    return tuple(c for c in first.causes if all(c in account.causes for account in others))


def unchanged(diff: PlanDiff, redaction: Redaction) -> Iterable[str]:
    """Return one line for all unchanged accounts."""
    same = [redaction.account(account.account) for account in diff.accounts if account.is_same]
    if same:
        yield f"{count(len(same), 'account')} unchanged: {listed(same, _MOST_NAMES)}"


def mark(change: OrderChange) -> str:
    """Return ``+`` for an added order, ``-`` for a removed, ``~`` for a changed one."""
    if change.before is None:
        return "+"
    return "-" if change.after is None else "~"


def change_text(change: OrderChange, redaction: Redaction) -> str:
    """Return an order, or its old and its new form, and why."""
    why = ", ".join(change.causes) or "follows from the others"
    shown = [
        _order(order, value_pct, redaction)
        for order, value_pct in ((change.before, change.before_pct), (change.after, change.after_pct))
        if order is not None
    ]
    return f"{' -> '.join(shown)}  [{why}]"


def _order(order: PlannedOrder, value_pct: Decimal | None, redaction: Redaction) -> str:
    if redaction.is_on:
        return f"{order.action} {order.symbol} ({value_pct}% of NLV)"
    return f"{order.action} {shares(order.quantity)} {order.symbol} ({dollars(order.value_usd)} USD)"


def facts(account: AccountDiff, common: Sequence[Cause], redaction: Redaction) -> Iterable[str]:
    """Return the account's figures in both plans, and its own causes."""
    before, after = account.before, account.after
    if before is not None and after is not None:
        exposures = [redaction.amount(figures.exposure_after_usd) for figures in (before, after)]
        exposure = " -> ".join(dollars(e) for e in exposures if e is not None)
        leverages = (
            redaction.percentage(figures.leverage_after, LEVERAGE_STEP) for figures in (before, after)
        )
        yield (
            f"total drift {percent(before.total_drift_pct)}% -> {percent(after.total_drift_pct)}%, "
            f"{f'exposure after {exposure} USD, ' if exposure else ''}"
            f"leverage after {' -> '.join(f'{leverage:.3f}' for leverage in leverages)}"
        )
    yield from causes([cause for cause in account.causes if cause not in common], redaction)


def causes(found: Sequence[Cause], redaction: Redaction) -> Iterable[str]:
    """Return the causes of a change, kind by kind. Many of a kind are counted."""
    for kind in dict.fromkeys(cause.kind for cause in found):
        same = [cause for cause in found if cause.kind == kind]
        yield f"{kind}: {listed([_cause(cause, redaction) for cause in same], _MOST_CAUSES)}"


def _cause(cause: Cause, redaction: Redaction) -> str:
    """Return a cause with its old and new value; when redacted, only the names of holdings and settings."""
    if redaction.is_on and cause.kind in ("positions", "cash", "settings"):
        return cause.what
    before, after = cause.before, cause.after
    if cause.kind == "status" and not (before and after):
        return "only in the new plan" if after else "not in the new plan"
    if cause.kind == "status":
        before, after = (
            listed(redaction.text(text).split("; "), _MOST_REASONS + 1, "; ") for text in (before, after)
        )
    return f"{cause.what} {before or 'none'} -> {after or 'none'}"


def _account(account: AccountDiff, common: Sequence[Cause], redaction: Redaction, style: Style) -> str:
    lines = [style.paint(f"Account {redaction.account(account.account)}", "bold")]
    for change in account.orders:
        sign = mark(change)
        lines.append(f"  {style.paint(sign, _MARKS[sign])} {change_text(change, redaction)}")
    lines += [f"  {line}" for line in facts(account, common, redaction)]
    return "\n".join(lines)
