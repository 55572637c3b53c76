"""What the buys of an account may cost, and which are cut when it is not enough. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

import msgspec

from rebalplan.money import ONE, SHARE_STEP, ZERO, divide, from_bps, usd


class Funds(msgspec.Struct, frozen=True):
    """What there is to spend, in USD.

    ``cash`` is cash now with every confirmed proceed and payment in it; ``reserved`` what working buys may still
    take; ``exposure_room`` what may be bought before leverage passes its cap.
    """

    cash: Decimal
    floor: Decimal
    reserved: Decimal
    exposure_room: Decimal


class Wish(msgspec.Struct, frozen=True):
    """A buy that waits for money: shares, the drift it corrects and the live ask, both in USD."""

    reference: str
    symbol: str
    quantity: Decimal
    drift_usd: Decimal
    ask: Decimal


class Allotment(msgspec.Struct, frozen=True):
    """How many shares of a wish may be bought now; fewer than wished says why."""

    wish: Wish
    quantity: Decimal
    why: str


def allot_buys(
    wishes: Sequence[Wish], funds: Funds, *, cost_bps: Decimal, step: Decimal, min_order_usd: Decimal
) -> tuple[Allotment, ...]:
    """Serve the largest drift first, in whole steps, at the live ask plus costs; the smallest is cut first.

    ``step`` is 1 share or 0.0001. What is cut below ``min_order_usd`` is not bought at all.
    """
    budget = funds.cash - funds.floor - funds.reserved
    room = funds.exposure_room - funds.reserved
    allotments = []
    for wish in sorted(wishes, key=lambda wish: (-abs(wish.drift_usd), wish.symbol)):
        price = wish.ask * (ONE + from_bps(cost_bps))
        allotment = _allot(wish, budget, room, price, step=step, min_order_usd=min_order_usd)
        allotments.append(allotment)
        budget -= allotment.quantity * price
        room -= allotment.quantity * wish.ask
    return tuple(allotments)


def _allot(
    wish: Wish, budget: Decimal, room: Decimal, price: Decimal, *, step: Decimal, min_order_usd: Decimal
) -> Allotment:
    payable, allowed = _steps(budget, price, step), _steps(room, wish.ask, step)
    if min(payable, allowed) >= wish.quantity:
        return Allotment(wish, wish.quantity, "")
    quantity = max(ZERO, min(payable, allowed))
    if payable <= allowed:
        why = (
            f"cash_short: {usd(wish.quantity * price)} USD needed at the live ask with costs, "
            f"{usd(max(budget, ZERO))} USD left"
        )
    else:
        why = (
            f"leverage_cap: {usd(wish.quantity * wish.ask)} USD wanted at the live ask, room for "
            f"{usd(max(room, ZERO))} USD under max_leverage"
        )
    if ZERO < quantity * wish.ask < min_order_usd:
        return Allotment(wish, ZERO, f"{why}; what is left is below min_order_usd = {usd(min_order_usd)}")
    return Allotment(wish, quantity, why)


def _steps(amount: Decimal, price: Decimal, step: Decimal) -> Decimal:
    return divide(divide(amount, price), step).to_integral_value(ROUND_FLOOR) * step


def quantity_step(*, allow_fractional: bool) -> Decimal:
    """Return the smallest quantity step of an account."""
    return SHARE_STEP if allow_fractional else ONE
