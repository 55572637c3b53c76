"""Plans as they are shown, for the tests of the HTML page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rebalplan.plan.codec import decode, encode
from rebalplan.plan.document import Plan
from rebalplan.render.redaction import NOTHING, redaction_of
from rebalplan.render.view import AccountView, PlanView, view_plan
from tests.builders import account, plan


def shown(given: Plan, *, redact: bool = False) -> PlanView:
    """Return a plan as it is shown."""
    envelope = decode(encode(given)[1])
    return view_plan(envelope, redaction_of(envelope.plan) if redact else NOTHING)


def shown_account(**fields: Any) -> AccountView:
    """Return one account as it is shown; ``fields`` are those of ``account``."""
    return shown(plan(account(**fields))).accounts[0]


def varied(*, redact: bool = False, **fields: Any) -> PlanView:
    """Return eight accounts: on margin, failed, blocked, unchanged, with every kind of order, and three alike."""
    alike: dict[str, Any] = {
        "cash": "1000",
        "holdings": {"VTI": "60", "BND": "40"},
        "weights": {"VTI": "60", "BND": "40"},
    }
    given = plan(
        account(
            "U7000001",
            cash="-22000",
            holdings={"VTI": "700", "BND": "280", "GLD": "120", "OLD": "30"},
            weights={"VTI": "80", "BND": "20", "GLD": "20"},
            cash_target="-20",
            trigger_mode="total_drift",
        ),
        account("U7000002", failure="no answer of U7000002 within 31 s"),
        account("U7000003", cash="500000", weights={"VTI": "60", "BND": "40"}),
        account("U7000004", **alike | {"cash": "12.34"}),
        account(
            "U7000005",
            cash="5417.19",
            holdings={"VTI": "640", "BND": "30", "ZZZ": "55", "SPY": "40", "TIP": "25"},
            weights={"VTI": "52", "BND": "35", "GLD": "10", "SPY": "0", "TIP": "3"},
            min_order_usd=Decimal(150),
        ),
        account("U7000006", **alike),
        account("U7000007", **alike),
        account("U7000008", **alike),
        **fields,
    )
    return shown(given, redact=redact)
