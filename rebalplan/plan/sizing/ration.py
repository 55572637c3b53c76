"""How one budget is shared by buys, and shares to buy back, that want more than it.

First the fill (see ``level``): shares in the order of what each dollar gains, then what still fits. Then
the search (see ``search``) within a cost limit that rises until the result is proven best or the sets of
changes are too many. A few lines that are not proven yet are split: the line with the dearest share
takes each of its possible steps in turn, and the others share the rest, at a price of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from rebalplan.plan.sizing.level import Demand, Fill, fill, top_up
from rebalplan.plan.sizing.search import best_within, cheapest_changes, moves_within

_MOST_SETS = 800
"""Sets of changes in each half of the lines: what a few milliseconds allow."""
_SPLIT_LINES = 6
"""Up to so many lines are split until proven."""
_NOT_WORTH_SPLITTING = 10**9
"""A few lines are not split when the objective is within one part in so many of its bound."""
_MOST_SETS_BEFORE_SPLIT = 2000
_MOST_SPLITS = 100
"""Nodes of the split, each a search of its own."""
_CLOSE_ENOUGH = 10**7
"""More lines are not searched further once the objective is within one part in so many of its bound."""
_FIRST_CHANGES = 6
"""The first limit is the cost of this many cheapest changes of one share."""

Rank = tuple[int, int, int, list[int]]
"""Objective, orders, turnover, and the traded steps negated, so that the least is best."""


class Opening(Struct, frozen=True):
    """Where a search starts: the fill, the Lagrangian bound of the objective, and steps that fit."""

    start: Fill
    bound: int
    steps: list[int]


def ration(demands: Sequence[Demand], budget: int) -> tuple[int, ...]:
    """Return the steps of each line with the least sum of squared distances that ``budget`` pays for.

    Ties go to fewer orders, then to less turnover, then to the larger trade in the first line that differs.
    Proven best up to ``_SPLIT_LINES`` lines unless their splits run out, which takes prices many thousandfold
    apart, and beyond wherever the search closes within its count.
    """
    return tuple(_share(demands, budget, splits=[_MOST_SPLITS]))


def rank(demands: Sequence[Demand], steps: Sequence[int]) -> Rank:
    """Return what is least for the best steps."""
    trades = [abs(count - each.sold) for each, count in zip(demands, steps, strict=True)]
    return (
        _objective(demands, steps),
        len(trades) - trades.count(0),
        sum([each.unit * count for each, count in zip(demands, trades, strict=True)]),
        [-count for count in trades],
    )


def _scale(demands: Sequence[Demand]) -> int:
    """Return what an objective is multiplied by where it meets prices and costs: the same for every line."""
    return demands[0].rate * demands[0].weight


def _objective(demands: Sequence[Demand], steps: Sequence[int]) -> int:
    # A list adds up faster than a generator, and this runs for every account many times.
    return sum([(each.drift - each.unit * count) ** 2 for each, count in zip(demands, steps, strict=True)])


# ``splits`` below holds the one number of splits left, shared by the whole tree of searches.


def _share(demands: Sequence[Demand], budget: int, splits: list[int]) -> list[int]:
    """Return the best steps for lines of which some may not fit the budget at all."""
    fitting = [
        each
        if each.unit * each.rate * each.most <= budget
        else structs.replace(each, most=budget // each.cost)
        for each in demands
    ]
    if sum([each.unit * each.rate * each.most for each in fitting]) <= budget:
        return [each.most for each in fitting]
    rows = [index for index, each in enumerate(fitting) if each.most]
    found = _search([fitting[index] for index in rows], budget, splits)
    steps = [0] * len(demands)
    for index, count in zip(rows, found, strict=True):
        steps[index] = count
    return steps


def _open(demands: Sequence[Demand], budget: int) -> Opening:
    start = fill(demands, budget)
    bound = _scale(demands) * _objective(demands, start.steps) - start.price * start.left
    return Opening(start, bound, top_up(demands, start))


def _search(demands: Sequence[Demand], budget: int, splits: list[int]) -> list[int]:
    """Search within limits that rise until the result is proven or there is too much to list."""
    opening = _open(demands, budget)
    start, bound, steps = opening.start, opening.bound, opening.steps
    best, scale = _objective(demands, steps), _scale(demands)
    few = len(demands) <= _SPLIT_LINES
    costs = cheapest_changes(demands, start)
    limit = costs[min(_FIRST_CHANGES, len(costs)) - 1][0]
    while True:
        limit = min(limit, scale * best - bound)
        movable = [index for cost, index in costs if cost <= limit]
        found = best_within(demands, start, movable, limit, _MOST_SETS_BEFORE_SPLIT if few else _MOST_SETS)
        if found is None:
            break
        if _is_better(demands, found, steps, best):
            best, steps = _objective(demands, found), found
        if scale * best - bound <= limit:
            return steps
        if not few and (scale * best - bound) * _CLOSE_ENOUGH <= scale * best:
            break
        limit = 2 * limit + 1
    if not few or (scale * best - bound) * _NOT_WORTH_SPLITTING <= scale * best:
        return steps
    return _split(demands, budget, steps, opening, splits)


def _is_better(demands: Sequence[Demand], found: list[int], steps: list[int], objective: int) -> bool:
    """Tell whether what is ``found`` ranks before ``steps``, which have this ``objective``."""
    if found == steps:
        return False
    reached = _objective(demands, found)
    return reached < objective or (reached == objective and rank(demands, found) < rank(demands, steps))


def _split(
    demands: Sequence[Demand], budget: int, best: list[int], opening: Opening, splits: list[int]
) -> list[int]:
    """Try each possible step count of the line with the dearest share, the others sharing the rest."""
    dearest = max(range(len(demands)), key=lambda index: demands[index].cost)
    others = [*demands[:dearest], *demands[dearest + 1 :]]
    best_rank = rank(demands, best)
    excess = _scale(demands) * best_rank[0] - opening.bound
    moves = moves_within(demands, dearest, opening.start, excess, _MOST_SPLITS + 1)
    for change in moves.steps:
        splits[0] -= 1
        if splits[0] < 0:
            break
        count = opening.start.steps[dearest] + change
        rest = budget - count * demands[dearest].cost
        if rest < 0:
            continue
        found = _share(others, rest, splits)
        steps = [*found[:dearest], count, *found[dearest:]]
        if (found_rank := rank(demands, steps)) < best_rank:
            best, best_rank = steps, found_rank
    return best
