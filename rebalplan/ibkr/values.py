"""From the wire's numbers to ours: finite decimals or nothing.

``ib_insync`` decodes prices and sizes to floats. The shortest text that reads back as the same float is the
text the gateway sent, so going through ``repr`` loses nothing.
"""

from __future__ import annotations

from decimal import Decimal

from rebalplan.core.errors import AccountError
from rebalplan.core.money import MICRO, SHARE_STEP, ZERO, parse_decimal, quantize


def price_or_none(value: float) -> Decimal | None:
    """Return a positive price in steps of 0.000001, or ``None`` for NaN, infinity, 0, -1 and unset.

    The API sends the largest double for "not set", which is beyond what ``parse_decimal`` reads.
    """
    read = parse_decimal(repr(value))
    price = quantize(read) if read is not None else ZERO
    return price if price > 0 else None


def amount_or_none(value: float) -> Decimal | None:
    """Return an amount in steps of 0.000001, or ``None`` for NaN, infinity and unset."""
    read = parse_decimal(repr(value))
    return None if read is None else quantize(read)


def quantity(value: float, field: str) -> Decimal:
    """Return a number of shares in steps of 0.0001; raises ``AccountError`` naming the field."""
    read = parse_decimal(repr(value))
    if read is None:
        raise AccountError(f"the broker's {field} is {value!r}, not a number: look at the account in TWS")
    return quantize(read, SHARE_STEP)


def money(text: str, field: str) -> Decimal:
    """Return an amount from an account row in steps of 0.000001; raises ``AccountError`` naming the field."""
    read = parse_decimal(text)
    if read is None:
        raise AccountError(f"the broker's {field} is {text[:40]!a}, not a number: look at the account in TWS")
    return quantize(read, MICRO)
