"""The minimum order: the smallest order below it is dropped and the rest solved again, as long as cash allows.

A minimum never blocks a deposit, a withdrawal or a debit: an order stays when without it cash would end under its
floor or out of its band, or exposure over its cap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

from msgspec import structs

from rebalplan.plan.sizing.candidates import Candidate
from rebalplan.plan.sizing.rounds import Prepared, Round, Terms, settle
from rebalplan.plan.sizing.scaled import ScaledAccount

SmallOrder = tuple[int, int, Candidate]
"""Value, position, and the order that it is a part of."""


def settle_above_minimum(prepared: Prepared, terms: Terms) -> tuple[Round, frozenset[int]]:
    """Return the orders, none below the minimum that could be dropped, and the positions of those dropped.

    Of orders of equal value the first by symbol is dropped. Orders that were dropped one by one may be needed
    together: then those of their side come back.
    """
    found, dropped = drop_small(prepared, terms, at_once=True)
    if _missed(prepared, found, dropped):
        return drop_small(prepared, terms, at_once=False)
    return found, dropped


def drop_small(prepared: Prepared, terms: Terms, *, at_once: bool) -> tuple[Round, frozenset[int]]:
    """Drop orders one after the other, or ``at_once`` those that reach the minimum in no case.

    At once is the same in fewer rounds, but where cash or the cap stops the dropping in between: there it may go on.
    """
    dropped: set[int] = set()
    needed = set(terms.kept)
    came_back = at_once
    found = settle(prepared, terms)
    while True:
        without = _drop_some(prepared, terms, found, dropped, needed, at_once=at_once)
        if without is not None:
            needed = needed if came_back and not at_once else set(terms.kept)
            found = without
            continue
        missed = set() if came_back else _missed(prepared, found, dropped)
        if not missed:
            return found, frozenset(dropped)
        came_back = True
        dropped -= missed
        needed |= missed
        found = settle(prepared, _barring(terms, dropped))


def _barring(terms: Terms, dropped: set[int]) -> Terms:
    return structs.replace(terms, barred=terms.barred | dropped)


def _drop_some(
    prepared: Prepared, terms: Terms, found: Round, dropped: set[int], needed: set[int], *, at_once: bool
) -> Round | None:
    """Return the orders without the smallest that can go, which become ``dropped``; ``None`` when none can.

    Those that cannot become ``needed``.
    """
    small = _small(prepared.account, found, needed)
    if not small:
        return None
    cash_drift = _least_cash_drift(prepared, _barring(terms, dropped))
    while small:
        for drops in _drops(prepared, found, small, at_once=at_once):
            if _are_needed_buys(prepared, found, drops, cash_drift):
                continue
            positions = {position for _, position, _ in drops}
            without = settle(prepared, _barring(terms, dropped | positions))
            if _is_as_good(prepared.account, found, without):
                dropped |= positions
                return without
        needed.add(small.pop(0)[1])
    return None


def _missed(prepared: Prepared, found: Round, dropped: Collection[int]) -> set[int]:
    """Return the dropped sells where cash or exposure is out of its bounds for want of sells; buys likewise."""
    floor, over_band, under_band, cap = _ends(prepared.account, found)
    want_sells, want_buys = min(floor, under_band, cap) < 0, over_band < 0
    return {
        position
        for position in dropped
        if (want_sells and prepared.lines[position].drift < 0)
        or (want_buys and prepared.lines[position].drift > 0)
    }


def _small(account: ScaledAccount, found: Round, needed: set[int]) -> list[SmallOrder]:
    """Return the orders below the minimum that may be dropped, the smallest first."""
    orders = zip(found.candidates.all(), found.solution.sells + found.solution.buys, strict=True)
    below = [
        (steps * order.unit, order.position, order)
        for order, steps in orders
        if 0 < steps * order.unit < account.min_order and not order.closing and order.position not in needed
    ]
    return sorted(below)


def _drops(
    prepared: Prepared, found: Round, small: list[SmallOrder], *, at_once: bool
) -> Iterator[list[SmallOrder]]:
    """Yield what to drop at once: the smallest orders that reach the minimum in no case, else the smallest alone.

    Dropped one after the other they would nearly always all go: to solve again after each only takes time.
    """
    group = list(takewhile(lambda each: each[2].furthest * each[2].unit < prepared.account.min_order, small))
    for drops in (group, small[:1]) if at_once and len(group) > 1 else (small[:1],):
        if not _are_needed_sells(prepared, found, drops):
            yield drops


def _are_needed_sells(prepared: Prepared, found: Round, drops: Sequence[SmallOrder]) -> bool:
    """Tell whether floor, cap or band need sells among these, even when nothing is bought."""
    value = sum([value for value, position, _ in drops if position in prepared.orders.sells])
    if not value:
        return False
    account, sold = prepared.account, found.solution.sold - value
    return (
        account.spare_cash * account.base + sold * account.keep < 0
        or account.spare_exposure + sold < 0
        or account.cash_drift + sold < -account.cash_band
    )


def _least_cash_drift(prepared: Prepared, terms: Terms) -> int:
    """Return what cash is over its target at least, whatever is bought and only what drift asks for is sold."""
    orders, cash_drift = prepared.orders, prepared.account.cash_drift
    if terms.direction == "both":
        own = orders.sells.keys() & (prepared.asked | terms.forced) - terms.barred
        cash_drift += sum([orders.sells[each].unit * orders.sells[each].steps for each in own])
    if terms.direction != "sell_only":
        buys = orders.buys.keys() - terms.barred
        cash_drift -= sum([orders.buys[each].unit * orders.buys[each].steps for each in buys])
    return cash_drift


def _are_needed_buys(prepared: Prepared, found: Round, drops: Sequence[SmallOrder], cash_drift: int) -> bool:
    """Tell whether cash ends further over its band without these, even when all others are bought.

    ``cash_drift`` is the least with them. Sells count as if their drift asked for them, which is the less.
    """
    sells = sum(
        [order.unit * order.steps for _, position, order in drops if position in prepared.orders.sells]
    )
    buys = sum([order.unit * order.steps for _, position, order in drops if position in prepared.orders.buys])
    return cash_drift + buys - sells > max(prepared.account.cash_slack, found.cash_drift)


def _is_as_good(account: ScaledAccount, found: Round, without: Round) -> bool:
    """Tell whether cash and exposure end within their bounds, or no further from them than with the order."""
    before, after = _ends(account, found), _ends(account, without)
    return all(now >= 0 or now >= then for then, now in zip(before, after, strict=True))


def _ends(account: ScaledAccount, found: Round) -> tuple[int, int, int, int]:
    """Return how far cash ends over its floor and within each end of its band, and exposure under its cap."""
    sold, bought = found.solution.sold, found.solution.bought
    cash_drift = found.cash_drift
    return (
        account.spare_cash * account.base + sold * account.keep - bought * account.pay,
        account.cash_slack - cash_drift,
        account.cash_band + cash_drift,
        account.spare_exposure + sold - bought,
    )
