"""How one budget is shared by buys that want more than it.

First the fill (see ``level``): shares in the order of what each dollar gains, then what still fits. Then
the search (see ``search``) within a cost limit that rises until the result is proven best or the sets of
changes are too many. A few lines that are not proven yet are split: the line with the dearest share
takes each of its possible steps in turn, and the others share the rest, at a price of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rebalplan.sizing.candidates import Candidate
from rebalplan.sizing.level import Demand, Fill, fill, top_up
from rebalplan.sizing.search import best_within, cheapest_change, moves_within

_MOST_SETS = 800
"""Sets of changes in each half of the lines: what a few milliseconds allow."""
_SPLIT_LINES = 6
"""Up to so many lines are split until proven."""
_MOST_SETS_BEFORE_SPLIT = 3000
_MOST_SPLITS = 300
"""Nodes of the split, each a search of its own."""
_FIRST_CHANGES = 6
"""The first limit is the cost of this many cheapest changes of one share."""

Rank = tuple[int, int, int, list[int]]
"""Objective, orders, value bought, and the steps negated, so that the least is best."""


class Share(Struct, frozen=True):
    """A way to share the budget."""

    rank: Rank
    steps: list[int]
    proven: bool


def ration(buys: Sequence[Candidate], budget: int) -> tuple[int, ...]:
    """Return the steps of each buy with the least sum of squared distances that ``budget`` pays for.

    Ties go to fewer orders, then to less value bought, then to the larger trade in the first line that
    differs. Proven best up to at least five lines, and beyond wherever the search closes within its count.
    """
    demands = [Demand(buy.unit, buy.drift, buy.steps) for buy in buys]
    return tuple(_share(demands, budget, splits=[_MOST_SPLITS]).steps)


def rank(demands: Sequence[Demand], steps: Sequence[int]) -> Rank:
    """Return what is least for the best steps."""
    taken = [each.unit * count for each, count in zip(demands, steps, strict=True)]
    return (
        sum((each.drift - value) ** 2 for each, value in zip(demands, taken, strict=True)),
        sum(count > 0 for count in steps),
        sum(taken),
        [-count for count in steps],
    )


def _share(demands: Sequence[Demand], budget: int, splits: list[int]) -> Share:
    """Return the best steps for lines of which some may not fit the budget at all."""
    fitting = [Demand(each.unit, each.drift, min(each.most, budget // each.unit)) for each in demands]
    most = [each.most for each in fitting]
    if sum(each.unit * each.most for each in fitting) <= budget:
        return Share(rank(demands, most), most, proven=True)
    rows = [index for index, each in enumerate(fitting) if each.most]
    found = _search([fitting[index] for index in rows], budget, splits)
    steps = [0] * len(demands)
    for index, count in zip(rows, found.steps, strict=True):
        steps[index] = count
    return Share(rank(demands, steps), steps, found.proven)


def _search(demands: Sequence[Demand], budget: int, splits: list[int]) -> Share:
    """Search within limits that rise until the result is proven or there is too much to list."""
    start = fill(demands, budget)
    bound = rank(demands, start.steps)[0] - start.price * start.left
    steps = top_up(demands, start)
    best = rank(demands, steps)
    few = len(demands) <= _SPLIT_LINES
    limit = _first_limit(demands, start)
    while True:
        limit = min(limit, best[0] - bound)
        found = best_within(demands, start, limit, _MOST_SETS_BEFORE_SPLIT if few else _MOST_SETS)
        if found is None:
            break
        if found and (found_rank := rank(demands, found)) < best:
            best, steps = found_rank, found
        if best[0] - bound <= limit:
            return Share(best, steps, proven=True)
        limit = 2 * limit + 1
    share = Share(best, steps, proven=False)
    return _split(demands, budget, share, start, splits) if few else share


def _first_limit(demands: Sequence[Demand], start: Fill) -> int:
    costs = [
        cheapest_change(each, count, start.price) for each, count in zip(demands, start.steps, strict=True)
    ]
    known = sorted(cost for cost in costs if cost is not None)
    return known[min(_FIRST_CHANGES, len(known)) - 1]


def _split(demands: Sequence[Demand], budget: int, share: Share, start: Fill, splits: list[int]) -> Share:
    """Try each possible step count of the line with the dearest share, the others sharing the rest."""
    dearest = max(range(len(demands)), key=lambda index: demands[index].unit)
    others = [*demands[:dearest], *demands[dearest + 1 :]]
    bound = rank(demands, start.steps)[0] - start.price * start.left
    moves = moves_within(demands[dearest], dearest, start, share.rank[0] - bound)
    proven = True
    for change in moves.steps:
        splits[0] -= 1
        if splits[0] < 0:
            return Share(share.rank, share.steps, proven=False)
        count = start.steps[dearest] + change
        rest = budget - count * demands[dearest].unit
        if rest < 0:
            continue
        found = _share(others, rest, splits)
        steps = [*found.steps[:dearest], count, *found.steps[dearest:]]
        proven = proven and found.proven
        if (found_rank := rank(demands, steps)) < share.rank:
            share = Share(found_rank, steps, proven=False)
    return Share(share.rank, share.steps, proven)
