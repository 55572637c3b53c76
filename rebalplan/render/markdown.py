"""A plan as Markdown for a pull request, as long as a forge accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from rebalplan.render import columns
from rebalplan.render.columns import Column, Row, shown
from rebalplan.render.figures import count, dollars, percent
from rebalplan.render.plan import head_lines
from rebalplan.render.view import AccountView, BeforeAfter, PlanView

LONGEST = 65_536
"""A comment or a description on GitHub may have so many characters; other forges accept more."""

_ROOM_FOR_THE_END = 1_200
_BETWEEN = len("\n\n")
_MOST_NAMES = 12
_SPECIAL = re.compile(r"([\\`*{}\[\]<|~&]|(?<!\w)_|_(?!\w))")
_MENTION = re.compile(r"([@#])(?=\w)")
_ORDERS = (
    columns.MARK,
    columns.SYMBOL,
    columns.ACTION,
    columns.QUANTITY,
    columns.VALUE,
    columns.VALUE_PCT,
    columns.TARGET,
    columns.CURRENT,
    columns.AFTER,
    columns.REASON,
)
_IDLE = (
    columns.SYMBOL,
    columns.TARGET,
    columns.CURRENT,
    columns.DRIFT,
    columns.DRIFT_USD,
    columns.REASON,
)


class Detail(IntEnum):
    """How much of an account is shown."""

    LEFT_OUT = 0
    LINE = 1
    ORDERS = 2
    WHOLE = 3


def render_markdown(view: PlanView, longest: int = LONGEST) -> str:
    """Return the plan in at most ``longest`` characters; what is left out is said at its end.

    Exceptional accounts keep their details longest.
    """
    head = _head(view)
    texts = [{detail: _account(account, view, detail) for detail in Detail} for account in view.accounts]
    fitted = _fit(view.accounts, texts, longest - len(head) - _ROOM_FOR_THE_END)
    parts = [text[detail] for text, detail in zip(texts, fitted, strict=True)]
    return "\n\n".join([head, *filter(None, parts), *_left_out(view, fitted, longest)]) + "\n"


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, nobody mentioned."""
    return _MENTION.sub("\\1\u200b", _SPECIAL.sub(r"\\\1", text))


def markdown_table(chosen: Sequence[Column[Row]], rows: Iterable[Row]) -> str:
    """Return a table; numbers to the right."""
    lines = [[column.title for column in chosen], [_rule(column) for column in chosen]]
    lines += [[escape(column.text(row)) for column in chosen] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _rule(column: Column[Row]) -> str:
    return "--:" if column.is_number else ":--"


def _head(view: PlanView) -> str:
    lines = [f"### Plan `{view.id}` ({view.mode})", "", f"**{escape(view.totals)}**", ""]
    lines.append(escape(". ".join(head_lines(view))) + ".")
    if view.exceptions:
        lines += ["", "#### Look at first", "", *(_bullet(line) for line in view.exceptions)]
    return "\n".join(lines)


def _bullet(line: str) -> str:
    text = line.lstrip(" ")
    return f"{' ' * (len(line) - len(text))}- {escape(text)}"


def _account(account: AccountView, view: PlanView, detail: Detail) -> str:
    match detail:
        case Detail.LEFT_OUT:
            return ""
        case Detail.LINE:
            return _title(account)
        case Detail.ORDERS:
            return "\n\n".join([_title(account), *_orders(account, view)])
        case Detail.WHOLE:
            return "\n\n".join([_title(account), *_orders(account, view), *_details(account, view)])


def _title(account: AccountView) -> str:
    lines = [f"**{escape(account.account)}**: {account.headline}"]
    return "\n".join([*lines, *(f"- **{escape(reason)}**" for reason in account.reasons)])


def _orders(account: AccountView, view: PlanView) -> Iterable[str]:
    if account.orders:
        yield markdown_table(shown(_ORDERS, view), account.orders)


def _details(account: AccountView, view: PlanView) -> Iterable[str]:
    """Return what a reviewer opens: the account before and after, notes, and what is not traded and why."""
    idle = [line for line in account.lines if not line.action]
    parts = [*_totals(account), *(f"- {escape(note)}" for note in account.notes)]
    blocks = ["\n".join(parts)] if parts else []
    if idle:
        blocks.append(markdown_table(shown(_IDLE, view), idle))
    if blocks:
        body = "\n\n".join(blocks)
        yield f"<details><summary>before and after, {len(idle)} not traded</summary>\n\n{body}\n\n</details>"


def _totals(account: AccountView) -> Iterable[str]:
    totals = account.totals
    if totals is None:
        return
    if totals.net_liquidation_usd is not None:
        yield f"- NLV {dollars(totals.net_liquidation_usd)} USD"
    yield f"- turnover {percent(totals.turnover_pct)}% of NLV"
    yield f"- cash {_amounts(totals.cash_usd)}{_percents(totals.cash_pct)} of NLV"
    yield f"- exposure {_amounts(totals.exposure_usd)}{_percents(totals.exposure_pct)} of NLV"
    yield f"- leverage {totals.leverage.before:.3f} → {totals.leverage.after:.3f}"
    yield f"- tracking error {_percents(totals.tracking_error_pct)}"


def _amounts(figures: BeforeAfter) -> str:
    if figures.before is None or figures.after is None:
        return ""
    return f"{dollars(figures.before)} → {dollars(figures.after)} USD, "


def _percents(figures: BeforeAfter) -> str:
    return f"{percent(figures.before)} → {percent(figures.after)}%"


def _fit(accounts: Sequence[AccountView], texts: Sequence[Mapping[Detail, str]], room: int) -> list[Detail]:
    """Give every account a line first, then orders, then details, as long as there is room; exceptions first."""
    fitted = [Detail.LEFT_OUT] * len(accounts)
    order = sorted(range(len(accounts)), key=lambda at: not accounts[at].is_exception)
    for detail in (Detail.LINE, Detail.ORDERS, Detail.WHOLE):
        for at in order:
            cost = len(texts[at][detail]) - len(texts[at][fitted[at]]) + _BETWEEN
            if fitted[at] == detail - 1 and cost <= room:
                fitted[at] = detail
                room -= cost
    return fitted


def _left_out(view: PlanView, fitted: Sequence[Detail], longest: int) -> Iterable[str]:
    """Say what is missing and where it can be read."""
    missing = {
        "details": Detail.ORDERS,
        "orders and details": Detail.LINE,
        "everything": Detail.LEFT_OUT,
    }
    parts = []
    for what, detail in missing.items():
        names = [a.account for a, has in zip(view.accounts, fitted, strict=True) if has == detail]
        if names:
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            parts.append(f"{what} of {count(len(names), 'account')} ({', '.join(names[:_MOST_NAMES])}{more})")
    if parts:
        yield f"> Left out to stay under {longest:,} characters: {'; '.join(parts)}. All of it: `rebal show {view.id}`"
