"""What the buys of an account may cost, and which are cut when it is not enough. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

import msgspec

from rebalplan.money import ONE, SHARE_STEP, ZERO, divide, from_bps
from rebalplan.stages import OrderLine


class Funds(msgspec.Struct, frozen=True):
    """What there is to spend, in USD.

    ``cash`` is cash now with every confirmed proceed and payment in it; ``reserved`` what working buys may still
    take; ``exposure_room`` what may be bought before leverage passes its cap.
    """

    cash: Decimal
    floor: Decimal
    reserved: Decimal
    exposure_room: Decimal


class Allotment(msgspec.Struct, frozen=True):
    """How many shares of a line may be bought now; fewer than planned says why."""

    line: OrderLine
    quantity: Decimal
    why: str


def allot_buys(
    lines: Sequence[OrderLine],
    drifts: Mapping[str, Decimal],
    asks: Mapping[str, Decimal],
    funds: Funds,
    *,
    cost_bps: Decimal,
    step: Decimal,
) -> tuple[Allotment, ...]:
    """Serve the largest drift first, in whole steps, at the live ask plus costs; the smallest is cut first.

    ``drifts`` and ``asks`` are by symbol, in USD; ``step`` is 1 share or 0.0001.
    """
    budget = funds.cash - funds.floor - funds.reserved
    room = funds.exposure_room - funds.reserved
    allotments = []
    for line in sorted(lines, key=lambda line: (-abs(drifts[line.order.symbol]), line.order.symbol)):
        ask = asks[line.order.symbol]
        price = ask * (ONE + from_bps(cost_bps))
        affordable = min(_steps(budget, price, step), _steps(room, ask, step))
        quantity = max(ZERO, min(line.order.quantity, affordable))
        why = "" if quantity == line.order.quantity else _why(budget, line, price)
        allotments.append(Allotment(line, quantity, why))
        budget -= quantity * price
        room -= quantity * ask
    return tuple(allotments)


def _steps(amount: Decimal, price: Decimal, step: Decimal) -> Decimal:
    return divide(divide(amount, price), step).to_integral_value(ROUND_FLOOR) * step


def _why(budget: Decimal, line: OrderLine, price: Decimal) -> str:
    needed = line.order.quantity * price
    return f"cash_short: {needed:.2f} USD needed at the live ask with costs, {max(budget, ZERO):.2f} USD left"


def quantity_step(*, allow_fractional: bool) -> Decimal:
    """Return the smallest quantity step of an account."""
    return SHARE_STEP if allow_fractional else ONE
