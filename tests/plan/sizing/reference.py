"""Sizing by enumeration in exact fractions: slow, obvious, and independent of the package's own arithmetic."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from rebalplan.plan.sizing import SizingLine, SizingProblem

Trades = tuple[Fraction, ...]


class Orders(NamedTuple):
    """What orders do to cash and exposure, and what is least for the best of them."""

    cash: Fraction
    exposure: Fraction
    squares: Fraction
    number: int
    turnover: Fraction
    trades: Trades

    def and_then(self, other: Orders) -> Orders:
        return Orders(
            self.cash + other.cash,
            self.exposure + other.exposure,
            self.squares + other.squares,
            self.number + other.number,
            self.turnover + other.turnover,
            self.trades + other.trades,
        )


def order_of(problem: SizingProblem, line: SizingLine, trade: Fraction) -> Orders:
    price, quantity = Fraction(line.price), Fraction(line.quantity) + trade
    value = abs(trade) * price
    return Orders(
        -trade * price - value * Fraction(problem.cost_bps) / 10_000,
        quantity * price,
        (quantity * price - Fraction(line.target_usd)) ** 2,
        int(trade != 0),
        value,
        (trade,),
    )


def best_order_set(problem: SizingProblem, asked: Collection[int]) -> tuple[Trades, Fraction, Fraction]:
    """Return the best of all order sets of the lines ``asked``, and by how much it misses the floor and the cap."""
    nothing = Fraction(0)
    found = [Orders(Fraction(problem.cash_usd), Fraction(problem.held_usd), nothing, 0, nothing, ())]
    for index, line in enumerate(problem.lines):
        trades = permitted_trades(problem, line) if index in asked else [nothing]
        choices = [order_of(problem, line, trade) for trade in trades]
        found = [orders.and_then(choice) for orders in found for choice in choices]
    floor = Fraction(problem.cash_floor_usd)
    cap = Fraction(problem.max_leverage) * Fraction(problem.net_liquidation_usd)
    best = min(
        found,
        key=lambda orders: (
            max(nothing, floor - orders.cash),
            max(nothing, orders.exposure - cap),
            *orders[2:5],
            tuple(-abs(trade) for trade in orders.trades),
        ),
    )
    return best.trades, max(nothing, floor - best.cash), max(nothing, best.exposure - cap)


def permitted_trades(problem: SizingProblem, line: SizingLine) -> Iterator[Fraction]:
    """Yield no trade, then every buy up to the nearest share, or every sell up to one past what reaches the target."""
    yield Fraction(0)
    step = Fraction(1, 10_000) if problem.allow_fractional else Fraction(1)
    gap = (Fraction(line.target_usd) - Fraction(line.quantity) * Fraction(line.price)) / Fraction(line.price)
    if problem.direction == ("sell_only" if gap > 0 else "buy_only"):
        return
    if gap > 0:
        for count in itertools.count(1):
            if abs(gap - (count - 1) * step) <= abs(gap - count * step):
                return
            yield count * step
    if gap < 0:
        for count in range(1, ceil(-gap / step) + 2):
            if count * step > Fraction(line.quantity):
                return
            yield -count * step


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
