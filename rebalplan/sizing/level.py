"""The price at which a budget is spent: shares bought in the order of what each dollar gains.

The k-th share of a line at distance ``drift`` lowers its squared distance by ``unit * gain`` with
gain = 2 drift - (2k - 1) unit, so ``gain`` is what each of its dollars brings. Without whole shares the
best use of a budget leaves the same distance, the level, to every line that is bought (water-filling);
with them it is near: buy every share that gains more per dollar than twice the level. The gain at which
the budget runs out is the Lagrange multiplier of the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace
from math import isqrt

from msgspec import Struct


class Demand(Struct, frozen=True):
    """The shares that one line may be bought. Values are in 1e-10 USD."""

    unit: int
    drift: int
    most: int
    """The most steps."""

    def gain(self, step: int) -> int:
        """Return what each dollar of the ``step``-th step gains; it falls by 2 ``unit`` a step."""
        return 2 * self.drift - (2 * step - 1) * self.unit

    def steps_above(self, price: int) -> int:
        """Return how many steps gain more than ``price`` per dollar."""
        steps = (2 * self.drift - price + self.unit - 1) // (2 * self.unit)
        if steps <= 0:
            return 0
        return steps if steps < self.most else self.most

    def reach(self, step_cost: int, excess: int) -> int:
        """Return how many steps a cost of ``excess`` allows, the first at ``step_cost``.

        Each costs 2 unit^2 more than the one before, so k of them cost k step_cost + k (k - 1) unit^2.
        """
        rise = self.unit**2
        half = rise - step_cost
        return (half + isqrt(half * half + 4 * rise * excess)) // (2 * rise)


class Fill(Struct, frozen=True):
    """Steps that fit the budget: each gains at least ``price`` per dollar, every other at most that."""

    steps: list[int]
    price: int
    left: int
    """What the budget leaves, less than the step at the price takes."""


def fill(demands: Sequence[Demand], budget: int) -> Fill:
    """Return the steps bought in the order of their gain per dollar, up to the first that does not fit.

    ``budget`` must be positive and less than all steps take.
    """
    price = 2 * _level([each.drift for each in demands], budget)
    steps = [each.steps_above(price) for each in demands]
    left = budget - sum(each.unit * count for each, count in zip(demands, steps, strict=True))
    if left < 0:
        return _give_back(demands, steps, left)
    return _take_more(demands, steps, left)


def _level(drifts: list[int], budget: int) -> int:
    """Return the distance that a budget spent on the largest drifts leaves to each of them."""
    drifts.sort(reverse=True)
    total = 0
    for count, drift in enumerate(drifts, 1):
        total += drift
        level = (total - budget) // count
        if count == len(drifts) or level >= drifts[count]:
            return max(0, level)
    raise AssertionError("no drifts")


def _give_back(demands: Sequence[Demand], steps: list[int], left: int) -> Fill:
    """Give back the steps that gain least per dollar until the rest fits."""
    queue = [
        (each.gain(count), index)
        for index, (each, count) in enumerate(zip(demands, steps, strict=True))
        if count
    ]
    heapify(queue)
    price = 0
    while left < 0:
        price, index = queue[0]
        steps[index] -= 1
        left += demands[index].unit
        if steps[index]:
            heapreplace(queue, (demands[index].gain(steps[index]), index))
        else:
            heappop(queue)
    return Fill(steps, price, left)


def _take_more(demands: Sequence[Demand], steps: list[int], left: int) -> Fill:
    """Take the steps that gain most per dollar up to the first that does not fit."""
    queue = [
        (-each.gain(count + 1), index)
        for index, (each, count) in enumerate(zip(demands, steps, strict=True))
        if count < each.most
    ]
    heapify(queue)
    while True:
        price, index = queue[0]
        left -= demands[index].unit
        if left < 0:
            return Fill(steps, -price, left + demands[index].unit)
        steps[index] += 1
        if steps[index] < demands[index].most:
            heapreplace(queue, (-demands[index].gain(steps[index] + 1), index))
        else:
            heappop(queue)


def top_up(demands: Sequence[Demand], start: Fill) -> list[int]:
    """Return the fill's steps and what else fits, dearest gain first."""
    steps = list(start.steps)
    left = start.left
    for index in sorted(range(len(demands)), key=lambda each: -demands[each].gain(steps[each] + 1)):
        more = min(left // demands[index].unit, demands[index].most - steps[index])
        steps[index] += more
        left -= more * demands[index].unit
    return steps
