"""The columns that several formats of a plan share: a title and the text of a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from rebalplan.render.figures import (
    dollars,
    percent,
    price,
    shares,
    signed_dollars,
    signed_percent,
    whole_dollars,
)
from rebalplan.render.view import AccountView, BeforeAfter, LineView, PlanView, Totals

Row = TypeVar("Row")


class Column(msgspec.Struct, Generic[Row], frozen=True):
    """One column of a table. ``is_amount`` columns are left out when redacted.

    ``name`` is the full name of a column whose title makes sense only beside the column before it.
    """

    title: str
    text: Callable[[Row], str]
    is_number: bool = False
    is_amount: bool = False
    name: str = ""


def _shown(value: Decimal | None, figure: Callable[[Decimal], str]) -> str:
    return "" if value is None else figure(value)


def _number(
    title: str,
    value: Callable[[LineView], Decimal | None],
    figure: Callable[[Decimal], str],
    *,
    is_amount: bool = False,
) -> Column[LineView]:
    return Column(title, lambda line: _shown(value(line), figure), is_number=True, is_amount=is_amount)


ACCOUNT = Column[LineView]("Account", lambda line: line.account)
MARK = Column[LineView]("", lambda line: line.mark)
SYMBOL = Column[LineView]("Symbol", lambda line: line.symbol)
TARGET = _number("Target %", lambda line: line.target_pct, percent)
CURRENT = _number("Current %", lambda line: line.current_pct, percent)
AFTER = _number("After %", lambda line: line.after_pct, percent)
DRIFT = _number("Drift %", lambda line: line.drift_pct, signed_percent)
DRIFT_USD = _number("Drift $", lambda line: line.drift_usd, signed_dollars, is_amount=True)
ACTION = Column[LineView]("Action", lambda line: line.action)
QUANTITY = _number("Qty", lambda line: line.quantity, shares, is_amount=True)
PRICE = _number("Price", lambda line: line.price, price)
VALUE = _number("Est. value $", lambda line: line.value_usd, dollars, is_amount=True)
VALUE_PCT = _number("% of NLV", lambda line: line.value_pct, percent)
REASON = Column[LineView]("Reason", lambda line: line.reason)


def _of_totals(
    title: str,
    value: Callable[[Totals], Decimal | None],
    figure: Callable[[Decimal], str],
    *,
    is_amount: bool = True,
    name: str = "",
) -> Column[AccountView]:
    def text(account: AccountView) -> str:
        return "" if account.totals is None else _shown(value(account.totals), figure)

    return Column(title, text, is_number=True, is_amount=is_amount, name=name)


def _compared(
    title: str,
    pair: Callable[[Totals], BeforeAfter | None],
    figure: Callable[[Decimal], str],
    *,
    is_amount: bool = True,
) -> tuple[Column[AccountView], Column[AccountView]]:
    """Return the column before the orders and the one after them."""

    def before(totals: Totals) -> Decimal | None:
        found = pair(totals)
        return None if found is None else found.before

    def after(totals: Totals) -> Decimal | None:
        found = pair(totals)
        return None if found is None else found.after

    return (
        _of_totals(title, before, figure, is_amount=is_amount),
        _of_totals("after", after, figure, is_amount=is_amount, name=f"{title} after"),
    )


def _leverage(value: Decimal) -> str:
    return f"{value:.3f}"


NAME = Column[AccountView]("Account", lambda a: a.account)
STATUS = Column[AccountView]("Status", lambda a: a.status)
ORDERS = Column[AccountView](
    "Orders", lambda a: "" if a.totals is None else str(len(a.orders)), is_number=True
)
NLV = _of_totals("NLV $", lambda t: t.net_liquidation_usd, whole_dollars)
TURNOVER = _of_totals("Turnover %", lambda t: t.turnover_pct, percent, is_amount=False)
LEVERAGE = _compared("Leverage", lambda t: t.leverage, _leverage, is_amount=False)

SUMMARY: tuple[Column[AccountView], ...] = (
    NAME,
    STATUS,
    NLV,
    ORDERS,
    _of_totals("Buys $", lambda t: t.buys_usd, whole_dollars),
    _of_totals("Sells $", lambda t: t.sells_usd, whole_dollars),
    *_compared("Cash $", lambda t: t.cash_usd, whole_dollars),
    *_compared("Exposure $", lambda t: t.exposure_usd, whole_dollars),
    *LEVERAGE,
)
REDACTED_SUMMARY: tuple[Column[AccountView], ...] = (
    NAME,
    STATUS,
    ORDERS,
    TURNOVER,
    *_compared("Cash %", lambda t: t.cash_pct, percent, is_amount=False),
    *_compared("Exposure %", lambda t: t.exposure_pct, percent, is_amount=False),
    *LEVERAGE,
)
"""The same without amounts."""


def summary(view: PlanView) -> tuple[Column[AccountView], ...]:
    """Return the columns of the table that has a row per account."""
    return REDACTED_SUMMARY if view.is_redacted else SUMMARY


def shown(columns: Sequence[Column[Row]], view: PlanView) -> tuple[Column[Row], ...]:
    """Return the columns of this plan that may be shown."""
    return tuple(column for column in columns if not (column.is_amount and view.is_redacted))
