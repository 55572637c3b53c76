"""Compares an account with what our fills make of it: booked, late, or somebody else's trade. Pure.

Positions lag behind fills by seconds, account values by up to three minutes. What stands between the account before
our orders and the account as our fills leave it is only late; what stands outside is not ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.live import cash_tolerance, is_reinvested
from rebalplan.core.money import ZERO
from rebalplan.core.text import count
from rebalplan.core.vocabulary import AccountSnapshot, Position

_Contract = tuple[str, int]


class Booking(msgspec.Struct, frozen=True):
    """How an account differs from what our fills make of it, a sentence for each position.

    ``unexplained`` positions are explained by no fill of ours, ``late`` ones by fills that are not booked yet.
    ``missing_usd`` is what the cash lacks of what it should be beyond the tolerance, ``taken_usd`` the part of it that
    no delay explains; both are 0 or more. ``unbooked_usd`` is cash that is only there because buys of ours are not
    booked yet: it may hide what somebody took.
    """

    unexplained: tuple[str, ...]
    late: tuple[str, ...]
    missing_usd: Decimal
    taken_usd: Decimal
    unbooked_usd: Decimal = ZERO

    @property
    def is_complete(self) -> bool:
        """Tell whether nothing more is waited for: all is booked, or waiting would not help."""
        is_late = self.late or self.missing_usd > self.taken_usd or self.unbooked_usd
        return bool(self.unexplained) or not is_late


def shares_in_flight(orders: Iterable[OrderResult]) -> dict[int, Decimal]:
    """Return the signed shares that may fill, or have filled, without our knowing it, by contract id."""
    shares: dict[int, Decimal] = {}
    for order in orders:
        if not order.is_over:
            con_id = order.dispatch.con_id
            shares[con_id] = shares.get(con_id, ZERO) + order.sign * (order.most - order.executed)
    return shares


def compare_bookings(
    result: AccountResult, snapshot: AccountSnapshot, in_flight: Mapping[int, Decimal]
) -> Booking:
    """Compare an account that was begun. ``in_flight`` has the signed shares that may fill unheard, by contract id."""
    before = _held(p for intent in result.intents[:1] for p in intent.positions)
    reckoned = result.reckon()
    expected, now = _held(reckoned.positions), _held(snapshot.positions)
    unexplained, late = [], []
    for key in sorted(expected.keys() | now.keys()):
        held, wanted = now.get(key, ZERO), expected.get(key, ZERO)
        open_shares = in_flight.get(key[1], ZERO)
        if held == wanted or is_reinvested(wanted, held):
            continue
        ends = (before.get(key, ZERO), wanted, wanted + open_shares)
        if not min(ends) <= held <= max(ends):
            unexplained.append(f"the account has {held:f} {key[0]}, our fills make it {wanted:f}")
        elif not open_shares:
            late.append(f"{key[0]} shows {count(held, 'share')}, our fills make it {wanted:f}")
    missing = reckoned.cash_usd - snapshot.cash_usd
    taken = min(reckoned.cash_usd, *(intent.cash_usd for intent in result.intents)) - snapshot.cash_usd
    tolerance = cash_tolerance(result.plan)
    bought = sum((line.value_usd for line in result.lines if line.planned.side == "BUY"), ZERO)
    is_unbooked = tolerance < -missing <= bought + tolerance
    return Booking(
        tuple(unexplained),
        tuple(late),
        missing if missing > tolerance else ZERO,
        taken if taken > tolerance else ZERO,
        -missing if is_unbooked else ZERO,
    )


def _held(positions: Iterable[Position]) -> dict[_Contract, Decimal]:
    return {(p.symbol, p.con_id): p.quantity for p in positions}
