"""Which lines may trade, on which side, and how far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from rebalplan.plan.sizing.problem import Direction
from rebalplan.plan.sizing.scaled import ScaledLine


class Candidate(Struct, frozen=True):
    """An order that is allowed. Values are in 1e-10 USD."""

    position: int
    """Of its line in the problem."""
    unit: int
    """Value of one step."""
    drift: int
    """Distance to the target, positive."""
    steps: int
    """Steps to the nearest share, or as many as are held or wanted."""
    furthest: int
    """The most steps: of a sell, up to one share past the one that reaches the target; of a buy, ``steps``."""
    closing: bool
    """Whether the minimum order does not apply."""


class Candidates(Struct, frozen=True):
    """The orders that are allowed, in the order of the lines."""

    sells: tuple[Candidate, ...]
    buys: tuple[Candidate, ...]

    def all(self) -> tuple[Candidate, ...]:
        """Return the sells, then the buys."""
        return self.sells + self.buys


def nearest_steps(drift: int, unit: int) -> int:
    """Return how many whole steps bring a distance of ``drift`` nearest to 0; of two, the fewer."""
    return (2 * drift + unit - 1) // (2 * unit)


def reaching_steps(drift: int, unit: int) -> int:
    """Return the fewest whole steps that a distance of ``drift`` does not exceed."""
    return -(-drift // unit)


def side(line: ScaledLine) -> Literal["buy_only", "sell_only"]:
    """Return the side that corrects the drift, named as the ``direction`` that allows it alone."""
    return "buy_only" if line.drift > 0 else "sell_only"


def find_candidates(
    lines: Sequence[ScaledLine],
    asked: Collection[int],
    limits: Mapping[int, int],
    direction: Direction,
    unpassed: Collection[int] = (),
) -> Candidates:
    """Return the orders of the lines that are ``asked`` to trade, and the sells that ``limits`` bound by steps.

    A sell of an ``unpassed`` line goes to the nearest share and no further.
    """
    sells: list[Candidate] = []
    buys: list[Candidate] = []
    may_sell, may_buy = direction != "buy_only", direction != "sell_only"
    for position in sorted({*asked, *limits}):
        line = lines[position]
        if line.drift > 0:
            if may_buy:
                _add(buys, _buy(position, line))
        elif line.drift < 0 and may_sell:
            if position in limits:
                _add(sells, _limited(position, line, limits[position]))
            else:
                _add(sells, _sell(position, line, may_pass=position not in unpassed))
    return Candidates(sells=tuple(sells), buys=tuple(buys))


def _add(orders: list[Candidate], candidate: Candidate) -> None:
    if candidate.furthest:
        orders.append(candidate)


def _buy(position: int, line: ScaledLine) -> Candidate:
    steps = nearest_steps(line.drift, line.unit)
    return Candidate(position, line.unit, line.drift, steps, steps, closing=False)


def _sell(position: int, line: ScaledLine, *, may_pass: bool) -> Candidate:
    drift = -line.drift
    furthest = min(reaching_steps(drift, line.unit) + 1, line.held_steps)
    steps = furthest if line.closing else min(nearest_steps(drift, line.unit), line.held_steps)
    furthest = furthest if may_pass else steps
    return Candidate(position, line.unit, drift, steps, furthest, line.closing)


def _limited(position: int, line: ScaledLine, most: int) -> Candidate:
    steps = min(most, line.held_steps)
    return Candidate(position, line.unit, -line.drift, steps, steps, closing=False)
