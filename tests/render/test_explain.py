"""Why a line was a candidate for an order, held to what the drift of the plan's own inputs says."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from rebalplan.core.money import exact, from_bps
from rebalplan.core.policy import RebalancePolicy
from rebalplan.core.vocabulary import Targets
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan, DriftRow, Plan
from rebalplan.plan.drift import Holding, Valuation, value_account
from rebalplan.render.explain import explain_line
from tests.builders import account, plan, plans

D = Decimal


def selected_line(made: Plan, account: AccountPlan, row: DriftRow) -> str:
    """Return what is said of the line's selection."""
    assert account.summary is not None
    return explain_line(Envelope("", "", made), account, row, account.summary).steps["Selected"]


def said(symbol: str, **fields: Any) -> str:
    """Return what is said of a symbol's selection in a plan of one account."""
    made = plan(account(**fields))
    return selected_line(
        made, made.accounts[0], next(r for r in made.accounts[0].drift if r.symbol == symbol)
    )


def worth_of(account: AccountPlan) -> Valuation:
    """Return the valuation of the plan's inputs."""
    assert account.snapshot is not None
    holdings = [
        Holding(r.symbol, 0, r.quantity, r.price, r.price_source, r.target_pct) for r in account.drift
    ]
    targets = Targets(account.targets, account.cash_target_pct)
    return value_account(account.snapshot.cash_usd, holdings, targets, account.policy.rebalance)


def holds(told: str, row: DriftRow, worth: Valuation, rules: RebalancePolicy) -> bool:
    """Tell whether what is said of a selection is so."""
    band = from_bps(rules.band_bps) * worth.investable
    of_holding = bool(row.quantity), bool(row.target_pct)
    per_holding = rules.trigger_mode == "per_holding"
    within = per_holding and abs(row.drift_usd) <= band
    facts = {
        "no: the drift is within the band, and neither": not row.trade,
        "yes: a holding with target 0": of_holding == (True, False),
        "yes: a target that is not held": of_holding == (False, True),
        "yes: the drift is beyond the band": per_holding and abs(row.drift_usd) > band - D("0.000001"),
        "yes: the largest drifts": not per_holding,
        "yes: within its band, sold for the money that is needed": row.trade < 0
        or rules.direction == "sell_only",
        "yes: within its band, bought": within and row.drift_usd < 0,
        "yes: within its band, sold for the money that the buys": within and row.drift_usd > 0,
        r"yes: CASH is \S+ USD over": row.drift_usd < 0 and worth.cash_drift > band,
        r"yes: CASH is \S+ USD under": row.drift_usd > 0 and worth.cash_drift < -band,
        "yes: cash is under its floor": row.drift_usd > 0 and worth.cash < worth.cash_floor,
        "yes: leverage is": row.drift_usd > 0 and worth.exposure > rules.max_leverage * worth.net_liquidation,
    }
    (fact,) = (fact for start, fact in facts.items() if re.match(start, told))
    return fact


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True)
@given(plans())
def test_what_is_said_of_a_selection_is_what_the_plans_inputs_say(made: Plan) -> None:
    with exact():
        for found in (a for a in made.accounts if a.summary is not None):
            worth = worth_of(found)
            for row in (row for row in found.drift if row.target_pct is not None):
                told = selected_line(made, found, row)
                assert told.startswith("yes: " if row.trade or row.reason != "within_band" else "no: ")
                assert holds(told, row, worth, found.policy.rebalance), told


PAIR = {"AA": "50", "BB": "50"}
WIDE: dict[str, Any] = {"per_holding_band_bps": D(10_000)}
TOTAL: dict[str, Any] = {"trigger_mode": "total_drift", "portfolio_total_band_bps": D(500)}


@pytest.mark.parametrize(
    ("symbol", "fields", "told"),
    [
        (
            "AA",
            {"cash": "0", "holdings": {"AA": "50", "BB": "50"}},
            "no: the drift is within the band, and neither cash nor leverage asks for it",
        ),
        (
            "OLD",
            {"holdings": {"OLD": "1"}, "weights": {**PAIR, "OLD": "0"}},
            "yes: a holding with target 0 is closed",
        ),
        ("AA", {"holdings": {"BB": "1"}}, "yes: a target that is not held yet"),
        ("AA", {"cash": "0", "holdings": {"AA": "60", "BB": "40"}}, "yes: the drift is beyond the band"),
        (
            "AA",
            {"cash": "200", "holdings": {"AA": "50", "BB": "51"}, "per_holding_band_bps": D(190)},
            "yes: CASH is 200.00 USD over its target, which is invested",
        ),
        (
            "AA",
            {
                "cash": "0",
                "holdings": {"AA": "50", "BB": "50"},
                "weights": {"AA": "49", "BB": "49"},
                "cash_target": "2",
                "per_holding_band_bps": D(190),
            },
            "yes: CASH is 200.00 USD under its target, which is raised",
        ),
        (
            "AA",
            {
                "cash": "99",
                "holdings": {"AA": "51", "BB": "49"},
                "cash_buffer_type": "abs",
                "cash_buffer_abs": D(100),
                **WIDE,
            },
            "yes: cash is under its floor of 100.00 USD",
        ),
        (
            "AA",
            {
                "cash": "-5000",
                "holdings": {"AA": "76", "BB": "74"},
                "weights": {"AA": "75", "BB": "75"},
                "cash_target": "-50",
                "max_leverage": D("1.25"),
                **WIDE,
            },
            "yes: leverage is 1.500, over max_leverage = 1.25",
        ),
        (
            "AA",
            {"cash": "0", "holdings": {"AA": "60", "BB": "40"}, **TOTAL},
            "yes: the largest drifts, until the rest is within the band",
        ),
    ],
)
def test_each_rule_that_selects_a_line_is_named(symbol: str, fields: dict[str, Any], told: str) -> None:
    assert said(symbol, **{"weights": PAIR} | fields) == told


FUNDED: dict[str, Any] = {
    "cash": "500",
    "holdings": {"AA": "205", "BB": "259", "CC": "265", "DD": "271"},
    "weights": {"AA": "25", "BB": "25", "CC": "25", "DD": "25"},
    "per_holding_band_bps": D(300),
}
INVESTED: dict[str, Any] = {
    "cash": "0",
    "holdings": {"AA": "290", "BB": "240", "CC": "235", "DD": "235"},
    "weights": {"AA": "25", "BB": "25", "CC": "25", "DD": "25"},
    "per_holding_band_bps": D(300),
}


@pytest.mark.parametrize(
    ("symbol", "fields", "told"),
    [
        ("AA", FUNDED, "yes: the drift is beyond the band"),
        ("DD", FUNDED, "yes: within its band, sold for the money that the buys take"),
        ("CC", FUNDED, "yes: within its band, sold for the money that the buys take"),
        ("BB", FUNDED, "yes: within its band, sold for the money that is needed and no further"),
        ("AA", INVESTED, "yes: the drift is beyond the band"),
        ("DD", INVESTED, "yes: within its band, bought for what the sells bring beyond CASH's band"),
    ],
)
def test_a_line_that_follows_from_others_says_so(symbol: str, fields: dict[str, Any], told: str) -> None:
    assert said(symbol, **fields) == told


def test_a_sell_past_its_target_says_why() -> None:
    """AA is 240 over, nearest to 2 shares; the third pays for the third of BB."""
    prices = {"AA": "100", "BB": "100"}
    fields: dict[str, Any] = {"holdings": {"AA": "12.4", "BB": "7.1"}, "weights": PAIR, "prices": prices}
    made = plan(account(cash="50", **fields))
    (found,) = made.accounts
    assert found.summary is not None
    steps = {
        r.symbol: explain_line(Envelope("", "", made), found, r, found.summary).steps for r in found.drift
    }
    assert found.orders[0].quantity == 3
    assert steps["AA"]["Further"].startswith("past the share nearest to the target")
    assert "Further" not in steps["BB"]


def test_a_relative_band_is_named_beside_the_other() -> None:
    made = plan(account(**PAIR_AND_TWO, per_holding_band_bps=D(500), per_holding_band_pct=D(25)))
    (found,) = made.accounts
    assert found.summary is not None
    row = next(row for row in found.drift if row.symbol == "BB")
    assert explain_line(Envelope("", "", made), found, row, found.summary).steps["Band"] == (
        "50.00 USD, the tighter of 500 bps of the investable value = 500.00 USD for each holding and 25% of the target"
    )


PAIR_AND_TWO: dict[str, Any] = {
    "cash": "0",
    "holdings": {"AA": "98", "BB": "2"},
    "weights": {"AA": "98", "BB": "2"},
}


def test_a_drift_beyond_its_band_by_less_than_its_figures_show_is_still_beyond_it() -> None:
    odd = {"AA": "1000.1", "BB": "4900"}
    prices = {"AA": "5.000004", "BB": "1"}
    band: dict[str, Any] = {"per_holding_band_bps": D("50.75701216"), "allow_fractional": True}
    given = account(cash="0", holdings=odd, weights=PAIR, prices=prices, **band)
    made = plan(given, AA="5.000004", BB="1")
    (found,) = made.accounts
    row = found.drift[0]
    assert found.summary is not None
    assert row.drift_usd <= from_bps(D("50.75701216")) * found.summary.investable_usd
    assert selected_line(made, found, row) == "yes: the drift is beyond the band"
