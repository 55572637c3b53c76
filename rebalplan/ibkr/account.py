"""From the broker's account rows to a snapshot.

Tags and their meaning: the reqAccountUpdates page of the TWS API reference. Rows of the currency ``BASE``
repeat the sum of the per-currency rows and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from rebalplan.errors import AccountError, UnreachableError
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
    _require_ready(rows)
    base_currency = _currency_of("NetLiquidation", rows)
    managed = [p for p in positions if _is_managed(p) and p.quantity]
    cash = _cash_usd(rows)
    _require_positions(rows, managed)
    return AccountSnapshot(
        account_type=printable(_any_currency("AccountType", rows) or ""),
        base_currency=printable(base_currency),
        net_liquidation=money(rows["NetLiquidation", base_currency], "NetLiquidation"),
        broker_usd=canonical(_broker_usd(rows, base_currency)),
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
    return found[0]


def _any_currency(tag: str, rows: Rows) -> str | None:
    return next((value for (name, _), value in rows.items() if name == tag), None)


def _require_ready(rows: Rows) -> None:
    """Raise ``UnreachableError``, worth another try, while the gateway is still collecting the account."""
    if (_any_currency("AccountReady", rows) or "true").lower() == "false":
        raise UnreachableError("the gateway has not finished loading the account (AccountReady = false)")


def _cash_usd(rows: Rows) -> Decimal:
    """Return the US dollar cash; an account without any US dollar row has none."""
    value = rows.get(("CashBalance", "USD"))
    if value is not None:
        return money(value, "CashBalance (USD)")
    if any(currency == "USD" for _, currency in rows):
        raise AccountError("the broker reported no CashBalance (USD): plan again; cash is never guessed")
    return ZERO


def _require_positions(rows: Rows, managed: Sequence[PositionRow]) -> None:
    """Raise ``AccountError`` when the list of positions and their reported value contradict each other."""
    value = _row(rows, "StockMarketValue", "USD")
    if value and not managed:
        raise AccountError(
            f"the broker reported US dollar stocks worth {value} USD but listed none: plan again; an empty list is "
            "never taken for sold out"
        )


_UNMANAGED_USD = (
    "AccruedCash",
    "AccruedDividend",
    "CorporateBondValue",
    "FundValue",
    "FutureOptionValue",
    "FuturesPNL",
    "IssuerOptionValue",
    "MoneyMarketFundValue",
    "MutualFundValue",
    "OptionMarketValue",
    "TBillValue",
    "TBondValue",
    "WarrantValue",
    "Cryptocurrency",
)
"""What the broker counts in US dollars beside cash and stocks. A kind missing here shows as a mismatch."""


def _broker_usd(rows: Rows, base_currency: str) -> Decimal:
    """Return the broker's own value of US dollar cash and stocks, from rows that are not the cash row itself.

    For a US dollar account that is NetLiquidation less every other currency, else the currency's own
    NetLiquidationByCurrency; both less what is not managed.
    """
    unmanaged = sum((_row(rows, tag, "USD") for tag in _UNMANAGED_USD), ZERO)
    if base_currency != "USD":
        return _row(rows, "NetLiquidationByCurrency", "USD") - unmanaged
    total = money(rows["NetLiquidation", "USD"], "NetLiquidation (USD)")
    others = [c for tag, c in rows if tag == "NetLiquidationByCurrency" and c not in ("USD", "BASE", "")]
    return total - sum((_in_base(rows, currency) for currency in others), ZERO) - unmanaged


def _in_base(rows: Rows, currency: str) -> Decimal:
    value = _row(rows, "NetLiquidationByCurrency", currency)
    if not value:
        return ZERO
    rate = rows.get(("ExchangeRate", currency))
    if rate is None:
        raise AccountError(f"the broker reported no ExchangeRate ({printable(currency)}): plan again")
    return value * money(rate, f"ExchangeRate ({printable(currency)})")


def _row(rows: Rows, tag: str, currency: str) -> Decimal:
    """Return an amount, 0 when there is no such row."""
    value = rows.get((tag, currency))
    return ZERO if value is None else money(value, f"{tag} ({printable(currency)})")


def _settled_cash(rows: Rows) -> Decimal | None:
    value = rows.get(("SettledCash", "USD"))
    return money(value, "SettledCash (USD)") if value else None


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
