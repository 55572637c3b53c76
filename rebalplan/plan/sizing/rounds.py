"""Trigger and sizing in rounds, until the account that the orders leave asks for nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from msgspec import Struct, structs

from rebalplan.plan.sizing.candidates import Candidate, Candidates, Orders, find_candidates, whole_orders
from rebalplan.plan.sizing.funding import Traded, sell_limits, sources, wanted_trades
from rebalplan.plan.sizing.problem import Direction
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine
from rebalplan.plan.sizing.solve import Solution, solve
from rebalplan.plan.sizing.trigger import (
    asked_by_drift,
    asked_lines,
    investing_lines,
    state_after,
    state_before,
)


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


class Prepared(Struct, frozen=True):
    """An account and its lines, with what stays the same while their orders are sought."""

    account: ScaledAccount
    lines: Sequence[ScaledLine]
    orders: Orders
    asked: frozenset[int]
    """Before any order."""
    investing: frozenset[int]
    """Likewise."""
    sources: tuple[Candidate, ...]
    """Of money: the sells, the largest drift first."""


class Round(Struct, frozen=True):
    """The lines that are asked to trade, and their orders."""

    asked: frozenset[int]
    """By their drift or to invest; sells for money alone are not among them."""
    candidates: Candidates
    solution: Solution
    cash_drift: int
    """Cash over its target after the orders."""

    @property
    def trades(self) -> dict[int, int]:
        """Return the signed steps of each candidate, by position."""
        return signed_steps(self.candidates, self.solution)


def signed_steps(candidates: Candidates, solution: Solution) -> dict[int, int]:
    """Return the signed steps of each candidate, by position: negative sells."""
    steps = {each.position: -count for each, count in zip(candidates.sells, solution.sells, strict=True)}
    steps.update((each.position, count) for each, count in zip(candidates.buys, solution.buys, strict=True))
    return steps


def prepare(account: ScaledAccount, lines: Sequence[ScaledLine]) -> Prepared:
    """Return what every search for orders of this account begins with."""
    orders = whole_orders(lines)
    before = state_before(account, lines)
    asked, investing = asked_lines(account, lines, before), investing_lines(account, before)
    return Prepared(account, lines, orders, frozenset(asked), frozenset(investing), sources(orders))


def settle(prepared: Prepared, terms: Terms) -> Round:
    """Return the orders after which nothing more is asked."""
    own = (prepared.asked | terms.forced) - terms.barred
    invest = prepared.investing - terms.barred - own
    if invest:
        funding = _funding(prepared, terms, own)
        if funding.limits(wanted_trades(funding.mine)):
            invest = frozenset()  # the lines that drifted take all the cash that is over, and more
    while True:
        investing: set[int] = set()
        candidates, solution = _fund_and_solve(prepared, terms, own, invest)
        cash_drift = prepared.account.cash_drift + solution.sold - solution.bought
        if prepared.account.total_band is not None or cash_drift > prepared.account.cash_band:
            state = state_after(prepared.account, prepared.lines, signed_steps(candidates, solution))
            asked = asked_by_drift(prepared.account, prepared.lines, state) - terms.barred - own
            investing = investing_lines(prepared.account, state) - terms.barred - own - invest
        else:
            asked = _moved_out(prepared.lines, candidates, solution, own)
        if not asked and not _can_trade(prepared.orders, investing):
            return Round(own | invest | investing, candidates, solution, cash_drift)
        own |= asked
        invest = (invest | investing) - own


def _moved_out(
    lines: Sequence[ScaledLine], candidates: Candidates, solution: Solution, own: Set[int]
) -> set[int]:
    """Return the lines that the orders leave out of their bands, without those that their ``own`` drifts asked before.

    A line that does not trade asks for nothing new.
    """
    steps = solution.sells + solution.buys
    return {
        each.position
        for each, count in zip(candidates.all(), steps, strict=True)
        if each.position not in own
        and count
        and abs(each.drift - count * each.unit) > lines[each.position].band
    }


def _can_trade(orders: Orders, positions: Set[int]) -> bool:
    return not positions.isdisjoint(orders.buys) or not positions.isdisjoint(orders.sells)


class _Funding(Struct, frozen=True):
    """The orders of the lines that trade for their own drift, and the sells that may pay for them."""

    account: ScaledAccount
    mine: Candidates
    spare: list[Candidate]
    is_only_for_bounds: bool

    def limits(self, traded: Traded) -> dict[int, int]:
        """Return how many steps of which other lines are sold for what the own lines and those that invest trade."""
        furthest = sum([sell.unit * sell.furthest for sell in self.mine.sells])
        return sell_limits(
            self.account, self.spare, traded, furthest, is_only_for_bounds=self.is_only_for_bounds
        )


def _funding(prepared: Prepared, terms: Terms, own: frozenset[int]) -> _Funding:
    taken = own | terms.barred
    spare = [each for each in prepared.sources if each.position not in taken]
    return _Funding(
        prepared.account,
        find_candidates(prepared.orders, own, {}, terms.direction, terms.unpassed),
        [] if terms.direction == "buy_only" else spare,
        terms.direction == "sell_only",
    )


def _fund_and_solve(
    prepared: Prepared, terms: Terms, own: frozenset[int], invest: frozenset[int]
) -> tuple[Candidates, Solution]:
    """Return the best orders, with no more sold for money alone than these take.

    What the buys want decides at first how much is sold for them. More is sold where what is bought leaves CASH under
    its band; in the end, a share that is not bought after all needs nothing.
    """
    if terms.direction == "sell_only":
        own, invest = frozenset(), frozenset()
    funding = _funding(prepared, terms, own)
    traded = wanted_trades(funding.mine)
    needs = limits = funding.limits(traded)
    grows = True
    while True:
        candidates = funding.mine
        if invest or limits:
            candidates = find_candidates(
                prepared.orders, own | invest, limits, terms.direction, terms.unpassed
            )
        solution = _solve(prepared.account, candidates, terms.first)
        before, traded = traded, _traded(candidates, solution, limits)
        needs = needs if traded == before else funding.limits(traded)
        if needs == limits:
            return candidates, solution
        grown = _at_least(limits, needs)
        grows = grows and grown != limits
        wanted = grown if grows else _no_more_than(limits, needs)
        if wanted == limits:
            return candidates, solution
        limits = wanted


def _at_least(limits: Mapping[int, int], wanted: Mapping[int, int]) -> dict[int, int]:
    return {
        position: max(limits.get(position, 0), wanted.get(position, 0))
        for position in sorted({*limits, *wanted})
    }


def _no_more_than(limits: Mapping[int, int], wanted: Mapping[int, int]) -> dict[int, int]:
    return {
        position: min(steps, limits[position]) for position, steps in wanted.items() if position in limits
    }


def _traded(candidates: Candidates, solution: Solution, limits: Mapping[int, int]) -> Traded:
    if not limits:
        return Traded(solution.sold, solution.bought)
    sells = zip(candidates.sells, solution.sells, strict=True)
    return Traded(
        sum([sell.unit * steps for sell, steps in sells if sell.position not in limits]), solution.bought
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
    steps = tuple(bought[buy.position] for buy in candidates.buys)
    return structs.replace(found, buys=steps, bought=found.bought + value)
