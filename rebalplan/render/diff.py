"""The difference of two plans, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from rebalplan.diff import AccountDiff, Cause, OrderChange, PlanDiff
from rebalplan.document import PlannedOrder
from rebalplan.render.figures import count, dollars, percent, shares
from rebalplan.render.style import PLAIN, Style

_MOST_CAUSES = 8
_MARKS = {"+": "green", "-": "red", "~": "yellow"}


def render_diff(diff: PlanDiff, style: Style = PLAIN) -> str:
    """Return the difference as text."""
    head = f"{diff.old_id} -> {diff.new_id}"
    if diff.is_same:
        return f"{head}: no order changed{_noise(diff)}."
    parts = [_account_text(account, style) for account in diff.accounts if not account.is_same]
    return "\n\n".join([head, *parts, *_unchanged(diff)])


def render_diff_markdown(diff: PlanDiff) -> str:
    """Return the difference as Markdown for a pull request."""
    head = f"### Plan `{diff.old_id}` → `{diff.new_id}`"
    if diff.is_same:
        return f"{head}\n\nNo order changed{_noise(diff)}.\n"
    parts = [_account_markdown(account) for account in diff.accounts if not account.is_same]
    return "\n\n".join([head, *parts, *_unchanged(diff)]) + "\n"


def _noise(diff: PlanDiff) -> str:
    """Say in a few words what moved without changing an order."""
    kinds = dict.fromkeys(c.kind for account in diff.accounts for c in account.causes)
    return f" ({', '.join(kinds)} moved)" if kinds else ""


def _unchanged(diff: PlanDiff) -> Iterable[str]:
    same = [account.account for account in diff.accounts if account.is_same]
    if same:
        yield f"{count(len(same), 'account')} unchanged: {', '.join(same)}"


def _account_text(account: AccountDiff, style: Style) -> str:
    lines = [style.paint(f"Account {account.account}", "bold")]
    lines += [f"  {style.paint(_mark(o), _MARKS[_mark(o)])} {_order_text(o)}" for o in account.orders]
    lines += [f"  {line}" for line in (*_figures(account), *_causes(account))]
    return "\n".join(lines)


def _account_markdown(account: AccountDiff) -> str:
    lines = [f"**{account.account}**", "", "```diff"]
    lines += [f"{'!' if _mark(o) == '~' else _mark(o)} {_order_text(o)}" for o in account.orders]
    lines += ["```", ""]
    lines += [f"- {line}" for line in (*_figures(account), *_causes(account))]
    return "\n".join(lines)


def _mark(change: OrderChange) -> str:
    if change.before is None:
        return "+"
    return "-" if change.after is None else "~"


def _order_text(change: OrderChange) -> str:
    why = f"  [{', '.join(change.causes)}]" if change.causes else "  [follows from the others]"
    if change.before is not None and change.after is not None:
        return f"{_order(change.before)} -> {_order(change.after)}{why}"
    order = change.before or change.after
    return f"{_order(order)}{why}" if order is not None else why


def _order(order: PlannedOrder) -> str:
    return f"{order.side.lower()} {shares(order.quantity)} {order.symbol} ({dollars(order.value_usd)} USD)"


def _figures(account: AccountDiff) -> Iterable[str]:
    before, after = account.before, account.after
    if before is None or after is None:
        return
    yield (
        f"total drift {percent(before.total_drift_pct)}% -> {percent(after.total_drift_pct)}%, exposure after "
        f"{dollars(before.exposure_after_usd)} -> {dollars(after.exposure_after_usd)} USD, leverage after "
        f"{before.leverage_after:.3f} -> {after.leverage_after:.3f}"
    )


def _causes(account: AccountDiff) -> Iterable[str]:
    """Name what changed, kind by kind; many of a kind are counted."""
    for kind in dict.fromkeys(cause.kind for cause in account.causes):
        found = [cause for cause in account.causes if cause.kind == kind]
        shown = ", ".join(_cause(cause) for cause in found[:_MOST_CAUSES])
        more = f" and {len(found) - _MOST_CAUSES} more" if len(found) > _MOST_CAUSES else ""
        yield f"{kind}: {shown}{more}"


def _cause(cause: Cause) -> str:
    return f"{cause.what} {cause.before or 'none'} -> {cause.after or 'none'}"
