"""The allowed numbers: wide enough for every real use, narrow enough to catch a wrong unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from rebalplan.core.vocabulary import SESSION_MIN
from rebalplan.inputs.settings.values import Range


def _from(low: int, high: int) -> Range:
    return Range(Decimal(low), Decimal(high))


def _over_zero(high: int) -> Range:
    return Range(Decimal(0), Decimal(high), above_low=True)


_DAY_SEC = 86_400
_MOST_USD = 1_000_000_000_000

RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "timeout_sec": _over_zero(600),
        "messages_per_sec": _from(
            1, 45
        ),  # The gateway disconnects a user with more than 50 messages a second.
        "port": _from(1, 65_535),
        "client_id": _from(0, 2_147_483_647),
        "pacing_sec": _from(0, 3_600),
        "retries": _from(0, 20),
        "backoff_sec": _from(0, 600),
        "backoff_max_sec": _from(0, 600),
        "per_holding_band_bps": _from(0, 10_000),
        "per_holding_band_pct": _from(0, 100),
        "cash_band_bps": _from(0, 10_000),
        "portfolio_total_band_bps": _from(0, 10_000),
        "min_order_usd": _from(0, _MOST_USD),
        "cash_buffer_abs": _from(0, _MOST_USD),
        "cost_bps": _from(0, 1_000),
        "max_leverage": _over_zero(10),
        "foreign_cash_tolerance_usd": _from(0, _MOST_USD),
        "price_max_age_sec": _over_zero(_DAY_SEC),
        "wait_before_fallback": _over_zero(_DAY_SEC),
        "fill_timeout_sec": _over_zero(_DAY_SEC),
        "commission_report_timeout": _from(0, 600),
        "max_order_usd": _over_zero(_MOST_USD),
        "max_orders": _from(1, 10_000),
        "max_turnover_pct": _over_zero(1_000),
        "max_total_turnover_usd": _over_zero(_MOST_USD),
        "max_price_move_pct": _from(0, 100),
        "max_spread_bps": _from(0, 10_000),
        "cash_tolerance_usd": _from(0, _MOST_USD),
        "cash_tolerance_pct": _from(0, 100),
        "net_liq_tolerance_pct": _from(0, 100),
        "nlv_mismatch_pct": _from(0, 100),
        "open_guard_min": _from(0, SESSION_MIN),
        "close_guard_min": _from(0, SESSION_MIN),
        "plan_ttl_min": _from(1, 43_200),
    }
)
"""The allowed range of every number in settings.ini, by key."""

_UNITS = {"bps": "basis points", "pct": "percent", "usd": "USD", "sec": "seconds", "min": "minutes"}
_UNITS_BY_KEY = {
    "messages_per_sec": "messages a second",
    "cash_buffer_abs": "USD",
    "wait_before_fallback": "seconds",
    "commission_report_timeout": "seconds",
    "max_leverage": "times NLV",
}


def unit_of(key: str) -> str:
    """Return the unit at the end of a key's name in words, or an empty string."""
    return _UNITS_BY_KEY.get(key) or _UNITS.get(key.rpartition("_")[2], "")
