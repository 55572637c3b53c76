"""From the broker's account rows to a snapshot.

What the rows mean: ``rebalplan.ibkr.account_values``. Rows of the currency ``BASE`` repeat the sum of the per-currency
rows and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from rebalplan.core.errors import AccountError, UnreachableError
from rebalplan.core.money import ONE, ZERO, canonical, divide, quantize
from rebalplan.core.text import printable
from rebalplan.core.vocabulary import AccountSnapshot, Position, UnmanagedItem, WorkingOrder
from rebalplan.ibkr.account_values import CASH_TAGS, AccountValues, Rows
from rebalplan.ibkr.values import money, quantity

_WORTH_NAMING_USD = Decimal(1)
"""The rows are rounded to different digits: a smaller difference between them says nothing."""


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
    values = AccountValues(rows)
    _require_ready(values)
    base_currency, net_liquidation = _net_liquidation(values)
    managed = [p for p in positions if _is_managed(p) and p.quantity]
    cash, uncounted = _cash_usd(values)
    is_cash_account = "CASH" in _first("TradingType-S", values)
    _require_positions(values, managed)
    return AccountSnapshot(
        account_type=printable(_first("AccountType", values)),
        base_currency=printable(base_currency),
        net_liquidation=net_liquidation,
        broker_usd=canonical(_without_uncounted(_broker_usd(values, base_currency), cash, uncounted, values)),
        cash_usd=cash,
        settled_cash=_settled_cash(values, is_cash_account=is_cash_account),
        positions=tuple(sorted((_position(p) for p in managed), key=lambda p: (p.symbol, p.con_id))),
        unmanaged=(
            *_uncounted_cash(uncounted),
            *_foreign_cash(values, base_currency),
            *_unmanaged_positions(positions),
        ),
        working_orders=working_orders,
        is_cash_account=is_cash_account,
    )


def _is_managed(position: PositionRow) -> bool:
    return position.sec_type == "STK" and position.currency == "USD"


def _position(row: PositionRow) -> Position:
    if row.con_id <= 0:
        raise AccountError(f"the broker reports {printable(row.symbol)} without a contract id")
    return Position(
        printable(row.symbol), row.con_id, quantity(row.quantity, f"position in {printable(row.symbol)}")
    )


def _net_liquidation(values: AccountValues) -> tuple[str, Decimal]:
    """Return the base currency and the account's value in it."""
    found = {c: text for c, text in values.of_account("NetLiquidation").items() if c not in ("", "BASE")}
    if len(found) != 1:
        raise AccountError(f"the broker reported NetLiquidation {len(found)} times, expected once: try again")
    ((currency, text),) = found.items()
    return currency, money(text, "NetLiquidation")


def _first(tag: str, values: AccountValues) -> str:
    """Return a value of the account whatever its currency, empty without one."""
    return next(iter(values.of_account(tag).values()), "")


def _require_ready(values: AccountValues) -> None:
    """Raise ``UnreachableError``, worth another try, while the gateway is still collecting the account."""
    if _first("AccountReady", values).lower() == "false":
        raise UnreachableError("the gateway has not finished loading the account (AccountReady = false)")


def _cash_usd(values: AccountValues) -> tuple[Decimal, Decimal]:
    """Return the US dollar cash, and the cash that not every row counts.

    The least row is the cash: what another row says more, such as swept deposits, may not be there to spend. An account
    without any US dollar row has no US dollar cash.
    """
    if values.text("CashBalance", "USD") is None:
        if values.has_us_dollars():
            raise AccountError("the broker reported no CashBalance (USD): plan again; cash is never guessed")
        return ZERO, ZERO
    amounts = [money(text, f"{tag} (USD)") for tag in CASH_TAGS for text in values.forms(tag, "USD")]
    least = min(amounts)
    return least, canonical(max(amounts) - least)


def _require_positions(values: AccountValues, managed: Sequence[PositionRow]) -> None:
    """Raise ``AccountError`` when the list of positions and their reported value contradict each other."""
    value = values.amount("StockMarketValue", "USD")
    if value and not managed:
        raise AccountError(
            f"the broker reported US dollar stocks worth {value} USD but listed none: plan again; an empty list is "
            "never taken for sold out"
        )


def _broker_usd(values: AccountValues, base_currency: str) -> Decimal:
    """Return the broker's own value of US dollar cash and stocks, from rows that are not the cash row itself.

    For a US dollar account that is NetLiquidation less every other currency, else the currency's own
    NetLiquidationByCurrency; both less what is not managed.
    """
    if base_currency != "USD":
        return values.amount("NetLiquidationByCurrency", "USD") - values.other_usd()
    total = money(values.of_account("NetLiquidation")["USD"], "NetLiquidation (USD)")
    others = values.currencies_of("NetLiquidationByCurrency")
    return (
        total
        - sum((values.in_base("NetLiquidationByCurrency", c) for c in others), ZERO)
        - values.other_usd()
    )


def _without_uncounted(
    broker_usd: Decimal, cash: Decimal, uncounted: Decimal, values: AccountValues
) -> Decimal:
    """Return the broker's value less the cash that not every row counts, when the value contains that cash.

    It does when its cash, which is the value less stocks, is nearer to the greatest cash row than to the least.
    """
    counted_cash = broker_usd - values.amount("StockMarketValue", "USD")
    has_it = abs(counted_cash - cash - uncounted) < abs(counted_cash - cash)
    return broker_usd - uncounted if has_it else broker_usd


def _uncounted_cash(uncounted: Decimal) -> Iterable[UnmanagedItem]:
    """Name the cash that not every row counts, such as swept deposits."""
    if uncounted >= _WORTH_NAMING_USD:
        yield UnmanagedItem(
            "CASH", f"cash that only one of {' and '.join(CASH_TAGS)} counts", "USD", uncounted
        )


def _settled_cash(values: AccountValues, *, is_cash_account: bool) -> Decimal | None:
    """Return the least settled cash that a row says; ``None`` without a row.

    It limits buys in a cash account. There the row covers all currencies, so the cash in others is taken off.
    """
    found = [money(text, "SettledCash (USD)") for text in values.forms("SettledCash", "USD") if text]
    if not is_cash_account or not found:
        return min(found, default=None)
    foreign = sum((values.in_base("CashBalance", c) for c in values.currencies_of("CashBalance")), ZERO)
    return canonical(min(found) - foreign)


def _foreign_cash(values: AccountValues, base_currency: str) -> tuple[UnmanagedItem, ...]:
    balances = ((c, _least_cash(values, c)) for c in values.currencies_of("CashBalance"))
    items = (
        UnmanagedItem(
            "CASH", f"{printable(c)} cash", printable(c), amount, _debt_usd(values, c, amount, base_currency)
        )
        for c, amount in balances
        if amount
    )
    return tuple(sorted(items, key=lambda item: (item.currency, item.quantity)))


def _least_cash(values: AccountValues, currency: str) -> Decimal:
    return min(values.amount(tag, currency) for tag in CASH_TAGS if values.forms(tag, currency))


def _debt_usd(values: AccountValues, currency: str, amount: Decimal, base_currency: str) -> Decimal | None:
    """Return what a negative balance is worth in USD at the broker's rates; ``None`` without a usable rate."""
    rate, usd_rate = (
        ONE if c == base_currency else values.amount("ExchangeRate", c) for c in (currency, "USD")
    )
    if amount >= 0 or rate <= 0 or usd_rate <= 0:
        return None
    return quantize(divide(-amount * rate, usd_rate))


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
