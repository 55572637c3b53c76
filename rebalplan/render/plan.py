"""A plan on a terminal: a table per account, a summary of all, the totals line."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence

from rebalplan.core.text import by_what_is_said, named
from rebalplan.render import columns
from rebalplan.render.columns import Column, Row, shown
from rebalplan.render.exceptions import Sentence
from rebalplan.render.style import PLAIN, Style
from rebalplan.render.tables import table
from rebalplan.render.view import AccountView, LineView, PlanView

_WIDTH = 120
_COLORS = {"buy": "green", "sell": "red", "close": "yellow"}
_PREVIEW = (
    columns.ACCOUNT,
    columns.SYMBOL,
    columns.TARGET,
    columns.CURRENT,
    columns.DRIFT,
    columns.DRIFT_USD,
    columns.ACTION,
    columns.QUANTITY,
    columns.VALUE,
    columns.REASON,
)
_REDACTED = (*_PREVIEW[:-1], columns.VALUE_PCT, columns.REASON)


def render_preview(view: PlanView, style: Style = PLAIN) -> str:
    """Return the text of ``rebal plan``: accounts first, then exceptions, summary and totals, which stay in view."""
    parts = (*_accounts(view, style), *_exceptions(view, style), _summary(view, style), view.totals)
    return "\n\n".join(parts)


def render_review(view: PlanView, style: Style = PLAIN) -> str:
    """Return the text of ``rebal show``: the head and the exceptions first."""
    parts = (
        _head(view),
        *_exceptions(view, style),
        *_accounts(view, style),
        _summary(view, style),
        view.totals,
    )
    return "\n\n".join(parts)


def head_lines(view: PlanView) -> Iterable[str]:
    """Return the time of the plan and its expiry."""
    yield (
        f"made {view.created_at:%Y-%m-%d %H:%M:%S} UTC by rebal {view.tool_version}, "
        f"expires {view.expires_at:%Y-%m-%d %H:%M} UTC"
    )
    if view.replay_of is not None:
        yield f"replays {view.replay_of} offline: for reading, cannot be applied"
    if view.is_redacted:
        yield "redacted: accounts are numbered, amounts and quantities left out"


def _head(view: PlanView) -> str:
    return "\n".join((f"Plan {view.id}", *head_lines(view)))


def _exceptions(view: PlanView, style: Style) -> Iterable[str]:
    if view.exceptions:
        lines = (line for sentence in view.exceptions for line in _sentence(sentence, style))
        yield "\n".join((style.paint("Look at first", "bold"), *lines))


def _sentence(sentence: Sentence, style: Style) -> Iterable[str]:
    """Return a sentence and its details over as many lines as they need."""
    yield _wrapped(sentence.text, "  ! ").replace("!", style.paint("!", "yellow"), 1)
    yield from (_wrapped(detail, "    ") for detail in sentence.details)


def _wrapped(text: str, first: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=first, subsequent_indent="      ", break_on_hyphens=False
    )


def _accounts(view: PlanView, style: Style) -> Iterable[str]:
    """Return a table per account; those that could not be planned for the same reasons share one paragraph."""
    said = by_what_is_said(
        (a.account, (a.headline, a.reasons)) for a in view.accounts if _has_only_reasons(a)
    )
    for account in view.accounts:
        names = said.get((account.headline, account.reasons), []) if _has_only_reasons(account) else []
        if len(names) > 1 and account.account == names[0]:
            who = named(names, len(view.accounts))
            yield "\n".join(_head_of(who[:1].upper() + who[1:], account, view, style))
        elif len(names) <= 1:
            yield _account(account, view, style)


def _has_only_reasons(account: AccountView) -> bool:
    return not account.lines and not account.notes


def _head_of(name: str, account: AccountView, view: PlanView, style: Style) -> list[str]:
    lines = [style.paint(f"{name} ({view.mode})", "bold") + f": {account.headline}"]
    return [*lines, *(f"  {style.paint('! ' + reason, 'red')}" for reason in account.reasons)]


def _account(account: AccountView, view: PlanView, style: Style) -> str:
    lines = _head_of(f"Account {account.account}", account, view, style)
    if account.lines:
        chosen = shown(_REDACTED if view.is_redacted else _PREVIEW, view)
        lines.append(_table(chosen, account.lines, lambda column, line: _cell(column, line, style)))
    lines += [f"  note: {note}" for note in account.notes]
    return "\n".join(lines)


def _cell(column: Column[LineView], line: LineView, style: Style) -> str:
    text = column.text(line)
    return style.paint(text, _COLORS[text]) if column is columns.ACTION and text else text


def _summary(view: PlanView, style: Style) -> str:
    def cell(column: Column[AccountView], account: AccountView) -> str:
        text = column.text(account)
        return style.paint(text, "red") if text in ("blocked", "failed") else text

    return f"{style.paint('Summary', 'bold')}\n{_table(columns.summary(view), view.accounts, cell)}"


def _table(
    chosen: Sequence[Column[Row]], rows: Iterable[Row], cell: Callable[[Column[Row], Row], str]
) -> str:
    return table(
        [[cell(column, row) for column in chosen] for row in rows],
        [column.title for column in chosen],
        right=[column.title for column in chosen if column.is_number],
    )
