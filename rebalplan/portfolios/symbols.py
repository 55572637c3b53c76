"""Texts in the symbol column that are no symbol of a US security, with what they seem to be."""

from __future__ import annotations

import re

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
"""Suffixes by which Yahoo, Reuters and Bloomberg tell exchanges outside the US apart; no US share class has one."""
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")


def is_total(symbol: str) -> bool:
    """Return whether a row that begins with this (in capitals) adds up the others: Total, Grand total, Sum."""
    words = symbol.replace("-", "").split()
    return bool(words) and words[-1].rstrip(":") in _TOTALS


def is_foreign(symbol: str) -> bool:
    """Return whether a symbol (in capitals) is one of an exchange outside the US, such as CSPX.L or VWCE DE."""
    _, separator, suffix = symbol.replace(".", " ").rpartition(" ")
    return bool(separator) and suffix in _EXCHANGES


def is_isin(symbol: str) -> bool:
    """Return whether a symbol (in capitals) has the form of an ISIN."""
    return _ISIN.fullmatch(symbol) is not None
