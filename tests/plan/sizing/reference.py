"""Sizing by enumeration in exact fractions: slow, obvious, and independent of the package's own arithmetic."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction

from rebalplan.plan.sizing import SizingLine, SizingProblem

Trades = tuple[Fraction, ...]


def reference_trades(problem: SizingProblem) -> tuple[Trades, bool, bool]:
    """Return the trades, whether the floor is unmet and whether the cap is, dropping small orders one by one."""
    dropped: list[int] = []
    while True:
        trades, floor_short, cap_excess = best_order_set(problem, dropped)
        small = [
            (abs(trade) * Fraction(line.price), index)
            for index, (line, trade) in enumerate(zip(problem.lines, trades, strict=True))
            if trade
            and line.target_usd
            and abs(trade) * Fraction(line.price) < Fraction(problem.min_order_usd)
        ]
        if not small:
            return trades, floor_short > 0, cap_excess > 0
        dropped.append(min(small)[1])


def best_order_set(problem: SizingProblem, dropped: Iterable[int] = ()) -> tuple[Trades, Fraction, Fraction]:
    """Return the best of all order sets, and by how much it misses the cash floor and the leverage cap."""
    choices = [
        [Fraction(0)] if index in dropped else list(permitted_trades(problem, line))
        for index, line in enumerate(problem.lines)
    ]
    return min(
        ((trades, *violations(problem, trades)) for trades in itertools.product(*choices)),
        key=lambda found: (found[1], found[2], *rank(problem, found[0])),
    )


def permitted_trades(problem: SizingProblem, line: SizingLine) -> Iterator[Fraction]:
    """Yield nothing-at-all and every trade towards the target that stays within the nearest share."""
    yield Fraction(0)
    step = Fraction(1, 10_000) if problem.allow_fractional else Fraction(1)
    gap = (Fraction(line.target_usd) - Fraction(line.quantity) * Fraction(line.price)) / Fraction(line.price)
    side = 1 if gap > 0 else -1
    forbidden = "sell_only" if gap > 0 else "buy_only"
    if not line.selected or problem.direction == forbidden:
        return
    for count in itertools.count(1):
        trade = side * count * step
        nearer_before = abs(gap - (trade - side * step)) < abs(gap - trade)
        if nearer_before or Fraction(line.quantity) + trade < 0:
            return
        yield trade


def violations(problem: SizingProblem, trades: Iterable[Fraction]) -> tuple[Fraction, Fraction]:
    """Return by how many dollars cash ends under its floor and exposure over its cap."""
    cost = Fraction(problem.cost_bps) / 10_000
    cash = Fraction(problem.cash_usd)
    exposure = Fraction(problem.held_usd)
    for line, trade in zip(problem.lines, trades, strict=True):
        cash -= trade * Fraction(line.price) + abs(trade) * Fraction(line.price) * cost
        exposure += (Fraction(line.quantity) + trade) * Fraction(line.price)
    cap = Fraction(problem.max_leverage) * Fraction(problem.net_liquidation_usd)
    return max(Fraction(0), Fraction(problem.cash_floor_usd) - cash), max(Fraction(0), exposure - cap)


def objective(problem: SizingProblem, trades: Iterable[Fraction]) -> Fraction:
    """Return the sum of squared distances to the targets, in USD squared."""
    return sum(
        (
            ((Fraction(line.quantity) + trade) * Fraction(line.price) - Fraction(line.target_usd)) ** 2
            for line, trade in zip(problem.lines, trades, strict=True)
        ),
        Fraction(0),
    )


def rank(problem: SizingProblem, trades: Trades) -> tuple[Fraction, int, Fraction, tuple[Fraction, ...]]:
    """Return what is least for the best order set."""
    turnover = sum(
        (abs(trade) * Fraction(line.price) for line, trade in zip(problem.lines, trades, strict=True)),
        Fraction(0),
    )
    return (
        objective(problem, trades),
        sum(trade != 0 for trade in trades),
        turnover,
        tuple(-abs(trade) for trade in trades),
    )
