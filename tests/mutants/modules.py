"""Which modules are sampled, and which tests must notice a change in them, the quickest first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_BUDGET = ("tests/sizing/test_ration.py", "tests/sizing/test_level.py", "tests/sizing/test_solve.py")
_SIZING = (
    "tests/sizing/test_candidates.py",
    "tests/sizing/test_reasons.py",
    "tests/sizing/test_solve.py",
    "tests/sizing/test_worked_examples.py",
    "tests/sizing/test_brute_force.py",
)
_SETTINGS = ("tests/settings", "tests/test_samples.py")
_PORTFOLIOS = ("tests/test_portfolios.py",)
_PLAN = ("tests/plan/test_account.py", "tests/plan/test_build.py")
_JOURNAL = ("tests/journal",)

MODULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rebalplan/apply/answers.py": ("tests/apply/test_answers.py",),
        "rebalplan/apply/booking.py": ("tests/apply/test_booking.py",),
        "rebalplan/apply/closing.py": ("tests/apply/test_closing.py",),
        "rebalplan/apply/funding.py": ("tests/apply/test_funding.py",),
        "rebalplan/apply/preview.py": ("tests/apply/test_preview.py",),
        "rebalplan/apply/resolve.py": ("tests/apply/test_resolve.py",),
        "rebalplan/apply/sell_cuts.py": ("tests/apply/test_sell_cuts.py",),
        "rebalplan/codec.py": ("tests/test_codec.py", "tests/test_store.py"),
        "rebalplan/diff.py": ("tests/test_diff.py",),
        "rebalplan/drift.py": ("tests/test_drift.py", *_PLAN),
        "rebalplan/ibkr/account.py": ("tests/ibkr/test_account.py",),
        "rebalplan/ibkr/hours.py": ("tests/ibkr/test_hours.py",),
        "rebalplan/ibkr/market.py": ("tests/ibkr/test_market.py",),
        "rebalplan/ibkr/values.py": ("tests/ibkr/test_values.py",),
        "rebalplan/journal/chain.py": _JOURNAL,
        "rebalplan/journal/damaged.py": _JOURNAL,
        "rebalplan/journal/fold.py": _JOURNAL,
        "rebalplan/journal/others.py": _JOURNAL,
        "rebalplan/journal/records.py": _JOURNAL,
        "rebalplan/journal/result.py": (*_JOURNAL, "tests/apply/test_gate.py", "tests/apply/test_stages.py"),
        "rebalplan/journal/runs.py": _JOURNAL,
        "rebalplan/limits.py": ("tests/test_limits.py",),
        "rebalplan/live.py": ("tests/apply/test_live.py",),
        "rebalplan/money.py": ("tests/test_money.py",),
        "rebalplan/plan/account.py": _PLAN,
        "rebalplan/plan/build.py": _PLAN,
        "rebalplan/plan/summary.py": _PLAN,
        "rebalplan/policy.py": ("tests/settings/test_precedence.py",),
        "rebalplan/portfolios/cells.py": _PORTFOLIOS,
        "rebalplan/portfolios/header.py": _PORTFOLIOS,
        "rebalplan/portfolios/leverage.py": _PORTFOLIOS,
        "rebalplan/portfolios/model.py": _PORTFOLIOS,
        "rebalplan/portfolios/read.py": _PORTFOLIOS,
        "rebalplan/portfolios/rows.py": _PORTFOLIOS,
        "rebalplan/pricing.py": ("tests/test_pricing.py",),
        "rebalplan/reports/account.py": ("tests/reports/test_account.py",),
        "rebalplan/reports/after.py": ("tests/reports/test_after.py", "tests/reports/test_account.py"),
        "rebalplan/reports/cells.py": ("tests/reports/test_cells.py",),
        "rebalplan/reports/line.py": ("tests/reports/test_line.py",),
        "rebalplan/reports/summary.py": ("tests/reports/test_summary.py",),
        "rebalplan/review.py": ("tests/test_review.py",),
        "rebalplan/settings/checks.py": ("tests/settings/test_reports.py", *_SETTINGS),
        "rebalplan/settings/files.py": ("tests/settings/test_files.py", *_SETTINGS),
        "rebalplan/settings/findings.py": ("tests/settings/test_lines.py", *_SETTINGS),
        "rebalplan/settings/identities.py": ("tests/settings/test_accounts.py", *_SETTINGS),
        "rebalplan/settings/keys.py": ("tests/settings/test_values.py", *_SETTINGS),
        "rebalplan/settings/lines.py": ("tests/settings/test_lines.py", *_SETTINGS),
        "rebalplan/settings/load.py": ("tests/settings/test_accounts.py", *_SETTINGS),
        "rebalplan/settings/model.py": _SETTINGS,
        "rebalplan/settings/ranges.py": ("tests/settings/test_ranges.py",),
        "rebalplan/settings/reading.py": ("tests/settings/test_values.py", *_SETTINGS),
        "rebalplan/settings/values.py": ("tests/settings/test_values.py", *_SETTINGS),
        "rebalplan/settings/weights.py": ("tests/settings/test_models.py", *_SETTINGS),
        "rebalplan/settings/wording.py": ("tests/settings/test_lines.py", *_SETTINGS),
        "rebalplan/sizing/candidates.py": _SIZING,
        "rebalplan/sizing/level.py": _BUDGET,
        "rebalplan/sizing/minimum.py": ("tests/sizing/test_minimum.py", *_SIZING),
        "rebalplan/sizing/orders.py": _SIZING,
        "rebalplan/sizing/ration.py": (*_BUDGET, "tests/sizing/test_invariants.py"),
        "rebalplan/sizing/scaled.py": ("tests/sizing/test_scaled.py", *_SIZING),
        "rebalplan/sizing/search.py": ("tests/sizing/test_search.py", *_BUDGET),
        "rebalplan/sizing/solve.py": _SIZING,
        "rebalplan/snapshot.py": ("tests/test_snapshot.py",),
        "rebalplan/store.py": ("tests/test_store.py",),
        "rebalplan/targets.py": ("tests/test_targets.py",),
        "rebalplan/verify.py": ("tests/test_verify.py",),
    }
)
"""Each module with the tests that belong to it, in the order in which they run."""
