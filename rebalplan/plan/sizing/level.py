"""The price at which a budget is spent: shares bought in the order of what each dollar gains.

The k-th share of a line at distance ``drift`` lowers its squared distance by unit (2 drift - (2k - 1) unit), so the
bracket is what each of its dollars brings. Without whole shares the best use of a budget leaves the same distance,
the level, to every line that is bought (water-filling); with them it is near: buy every share that gains more per
dollar than twice the level. The gain at which the budget runs out is the Lagrange multiplier of the budget.

A share that need not be sold is bought back, and a dollar of it takes less from the budget than a dollar of a buy: the
costs of a sell instead of those of a buy. So a step takes ``unit * rate`` from the budget, and gains are counted
per unit of the budget, times ``rate * weight``, which is the same number for every line.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace

from msgspec import Struct

_WALK = 16
"""Steps per line that are walked one by one from the level; beyond, units are too unequal for that."""


class Demand(Struct, frozen=True):
    """The shares that one line may be bought, or bought back. Values are in 1e-10 USD."""

    unit: int
    drift: int
    most: int
    """The most steps."""
    rate: int = 1
    """What a dollar takes from the budget."""
    weight: int = 1
    """What makes gains of lines with another ``rate`` comparable."""
    sold: int = 0
    """Steps that are sold when none is bought back; 0 for a buy."""

    @property
    def cost(self) -> int:
        """What a step takes from the budget."""
        return self.unit * self.rate

    def gain(self, step: int) -> int:
        """Return what each unit of budget gains by the ``step``-th step; it falls by 2 ``unit * weight`` a step."""
        return self.weight * (2 * self.drift - (2 * step - 1) * self.unit)

    def steps_above(self, price: int) -> int:
        """Return how many steps gain more than ``price``."""
        slope = self.unit * self.weight
        steps = (2 * self.drift * self.weight - price + slope - 1) // (2 * slope)
        if steps <= 0:
            return 0
        return steps if steps < self.most else self.most


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
    cheapest, dearest = min([each.weight for each in demands]), max([each.rate for each in demands])
    price = 2 * cheapest * _level([each.drift for each in demands], budget // dearest)
    steps = [each.steps_above(price) for each in demands]
    left = budget - _cost(demands, steps)
    walked = _give_back(demands, steps, left) if left < 0 else _take_more(demands, steps, left)
    return walked if walked is not None else _bisect(demands, budget)


def _cost(demands: Sequence[Demand], steps: Sequence[int]) -> int:
    return sum([each.unit * each.rate * count for each, count in zip(demands, steps, strict=True)])


def _bisect(demands: Sequence[Demand], budget: int) -> Fill:
    """Return the fill by halving the range of the price: slower, but not by how unequal the units are."""
    low, high = -1, 2 * max(each.drift * each.weight for each in demands)
    while high - low > 1:
        middle = (low + high) // 2
        if _cost(demands, [each.steps_above(middle) for each in demands]) <= budget:
            high = middle
        else:
            low = middle
    steps = [each.steps_above(high) for each in demands]
    left = budget - _cost(demands, steps)
    for index, each in enumerate(demands):
        if steps[index] < each.most and each.gain(steps[index] + 1) == high:
            if each.cost > left:
                break
            steps[index] += 1
            left -= each.cost
    return Fill(steps, high, left)


def _level(drifts: list[int], budget: int) -> int:
    """Return the distance that a budget spent on the largest drifts leaves to each of them."""
    drifts.sort(reverse=True)
    total, last = 0, len(drifts)
    for count, drift in enumerate(drifts, 1):
        total += drift
        if count == last or total - budget >= drifts[count] * count:
            return max(0, (total - budget) // count)
    raise AssertionError("no drifts")


def _give_back(demands: Sequence[Demand], steps: list[int], left: int) -> Fill | None:
    """Give back the steps that gain least per dollar until the rest fits; ``None`` when that is a long way."""
    queue = [
        (each.gain(count), index)
        for index, (each, count) in enumerate(zip(demands, steps, strict=True))
        if count
    ]
    heapify(queue)
    price = 0
    for _ in range(_WALK * len(demands)):
        if left >= 0:
            return Fill(steps, price, left)
        price, index = queue[0]
        steps[index] -= 1
        left += demands[index].cost
        if steps[index]:
            heapreplace(queue, (demands[index].gain(steps[index]), index))
        else:
            heappop(queue)
    return Fill(steps, price, left) if left >= 0 else None


def _take_more(demands: Sequence[Demand], steps: list[int], left: int) -> Fill | None:
    """Take the steps that gain most per dollar up to the first that does not fit; ``None`` when that is far."""
    queue = [
        (-each.gain(count + 1), index)
        for index, (each, count) in enumerate(zip(demands, steps, strict=True))
        if count < each.most
    ]
    heapify(queue)
    for _ in range(_WALK * len(demands)):
        price, index = queue[0]
        left -= demands[index].cost
        if left < 0:
            return Fill(steps, -price, left + demands[index].cost)
        steps[index] += 1
        if steps[index] < demands[index].most:
            heapreplace(queue, (-demands[index].gain(steps[index] + 1), index))
        else:
            heappop(queue)
    return None


def top_up(demands: Sequence[Demand], start: Fill) -> list[int]:
    """Return the fill's steps and what else fits, dearest gain first."""
    steps = list(start.steps)
    left = start.left
    fitting = [index for index, each in enumerate(demands) if each.unit * each.rate <= left]
    fitting.sort(key=lambda each: -demands[each].gain(steps[each] + 1))
    for index in fitting:
        more = min(left // demands[index].cost, demands[index].most - steps[index])
        steps[index] += more
        left -= more * demands[index].cost
    return steps
