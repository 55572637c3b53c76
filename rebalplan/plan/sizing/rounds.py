"""Trigger and sizing in rounds, until the account that the orders leave asks for nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from rebalplan.plan.sizing.candidates import Candidates, find_candidates
from rebalplan.plan.sizing.funding import Traded, sell_limits, wanted_trades
from rebalplan.plan.sizing.problem import Direction
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine
from rebalplan.plan.sizing.solve import Solution, solve
from rebalplan.plan.sizing.trigger import State, asked_lines, investing_lines, state_after, state_before


class Terms(Struct, frozen=True):
    """Which lines are asked, or kept from trading, for other reasons than their drift. Each holds positions."""

    direction: Direction
    barred: frozenset[int] = frozenset()
    """Do not trade."""
    forced: frozenset[int] = frozenset()
    """Trade as if their own drift asked for it."""
    first: frozenset[int] = frozenset()
    """Are bought to the nearest share before the others share what cash is left."""
    kept: frozenset[int] = frozenset()
    """Are not dropped for their size."""
    unpassed: frozenset[int] = frozenset()
    """Are sold to the nearest share and no further."""


class Round(Struct, frozen=True):
    """The lines that are asked to trade, and their orders."""

    asked: frozenset[int]
    """By their drift or to invest; sells for money alone are not among them."""
    candidates: Candidates
    solution: Solution
    state: State
    """The account that the orders leave."""

    @property
    def trades(self) -> dict[int, int]:
        """Return the signed steps of each candidate, by position."""
        return signed_steps(self.candidates, self.solution)

    @property
    def sold(self) -> int:
        """Return the value of the sells."""
        sells = zip(self.candidates.sells, self.solution.sells, strict=True)
        return sum(order.unit * steps for order, steps in sells)

    @property
    def bought(self) -> int:
        """Return the value of the buys."""
        buys = zip(self.candidates.buys, self.solution.buys, strict=True)
        return sum(order.unit * steps for order, steps in buys)


def signed_steps(candidates: Candidates, solution: Solution) -> dict[int, int]:
    """Return the signed steps of each candidate, by position: negative sells."""
    steps = {each.position: -count for each, count in zip(candidates.sells, solution.sells, strict=True)}
    steps.update((each.position, count) for each, count in zip(candidates.buys, solution.buys, strict=True))
    return steps


def settle(account: ScaledAccount, lines: Sequence[ScaledLine], terms: Terms) -> Round:
    """Return the orders after which nothing more is asked."""
    state = state_before(account, lines)
    own = (asked_lines(account, lines, state) | terms.forced) - terms.barred
    invest: set[int] = set()  # cash that these take is not over its band any more
    while True:
        candidates, solution = _fund_and_solve(account, lines, terms, own, invest)
        state = state_after(account, lines, signed_steps(candidates, solution))
        asked = asked_lines(account, lines, state) - terms.barred - own
        investing = investing_lines(account, state) - terms.barred - own - invest
        if not asked and not investing:
            return Round(frozenset(own | invest), candidates, solution, state)
        own |= asked
        invest = (invest | investing) - own


def _fund_and_solve(
    account: ScaledAccount, lines: Sequence[ScaledLine], terms: Terms, own: set[int], invest: set[int]
) -> tuple[Candidates, Solution]:
    """Return the best orders, with no more sold for money alone than these take.

    What the buys want decides at first how much is sold for them. More is sold where what is bought leaves CASH under
    its band; in the end, a share that is not bought after all needs nothing.
    """
    is_only_for_bounds = terms.direction == "sell_only"
    if is_only_for_bounds:
        own, invest = set(), set()
    spare = [] if terms.direction == "buy_only" else _sources(lines, own | terms.barred)
    mine = find_candidates(lines, own, {}, terms.direction, terms.unpassed)
    furthest = sum(sell.unit * sell.furthest for sell in mine.sells)
    traded = wanted_trades(mine)
    limits = sell_limits(account, lines, spare, traded, furthest, is_only_for_bounds=is_only_for_bounds)
    grows = True
    while True:
        candidates = mine
        if invest or limits:
            candidates = find_candidates(lines, own | invest, limits, terms.direction, terms.unpassed)
        solution = _solve(account, candidates, terms.first)
        traded = _traded(candidates, solution, limits)
        wanted = sell_limits(account, lines, spare, traded, furthest, is_only_for_bounds=is_only_for_bounds)
        grown = _at_least(limits, wanted)
        grows = grows and grown != limits
        wanted = grown if grows else _no_more_than(limits, wanted)
        if wanted == limits:
            return candidates, solution
        limits = wanted


def _at_least(limits: Mapping[int, int], wanted: Mapping[int, int]) -> dict[int, int]:
    return {
        position: max(limits.get(position, 0), wanted.get(position, 0))
        for position in sorted({*limits, *wanted})
    }


def _sources(lines: Sequence[ScaledLine], taken: set[int]) -> list[int]:
    """Return the positions of the overweight lines that may be sold for money alone."""
    return [position for position, line in enumerate(lines) if line.drift < 0 and position not in taken]


def _no_more_than(limits: Mapping[int, int], wanted: Mapping[int, int]) -> dict[int, int]:
    return {
        position: min(steps, limits[position]) for position, steps in wanted.items() if position in limits
    }


def _traded(candidates: Candidates, solution: Solution, limits: Mapping[int, int]) -> Traded:
    sells = zip(candidates.sells, solution.sells, strict=True)
    return Traded(
        sum(sell.unit * steps for sell, steps in sells if sell.position not in limits),
        sum(buy.unit * steps for buy, steps in zip(candidates.buys, solution.buys, strict=True)),
    )


def _solve(account: ScaledAccount, candidates: Candidates, first: frozenset[int]) -> Solution:
    """Return the best orders; those that come ``first`` have what they want, where there is cash for all of it."""
    if not first:
        return solve(account, candidates)
    served = {buy.position: buy.steps for buy in candidates.buys if buy.position in first}
    value = sum(buy.unit * buy.steps for buy in candidates.buys if buy.position in served)
    rest = structs.replace(
        candidates, buys=tuple(buy for buy in candidates.buys if buy.position not in served)
    )
    found = solve(account.spent(value), rest)
    if min(found.cash_budget, found.exposure_budget) < 0:
        return solve(account, candidates)
    bought = dict(zip((buy.position for buy in rest.buys), found.buys, strict=True)) | served
    return structs.replace(found, buys=tuple(bought[buy.position] for buy in candidates.buys))
