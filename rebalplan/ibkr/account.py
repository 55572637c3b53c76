"""From the broker's account rows to a snapshot.

Tags and their meaning: the reqAccountUpdates page of the TWS API reference. Rows of the currency ``BASE``
repeat the sum of the per-currency rows and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from rebalplan.errors import AccountError
from rebalplan.ibkr.values import money, quantity
from rebalplan.model import AccountSnapshot, Position, UnmanagedItem, WorkingOrder
from rebalplan.money import ZERO, canonical
from rebalplan.text import printable

Rows = Mapping[tuple[str, str], str]
"""Account values: (tag, currency) -> value as the broker wrote it."""


class PositionRow(msgspec.Struct, frozen=True):
    """One position as the wire gave it."""

    symbol: str
    con_id: int
    sec_type: str
    currency: str
    description: str
    quantity: float


def read_snapshot(
    rows: Rows, positions: Sequence[PositionRow], working_orders: tuple[WorkingOrder, ...] | None
) -> AccountSnapshot:
    """Return the account's snapshot; raises ``AccountError`` naming the field that cannot be used."""
    base_currency = _currency_of("NetLiquidation", rows)
    managed = [p for p in positions if _is_managed(p) and p.quantity]
    cash = _cash_usd(rows, base_currency)
    return AccountSnapshot(
        account_type=printable(_any_currency("AccountType", rows) or ""),
        base_currency=base_currency,
        net_liquidation=money(rows["NetLiquidation", base_currency], "NetLiquidation"),
        broker_usd=canonical(cash + _stocks_usd(rows, bool(managed))),
        cash_usd=cash,
        settled_cash=_settled_cash(rows),
        positions=tuple(sorted((_position(p) for p in managed), key=lambda p: (p.symbol, p.con_id))),
        unmanaged=(*_foreign_cash(rows), *_unmanaged_positions(positions)),
        working_orders=working_orders,
    )


def _is_managed(position: PositionRow) -> bool:
    return position.sec_type == "STK" and position.currency == "USD"


def _position(row: PositionRow) -> Position:
    if row.con_id <= 0:
        raise AccountError(f"the broker reports {printable(row.symbol)} without a contract id")
    return Position(
        printable(row.symbol), row.con_id, quantity(row.quantity, f"position in {printable(row.symbol)}")
    )


def _currency_of(tag: str, rows: Rows) -> str:
    found = [currency for (name, currency) in rows if name == tag and currency not in ("", "BASE")]
    if len(found) != 1:
        raise AccountError(f"the broker reported {tag} {len(found)} times, expected once: try again")
    return printable(found[0])


def _any_currency(tag: str, rows: Rows) -> str | None:
    return next((value for (name, _), value in rows.items() if name == tag), None)


def _cash_usd(rows: Rows, base_currency: str) -> Decimal:
    value = rows.get(("CashBalance", "USD"))
    if value is not None:
        return money(value, "CashBalance (USD)")
    if base_currency == "USD":
        raise AccountError("the broker reported no CashBalance (USD): try again")
    return ZERO


def _stocks_usd(rows: Rows, has_positions: bool) -> Decimal:
    value = rows.get(("StockMarketValue", "USD"))
    if value is None and has_positions:
        raise AccountError("the broker reported positions but no StockMarketValue (USD): try again")
    return money(value, "StockMarketValue (USD)") if value is not None else ZERO


def _settled_cash(rows: Rows) -> Decimal | None:
    value = _any_currency("SettledCash", rows)
    return money(value, "SettledCash") if value else None


def _foreign_cash(rows: Rows) -> tuple[UnmanagedItem, ...]:
    balances = sorted(
        (printable(currency), money(value, f"CashBalance ({printable(currency)})"))
        for (tag, currency), value in rows.items()
        if tag == "CashBalance" and currency not in ("USD", "BASE", "")
    )
    return tuple(UnmanagedItem("CASH", f"{c} cash", c, amount) for c, amount in balances if amount)


def _unmanaged_positions(positions: Iterable[PositionRow]) -> tuple[UnmanagedItem, ...]:
    items = [
        UnmanagedItem(
            printable(p.sec_type),
            printable(p.description),
            printable(p.currency),
            quantity(p.quantity, f"position in {printable(p.description)}"),
        )
        for p in positions
        if not _is_managed(p) and p.quantity
    ]
    return tuple(sorted(items, key=lambda i: (i.kind, i.description, i.currency)))
