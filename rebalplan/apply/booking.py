"""Compares an account with the holdings that our fills explain: booked, late, or somebody else's trade. Pure.

Positions lag behind fills by seconds, account values by up to three minutes. A position between its quantity before
our orders and its quantity after our fills is only late. A position outside that range shows somebody else's trade.
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
    """The differences between an account and its holdings by our fills, a sentence for each position.

    No fill of ours explains the ``unexplained`` positions. Fills that are not booked yet explain the ``late`` ones.
    ``missing_usd`` is the cash that is missing beyond the tolerance, ``taken_usd`` the part of it that no delay
    explains; both are 0 or more. ``unbooked_usd`` is cash that our buys spent and the broker still shows: a withdrawal
    may hide behind it.
    """

    unexplained: tuple[str, ...]
    late: tuple[str, ...]
    missing_usd: Decimal
    taken_usd: Decimal
    unbooked_usd: Decimal = ZERO

    @property
    def is_complete(self) -> bool:
        """Tell whether waiting is over: everything is booked, or waiting would not help."""
        is_late = self.late or self.missing_usd > self.taken_usd or self.unbooked_usd
        return bool(self.unexplained) or not is_late


def shares_in_flight(orders: Iterable[OrderResult]) -> dict[int, Decimal]:
    """Return the signed shares that may fill, or may have filled unreported, by contract id."""
    shares: dict[int, Decimal] = {}
    for order in orders:
        if not order.is_over:
            con_id = order.dispatch.con_id
            shares[con_id] = shares.get(con_id, ZERO) + order.sign * (order.most - order.executed)
    return shares


def compare_bookings(
    result: AccountResult, snapshot: AccountSnapshot, in_flight: Mapping[int, Decimal]
) -> Booking:
    """Compare an account that was begun. ``in_flight`` is from ``shares_in_flight``."""
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
    # While bookings are late, the cash lies between these amounts. Below the least of them, somebody took money.
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
