"""Geometry of small bar charts: scales with readable ticks, and SVG path data in whole units. Pure.

Every drawing is ``WIDTH`` units wide and is stretched to its place; heights are pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import ceil, floor

import msgspec

from rebalplan.core.money import ONE, ZERO, canonical, divide, quantize

WIDTH = 1000
ROW = 22
"""The height of one holding in pixels."""

_LEAST = Decimal("0.01")
"""No axis ends nearer to zero than this, in the unit of the values."""

_STEPS = (ONE, Decimal(2), Decimal(5))
_ENDS = (ONE, Decimal("1.5"), Decimal(2), Decimal(3), Decimal(4), Decimal(5), Decimal(6), Decimal(8))
_INTERVALS = Decimal(4)


class Scale(msgspec.Struct, frozen=True):
    """A linear axis from ``low`` to ``high`` that contains zero, and the values that are written on it."""

    low: Decimal
    high: Decimal
    ticks: tuple[Decimal, ...]

    def at(self, value: Decimal) -> int:
        """Return the place of ``value``, from 0 to ``WIDTH``. A value beyond an end is drawn at that end."""
        place = int(quantize(divide((value - self.low) * WIDTH, self.high - self.low), ONE))
        return min(max(place, 0), WIDTH)


class Tick(msgspec.Struct, frozen=True):
    """One label of an axis and its place in percent of the width, as SVG writes it."""

    place: str
    label: str


def scale_over(values: Iterable[Decimal]) -> Scale:
    """Return an axis over zero and every value, about four ticks 1, 2 or 5 times a power of ten apart.

    It ends at the next quarter between two ticks.
    """
    known = tuple(values)
    low, high = min((ZERO, *known)), max((_LEAST, *known))
    step = _round_up(divide(high - low, _INTERVALS), _STEPS)
    quarter = divide(step, _INTERVALS)
    low, high = floor(divide(low, quarter)) * quarter, ceil(divide(high, quarter)) * quarter
    numbers = range(ceil(divide(low, step)), floor(divide(high, step)) + 1)
    return Scale(low, high, tuple(canonical(step * number) for number in numbers))


def scale_about(values: Iterable[Decimal]) -> Scale:
    """Return an axis with zero in its middle that holds every value on either side."""
    end = _round_up(max((_LEAST, *(abs(value) for value in values))), _ENDS)
    return Scale(-end, end, (-end, ZERO, end))


def _round_up(value: Decimal, mantissas: Sequence[Decimal]) -> Decimal:
    """Return the least mantissa times a power of ten that is not below a positive value."""
    power = Decimal(1).scaleb(value.adjusted())
    return canonical(next((m * power for m in mantissas if m * power >= value), 10 * power))


def axis(scale: Scale, sign: str = "") -> tuple[Tick, ...]:
    """Return the labels of an axis; ``sign`` ``+`` writes a sign before every number but 0."""
    return tuple(
        Tick(f"{scale.at(tick) / (WIDTH / 100):g}%", f"{tick:{sign if tick else ''}f}")
        for tick in scale.ticks
    )


def bar(scale: Scale, start: Decimal, end: Decimal, top: int, height: int) -> str:
    """Return the path of a bar between two values, or nothing for a bar without width."""
    left, right = sorted((scale.at(start), scale.at(end)))
    return f"M{left} {top}h{right - left}v{height}h{left - right}z" if left < right else ""


def upright(scale: Scale, value: Decimal, top: int, height: int) -> str:
    """Return the path of a vertical line at a value."""
    return f"M{scale.at(value)} {top}v{height}"


def dot(scale: Scale, value: Decimal, middle: int) -> str:
    """Return the path of a point, which round line ends turn into a dot."""
    return f"M{scale.at(value)} {middle}h0"


def grid(scale: Scale, height: int) -> str:
    """Return the path of a line through every tick."""
    return "".join(upright(scale, tick, 0, height) for tick in scale.ticks)
