"""The last look: what the next plan would trade after fills at this plan's prices, and how to leave it nothing.

Whole shares, costs that are set aside and the minimum order may leave an account that asks for more than it asked for
at first. What it asks for then becomes a term of this plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from rebalplan.plan.sizing.minimum import settle_above_minimum
from rebalplan.plan.sizing.problem import Direction
from rebalplan.plan.sizing.rounds import Prepared, Round, Terms, prepare
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine
from rebalplan.plan.sizing.trigger import asked_by_drift, state_after

_MOST_LOOKS = 6
"""Plans that are tried before the first is taken."""


def settle_for_good(
    account: ScaledAccount, lines: Sequence[ScaledLine], direction: Direction
) -> tuple[Round, frozenset[int]]:
    """Return orders after which the next plan has none, and the positions of the lines dropped for their size.

    Where no such orders are found, those of the first look are returned.
    """
    terms = Terms(direction)
    prepared = prepare(account, lines)
    first = settle_above_minimum(prepared, terms)
    found = first
    for _ in range(_MOST_LOOKS):
        trades = found[0].trades
        again = _next_trades(prepared, found[0], direction)
        if not again:
            return found
        learnt = _learn(terms, trades, again, dropped=found[1])
        if learnt == terms:
            break
        terms = learnt
        found = settle_above_minimum(prepared, terms)
    return first


def _next_trades(prepared: Prepared, found: Round, direction: Direction) -> dict[int, int]:
    """Return what the next plan would trade, signed steps by position.

    Nothing where no drift is tolerated: there costs that were set aside and not spent buy one more share for ever.
    """
    account, lines, trades = prepared.account, prepared.lines, found.trades
    then = account.moved(found.solution.bought - found.solution.sold)
    if not _tolerates_drift(account, lines) or _asks_nothing(prepared, trades, then):
        return {}
    moved = [line.moved(trades.get(position, 0)) for position, line in enumerate(lines)]
    settled, _ = settle_above_minimum(prepare(then, moved), Terms(direction))
    return {position: steps for position, steps in settled.trades.items() if steps}


def _asks_nothing(prepared: Prepared, trades: dict[int, int], then: ScaledAccount) -> bool:
    """Tell whether it is plain that nothing asks for an order in the account that the orders leave."""
    if then.spare_cash < 0 or then.spare_exposure < 0 or abs(then.cash_drift) > then.cash_band:
        return False
    if asked_by_drift(then, prepared.lines, state_after(prepared.account, prepared.lines, trades)):
        return False
    return not any(
        prepared.lines[position].moved(trades.get(position, 0)).is_always_asked
        for position in prepared.asked | trades.keys()
    )


def _tolerates_drift(account: ScaledAccount, lines: Sequence[ScaledLine]) -> bool:
    if account.total_band is None:
        return any(line.band for line in lines)
    return account.total_band > 0


def _bought_back(trades: dict[int, int], again: dict[int, int]) -> set[int]:
    return {each for each, steps in again.items() if steps > 0 and trades.get(each, 0) < 0}


def _learn(terms: Terms, trades: dict[int, int], again: dict[int, int], *, dropped: frozenset[int]) -> Terms:
    """Return the terms with what the next plan would do.

    It may buy back what was sold, buy more, trade other lines, or trade what this plan ``dropped`` for its size.
    """
    bought_back = _bought_back(trades, again)
    bought = {each for each, steps in again.items() if steps > 0} - bought_back
    return structs.replace(
        terms,
        unpassed=terms.unpassed | bought_back,
        first=terms.first | bought,
        forced=terms.forced | bought | {each for each, steps in again.items() if steps < 0},
        kept=terms.kept | (again.keys() & dropped),
    )
