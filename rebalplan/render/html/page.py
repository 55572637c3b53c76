"""How the HTML page is laid out: what is grouped, what is open, which columns a table has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic

import msgspec

from rebalplan.model import CASH
from rebalplan.render import columns
from rebalplan.render.columns import Column, Row
from rebalplan.render.view import AccountView, LineView, PlanView

_MOST_OPEN = 5
"""A plan of more accounts opens only those that need a look."""

_SUB_ITEM = "  "
_MINUS = "\N{MINUS SIGN}"


class Group(msgspec.Struct, frozen=True):
    """A sentence and what belongs to it."""

    text: str
    details: tuple[str, ...]


class Header(msgspec.Struct, Generic[Row], frozen=True):
    """A column with a name that says what it is without its neighbours."""

    column: Column[Row]
    name: str


class Holdings(msgspec.Struct, frozen=True):
    """The lines of an account by what happens to them; ``cash`` is the line of CASH."""

    traded: int
    idle: int
    rows: tuple[LineView, ...]
    cash: tuple[LineView, ...]


def mark(line: LineView) -> str:
    """Return the line's mark as it is printed: a minus is as wide as a plus."""
    return line.mark.replace("-", _MINUS)


ORDER = Column[LineView]("Order", lambda line: f"{mark(line)} {line.action}".strip())

ORDERS: tuple[Column[LineView], ...] = (
    columns.SYMBOL,
    ORDER,
    columns.QUANTITY,
    columns.PRICE,
    columns.VALUE,
    columns.VALUE_PCT,
    columns.CURRENT,
    columns.TARGET,
    columns.AFTER,
    columns.DRIFT,
    columns.DRIFT_USD,
    columns.REASON,
)


def exception_groups(lines: Iterable[str]) -> tuple[Group, ...]:
    """Put lines that begin with two spaces under the line before them."""
    groups: list[Group] = []
    for line in lines:
        if line.startswith(_SUB_ITEM) and groups:
            groups[-1] = Group(groups[-1].text, (*groups[-1].details, line.strip()))
        else:
            groups.append(Group(line.strip(), ()))
    return tuple(groups)


def is_open(account: AccountView, view: PlanView) -> bool:
    """Tell whether an account is shown unfolded at first."""
    return len(view.accounts) <= _MOST_OPEN or account.is_exception or account.status != "planned"


def titled(chosen: Sequence[Column[Row]]) -> tuple[Header[Row], ...]:
    """Return the columns with their names: ``after`` alone takes that of the column before it."""
    headers: list[Header[Row]] = []
    for column in chosen:
        follows = column.title == "after" and headers
        headers.append(Header(column, f"{headers[-1].name} after" if follows else column.title))
    return tuple(headers)


def holdings(account: AccountView) -> Holdings:
    """Return the rows of an account's order table, CASH apart."""
    rows = tuple(line for line in account.lines if line.symbol != CASH)
    traded = len(account.orders)
    return Holdings(traded, len(rows) - traded, rows, tuple(x for x in account.lines if x.symbol == CASH))


def sort_value(text: str) -> str:
    """Return a figure as a script reads a number: what is sorted by is what is shown, and nothing finer."""
    return text.replace(",", "").removeprefix("+")
