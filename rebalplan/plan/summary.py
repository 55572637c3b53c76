"""The figures of an account as a whole, before and after its orders."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.core.money import ZERO, divide, from_bps, percent_of, quantize, root
from rebalplan.core.policy import RebalancePolicy
from rebalplan.plan.document import Summary
from rebalplan.plan.drift import Drift, Valuation
from rebalplan.plan.sizing import Sizing


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """Return ``part`` in percent of ``whole``, to 0.000001."""
    return quantize(percent_of(part, whole))


def summarize(
    rules: RebalancePolicy, valuation: Valuation, drifts: tuple[Drift, ...], sizing: Sizing
) -> Summary:
    """Return the account's figures; ``drifts`` and ``sizing.lines`` stand side by side."""
    trades = [line.trade * d.holding.price for d, line in zip(drifts, sizing.lines, strict=True)]
    buys = sum((t for t in trades if t > 0), ZERO)
    sells = -sum((t for t in trades if t < 0), ZERO)
    turnover = buys + sells
    costs = turnover * from_bps(rules.cost_bps)
    exposure_after = valuation.exposure + buys - sells
    nlv, investable = valuation.net_liquidation, valuation.investable
    return Summary(
        net_liquidation_usd=quantize(nlv),
        buffer_usd=quantize(valuation.buffer),
        unlisted_usd=quantize(valuation.held),
        investable_usd=quantize(investable),
        cash_usd=quantize(valuation.cash),
        cash_floor_usd=quantize(valuation.cash_floor),
        cash_current_pct=percent(valuation.cash - valuation.buffer, investable),
        cash_drift_pct=percent(valuation.cash_drift, investable),
        cash_drift_usd=quantize(valuation.cash_drift),
        buys_usd=quantize(buys),
        sells_usd=quantize(sells),
        turnover_usd=quantize(turnover),
        turnover_pct=percent(turnover, nlv),
        costs_usd=quantize(costs),
        cash_after_usd=quantize(valuation.cash + sells - buys - costs),
        exposure_before_usd=quantize(valuation.exposure),
        exposure_after_usd=quantize(exposure_after),
        leverage_before=quantize(divide(valuation.exposure, nlv)),
        leverage_after=quantize(divide(exposure_after, nlv)),
        tracking_error_before_pct=_tracking_error((d.usd for d in drifts), investable),
        tracking_error_after_pct=_tracking_error(
            (d.usd + t for d, t in zip(drifts, trades, strict=True)), investable
        ),
        floor_unmet=sizing.floor_unmet,
        cap_unmet=sizing.cap_unmet,
    )


def _tracking_error(deviations: Iterable[Decimal], investable: Decimal) -> Decimal:
    return percent(root(sum((d * d for d in deviations), ZERO)), investable)
