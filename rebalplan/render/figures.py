"""Figures for people: dollars with cents, percent to two places, quantities as they are."""

from __future__ import annotations

from decimal import Decimal

from rebalplan.core.money import CENT, ONE, quantize, usd
from rebalplan.core.text import count as count  # noqa: PLC0414  # a figure for people, too
from rebalplan.core.text import listed as listed  # noqa: PLC0414  # the same


def dollars(value: Decimal) -> str:
    """Return ``41,200.00``."""
    return usd(value)


def whole_dollars(value: Decimal) -> str:
    """Return ``41,200``, for tables in which cents are noise."""
    return f"{quantize(value, ONE):,.0f}"


def signed_dollars(value: Decimal) -> str:
    """Return ``+41,200.00`` or ``-41,200.00``; ``0.00`` has no sign."""
    shown = quantize(value, CENT)
    return f"{shown:+,.2f}" if shown else "0.00"


def percent(value: Decimal) -> str:
    """Return ``12.35``."""
    return f"{quantize(value, CENT):,.2f}"


def signed_percent(value: Decimal) -> str:
    """Return ``+12.35``; ``0.00`` has no sign."""
    shown = quantize(value, CENT)
    return f"{shown:+,.2f}" if shown else "0.00"


def shares(value: Decimal) -> str:
    """Return the quantity with thousands separators and only the decimals it has."""
    return f"{value:,f}"


def price(value: Decimal) -> str:
    """Return ``1,234.50``, with more decimals where it has more than two."""
    return usd(value) if value == quantize(value, CENT) else f"{value:,f}"
