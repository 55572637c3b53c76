"""Recognizes texts in the symbol column that are no symbol of a US security."""

from __future__ import annotations

import re

from rebalplan.core.vocabulary import CASH

_TOTALS = frozenset(
    ["TOTAL", "TOTALS", "SUBTOTAL", "SUM", "SUMME", "GESAMT", "SOMME", "SUMA", "TOTALE", "TOTAAL", "SOMMA"]
)
_EXCHANGES = frozenset(
    [
        *("AS", "AT", "AX", "BA", "BE", "BK", "BO", "BR", "CN", "CO", "DE", "DU", "F", "FP", "GR", "GY"),
        *("HA", "HE", "HK", "HM", "IM", "IR", "IS", "JK", "JO", "JP", "KL", "KQ", "KS", "L", "LN", "LS"),
        *("MC", "MI", "MU", "MX", "NA", "NE", "NS", "NZ", "OL", "PA", "SA", "SG", "SI", "SN", "SS", "ST"),
        *("SW", "SZ", "T", "TA", "TO", "TW", "TWO", "V", "VI", "VX", "WA"),
    ]
)
"""The suffixes of Yahoo, Reuters and Bloomberg for exchanges outside the US. No US share class has one of them."""
_CURRENCIES = frozenset(
    [
        *("AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CNH", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF"),
        *("IDR", "ILS", "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SAR"),
        *("SEK", "SGD", "THB", "TRY", "TWD", "USD", "ZAR"),
    ]
)
"""Codes that a person may write for cash: the currencies of accounts at the broker. Some are tickers too (USD)."""
_TICKER = re.compile(r"[A-Z][A-Z0-9]{0,11}(?:[ .][A-Z]{1,3})?")
_WHICH = re.compile(r"[A-Z][A-Z0-9.]{1,15}|[1-9][0-9]{0,9}")
"""The part that distinguishes securities of one symbol: a primary exchange (ARCA, NASDAQ.NMS) or a contract id."""
_US_EXCHANGES = frozenset(
    ["NYSE", "NYSEARCA", "NYSEAMERICAN", "AMEX", "ARCA", "BATS", "CBOE", "NASDAQ", "US"]
)
_ELSEWHERE = re.compile(r" ?([A-Z][A-Z0-9]{0,5})(?:[ ./-]([A-Z]))?(?:[ .]US)?")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")


def is_total(symbol: str) -> bool:
    """Return whether a row with this first cell (in capitals) is the sum of the others: Total, Grand total, Sum."""
    words = symbol.replace("-", "").split()
    return bool(words) and words[-1].rstrip(":") in _TOTALS


def is_foreign(symbol: str) -> bool:
    """Return whether a symbol (in capitals) belongs to an exchange abroad, such as CSPX.L, VWCE DE or LON:CSPX."""
    if (prefix := _prefix(symbol)).isalpha() and prefix not in _US_EXCHANGES:
        return True
    _, separator, suffix = symbol.replace(".", " ").rpartition(" ")
    return bool(separator) and suffix in _EXCHANGES


def us_ticker(symbol: str) -> str:
    """Return the ticker in another program's symbol (in capitals), such as NYSEARCA:VTI, VTI US, BRK-B; or nothing.

    A class of shares stands behind a space: BRK B.
    """
    found = _ELSEWHERE.fullmatch(symbol.partition(":")[2] if _prefix(symbol) in _US_EXCHANGES else symbol)
    ticker = " ".join(part for part in found.groups() if part) if found else ""
    return "" if ticker == broker_symbol(symbol) else ticker


def _prefix(symbol: str) -> str:
    """Return the exchange before a colon, or nothing."""
    return symbol.partition(":")[0].strip() if ":" in symbol else ""


def is_isin(symbol: str) -> bool:
    """Return whether a symbol (in capitals) has the form of an ISIN."""
    return _ISIN.fullmatch(symbol) is not None


def is_cash_like(symbol: str) -> bool:
    """Return whether a symbol (in capitals) may be meant as cash: a currency's code, CASH USD, USD CASH.

    CASH alone is the row of the account's cash. A symbol with its exchange (USD@ARCA) is a security.
    """
    words = _words(symbol)
    return symbol in _CURRENCIES or (len(words) > 1 and CASH in words and all(map(str.isalnum, words)))


def security_beside_cash(symbol: str) -> str:
    """Return the ticker in a symbol (in capitals) that may be meant as cash."""
    return next((word for word in _words(symbol) if word != CASH), CASH)


def _words(symbol: str) -> list[str]:
    return symbol.replace(".", " ").replace("-", " ").split()


def broker_symbol(symbol: str) -> str:
    """Return the broker's form of a symbol (in capitals), with its exchange or contract id; empty when it is none.

    BRK.B is BRK B, and AAA @ ARCA is AAA@ARCA.
    """
    name, separator, which = (part.strip() for part in symbol.partition("@"))
    if not _TICKER.fullmatch(name) or (separator and not _WHICH.fullmatch(which)):
        return ""
    return f"{name.replace('.', ' ')}{separator}{which}"
