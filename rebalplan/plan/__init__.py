"""The plan: what an account's orders are and everything they were derived from. Pure."""

from rebalplan.document import (
    AccountPlan,
    DriftRow,
    Plan,
    PlannedOrder,
    Status,
    Summary,
    Volatile,
)
from rebalplan.plan.account import AccountInput, plan_account
from rebalplan.plan.build import (
    PLAN_FORMAT,
    build_plan,
    derive_again,
    inputs_of,
    needed_symbols,
    unpriced_holdings,
)

__all__ = [
    "PLAN_FORMAT",
    "AccountInput",
    "AccountPlan",
    "DriftRow",
    "Plan",
    "PlannedOrder",
    "Status",
    "Summary",
    "Volatile",
    "build_plan",
    "derive_again",
    "inputs_of",
    "needed_symbols",
    "plan_account",
    "unpriced_holdings",
]
