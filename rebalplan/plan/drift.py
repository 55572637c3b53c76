"""Where an account stands against its targets, and the bands of its drifts.

All comparisons are made in dollars, exactly, on products of the inputs; percentages are for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from rebalplan.core.money import HUNDRED, ZERO, divide, from_bps, from_pct, quantize
from rebalplan.core.policy import RebalancePolicy
from rebalplan.core.vocabulary import PriceSource, Targets
from rebalplan.plan.sizing import SizingLine, SizingProblem


class Holding(msgspec.Struct, frozen=True):
    """One symbol of an account with its price: held, targeted, or both.

    ``target_pct`` is ``None`` for a held symbol that portfolios.csv does not name and that is left alone.
    """

    symbol: str
    con_id: int
    quantity: Decimal
    price: Decimal
    price_source: PriceSource
    target_pct: Decimal | None

    @property
    def value(self) -> Decimal:
        """The market value in USD, exactly."""
        return self.quantity * self.price


class Valuation(msgspec.Struct, frozen=True):
    """What an account is worth, in USD.

    ``held`` is the value of holdings left alone; ``investable`` is what the target weights apply to:
    NLV - buffer - held; ``cash_floor`` is buffer + min(0, CASH weight) · investable, or the cash that is not settled
    where that is more.
    """

    cash: Decimal
    exposure: Decimal
    net_liquidation: Decimal
    held: Decimal
    buffer: Decimal
    investable: Decimal
    cash_target: Decimal
    cash_floor: Decimal

    @property
    def cash_drift(self) -> Decimal:
        """Cash above (positive) or below its buffer and target, in USD."""
        return self.cash - self.buffer - self.cash_target


class Drift(msgspec.Struct, frozen=True):
    """One targeted symbol against its target: positive is overweight.

    ``pct`` is in percent points of the investable value, ``usd`` the same in dollars.
    """

    holding: Holding
    target_usd: Decimal
    usd: Decimal
    pct: Decimal
    band_usd: Decimal
    """The drift that is tolerated."""


def value_account(
    cash: Decimal,
    holdings: Iterable[Holding],
    targets: Targets,
    rules: RebalancePolicy,
    unsettled: Decimal = ZERO,
) -> Valuation:
    """Value an account: NLV = USD cash + Σ quantity · price. ``unsettled`` is cash that cannot pay for buys yet."""
    holdings = tuple(holdings)
    exposure = sum((h.value for h in holdings), ZERO)
    held = sum((h.value for h in holdings if h.target_pct is None), ZERO)
    net_liquidation = cash + exposure
    buffer = _buffer(net_liquidation, rules)
    investable = net_liquidation - buffer - held
    cash_target = quantize(from_pct(targets.cash_pct) * investable)
    floor = buffer + min(ZERO, cash_target)
    return Valuation(
        cash=cash,
        exposure=exposure,
        net_liquidation=net_liquidation,
        held=held,
        buffer=buffer,
        investable=investable,
        cash_target=cash_target,
        cash_floor=max(floor, unsettled) if unsettled else floor,
    )


def _buffer(net_liquidation: Decimal, rules: RebalancePolicy) -> Decimal:
    if rules.cash_buffer_type == "abs":
        return rules.cash_buffer_abs
    return quantize(rules.cash_buffer_pct * net_liquidation)


def measure_drift(
    valuation: Valuation, holdings: Iterable[Holding], rules: RebalancePolicy
) -> tuple[Drift, ...]:
    """Return the drift of every targeted holding, in the order given, with its band.

    ``valuation.investable`` must be positive.
    """
    return tuple(_drift(h, h.target_pct, valuation, rules) for h in holdings if h.target_pct is not None)


def _drift(holding: Holding, target_pct: Decimal, valuation: Valuation, rules: RebalancePolicy) -> Drift:
    target = quantize(from_pct(target_pct) * valuation.investable)
    usd = holding.value - target
    band = holding_band_usd(rules, valuation.investable, target_pct)
    return Drift(holding, target, usd, quantize(divide(usd * HUNDRED, valuation.investable)), band)


def holding_band_usd(rules: RebalancePolicy, investable: Decimal, target_pct: Decimal) -> Decimal:
    """Return the drift in USD that a holding may have: the tighter of its band in bps and in percent of its target."""
    band = from_bps(rules.band_bps) * investable
    if not rules.per_holding_band_pct:
        return band
    return min(band, from_pct(rules.per_holding_band_pct) * from_pct(target_pct) * investable)


def cash_band_usd(rules: RebalancePolicy, investable: Decimal) -> Decimal:
    """Return the drift in USD that CASH may have."""
    return from_bps(rules.band_bps if rules.cash_band_bps is None else rules.cash_band_bps) * investable


def sizing_problem(valuation: Valuation, drifts: Iterable[Drift], rules: RebalancePolicy) -> SizingProblem:
    """Return what sizing is asked: the targeted holdings with their bands, and what cash and leverage allow."""
    band = from_bps(rules.band_bps) * valuation.investable
    cash_band = cash_band_usd(rules, valuation.investable)
    return SizingProblem(
        lines=tuple(
            SizingLine(
                symbol=d.holding.symbol,
                quantity=d.holding.quantity,
                price=d.holding.price,
                target_usd=d.target_usd,
                band_usd=d.band_usd,
            )
            for d in drifts
        ),
        cash_usd=valuation.cash,
        cash_floor_usd=valuation.cash_floor,
        cash_target_usd=valuation.cash - valuation.cash_drift,
        cash_band_usd=cash_band,
        cash_slack_usd=max(cash_band, min(band, cash_band + rules.min_order_usd)),
        total_band_usd=band if rules.trigger_mode == "total_drift" else None,
        held_usd=valuation.held,
        net_liquidation_usd=valuation.net_liquidation,
        max_leverage=rules.max_leverage,
        cost_bps=rules.cost_bps,
        min_order_usd=rules.min_order_usd,
        allow_fractional=rules.allow_fractional,
        direction=rules.direction,
    )
