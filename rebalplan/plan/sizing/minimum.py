"""The minimum order: the smallest order below it is dropped and the rest solved again, until none is."""

from __future__ import annotations

from rebalplan.plan.sizing.candidates import Candidates
from rebalplan.plan.sizing.scaled import ScaledAccount
from rebalplan.plan.sizing.solve import Solution, buy_ranges, solve


def solve_above_minimum(account: ScaledAccount, candidates: Candidates) -> tuple[Candidates, Solution]:
    """Return the candidates that are left and their best order set, none below the minimum but closings.

    Of orders of equal value the first by symbol is dropped.
    """
    while True:
        dropped = _drops_at_nearest(account, candidates) or _surely_smallest(account, candidates)
        if not dropped:
            solution = solve(account, candidates)
            dropped = _smallest(account, candidates, solution)
        if not dropped:
            return candidates, solution
        candidates = candidates.without(dropped)


def _drops_at_nearest(account: ScaledAccount, candidates: Candidates) -> list[int]:
    """Return the orders to drop one after the other while the budget pays for every nearest share."""
    sold = sum(sell.unit * sell.steps for sell in candidates.sells)
    wanted = sum(buy.unit * buy.steps for buy in candidates.buys)
    small = [(sell.unit * sell.steps, sell.position, True) for sell in candidates.sells if not sell.closing]
    small += [(buy.unit * buy.steps, buy.position, False) for buy in candidates.buys]
    small = sorted(order for order in small if 0 < order[0] < account.min_order)
    dropped: list[int] = []
    for value, position, is_sell in small:
        if wanted > min(account.cash_budget(sold), account.exposure_budget(sold)):
            break
        dropped.append(position)
        sold, wanted = (sold - value, wanted) if is_sell else (sold, wanted - value)
    return dropped


def _smallest(account: ScaledAccount, candidates: Candidates, solution: Solution) -> list[int]:
    """Return the position of the smallest order below the minimum, or nothing when there is none."""
    below = [
        (steps * order.unit, order.position)
        for order, steps in zip(candidates.all(), solution.sells + solution.buys, strict=True)
        if 0 < steps * order.unit < account.min_order and not order.closing
    ]
    return [min(below)[1]] if below else []


def _surely_smallest(account: ScaledAccount, candidates: Candidates) -> list[int]:
    """Return what ``_smallest`` would find after ``solve``, where bounds tell it without a search.

    That is so when the most that one order can be is below the minimum and below the least of any other.
    """
    bought = buy_ranges(account, candidates) if account.min_order else None
    if bought is None:
        return []
    steps = [(sell.steps, sell.steps) for sell in candidates.sells] + bought
    values = sorted(
        (max(1, fewest) * order.unit, most * order.unit, order.position, fewest)
        for order, (fewest, most) in zip(candidates.all(), steps, strict=True)
        if most and not order.closing
    )
    if not values:
        return []
    _, greatest, position, fewest = values[0]
    bounds = [account.min_order, *(least for least, *_ in values[1:2])]
    return [position] if fewest and greatest < min(bounds) else []
