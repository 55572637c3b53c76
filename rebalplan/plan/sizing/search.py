"""Exact search around a fill: every set of changes that could be better, met in the middle.

Let ``price`` be the fill's. Changing a line by some steps has a cost: the sum over those steps of
cost * |gain - price|, never negative. The objective of any order set is the Lagrangian bound plus its
excess: the costs of its changes, plus price * (budget left). So an order set at least as good as a known
one is made of changes that together cost no more than the known excess, and few are so cheap.

They are listed in two halves of the lines, and each set of one half is matched with the best of the other
that still fits the budget (Horowitz and Sahni, 1974). The limit on costs starts low and rises; once
the best excess found is within the limit, that order set is proven best, rules for ties included.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

from rebalplan.plan.sizing.level import Demand, Fill

_ORDER_BITS = 16
"""A weight holds a cost and, in this many low bits, the change in the number of orders: ties go by it."""

_MOST_TRIED = 8
"""Sets are not extended by a line when so many times the most sets would have to be tried."""

Change = tuple[int, int, int]
"""What is taken from the budget; weight; turnover and, in its low digits, the trades, negated: the least wins ties."""


class Moves(Struct, frozen=True):
    """The changes of one line within a cost limit, the cheapest first."""

    index: int
    changes: list[tuple[int, int]]
    """Cost, and steps relative to the fill; (0, 0), no change, is among them."""

    @property
    def steps(self) -> tuple[int, ...]:
        """Return the steps of each."""
        return tuple(steps for _, steps in self.changes)

    @property
    def costs(self) -> tuple[int, ...]:
        """Return the cost of each."""
        return tuple(cost for cost, _ in self.changes)


def cheapest_changes(demands: Sequence[Demand], fill: Fill) -> list[tuple[int, int]]:
    """Return (cost, line) of the cheapest change of each line that can change, the cheapest first."""
    found: list[tuple[int, int]] = []
    price = fill.price
    for index, (demand, steps) in enumerate(zip(demands, fill.steps, strict=True)):
        unit, weight = demand.unit, demand.weight
        up = price - weight * (2 * demand.drift - (2 * steps + 1) * unit)
        down = 2 * unit * weight - up
        loss = up if steps == 0 else down if steps == demand.most or down < up else up
        found.append((unit * demand.rate * loss, index))
    found.sort()
    return found


def moves_within(demands: Sequence[Demand], index: int, fill: Fill, limit: int, most: int) -> Moves:
    """Return the changes of one line that cost at most ``limit``, no more than ``most`` each way."""
    demand, steps = demands[index], fill.steps[index]
    loss = fill.price - demand.gain(steps + 1)
    found = [(0, 0)]
    if steps < demand.most:
        found += _one_way(demand, loss, min(demand.most - steps, most), limit, sign=1)
    if steps:
        found += _one_way(demand, 2 * demand.unit * demand.weight - loss, min(steps, most), limit, sign=-1)
    found.sort()
    return Moves(index, found)


def _one_way(demand: Demand, loss: int, most: int, limit: int, *, sign: int) -> list[tuple[int, int]]:
    """Return (cost, steps) of the changes upwards or downwards, the first at ``loss`` per unit of budget.

    Each further step loses 2 ``unit * weight`` more.
    """
    found: list[tuple[int, int]] = []
    cost = step_cost = demand.unit * demand.rate * loss
    rise = 0
    while cost <= limit and len(found) < most:
        found.append((cost, sign * (len(found) + 1)))
        rise = rise or 2 * demand.cost * demand.unit * demand.weight
        step_cost += rise
        cost += step_cost
    return found


def best_within(
    demands: Sequence[Demand], fill: Fill, lines: Sequence[int], limit: int, most_sets: int
) -> list[int] | None:
    """Return the best steps among those whose changes cost at most ``limit`` in each half of ``lines``.

    An empty list: none of them fits the budget. ``None``: a half has more than ``most_sets`` sets.
    """
    movable = [moves_within(demands, index, fill, limit, most_sets) for index in lines]
    digits = max([len(moves.changes) for moves in movable], default=1).bit_length()
    halves: list[list[Change]] = [[(0, 0, 0)], [(0, 0, 0)]]
    for moves in movable:
        half = int(len(halves[1]) < len(halves[0]))
        if len(halves[half]) * len(moves.changes) > _MOST_TRIED * most_sets:
            return None
        extended = _extend(halves[half], _changes(demands, fill, moves, digits), limit)
        if len(extended) > most_sets:
            return None
        halves[half] = extended
    met = _meet(halves[0], halves[1], fill)
    return [] if met is None else _steps(demands, fill, movable, digits, -met[1])


def _changes(demands: Sequence[Demand], fill: Fill, moves: Moves, digits: int) -> list[Change]:
    """Return the moves of one line as changes of the budget, weight and ties."""
    demand, filled = demands[moves.index], fill.steps[moves.index]
    sold, unit, cost_of_step = demand.sold, demand.unit, demand.cost
    before = filled != sold
    place = digits * (len(demands) - 1 - moves.index)
    whole = digits * len(demands)
    fewest = _fewest(demand, filled, moves)
    found: list[Change] = []
    for cost, steps in moves.changes:
        traded = abs(filled + steps - sold)
        weight = (cost << _ORDER_BITS) + (traded != 0) - before
        found.append((steps * cost_of_step, weight, (traded * unit << whole) - (traded - fewest << place)))
    return found


def _extend(sets: list[Change], changes: list[Change], limit: int) -> list[Change]:
    """Return every set with every change of one more line, as far as the limit allows."""
    heaviest = (limit << _ORDER_BITS) + (1 << (_ORDER_BITS - 1))
    return [
        (value + more_value, weight + more_weight, path + more_path)
        for value, weight, path in sets
        for more_value, more_weight, more_path in changes
        if weight + more_weight <= heaviest
    ]


def _meet(one: list[Change], other: list[Change], fill: Fill) -> tuple[int, int] | None:
    """Return the best sum of a set of each half that fits: (objective, ties), the least is best."""
    scaled_price = fill.price << _ORDER_BITS
    other.sort()
    values = [value for value, _, _ in other]
    best_up_to = list(
        accumulate([(weight - scaled_price * value, ties) for value, weight, ties in other], min)
    )
    best: tuple[int, int] | None = None
    for value, weight, ties in one:
        fitting = bisect_right(values, fill.left - value)
        if not fitting:
            continue
        partner = best_up_to[fitting - 1]
        objective = weight - scaled_price * value + partner[0]
        if best is None or objective <= best[0]:
            met = (objective, ties + partner[1])
            best = met if best is None else min(best, met)
    return best


def _steps(
    demands: Sequence[Demand], fill: Fill, movable: list[Moves], digits: int, trades: int
) -> list[int]:
    """Return the fill's steps with the changes whose trades the low digits of ``trades`` spell."""
    steps = list(fill.steps)
    for moves in movable:
        digit = (trades >> digits * (len(demands) - 1 - moves.index)) & ((1 << digits) - 1)
        traded = digit + _fewest(demands[moves.index], fill.steps[moves.index], moves)
        sold = demands[moves.index].sold
        steps[moves.index] = sold - traded if sold else traded
    return steps


def _fewest(demand: Demand, filled: int, moves: Moves) -> int:
    """Return the fewest steps that one of the moves trades."""
    steps = [steps for _, steps in moves.changes]
    return demand.sold - filled - max(steps) if demand.sold else filled + min(steps)
