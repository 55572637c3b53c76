"""Cuts the sells whose only purpose is to pay for buys that cannot be sent. Pure.

Without that, the account would sell and stay in cash. All amounts are at the plan's prices and costs, like the cash
that the plan promises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

import msgspec

from rebalplan.core.money import ONE, ZERO, canonical, divide, from_bps, usd
from rebalplan.plan.document import AccountPlan, PlannedOrder, Summary


class Missing(msgspec.Struct, frozen=True):
    """Shares of a planned order that will not be traded."""

    order: PlannedOrder
    shares: Decimal

    @property
    def value_usd(self) -> Decimal:
        """Return their value in USD at the plan's price, without costs."""
        return self.shares * self.order.price


class SellCut(msgspec.Struct, frozen=True):
    """A sell that goes out with fewer shares than planned; ``quantity`` 0 leaves it out."""

    reference: str
    quantity: Decimal
    why: str


class SellCuts(msgspec.Struct, frozen=True):
    """The cuts of an account's sells.

    ``excess_usd`` is the cash that stays in the account beyond the plan's promise. ``why_sold`` says why it is sold for
    all the same; it is empty when the excess is no more than one share's worth.
    """

    cuts: tuple[SellCut, ...]
    excess_usd: Decimal
    why_sold: str


def cut_sells(plan: AccountPlan, sells: Mapping[str, PlannedOrder], missing: Sequence[Missing]) -> SellCuts:
    """Cut ``sells`` (by reference) by whole shares, smallest drift first, for the ``missing`` shares of the plan.

    The account ends with no more cash than the plan promised plus one share. A sell is not cut when it closes a target
    of 0, restores the cash floor or brings leverage under its cap.
    """
    summary = plan.summary
    if summary is None:
        return SellCuts((), ZERO, "")
    return _Cutter(plan, summary, missing).cut(sells)


class _Cutter:
    """Tracks the excess of cash, and the exposure that may still be kept under the leverage cap."""

    def __init__(self, plan: AccountPlan, summary: Summary, missing: Sequence[Missing]) -> None:
        rules = plan.policy.rebalance
        self._plan = plan
        self._drifts = {row.symbol: abs(row.drift_usd) for row in plan.drift}
        self._residues = {row.symbol for row in plan.drift if row.reason == "fractional_residue"}
        self._minimum = rules.min_order_usd
        self._costs = from_bps(rules.cost_bps)
        buys = [m for m in missing if m.order.side == "BUY"]
        sells = [m for m in missing if m.order.side == "SELL"]
        unspent = sum((m.value_usd for m in buys), ZERO)
        unsold = sum((m.value_usd for m in sells), ZERO)
        self._names = tuple(dict.fromkeys(m.order.symbol for m in buys if m.shares > 0))
        self._unspent = usd(unspent)
        excess = unspent * (ONE + self._costs) - unsold * (ONE - self._costs)
        self._spare = max(ZERO, summary.cash_after_usd - summary.cash_floor_usd)
        self._excess = excess - max(ZERO, summary.cash_floor_usd - summary.cash_after_usd)
        cap = rules.max_leverage * summary.net_liquidation_usd
        self._room = cap - (summary.exposure_after_usd - unspent + unsold)

    def cut(self, sells: Mapping[str, PlannedOrder]) -> SellCuts:
        by_drift = sorted(
            sells.items(), key=lambda item: (self._drifts.get(item[1].symbol, ZERO), item[1].symbol)
        )
        cuts = [self._cut(reference, order) for reference, order in by_drift if not self._closes(order)]
        kept = {cut.reference: cut.quantity for cut in cuts if cut is not None}
        left = [order for reference, order in sells.items() if kept.get(reference, order.quantity) > 0]
        return SellCuts(
            tuple(cut for cut in cuts if cut is not None),
            max(ZERO, self._excess),
            self._why_sold(left),
        )

    def _closes(self, order: PlannedOrder) -> bool:
        """Tell whether an order closes a target of 0, apart from a fraction of a share that no order can sell."""
        return order.closes or order.symbol in self._residues

    def _cut(self, reference: str, order: PlannedOrder) -> SellCut | None:
        """Return the cut of a sell, or ``None``. The proceeds of the shares that are kept come off the excess."""
        proceeds = order.price * (ONE - self._costs)
        shares = min(_shares(self._excess, proceeds, order), _shares(self._room, order.price, order))
        if shares <= 0:
            return None
        self._keep(shares, proceeds, order.price)
        left = order.quantity - shares
        if ZERO < left * order.price < self._minimum and self._is_spare(left, proceeds, order.price):
            self._keep(left, proceeds, order.price)
            left = ZERO
        why = (
            f"buys_left_out: {self._unspent} USD of buys cannot be sent ({', '.join(self._names)}), so "
            f"{f'only {left:,f} of {order.quantity:,f} shares are' if left else 'nothing is'} sold"
        )
        return SellCut(reference, canonical(left), why)

    def _keep(self, shares: Decimal, proceeds: Decimal, price: Decimal) -> None:
        self._excess -= shares * proceeds
        self._room -= shares * price

    def _is_spare(self, left: Decimal, proceeds: Decimal, price: Decimal) -> bool:
        """Tell whether neither the floor nor the cap needs the sale of a rest below the minimum."""
        return self._excess + self._spare >= left * proceeds and self._room >= left * price

    def _why_sold(self, left: Sequence[PlannedOrder]) -> str:
        """Return why sells go out although more than one share's worth stays in cash; empty when it does not."""
        dearest = max((order.price for order in left), default=ZERO)
        if self._excess <= dearest:
            return ""
        closing = [order.symbol for order in left if self._closes(order)]
        if closing:
            return f"{', '.join(closing)} has a target of 0 and is sold all the same"
        if any(not self._closes(order) for order in left):
            return "leverage must come under its cap"
        return "no sell is left to cut"


def _shares(amount: Decimal, each: Decimal, order: PlannedOrder) -> Decimal:
    """Return the whole shares that an amount covers, or the whole order when it covers all of it."""
    if amount >= each * order.quantity:
        return order.quantity
    return divide(amount, each).to_integral_value(ROUND_FLOOR)
