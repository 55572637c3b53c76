"""The account values of the API: which there are beside US dollar cash and stocks, and which contain others.

Source of keys and meanings: ``IBApi.EWrapper.updateAccountValue`` in the TWS API reference
(interactivebrokers.github.io/tws-api/interfaceIBApi_1_1EWrapper.html). Most keys come once per currency, with a row of
currency ``BASE`` for their sum, which is left out here. The keys in ``ACCOUNT_LEVEL_TOO`` come for the account as a
whole as well, in its base currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from rebalplan.core.errors import AccountError
from rebalplan.core.money import ZERO
from rebalplan.core.text import printable
from rebalplan.ibkr.values import money

Rows = Mapping[tuple[str, str], str]
"""Account values: (tag, currency) -> value, both as the broker wrote them."""

LEDGER: Final = "$LEDGER-"
"""Newer gateways put this before the tags of per-currency values (an API setting, on for new users)."""

ACCOUNT_LEVEL_TOO: Final = ("AccruedCash",)
"""Tags that exist for the account as a whole and for each currency: only the prefix tells the two apart."""

CASH_TAGS: Final = ("CashBalance", "TotalCashBalance")
"""Each is the cash of a currency at trade time. One may count swept deposits that the other does not."""


class OtherValue(msgspec.Struct, frozen=True):
    """A value that NetLiquidation counts beside cash and stocks; ``contained_in`` names one that contains it."""

    tag: str
    about: str
    contained_in: str = ""


OTHER_VALUES: Final = (
    OtherValue("AccruedCash", "debit and credit interest of this month to date"),
    OtherValue("AccruedDividend", "dividends accrued, of the whole portfolio"),
    OtherValue("NetDividend", "dividends payable and receivable, per currency", "AccruedDividend"),
    OtherValue("CorporateBondValue", "bonds that are not of a government"),
    OtherValue("Cryptocurrency", "cryptocurrencies"),
    OtherValue("FundValue", "money market funds and mutual funds"),
    OtherValue("MoneyMarketFundValue", "money market funds without mutual funds", "FundValue"),
    OtherValue("MutualFundValue", "mutual funds without money market funds", "FundValue"),
    OtherValue("FutureOptionValue", "options on futures"),
    OtherValue("FuturesPNL", "change of futures since the last settlement"),
    OtherValue("IssuerOptionValue", "issuer options"),
    OtherValue("OptionMarketValue", "options"),
    OtherValue("TBillValue", "treasury bills"),
    OtherValue("TBondValue", "treasury bonds"),
    OtherValue("WarrantValue", "warrants"),
)
"""What the account owns in US dollars and rebal does not manage. A kind missing here shows as a mismatch."""


class AccountValues:
    """The rows of one answer, by what they are about."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._is_prefixed = any(tag.startswith(LEDGER) for tag, _ in rows)

    def of_account(self, tag: str) -> dict[str, str]:
        """Return a value of the account as a whole, by the currency it is in."""
        return {currency: value for (name, currency), value in self._rows.items() if name == tag}

    def text(self, tag: str, currency: str) -> str | None:
        """Return a value of one currency as the broker wrote it, ``None`` without a row."""
        prefixed = self._rows.get((LEDGER + tag, currency))
        if prefixed is not None:
            return prefixed
        if self._is_prefixed and tag in ACCOUNT_LEVEL_TOO:
            return None
        return self._rows.get((tag, currency))

    def amount(self, tag: str, currency: str) -> Decimal:
        """Return a value of one currency in that currency, 0 when there is no such row."""
        value = self.text(tag, currency)
        return ZERO if value is None else money(value, field_of(tag, currency))

    def forms(self, tag: str, currency: str) -> list[str]:
        """Return each text that the answer has for a value of one currency: without the prefix, with it, or both."""
        return [self._rows[name, currency] for name in (tag, LEDGER + tag) if (name, currency) in self._rows]

    def currencies_of(self, tag: str) -> list[str]:
        """Return the foreign currencies that have such a row, sorted."""
        found = {currency for name, currency in self._rows if name.removeprefix(LEDGER) == tag}
        return sorted(found - {"USD", "BASE", ""})

    def has_us_dollars(self) -> bool:
        """Tell whether any row is in US dollars."""
        return any(currency == "USD" for _, currency in self._rows)

    def rate(self, currency: str) -> Decimal:
        """Return what one unit of a currency is worth in the base currency; raises ``AccountError`` when not said."""
        value = self.text("ExchangeRate", currency)
        if value is None:
            raise AccountError(f"the broker reported no ExchangeRate ({printable(currency)}): plan again")
        return money(value, field_of("ExchangeRate", currency))

    def in_base(self, tag: str, currency: str) -> Decimal:
        """Return a value of one currency in the base currency."""
        value = self.amount(tag, currency)
        return value * self.rate(currency) if value else ZERO

    def other_usd(self) -> Decimal:
        """Return what the broker counts in US dollars beside cash and stocks, each value once."""
        return sum(
            (
                self.amount(value.tag, "USD")
                for value in OTHER_VALUES
                if not value.contained_in or self.text(value.contained_in, "USD") is None
            ),
            ZERO,
        )


def field_of(tag: str, currency: str) -> str:
    """Return how a row is named in messages."""
    return f"{tag} ({printable(currency)})"
