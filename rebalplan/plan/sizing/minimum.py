"""The minimum order: the smallest order below it is dropped and the rest solved again, as long as cash allows.

A minimum never blocks a deposit, a withdrawal or a debit: an order stays when without it cash would end under its
floor or out of its band, or exposure over its cap.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    dropped: set[int] = set()
    needed = set(terms.kept)
    came_back = False
    found = settle(account, lines, terms)
    while True:
        smallest = _smallest(account, found, needed)
        if smallest is not None:
            without = settle(account, lines, _barring(terms, {*dropped, smallest}))
            if not _is_needed_sell(account, found, smallest) and _is_as_good(account, found, without):
                dropped.add(smallest)
                needed = needed if came_back else set(terms.kept)
                found = without
            else:
                needed.add(smallest)
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


def _missed(account: ScaledAccount, lines: Sequence[ScaledLine], found: Round, dropped: set[int]) -> set[int]:
    """Return the dropped sells where cash or exposure is out of its bounds for want of sells; buys likewise."""
    floor, over_band, under_band, cap = _ends(account, found)
    want_sells, want_buys = min(floor, under_band, cap) < 0, over_band < 0
    return {
        position
        for position in dropped
        if (want_sells and lines[position].drift < 0) or (want_buys and lines[position].drift > 0)
    }


def _smallest(account: ScaledAccount, found: Round, needed: set[int]) -> int | None:
    """Return the position of the smallest order below the minimum, or ``None`` when there is none to drop."""
    orders = zip(found.candidates.all(), found.solution.sells + found.solution.buys, strict=True)
    below = [
        (steps * order.unit, order.position)
        for order, steps in orders
        if 0 < steps * order.unit < account.min_order and not order.closing and order.position not in needed
    ]
    return min(below)[1] if below else None


def _is_needed_sell(account: ScaledAccount, found: Round, position: int) -> bool:
    """Tell whether floor, cap or band need the sell of a line, even when nothing is bought."""
    value = found.trades[position] * _unit(found, position)
    if value > 0:
        return False
    sold = found.sold + value
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


def _unit(found: Round, position: int) -> int:
    return next(order.unit for order in found.candidates.all() if order.position == position)
