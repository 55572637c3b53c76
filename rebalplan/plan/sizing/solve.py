"""The best order set under cash and leverage, without the minimum order.

Both constraints only look at the value of all buys, because every bought dollar costs the same: once the
sells are set, the buys share one budget, the smaller of what cash and what leverage leave. A sell to the
nearest share is best for its own line and for the budget, so sells are settled before the buys; only where
two shares are exactly as near is there a choice, since the further one adds to the budget at no loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from msgspec import Struct

from rebalplan.plan.sizing.candidates import Candidate, Candidates
from rebalplan.plan.sizing.ration import ranges, ration
from rebalplan.plan.sizing.scaled import ScaledAccount

_ALL_TIE_CHOICES = 5
"""Up to so many half-share ties every choice is tried, beyond it only the smallest ones together."""


class Solution(Struct, frozen=True):
    """Steps of every candidate, sells and buys apart, with what the two constraints leave for buys."""

    sells: tuple[int, ...]
    buys: tuple[int, ...]
    cash_budget: int
    exposure_budget: int


def solve(account: ScaledAccount, candidates: Candidates) -> Solution:
    """Return the best order set, or the nearest to feasible when none is.

    Best is the least sum of squared distances to the targets; then the fewest orders, the least turnover,
    and the larger trade in the first line (by symbol) that differs. When sells cannot restore a
    constraint, every sell goes as far as it may and nothing is bought: no order set comes nearer.
    """
    sells, buys = candidates.sells, candidates.buys
    nearest = tuple(sell.steps for sell in sells)
    wanted = tuple(buy.steps for buy in buys)
    solution = _with_sells(account, sells, nearest)
    if _value(buys, wanted) <= _budget(solution):
        return _with_buys(solution, wanted)
    if any(sell.tie for sell in sells):
        return _solve_ties(account, candidates, nearest)
    if _budget(solution) <= 0:
        return _with_buys(solution, (0,) * len(buys))
    return _with_buys(solution, ration(buys, _budget(solution)))


def buy_ranges(account: ScaledAccount, candidates: Candidates) -> list[tuple[int, int]] | None:
    """Return the fewest and the most steps of each buy that ``solve`` can give, where that saves a search.

    ``None`` where ``solve`` does not search, or where half-share ties leave the sells open.
    """
    buys = candidates.buys
    if any(sell.tie for sell in candidates.sells):
        return None
    budget = _budget(_with_sells(account, candidates.sells, tuple(sell.steps for sell in candidates.sells)))
    if budget <= 0 or sum(buy.unit * buy.steps for buy in buys) <= budget:
        return None
    return ranges(buys, budget)


def _solve_ties(account: ScaledAccount, candidates: Candidates, nearest: tuple[int, ...]) -> Solution:
    sells, buys = candidates.sells, candidates.buys
    solution = _with_sells(account, sells, nearest)
    best: Solution | None = None
    for further in _tie_choices(sells):
        chosen = tuple(steps + more for steps, more in zip(nearest, further, strict=True))
        solution = _with_sells(account, sells, chosen)
        if _budget(solution) < 0:
            continue
        solution = _with_buys(solution, ration(buys, _budget(solution)))
        if best is None or _rank(candidates, solution) < _rank(candidates, best):
            best = solution
    return best or _with_buys(solution, (0,) * len(buys))


def _tie_choices(sells: Sequence[Candidate]) -> Iterator[tuple[int, ...]]:
    """Yield how many steps further each sell goes, 0 or 1; last, all ties go further."""
    ties = [index for index, sell in enumerate(sells) if sell.tie]
    if len(ties) <= _ALL_TIE_CHOICES:
        yield from product(*((0, 1) if sell.tie else (0,) for sell in sells))
        return
    ties.sort(key=lambda index: (sells[index].unit, index))
    for count in range(len(ties) + 1):
        further = ties[:count]
        yield tuple(int(index in further) for index in range(len(sells)))


def _rank(candidates: Candidates, solution: Solution) -> tuple[int, int, int, tuple[int, ...]]:
    """Return what is least for the best solution: the objective, then the rules for ties."""
    orders = list(zip(candidates.sells, solution.sells, strict=True))
    orders += zip(candidates.buys, solution.buys, strict=True)
    orders.sort(key=lambda order: order[0].position)
    return (
        sum((each.drift - steps * each.unit) ** 2 for each, steps in orders),
        sum(steps > 0 for _, steps in orders),
        sum(steps * each.unit for each, steps in orders),
        tuple(-steps for _, steps in orders),
    )


def _with_sells(account: ScaledAccount, sells: Sequence[Candidate], steps: tuple[int, ...]) -> Solution:
    sold = _value(sells, steps)
    return Solution(steps, (), account.cash_budget(sold), account.exposure_budget(sold))


def _with_buys(solution: Solution, steps: tuple[int, ...]) -> Solution:
    return Solution(solution.sells, steps, solution.cash_budget, solution.exposure_budget)


def _budget(solution: Solution) -> int:
    return min(solution.cash_budget, solution.exposure_budget)


def _value(orders: Sequence[Candidate], steps: Sequence[int]) -> int:
    return sum(order.unit * count for order, count in zip(orders, steps, strict=True))
