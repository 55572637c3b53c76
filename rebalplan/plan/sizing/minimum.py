"""The minimum order: the smallest order below it is dropped and the rest solved again, as long as cash allows.

A minimum never blocks a deposit, a withdrawal or a debit: an order stays when without it cash would end under its
floor or out of its band, or exposure over its cap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

from msgspec import structs

from rebalplan.plan.sizing.rounds import Round, Terms, settle
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine


def settle_above_minimum(
    account: ScaledAccount, lines: Sequence[ScaledLine], terms: Terms
) -> tuple[Round, frozenset[int]]:
    """Return the orders, none below the minimum that could be dropped, and the positions of those dropped.

    Of orders of equal value the first by symbol is dropped. Orders that were dropped one by one may be needed
    together: then those of their side come back.
    """
    found, dropped = drop_small(account, lines, terms, at_once=True)
    if _missed(account, lines, found, dropped):
        return drop_small(account, lines, terms, at_once=False)
    return found, dropped


def drop_small(
    account: ScaledAccount, lines: Sequence[ScaledLine], terms: Terms, *, at_once: bool
) -> tuple[Round, frozenset[int]]:
    """Drop orders one after the other, or ``at_once`` those that reach the minimum in no case.

    At once is the same in fewer rounds, but where cash or the cap stops the dropping in between: there it may go on.
    """
    dropped: set[int] = set()
    needed = set(terms.kept)
    came_back = at_once
    found = settle(account, lines, terms)
    while True:
        small = _small(account, found, needed)
        if small:
            for drops in _drops(account, found, small, at_once=at_once):
                without = settle(account, lines, _barring(terms, dropped.union(drops)))
                if _is_as_good(account, found, without):
                    dropped.update(drops)
                    needed = needed if came_back and not at_once else set(terms.kept)
                    found = without
                    break
            else:
                needed.add(small[0])
            continue
        missed = set() if came_back else _missed(account, lines, found, dropped)
        if not missed:
            return found, frozenset(dropped)
        came_back = True
        dropped -= missed
        needed |= missed
        found = settle(account, lines, _barring(terms, dropped))


def _barring(terms: Terms, dropped: set[int]) -> Terms:
    return structs.replace(terms, barred=terms.barred | dropped)


def _missed(
    account: ScaledAccount, lines: Sequence[ScaledLine], found: Round, dropped: Collection[int]
) -> set[int]:
    """Return the dropped sells where cash or exposure is out of its bounds for want of sells; buys likewise."""
    floor, over_band, under_band, cap = _ends(account, found)
    want_sells, want_buys = min(floor, under_band, cap) < 0, over_band < 0
    return {
        position
        for position in dropped
        if (want_sells and lines[position].drift < 0) or (want_buys and lines[position].drift > 0)
    }


def _small(account: ScaledAccount, found: Round, needed: set[int]) -> list[int]:
    """Return the positions of the orders below the minimum that may be dropped, the smallest first."""
    orders = zip(found.candidates.all(), found.solution.sells + found.solution.buys, strict=True)
    below = [
        (steps * order.unit, order.position)
        for order, steps in orders
        if 0 < steps * order.unit < account.min_order and not order.closing and order.position not in needed
    ]
    return [position for _, position in sorted(below)]


def _drops(account: ScaledAccount, found: Round, small: list[int], *, at_once: bool) -> Iterator[list[int]]:
    """Yield what to drop at once: the smallest orders that reach the minimum in no case, else the smallest alone.

    Dropped one after the other they would nearly always all go: to solve again after each only takes time.
    """
    orders = {order.position: order for order in found.candidates.all()}
    group = list(takewhile(lambda each: orders[each].furthest * orders[each].unit < account.min_order, small))
    for drops in (group, small[:1]) if at_once and len(group) > 1 else (small[:1],):
        if not _are_needed_sells(account, found, drops):
            yield drops


def _are_needed_sells(account: ScaledAccount, found: Round, drops: Sequence[int]) -> bool:
    """Tell whether floor, cap or band need sells among these, even when nothing is bought."""
    trades = found.trades
    value = sum(
        order.unit * -trades[order.position] for order in found.candidates.sells if order.position in drops
    )
    if not value:
        return False
    sold = found.sold - value
    return (
        account.spare_cash * account.base + sold * account.keep < 0
        or account.spare_exposure + sold < 0
        or account.cash_drift + sold < -account.cash_band
    )


def _is_as_good(account: ScaledAccount, found: Round, without: Round) -> bool:
    """Tell whether cash and exposure end within their bounds, or no further from them than with the order."""
    before, after = _ends(account, found), _ends(account, without)
    return all(now >= 0 or now >= then for then, now in zip(before, after, strict=True))


def _ends(account: ScaledAccount, found: Round) -> tuple[int, int, int, int]:
    """Return how far cash ends over its floor and within each end of its band, and exposure under its cap."""
    sold, bought = found.sold, found.bought
    cash_drift = found.state.cash_drift
    return (
        account.spare_cash * account.base + sold * account.keep - bought * account.pay,
        account.cash_slack - cash_drift,
        account.cash_band + cash_drift,
        account.spare_exposure + sold - bought,
    )
