"""The lowest and the highest number that each key takes, written out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.inputs.settings.ranges import RANGES, unit_of

TRILLION_USD = "1000000000000"
FINEST = "0.000001"

ENDS: dict[str, tuple[str, str]] = {
    "timeout_sec": (FINEST, "600"),
    "messages_per_sec": ("1", "45"),
    "port": ("1", "65535"),
    "client_id": ("0", "2147483647"),
    "pacing_sec": ("0", "3600"),
    "retries": ("0", "20"),
    "backoff_sec": ("0", "600"),
    "backoff_max_sec": ("0", "600"),
    "per_holding_band_bps": ("0", "10000"),
    "per_holding_band_pct": ("0", "100"),
    "cash_band_bps": ("0", "10000"),
    "portfolio_total_band_bps": ("0", "10000"),
    "min_order_usd": ("0", TRILLION_USD),
    "foreign_cash_tolerance_usd": ("0", TRILLION_USD),
    "cash_buffer_abs": ("0", TRILLION_USD),
    "cost_bps": ("0", "1000"),
    "max_leverage": (FINEST, "10"),
    "price_max_age_sec": (FINEST, "86400"),
    "wait_before_fallback": (FINEST, "86400"),
    "fill_timeout_sec": (FINEST, "86400"),
    "commission_report_timeout": ("0", "600"),
    "max_order_usd": (FINEST, TRILLION_USD),
    "max_orders": ("1", "10000"),
    "max_turnover_pct": (FINEST, "1000"),
    "max_total_turnover_usd": (FINEST, TRILLION_USD),
    "max_price_move_pct": ("0", "100"),
    "max_spread_bps": ("0", "10000"),
    "cash_tolerance_usd": ("0", TRILLION_USD),
    "cash_tolerance_pct": ("0", "100"),
    "net_liq_tolerance_pct": ("0", "100"),
    "nlv_mismatch_pct": ("0", "100"),
    "open_guard_min": ("0", "390"),
    "close_guard_min": ("0", "390"),
    "plan_ttl_min": ("1", "43200"),
}
"""65,535 is the last port, 390 minutes are a session, 86,400 seconds a day, 43,200 minutes 30 days."""


def test_every_range_is_written_out_here() -> None:
    assert set(ENDS) == set(RANGES)


@pytest.mark.parametrize("key", ENDS)
def test_both_ends_of_a_range_are_allowed_and_a_millionth_beyond_is_not(key: str) -> None:
    low, high = (Decimal(end) for end in ENDS[key])
    allowed = RANGES[key]
    assert allowed.holds(low)
    assert allowed.holds(high)
    assert not allowed.holds(low - Decimal(FINEST))
    assert not allowed.holds(high + Decimal(FINEST))


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("cost_bps", "basis points"),
        ("max_turnover_pct", "percent"),
        ("max_order_usd", "USD"),
        ("timeout_sec", "seconds"),
        ("plan_ttl_min", "minutes"),
        ("cash_buffer_abs", "USD"),
        ("wait_before_fallback", "seconds"),
        ("commission_report_timeout", "seconds"),
        ("max_leverage", "times NLV"),
        ("messages_per_sec", "messages a second"),
        ("port", ""),
        ("max_orders", ""),
    ],
)
def test_a_key_s_unit_in_words(key: str, unit: str) -> None:
    assert unit_of(key) == unit
