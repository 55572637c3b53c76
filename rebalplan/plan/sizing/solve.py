"""The best order set under cash and leverage, without the minimum order.

A sell to the nearest share is best for its own line and for both constraints. Where the constraints leave too little
for the buys, or are broken, a sell may go further, at most one share past the one that reaches its target. The search
starts from there: every sell at its furthest, and the shares that need not be sold are bought back like any other
buy, out of one budget. Cash and leverage each make a budget of their own, for costs count in cash alone. The best
order set of one that keeps the other is the best of both; only where neither does are the sells tried one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import gcd, prod

from msgspec import Struct

from rebalplan.plan.sizing.candidates import Candidate, Candidates
from rebalplan.plan.sizing.level import Demand
from rebalplan.plan.sizing.ration import ration
from rebalplan.plan.sizing.scaled import ScaledAccount

_MOST_SELL_CHOICES = 243
"""Up to so many ways to go further with the sells are all tried where cash and leverage both bind."""


class Solution(Struct, frozen=True):
    """Steps of every candidate, sells and buys apart, with what the two constraints leave for buys."""

    sells: tuple[int, ...]
    buys: tuple[int, ...]
    sold: int
    """Value of the sells, in 1e-10 USD."""
    bought: int
    cash_budget: int
    exposure_budget: int


class Shares(Struct, frozen=True):
    """Lines that share one budget: every sell at its furthest, and what may be bought, or bought back, from there."""

    orders: tuple[Candidate, ...]
    """In the order of the lines."""
    demands: tuple[Demand, ...]
    """Beside ``orders``."""
    budget: int


def solve(account: ScaledAccount, candidates: Candidates) -> Solution:
    """Return the best order set, or the nearest to feasible when none is.

    Best is the least sum of squared distances to the targets; then the fewest orders, the least turnover,
    and the larger trade in the first line (by symbol) that differs. When sells cannot restore a
    constraint, every sell goes as far as it may and nothing is bought: no order set comes nearer.
    """
    sells, buys = candidates.sells, candidates.buys
    nearest = _with_sells(account, sells, tuple([sell.steps for sell in sells]))
    found = _with_buys(nearest, buys, tuple([buy.steps for buy in buys]))
    if found.bought <= _budget(found):
        return found
    if all(sell.furthest == sell.steps for sell in sells):
        return _with_buys(nearest, buys, _rationed(buys, _budget(nearest)))
    furthest = _with_sells(account, sells, tuple([sell.furthest for sell in sells]))
    if _budget(furthest) < 0:
        return _with_buys(furthest, buys, (0,) * len(buys))
    for budget_shares in (cash_shares, _exposure_shares):
        found = _shared(account, candidates, budget_shares(account, candidates))
        if found.bought <= _budget(found):
            return found
    return _try_sells(account, candidates)


def cash_shares(account: ScaledAccount, candidates: Candidates) -> Shares:
    """Return what shares the cash; a dollar bought back costs what its sell would have, not what a buy does."""
    common = gcd(account.pay, account.keep)
    pay, keep = account.pay // common, account.keep // common
    sold = sum([sell.unit * sell.furthest for sell in candidates.sells])
    budget = (account.spare_cash * account.base + sold * account.keep) // common
    if all(sell.furthest == sell.steps for sell in candidates.sells):
        return _shares(candidates, 1, 1, budget // pay)
    return _shares(candidates, pay, keep, budget)


def _exposure_shares(account: ScaledAccount, candidates: Candidates) -> Shares:
    sold = sum([sell.unit * sell.furthest for sell in candidates.sells])
    return _shares(candidates, 1, 1, account.exposure_budget(sold))


def _shares(candidates: Candidates, pay: int, keep: int, budget: int) -> Shares:
    # Tuples that begin with a number of their own sort faster than by a key.
    found = [
        (sell.position, sell, _bought_back(sell, keep, pay))
        for sell in candidates.sells
        if sell.furthest > sell.steps
    ]
    found += [
        (buy.position, buy, Demand(buy.unit, buy.drift, buy.steps, pay, keep)) for buy in candidates.buys
    ]
    found.sort()
    return Shares(tuple([order for _, order, _ in found]), tuple([demand for _, _, demand in found]), budget)


def _bought_back(sell: Candidate, rate: int, weight: int) -> Demand:
    past = sell.furthest * sell.unit - sell.drift
    return Demand(sell.unit, past, sell.furthest - sell.steps, rate, weight, sell.furthest)


def _shared(account: ScaledAccount, candidates: Candidates, shares: Shares) -> Solution:
    found = ration(shares.demands, max(0, shares.budget)) if shares.budget > 0 else (0,) * len(shares.demands)
    steps = {order.position: count for order, count in zip(shares.orders, found, strict=True)}
    sold = tuple([sell.furthest - steps.get(sell.position, 0) for sell in candidates.sells])
    bought = tuple([steps[buy.position] for buy in candidates.buys])
    return _with_buys(_with_sells(account, candidates.sells, sold), candidates.buys, bought)


def _try_sells(account: ScaledAccount, candidates: Candidates) -> Solution:
    """Return the best order set where cash and leverage both bind: the sells first, then the buys.

    With more than ``_MOST_SELL_CHOICES`` ways to sell, only those are tried that one constraint alone would choose, and
    the nearest and the furthest.
    """
    furthest = _with_sells(account, candidates.sells, tuple(sell.furthest for sell in candidates.sells))
    found = [_with_buys(furthest, candidates.buys, _rationed(candidates.buys, _budget(furthest)))]
    for steps in _sell_choices(account, candidates):
        solution = _with_sells(account, candidates.sells, steps)
        if _budget(solution) >= 0:
            found.append(_with_buys(solution, candidates.buys, _rationed(candidates.buys, _budget(solution))))
    return min(found, key=lambda solution: _rank(candidates, solution))


def _sell_choices(account: ScaledAccount, candidates: Candidates) -> list[tuple[int, ...]]:
    sells = candidates.sells
    if prod(sell.furthest - sell.steps + 1 for sell in sells) <= _MOST_SELL_CHOICES:
        return list(product(*(range(sell.steps, sell.furthest + 1) for sell in sells)))
    alone = (cash_shares(account, candidates), _exposure_shares(account, candidates))
    chosen = [_shared(account, candidates, shares).sells for shares in alone]
    return [*chosen, tuple(sell.steps for sell in sells)]


def _rationed(buys: Sequence[Candidate], budget: int) -> tuple[int, ...]:
    if budget <= 0 or not buys:
        return (0,) * len(buys)
    return ration([Demand(buy.unit, buy.drift, buy.steps) for buy in buys], budget)


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
    return Solution(steps, (), sold, 0, account.cash_budget(sold), account.exposure_budget(sold))


def _with_buys(solution: Solution, buys: Sequence[Candidate], steps: tuple[int, ...]) -> Solution:
    bought = _value(buys, steps)
    return Solution(
        solution.sells, steps, solution.sold, bought, solution.cash_budget, solution.exposure_budget
    )


def _budget(solution: Solution) -> int:
    return min(solution.cash_budget, solution.exposure_budget)


def _value(orders: Sequence[Candidate], steps: Sequence[int]) -> int:
    return sum([order.unit * count for order, count in zip(orders, steps, strict=True)])
