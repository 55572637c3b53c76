"""The layout of the HTML page: the open accounts, the columns and rows of its tables. Pure."""

from __future__ import annotations

import msgspec

from rebalplan.core.vocabulary import CASH
from rebalplan.render import columns
from rebalplan.render.columns import Column
from rebalplan.render.view import AccountView, LineView, PlanView

_MOST_OPEN = 5
"""In a plan of more accounts, only those with an exception are open."""

_MINUS = "\N{MINUS SIGN}"


class Holdings(msgspec.Struct, frozen=True):
    """The lines of an account, grouped by their orders; ``cash`` is the line of CASH."""

    traded: int
    idle: int
    rows: tuple[LineView, ...]
    cash: tuple[LineView, ...]


def mark(line: LineView) -> str:
    """Return the line's mark for print, where a minus is as wide as a plus."""
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


def is_open(account: AccountView, view: PlanView) -> bool:
    """Tell whether an account is open at first."""
    return len(view.accounts) <= _MOST_OPEN or account.is_exception or account.status != "planned"


def holdings(account: AccountView) -> Holdings:
    """Return the rows of an account's order table, CASH apart."""
    rows = tuple(line for line in account.lines if line.symbol != CASH)
    traded = len(account.orders)
    return Holdings(traded, len(rows) - traded, rows, tuple(x for x in account.lines if x.symbol == CASH))


def sort_value(text: str) -> str:
    """Return a figure for the sort script, with the decimals that the page shows and no more."""
    return text.replace(",", "").removeprefix("+")
