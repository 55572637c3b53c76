"""Keys of older rebalancers that rebal does not read, and their successors here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SUCCESSORS: Mapping[str, str] = MappingProxyType(
    {
        "account": "ids in [accounts] names the accounts",
        "allow_margin": "a negative CASH in portfolios.csv and max_leverage in [rebalance] decide about margin",
        "concurrency_cap": "accounts are traded one after the other",
        "dry_run": "`rebal plan --dry-run` sends and writes nothing, whatever the file says",
        "kill_switch_file": "a file named STOP beside settings.ini stops an apply",
        "paper_only": "allow_live in [limits] decides; false, its default, means paper accounts only",
        "prefer_rth": "trading_hours in [rebalance] decides; rth is its default",
        "require_confirm": "`rebal apply` always asks, unless it is called with --yes",
        "stale_quote_seconds": "price_max_age_sec in [pricing] decides",
        "wide_spread_bps": "max_spread_bps in [limits] decides",
    }
)
"""Key -> a sentence that names its successor. The old value is not taken over."""
