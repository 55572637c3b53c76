"""A plan as Markdown for a pull request, no longer than a forge accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

from rebalplan.render import columns
from rebalplan.render.columns import Column, Row, shown
from rebalplan.render.exceptions import Sentence
from rebalplan.render.figures import count, dollars, listed, percent
from rebalplan.render.fitting import LONGEST, ROOM_FOR_THE_END, fit, shortened
from rebalplan.render.plan import head_lines
from rebalplan.render.view import AccountView, BeforeAfter, PlanView

_LONGEST_SENTENCE = 1_000
_LONGEST_NAME = 20
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
    """The level of detail of an account."""

    LEFT_OUT = 0
    LINE = 1
    ORDERS = 2
    WHOLE = 3


def render_markdown(view: PlanView, longest: int = LONGEST) -> str:
    """Return the plan in at most ``longest`` characters (10,000 or more). Its end says how much is left out.

    Every account has a line before any has its orders, and its orders before any has its details; exceptional
    accounts come first.
    """
    head = _head(view, longest)
    texts = [[_account(account, view, detail) for detail in Detail] for account in view.accounts]
    exceptions_first = sorted(range(len(texts)), key=lambda at: not view.accounts[at].is_exception)
    fitted = fit(texts, exceptions_first, longest - len(head) - ROOM_FOR_THE_END)
    parts = (forms[form] for forms, form in zip(texts, fitted, strict=True))
    return "\n\n".join([head, *filter(None, parts), *_left_out(view, fitted, longest)]) + "\n"


def escape(text: str) -> str:
    """Return text that Markdown shows unchanged: no markup, no HTML, no mentions."""
    return _MENTION.sub("\\1\u200b", _SPECIAL.sub(r"\\\1", text))


def bullet(text: str) -> str:
    """Return one item of a list, no longer than a few lines."""
    return f"- {escape(shortened(text, _LONGEST_SENTENCE))}"


def markdown_table(chosen: Sequence[Column[Row]], rows: Iterable[Row]) -> str:
    """Return a table with numbers aligned to the right."""
    lines = [[column.title for column in chosen], [_rule(column) for column in chosen]]
    lines += [[escape(column.text(row)) for column in chosen] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _rule(column: Column[Row]) -> str:
    return "--:" if column.is_number else ":--"


def _head(view: PlanView, longest: int) -> str:
    lines = [f"### Plan `{view.id}` ({view.mode})", "", f"**{escape(view.totals)}**", ""]
    made = ". ".join(line[:1].upper() + line[1:] for line in head_lines(view))
    lines.append(f"{escape(shortened(made, _LONGEST_SENTENCE))}.")
    if view.exceptions:
        lines += ["", "#### Look at first", "", *_exceptions(view.exceptions, longest // 2)]
    return "\n".join(lines)


def _exceptions(sentences: Sequence[Sentence], room: int) -> Iterable[str]:
    """Return as many exceptions as fit: all of them, unless they are unusually long."""
    bullets = [line for sentence in sentences for line in _sentence(sentence)]
    for number, line in enumerate(bullets):
        room -= len(line) + 1
        if room < 0:
            yield f"- and {len(bullets) - number} more"
            return
        yield line


def _sentence(sentence: Sentence) -> Iterable[str]:
    yield bullet(sentence.text)
    yield from (f"  {bullet(detail)}" for detail in sentence.details)


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
    """Return the folded details: the account before and after, notes, and the lines without an order and why."""
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


def _amounts(figures: BeforeAfter | None) -> str:
    return "" if figures is None else f"{dollars(figures.before)} → {dollars(figures.after)} USD, "


def _percents(figures: BeforeAfter) -> str:
    return f"{percent(figures.before)} → {percent(figures.after)}%"


def _left_out(view: PlanView, fitted: Sequence[int], longest: int) -> Iterable[str]:
    """Return a sentence: how much is left out, and which command shows it."""
    missing = {
        "details": Detail.ORDERS,
        "orders and details": Detail.LINE,
        "everything": Detail.LEFT_OUT,
    }
    parts = []
    for what, detail in missing.items():
        names = [
            escape(shortened(account.account, _LONGEST_NAME))
            for account, has in zip(view.accounts, fitted, strict=True)
            if has == detail
        ]
        if names:
            parts.append(f"{what} of {count(len(names), 'account')} ({listed(names, _MOST_NAMES)})")
    if parts:
        yield f"> Left out to stay under {longest:,} characters: {'; '.join(parts)}. All of it: `rebal show {view.id}`"
