"""Where an account stands against its targets, and which symbols the trigger selects.

All comparisons are made in dollars, exactly, on products of the inputs; percentages are for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from rebalplan.core.money import HUNDRED, ZERO, divide, from_bps, from_pct, quantize
from rebalplan.core.policy import RebalancePolicy
from rebalplan.core.vocabulary import PriceSource, Targets


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
    selected: bool


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
    """Return the drift of every targeted holding, in the order given, with the trigger's selection.

    ``valuation.investable`` must be positive.
    """
    drifts = [_drift(h, h.target_pct, valuation) for h in holdings if h.target_pct is not None]
    selected = _triggered(drifts, valuation, rules)
    selected |= {d.holding.symbol for d in drifts if _always_selected(d)}
    selected |= _correcting(drifts, valuation, rules)
    return tuple(
        msgspec.structs.replace(d, selected=True) if d.holding.symbol in selected else d for d in drifts
    )


def _drift(holding: Holding, target_pct: Decimal, valuation: Valuation) -> Drift:
    target = quantize(from_pct(target_pct) * valuation.investable)
    usd = holding.value - target
    return Drift(holding, target, usd, quantize(divide(usd * HUNDRED, valuation.investable)), False)


def _always_selected(drift: Drift) -> bool:
    """Tell whether this is a holding with target 0 or a target with no holding."""
    return bool(drift.holding.quantity) != bool(drift.holding.target_pct)


def _triggered(drifts: Sequence[Drift], valuation: Valuation, rules: RebalancePolicy) -> set[str]:
    if rules.trigger_mode == "total_drift":
        return _largest_beyond(drifts, _band(valuation, rules))
    band = _band(valuation, rules)
    return {d.holding.symbol for d in drifts if abs(d.usd) > band}


def _band(valuation: Valuation, rules: RebalancePolicy) -> Decimal:
    """Return the tolerance band in USD under the account's trigger mode."""
    return from_bps(rules.band_bps) * valuation.investable


def _largest_beyond(drifts: Iterable[Drift], band: Decimal) -> set[str]:
    """Select the largest drifts, ties by symbol, until the sum of the rest is within ``band``."""
    ordered = sorted(drifts, key=lambda d: (-abs(d.usd), d.holding.symbol))
    rest = sum((abs(d.usd) for d in ordered), ZERO)
    selected = set()
    for drift in ordered:
        if rest <= band:
            break
        selected.add(drift.holding.symbol)
        rest -= abs(drift.usd)
    return selected


def _correcting(drifts: Iterable[Drift], valuation: Valuation, rules: RebalancePolicy) -> set[str]:
    """Select what brings CASH back into its band, cash over its floor, leverage under its cap."""
    band = _band(valuation, rules)
    invest = valuation.cash_drift > band
    repay = (
        valuation.cash_drift < -band
        or valuation.cash < valuation.cash_floor
        or valuation.exposure > rules.max_leverage * valuation.net_liquidation
    )
    return {d.holding.symbol for d in drifts if (invest and d.usd < 0) or (repay and d.usd > 0)}
