"""The money of an account's buys: how much may be spent, and which buys are cut when it is not enough. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

import msgspec

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.core.money import ONE, SHARE_STEP, ZERO, divide, from_bps, usd


class Funds(msgspec.Struct, frozen=True):
    """The money that buys may use, in USD.

    ``cash`` includes every confirmed proceed and payment. ``reserved`` is the most that working buys may still take.
    ``exposure_room`` is the value that may be bought before leverage passes its cap.
    """

    cash: Decimal
    floor: Decimal
    reserved: Decimal
    exposure_room: Decimal


class Baseline(msgspec.Struct, frozen=True):
    """The account just before this run's first send, in USD.

    ``values`` has the value of each earlier order's fills by then. ``cash`` may contain fills of these orders that are
    reported later, so their proceeds never count again. ``elsewhere`` is the turnover of the other accounts.
    """

    cash: Decimal
    exposure: Decimal
    net_liquidation: Decimal
    values: Mapping[str, Decimal]
    commissions: Decimal
    elsewhere: Decimal


class Funding(msgspec.Struct, frozen=True):
    """Calculates the money that an account's orders leave, from the baseline before them. ``floor`` is in USD."""

    baseline: Baseline
    floor: Decimal
    cost_bps: Decimal
    max_leverage: Decimal

    def funds(self, orders: Iterable[OrderResult]) -> Funds:
        """Return the funds after these orders. Only proceeds that the broker confirmed count."""
        baseline = self.baseline
        cost = ONE + from_bps(self.cost_bps)
        cash, exposure, reserved = baseline.cash + baseline.commissions, baseline.exposure, ZERO
        for order in orders:
            cash -= order.charged_usd
            quote, earlier = order.dispatch.quote, baseline.values.get(order.reference)
            if order.sign < 0:
                if earlier is None:
                    cash += order.value_usd
                    exposure -= order.filled * quote
                continue
            spent = order.value_usd - (earlier or ZERO)
            cash -= spent
            exposure += spent
            open_shares = ZERO if order.is_over else order.rest
            reserved += (open_shares + order.unpriced) * quote * cost
        return Funds(cash, self.floor, reserved, self.max_leverage * baseline.net_liquidation - exposure)

    def without(self, missing_usd: Decimal) -> Funding:
        """Return the funding with so many USD less cash."""
        baseline = msgspec.structs.replace(self.baseline, cash=self.baseline.cash - missing_usd)
        return msgspec.structs.replace(self, baseline=baseline)


class BuyRequest(msgspec.Struct, frozen=True):
    """A buy that waits for money: shares, the drift it corrects and the live ask, both in USD."""

    reference: str
    symbol: str
    quantity: Decimal
    drift_usd: Decimal
    ask: Decimal


class Allotment(msgspec.Struct, frozen=True):
    """The shares of a request that may be bought now. ``why`` says why they are fewer than requested."""

    request: BuyRequest
    quantity: Decimal
    why: str


def allot_buys(
    requests: Sequence[BuyRequest], funds: Funds, *, cost_bps: Decimal, step: Decimal, min_order_usd: Decimal
) -> tuple[Allotment, ...]:
    """Serve the largest drift first, in whole steps, at the live ask plus costs; the smallest is cut first.

    ``step`` is 1 share or 0.0001. A request for whole shares is cut to whole shares all the same. Only the plan decides
    where a fraction of a share may be sent. The API of TWS refuses one (error 10243). A buy that is cut below
    ``min_order_usd`` is left out.
    """
    budget = funds.cash - funds.floor - funds.reserved
    room = funds.exposure_room - funds.reserved
    allotments = []
    for request in sorted(requests, key=lambda request: (-abs(request.drift_usd), request.symbol)):
        price = request.ask * (ONE + from_bps(cost_bps))
        allotment = _allot(request, budget, room, price, step=step, min_order_usd=min_order_usd)
        allotments.append(allotment)
        budget -= allotment.quantity * price
        room -= allotment.quantity * request.ask
    return tuple(allotments)


def _allot(
    request: BuyRequest,
    budget: Decimal,
    room: Decimal,
    price: Decimal,
    *,
    step: Decimal,
    min_order_usd: Decimal,
) -> Allotment:
    if request.quantity == request.quantity.to_integral_value():
        step = ONE
    payable, allowed = _steps(budget, price, step), _steps(room, request.ask, step)
    if min(payable, allowed) >= request.quantity:
        return Allotment(request, request.quantity, "")
    quantity = max(ZERO, min(payable, allowed))
    if payable <= allowed:
        why = (
            f"cash_short: {usd(request.quantity * price)} USD needed at the live ask with costs, "
            f"{usd(max(budget, ZERO))} USD left"
        )
    else:
        why = (
            f"leverage_cap: {usd(request.quantity * request.ask)} USD wanted at the live ask, room for "
            f"{usd(max(room, ZERO))} USD under max_leverage"
        )
    if ZERO < quantity * request.ask < min_order_usd:
        return Allotment(request, ZERO, f"{why}; what is left is below min_order_usd = {usd(min_order_usd)}")
    return Allotment(request, quantity, why)


def _steps(amount: Decimal, price: Decimal, step: Decimal) -> Decimal:
    return divide(divide(amount, price), step).to_integral_value(ROUND_FLOOR) * step


def quantity_step(*, allow_fractional: bool) -> Decimal:
    """Return the smallest quantity step of an account."""
    return SHARE_STEP if allow_fractional else ONE
