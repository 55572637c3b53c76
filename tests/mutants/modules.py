"""Which modules are sampled, and which tests must notice a change in them, the quickest first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_BUDGET = (
    "tests/plan/sizing/test_ration.py",
    "tests/plan/sizing/test_level.py",
    "tests/plan/sizing/test_solve.py",
)
_SIZING = (
    "tests/plan/sizing/test_candidates.py",
    "tests/plan/sizing/test_reasons.py",
    "tests/plan/sizing/test_solve.py",
    "tests/plan/sizing/test_worked_examples.py",
    "tests/plan/sizing/test_brute_force.py",
)
_SETTINGS = ("tests/inputs/settings", "tests/inputs/test_samples.py")
_PORTFOLIOS = ("tests/inputs/portfolios/test_read.py",)
_PLAN = ("tests/plan/test_account.py", "tests/plan/test_build.py")
_JOURNAL = ("tests/apply/journal",)

MODULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rebalplan/apply/agreement.py": ("tests/apply/test_agreement.py",),
        "rebalplan/apply/answers.py": ("tests/apply/test_answers.py",),
        "rebalplan/apply/booking.py": ("tests/apply/test_booking.py",),
        "rebalplan/apply/closing.py": ("tests/apply/test_closing.py",),
        "rebalplan/apply/funding.py": ("tests/apply/test_funding.py",),
        "rebalplan/apply/preview.py": ("tests/apply/test_preview.py",),
        "rebalplan/apply/resolve.py": ("tests/apply/test_resolve.py", "tests/apply/test_resolve_unbooked.py"),
        "rebalplan/apply/sell_cuts.py": ("tests/apply/test_sell_cuts.py",),
        "rebalplan/plan/codec.py": ("tests/plan/test_codec.py", "tests/plan/test_store.py"),
        "rebalplan/plan/diff.py": ("tests/plan/test_diff.py",),
        "rebalplan/plan/drift.py": ("tests/plan/test_drift.py", *_PLAN),
        "rebalplan/ibkr/account.py": ("tests/ibkr/test_account.py",),
        "rebalplan/ibkr/hours.py": ("tests/ibkr/test_hours.py",),
        "rebalplan/ibkr/market.py": ("tests/ibkr/test_market.py",),
        "rebalplan/ibkr/values.py": ("tests/ibkr/test_values.py",),
        "rebalplan/apply/journal/chain.py": _JOURNAL,
        "rebalplan/apply/journal/damaged.py": _JOURNAL,
        "rebalplan/apply/journal/fold.py": _JOURNAL,
        "rebalplan/apply/journal/others.py": _JOURNAL,
        "rebalplan/apply/journal/records.py": _JOURNAL,
        "rebalplan/apply/journal/order_result.py": (
            *_JOURNAL,
            "tests/apply/reports/test_account.py",
            "tests/apply/test_gate.py",
            "tests/apply/test_stages.py",
        ),
        "rebalplan/apply/journal/result.py": (
            *_JOURNAL,
            "tests/apply/reports/test_account.py",
            "tests/apply/test_stages.py",
        ),
        "rebalplan/apply/journal/runs.py": _JOURNAL,
        "rebalplan/plan/limits.py": ("tests/plan/test_limits.py",),
        "rebalplan/apply/live.py": ("tests/apply/test_live.py",),
        "rebalplan/core/money.py": ("tests/core/test_money.py",),
        "rebalplan/plan/account.py": _PLAN,
        "rebalplan/plan/build.py": _PLAN,
        "rebalplan/plan/summary.py": _PLAN,
        "rebalplan/core/policy.py": ("tests/inputs/settings/test_precedence.py",),
        "rebalplan/inputs/portfolios/cells.py": _PORTFOLIOS,
        "rebalplan/inputs/portfolios/header.py": _PORTFOLIOS,
        "rebalplan/inputs/portfolios/leverage.py": _PORTFOLIOS,
        "rebalplan/inputs/portfolios/model.py": _PORTFOLIOS,
        "rebalplan/inputs/portfolios/read.py": _PORTFOLIOS,
        "rebalplan/inputs/portfolios/rows.py": _PORTFOLIOS,
        "rebalplan/plan/pricing.py": ("tests/plan/test_pricing.py",),
        "rebalplan/apply/reports/account.py": ("tests/apply/reports/test_account.py",),
        "rebalplan/apply/reports/after.py": (
            "tests/apply/reports/test_after.py",
            "tests/apply/reports/test_account.py",
        ),
        "rebalplan/apply/reports/cells.py": ("tests/apply/reports/test_cells.py",),
        "rebalplan/apply/reports/line.py": (
            "tests/apply/reports/test_line.py",
            "tests/apply/reports/test_account.py",
        ),
        "rebalplan/apply/reports/summary.py": ("tests/apply/reports/test_summary.py",),
        "rebalplan/plan/review.py": ("tests/plan/test_review.py",),
        "rebalplan/inputs/settings/checks.py": (
            "tests/inputs/settings/test_reports.py",
            *_SETTINGS,
            "tests/commands/test_fractions.py",
        ),
        "rebalplan/inputs/text_files.py": ("tests/inputs/settings/test_files.py", *_SETTINGS),
        "rebalplan/inputs/findings.py": ("tests/inputs/settings/test_lines.py", *_SETTINGS),
        "rebalplan/inputs/settings/identities.py": ("tests/inputs/settings/test_accounts.py", *_SETTINGS),
        "rebalplan/inputs/settings/keys.py": ("tests/inputs/settings/test_values.py", *_SETTINGS),
        "rebalplan/inputs/settings/lines.py": ("tests/inputs/settings/test_lines.py", *_SETTINGS),
        "rebalplan/inputs/settings/load.py": ("tests/inputs/settings/test_accounts.py", *_SETTINGS),
        "rebalplan/inputs/settings/model.py": _SETTINGS,
        "rebalplan/inputs/settings/ranges.py": ("tests/inputs/settings/test_ranges.py",),
        "rebalplan/inputs/settings/reading.py": ("tests/inputs/settings/test_values.py", *_SETTINGS),
        "rebalplan/inputs/settings/values.py": ("tests/inputs/settings/test_values.py", *_SETTINGS),
        "rebalplan/inputs/settings/weights.py": ("tests/inputs/settings/test_models.py", *_SETTINGS),
        "rebalplan/inputs/wording.py": ("tests/inputs/settings/test_lines.py", *_SETTINGS),
        "rebalplan/plan/sizing/candidates.py": _SIZING,
        "rebalplan/plan/sizing/fixed_point.py": ("tests/plan/sizing/test_fixed_point.py", *_SIZING),
        "rebalplan/plan/sizing/funding.py": (
            "tests/plan/sizing/test_funding.py",
            "tests/plan/sizing/test_rounds.py",
            "tests/plan/sizing/test_trigger_examples.py",
        ),
        "rebalplan/plan/sizing/level.py": _BUDGET,
        "rebalplan/plan/sizing/minimum.py": ("tests/plan/sizing/test_minimum.py", *_SIZING),
        "rebalplan/plan/sizing/orders.py": _SIZING,
        "rebalplan/plan/sizing/ration.py": (*_BUDGET, "tests/plan/sizing/test_invariants.py"),
        "rebalplan/plan/sizing/rounds.py": (
            "tests/plan/sizing/test_rounds.py",
            "tests/plan/sizing/test_trigger_examples.py",
            "tests/plan/sizing/test_fixed_point.py",
        ),
        "rebalplan/plan/sizing/trigger.py": (
            "tests/plan/sizing/test_trigger.py",
            "tests/plan/sizing/test_rounds.py",
            "tests/plan/test_drift.py",
        ),
        "rebalplan/plan/sizing/scaled.py": ("tests/plan/sizing/test_scaled.py", *_SIZING),
        "rebalplan/plan/sizing/search.py": ("tests/plan/sizing/test_search.py", *_BUDGET),
        "rebalplan/plan/sizing/solve.py": _SIZING,
        "rebalplan/plan/snapshot.py": ("tests/plan/test_snapshot.py",),
        "rebalplan/plan/store.py": ("tests/plan/test_store.py",),
        "rebalplan/inputs/targets.py": ("tests/inputs/test_targets.py",),
        "rebalplan/plan/today.py": ("tests/plan/test_verify.py",),
        "rebalplan/plan/verify.py": ("tests/plan/test_verify.py",),
    }
)
"""Each module with the tests that belong to it, in the order in which they run."""
