"""Which lines may trade, on which side, and how far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from typing import Literal

from msgspec import Struct, structs

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


class Orders(Struct, frozen=True):
    """The order that corrects each line's drift, by position, whether it is asked for or not."""

    sells: dict[int, Candidate]
    buys: dict[int, Candidate]


def whole_orders(lines: Sequence[ScaledLine]) -> Orders:
    """Return the orders of all lines that can trade a step."""
    sells = [_sell(position, line) for position, line in enumerate(lines) if line.drift < 0]
    buys = [_buy(position, line) for position, line in enumerate(lines) if line.drift > 0]
    return Orders(
        {each.position: each for each in sells if each.furthest},
        {each.position: each for each in buys if each.furthest},
    )


def find_candidates(
    orders: Orders,
    asked: Set[int],
    limits: Mapping[int, int],
    direction: Direction,
    unpassed: Collection[int] = (),
) -> Candidates:
    """Return the orders of the lines that are ``asked`` to trade, and the sells that ``limits`` bound by steps.

    A sell of an ``unpassed`` line goes to the nearest share and no further.
    """
    may_sell, may_buy = direction != "buy_only", direction != "sell_only"
    sells = [orders.sells[each] for each in sorted(orders.sells.keys() & (asked | limits.keys())) if may_sell]
    buys = [orders.buys[each] for each in sorted(orders.buys.keys() & asked) if may_buy]
    if limits or unpassed:
        sells = [_bounded(sell, limits, unpassed) for sell in sells]
        sells = [sell for sell in sells if sell.furthest]
    return Candidates(tuple(sells), tuple(buys))


def _bounded(sell: Candidate, limits: Mapping[int, int], unpassed: Collection[int]) -> Candidate:
    if sell.position in limits:
        steps = min(limits[sell.position], sell.furthest)
        return Candidate(sell.position, sell.unit, sell.drift, steps, steps, closing=False)
    return structs.replace(sell, furthest=sell.steps) if sell.position in unpassed else sell


def _buy(position: int, line: ScaledLine) -> Candidate:
    steps = nearest_steps(line.drift, line.unit)
    return Candidate(position, line.unit, line.drift, steps, steps, closing=False)


def _sell(position: int, line: ScaledLine) -> Candidate:
    drift = -line.drift
    furthest = min(reaching_steps(drift, line.unit) + 1, line.held_steps)
    steps = furthest if line.closing else min(nearest_steps(drift, line.unit), line.held_steps)
    return Candidate(position, line.unit, drift, steps, furthest, line.closing)
