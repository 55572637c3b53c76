"""Decimal arithmetic: parsing, canonical form, rounding and basis points.

Money, prices and quantities are ``Decimal`` everywhere outside the broker adapter. Results never depend
on the ambient decimal context: every division and rounding here names its own precision.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from decimal import ROUND_HALF_EVEN, ROUND_UP, Context, Decimal, InvalidOperation, localcontext

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
"""The finest step of prices, percentages and money in a plan (so that no canonical form needs an exponent)."""
SHARE_STEP = Decimal("0.0001")
"""The finest step of a quantity: a ten-thousandth of a share."""

MAX_DIGITS = 18
"""The most significant digits of a number in a plan or from a broker."""

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_UP = Context(prec=60, rounding=ROUND_UP)


def quantize(value: Decimal, step: Decimal = MICRO) -> Decimal:
    """Round half to even to a multiple of ``step`` (a power of ten) and return the canonical form."""
    return canonical(_WIDE.quantize(value, step))


def divide(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return the quotient to 60 significant digits, half to even, in any ambient context."""
    return _WIDE.divide(dividend, divisor)


def canonical(value: Decimal) -> Decimal:
    """Return the same number without trailing zeros, exponent or negative zero.

    ``str()`` of the result is plain digits for every number whose finest step is ``MICRO`` or coarser.
    """
    if not value:
        return ZERO
    value = _WIDE.normalize(value)
    if value.as_tuple().exponent > 0:  # type: ignore[operator]  # finite: the exponent is an int
        value = _WIDE.quantize(value, ONE)
    return value


def parse_decimal(text: str) -> Decimal | None:
    """Read a plain decimal number (sign, digits, point, optional exponent) or return ``None``.

    NaN, infinities, underscores, non-ASCII digits and numbers over ``MAX_DIGITS`` digits or beyond
    10^12 are no numbers here.
    """
    if not text.isascii() or "_" in text:
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or len(value.as_tuple().digits) > MAX_DIGITS:
        return None
    if value and not -MAX_DIGITS <= value.adjusted() <= 12:  # noqa: PLR2004  # documented above
        return None
    return value


def from_bps(bps: Decimal) -> Decimal:
    """Return basis points as a fraction: 50 -> 0.005."""
    return _WIDE.scaleb(bps, -4)


def from_pct(pct: Decimal) -> Decimal:
    """Return percent as a fraction: 2.5 -> 0.025."""
    return _WIDE.scaleb(pct, -2)


def percent_of(part: Decimal, whole: Decimal) -> Decimal:
    """Return ``part`` in percent of ``whole``, to 60 significant digits; 0 when ``whole`` is 0."""
    return _WIDE.divide(_WIDE.multiply(part, HUNDRED), whole) if whole else ZERO


def usd(value: Decimal) -> str:
    """Format dollars for people: ``41,200.00``."""
    return f"{_WIDE.add(_WIDE.quantize(value, CENT), ZERO):,.2f}"


def percent_above(part: Decimal, whole: Decimal) -> Decimal:
    """Return ``part`` in percent of ``whole``, to 0.01 away from zero: no value over a limit looks equal to it."""
    return canonical(_UP.quantize(_UP.divide(_UP.multiply(part, HUNDRED), whole), CENT))


def root(value: Decimal) -> Decimal:
    """Return the square root to 60 significant digits."""
    return _WIDE.sqrt(value)


def exact() -> AbstractContextManager[Context]:
    """Enter a context in which sums and products of plan figures are exact, whatever the ambient one is."""
    return localcontext(_WIDE)


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """Return the sum to 60 digits, in canonical form."""
    total = ZERO
    for value in values:
        total = _WIDE.add(total, value)
    return canonical(total)


def exact_product(one: Decimal, other: Decimal) -> Decimal:
    """Return the product to 60 digits."""
    return _WIDE.multiply(one, other)
