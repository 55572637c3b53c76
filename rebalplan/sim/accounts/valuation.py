"""The account values a gateway reports, computed from the book, as (tag, value, currency) rows.

Names after the TWS API documentation. Money is text with two decimals, in the account's base currency
unless the row says another; ledger rows come per currency and once more, in the base currency, for
``BASE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from typing import Final

import msgspec

from rebalplan.sim.accounts.book import BASE, Book
from rebalplan.sim.scenario.model import ZERO, Account, Override

Row = tuple[str, str, str]

LEDGER_PREFIX: Final = "$LEDGER-"
_REG_T_INITIAL: Final = Decimal("0.5")
_REG_T_MAINTENANCE: Final = Decimal("0.25")
_DAY_TRADING_FACTOR: Final = 4
_WIDE: Final = Context(prec=80)
_CENT: Final = Decimal("0.01")
_RATE_DIGITS: Final = Decimal("0.0000001")


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one currency, in that currency."""

    cash: Decimal = ZERO
    stocks: Decimal = ZERO
    options: Decimal = ZERO
    funds: Decimal = ZERO
    others: Decimal = ZERO
    gross: Decimal = ZERO
    unrealized: Decimal = ZERO
    accrued: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Return everything together."""
        return self.cash + self.stocks + self.options + self.funds + self.others + self.accrued

    def scaled(self, rate: Decimal) -> Ledger:
        """Return the same sums in another currency."""
        return Ledger(**{name: getattr(self, name) * rate for name in self.__struct_fields__})

    def plus(self, other: Ledger) -> Ledger:
        """Return both together."""
        return Ledger(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


def ledgers(book: Book, account_id: str, *, reported: bool = False) -> dict[str, Ledger]:
    """Return the sums per currency: the base currency first, then in order of appearance.

    ``reported``: without the fills that the account values do not show yet.
    """
    account = book.account(account_id)
    cash = book.valued_cash(account_id) if reported else book.cash(account_id)
    positions = book.valued_positions(account_id) if reported else book.real_positions(account_id)
    sums = {account.base: Ledger(accrued=account.accrued_cash)}
    for balance in cash:
        sums[balance.currency] = sums.get(balance.currency, Ledger()).plus(Ledger(cash=balance.amount))
    for instrument, held in positions:
        value = held.quantity * instrument.quote.mark() * instrument.multiplier
        kind = {"STK": "stocks", "OPT": "options", "FUND": "funds"}.get(instrument.sec_type, "others")
        unrealized = value - held.quantity * held.avg_cost
        entry = Ledger(gross=abs(value), unrealized=unrealized, **{kind: value})
        sums[instrument.currency] = sums.get(instrument.currency, Ledger()).plus(entry)
    return sums


def net_liquidation(book: Book, account_id: str) -> Decimal:
    """Return the value of an account in its base currency, to the cent, overrides aside."""
    return _total(book, book.account(account_id), ledgers(book, account_id)).net.quantize(
        _CENT, context=_WIDE
    )


class MarginState(msgspec.Struct, frozen=True, kw_only=True):
    """The margins of an account and the equity they are held against, in its base currency."""

    initial: Decimal
    maintenance: Decimal
    equity_with_loan: Decimal


def margins(book: Book, account_id: str) -> MarginState:
    """Return the margins of an account, overrides aside."""
    account = book.account(account_id)
    total = _total(book, account, ledgers(book, account_id))
    initial, maintenance = margin_rates(account)
    return MarginState(
        initial=total.gross * initial,
        maintenance=total.gross * maintenance,
        equity_with_loan=_with_loan(total),
    )


def margin_rates(account: Account) -> tuple[Decimal, Decimal]:
    """Return initial and maintenance margin per unit of exposure.

    Regulation T for a margin account (50%, 25%); a cash account pays in full.
    """
    if account.kind == "cash":
        return Decimal(1), Decimal(1)
    return _REG_T_INITIAL, _REG_T_MAINTENANCE


def settled_cash(book: Book, account_id: str) -> Decimal:
    """Return the cash of all currencies that is settled, in the account's base currency."""
    account = book.account(account_id)
    amounts = [(balance.currency, balance.amount) for balance in book.cash(account_id)]
    amounts += [(proceeds.currency, -proceeds.amount) for proceeds in book.unsettled(account_id)]
    return sum((amount * book.rate(currency, account.base) for currency, amount in amounts), start=ZERO)


def _reported_settled_cash(book: Book, account_id: str) -> Decimal:
    """Return the settled cash without the fills that do not show yet. Unsettled proceeds never count."""
    account = book.account(account_id)
    late = [
        change * book.rate(currency, account.base)
        for currency, change in book.late_cash(account_id)
        if change < 0 or account.settlement == "same_day"
    ]
    return settled_cash(book, account_id) - sum(late, start=ZERO)


def _with_loan(total: Ledger) -> Decimal:
    return total.net - total.options - total.accrued


def account_rows(book: Book, account_id: str) -> list[Row]:
    """Return the rows about the account as a whole, overrides applied."""
    of_currencies = {tag for tag, _, _ in _plain_ledger_rows(book, account_id)}
    overrides = book.account(account_id).overrides
    return _override(
        _plain_account_rows(book, account_id), [o for o in overrides if o.tag not in of_currencies]
    )


def ledger_rows(book: Book, account_id: str) -> list[Row]:
    """Return the rows per currency and for ``BASE``, overrides applied."""
    rows = _plain_ledger_rows(book, account_id)
    known = {tag for tag, _, _ in rows}
    return _override(rows, [o for o in book.account(account_id).overrides if o.tag in known])


def updated_rows(book: Book, account_id: str, *, prefixed: bool, ledger_and_nlv: bool = False) -> list[Row]:
    """Return all rows as account updates have them, overrides applied.

    ``prefixed`` puts ``$LEDGER-`` before the tags of the rows per currency; ``ledger_and_nlv`` leaves out all but these
    and NetLiquidation.
    """
    rows = _plain_account_rows(book, account_id)
    if ledger_and_nlv:
        rows = [row for row in rows if row[0] == "NetLiquidation"]
    prefix = LEDGER_PREFIX if prefixed else ""
    rows += [(prefix + tag, value, c) for tag, value, c in _plain_ledger_rows(book, account_id)]
    return _override(rows, book.account(account_id).overrides)


def _plain_account_rows(book: Book, account_id: str) -> list[Row]:
    account = book.account(account_id)
    total = _total(book, account, ledgers(book, account_id, reported=True))
    return _summary(account, total, _reported_settled_cash(book, account_id))


def _plain_ledger_rows(book: Book, account_id: str) -> list[Row]:
    account, sums = book.account(account_id), ledgers(book, account_id, reported=True)
    rows = _ledger(BASE, account.base, _total(book, account, sums), Decimal(1))
    for currency, ledger in sums.items():
        rows += _ledger(currency, currency, ledger, book.rate(currency, account.base))
    return rows


def _total(book: Book, account: Account, sums: dict[str, Ledger]) -> Ledger:
    total = Ledger()
    for currency, ledger in sums.items():
        total = total.plus(ledger.scaled(book.rate(currency, account.base)))
    return total


def _money(value: Decimal) -> str:
    return format(value, ".2f")


def _summary(account: Account, total: Ledger, settled: Decimal) -> list[Row]:
    with_loan = _with_loan(total)
    initial, maintenance = (total.gross * rate for rate in margin_rates(account))
    amounts = {
        "NetLiquidation": total.net,
        "TotalCashValue": total.cash,
        "SettledCash": settled,
        "AccruedCash": total.accrued,
        "BuyingPower": _buying_power(account, settled, with_loan - initial),
        "EquityWithLoanValue": with_loan,
        "PreviousDayEquityWithLoanValue": with_loan,
        "GrossPositionValue": total.gross,
        "InitMarginReq": initial,
        "MaintMarginReq": maintenance,
        "AvailableFunds": with_loan - initial,
        "ExcessLiquidity": with_loan - maintenance,
        "FullInitMarginReq": initial,
        "FullMaintMarginReq": maintenance,
        "FullAvailableFunds": with_loan - initial,
        "FullExcessLiquidity": with_loan - maintenance,
    }
    return [
        ("AccountCode", account.id, ""),
        ("AccountReady", "true", ""),
        ("AccountType", account.account_type, ""),
        ("TradingType-S", "STKCASH" if account.kind == "cash" else "STKMRGN", ""),
        ("Cushion", _ratio(with_loan - maintenance, total.net), ""),
        ("Leverage", _ratio(total.gross, total.net), ""),
        *((tag, _money(value), account.base) for tag, value in amounts.items()),
    ]


def _buying_power(account: Account, settled: Decimal, excess: Decimal) -> Decimal:
    """Return four times the excess of a margin account, the settled cash of a cash account."""
    if account.kind == "cash":
        return max(settled, ZERO)
    return max(excess, ZERO) * _DAY_TRADING_FACTOR


def _ratio(part: Decimal, whole: Decimal) -> str:
    return format(part / whole if whole else ZERO, ".4f")


def _ledger(currency: str, real_currency: str, ledger: Ledger, rate: Decimal) -> list[Row]:
    amounts = {
        "CashBalance": ledger.cash,
        "TotalCashBalance": ledger.cash,
        "AccruedCash": ledger.accrued,
        "StockMarketValue": ledger.stocks,
        "OptionMarketValue": ledger.options,
        "FutureOptionValue": ZERO,
        "FuturesPNL": ZERO,
        "NetLiquidationByCurrency": ledger.net,
        "UnrealizedPnL": ledger.unrealized,
        "RealizedPnL": ZERO,
        "FundValue": ledger.funds,
        "NetDividend": ZERO,
        "MutualFundValue": ledger.funds,
        "MoneyMarketFundValue": ZERO,
        "CorporateBondValue": ZERO,
        "TBondValue": ZERO,
        "TBillValue": ZERO,
        "WarrantValue": ZERO,
        "FxCashBalance": ZERO,
    }
    exchange_rate = "1.00" if rate == 1 else format(rate.quantize(_RATE_DIGITS, context=_WIDE), "f")
    return [
        ("Currency", currency, currency),
        ("RealCurrency", real_currency, currency),
        ("ExchangeRate", exchange_rate, currency),
        *((tag, _money(value), currency) for tag, value in amounts.items()),
    ]


def _override(rows: Sequence[Row], overrides: Iterable[Override]) -> list[Row]:
    """Return the rows with the scenario's values in their place, and its additional rows behind them.

    A tag without the prefix is also that of the prefixed rows, unless there is a row of just this tag.
    """
    result, touched, plain = [], set(), {tag for tag, _, _ in rows}
    for tag, value, currency in rows:
        reported = value
        for override in overrides:
            is_named = tag == override.tag or (
                tag == LEDGER_PREFIX + override.tag and override.tag not in plain
            )
            if is_named and override.currency in ("", currency):
                reported = override.value
                touched.add(override)
        if reported:
            result.append((tag, reported, currency))
    result += [(o.tag, o.value, o.currency) for o in overrides if o.value and o not in touched]
    return result
