"""The rules for planning and trading an account: the resolved settings that a plan carries.

Field names and defaults are those of settings.ini; a field's unit is in its name. These structs are the
single list of policy keys: settings are read into them and a plan stores them as they are.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class RebalancePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When and how far to trade. ``cash_buffer_pct`` is a fraction of NLV (0.01 is one percent).

    ``per_holding_band_pct`` is in percent of a holding's target weight, 0 for none: the tighter of the two bands
    counts. ``cash_band_bps`` of ``None`` gives CASH the band of the trigger mode.
    """

    trigger_mode: Literal["per_holding", "total_drift"] = "per_holding"
    per_holding_band_bps: Decimal = Decimal(50)
    portfolio_total_band_bps: Decimal = Decimal(100)
    min_order_usd: Decimal = Decimal(500)
    cash_buffer_type: Literal["pct", "abs"] = "pct"
    cash_buffer_pct: Decimal = Decimal("0.01")
    cash_buffer_abs: Decimal = Decimal(0)
    cost_bps: Decimal = Decimal(20)
    allow_fractional: bool = False
    max_leverage: Decimal = Decimal("1.5")
    trading_hours: Literal["rth", "eth"] = "rth"
    unlisted: Literal["hold", "sell"] = "hold"
    direction: Literal["both", "buy_only", "sell_only"] = "both"
    foreign_cash_tolerance_usd: Decimal = Decimal(10)
    per_holding_band_pct: Decimal = Decimal(0)
    cash_band_bps: Decimal | None = None

    @property
    def band_bps(self) -> Decimal:
        """Return the band of the trigger mode: for each holding, or for the sum of all drifts."""
        return (
            self.portfolio_total_band_bps if self.trigger_mode == "total_drift" else self.per_holding_band_bps
        )


class PricingPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which price values a holding."""

    price_source: Literal["last", "close", "bid", "ask", "mid"] = "last"
    fallback_to_snapshot: bool = True
    price_max_age_sec: Decimal = Decimal(90)
    allow_delayed: bool = False


class ExecutionPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How orders are sent."""

    order_type: Literal["market"] = "market"
    algo_preference: Literal["none", "adaptive", "midprice"] = "adaptive"
    adaptive_priority: Literal["patient", "normal", "urgent"] = "normal"
    fallback_plain_market: bool = True
    wait_before_fallback: Decimal = Decimal(300)
    batch_orders: bool = True
    sequence: Literal["sells_first", "together"] = "sells_first"
    fill_timeout_sec: Decimal = Decimal(600)
    commission_report_timeout: Decimal = Decimal(5)


class LimitsPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What blocks an account. ``None`` is no limit. ``allow_live`` is deliberately not among them."""

    max_order_usd: Decimal = Decimal(250_000)
    max_orders: int = 100
    max_turnover_pct: Decimal = Decimal(100)
    max_total_turnover_usd: Decimal | None = None
    max_price_move_pct: Decimal = Decimal(2)
    max_spread_bps: Decimal = Decimal(100)
    cash_tolerance_usd: Decimal = Decimal(50)
    cash_tolerance_pct: Decimal = Decimal("0.1")
    net_liq_tolerance_pct: Decimal = Decimal(5)
    nlv_mismatch_pct: Decimal = Decimal(1)
    open_guard_min: int = 5
    close_guard_min: int = 15
    plan_ttl_min: int | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about an account's settings that must still hold when its plan is applied."""

    rebalance: RebalancePolicy = RebalancePolicy()
    pricing: PricingPolicy = PricingPolicy()
    execution: ExecutionPolicy = ExecutionPolicy()
    limits: LimitsPolicy = LimitsPolicy()


def policy_values(policy: Policy) -> dict[str, str]:
    """Return every setting as text, by ``section.key``."""
    sections = ((name, getattr(policy, name)) for name in policy.__struct_fields__)
    return {
        f"{section}.{key}": str(getattr(values, key))
        for section, values in sections
        for key in values.__struct_fields__
    }
