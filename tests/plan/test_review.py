from __future__ import annotations

from decimal import Decimal
from typing import Any

from rebalplan.plan.account import AccountInput
from rebalplan.plan.document import Plan
from rebalplan.plan.review import (
    Common,
    Difference,
    InputDifference,
    NotPlanned,
    OppositeSides,
    Outlier,
    SymbolsIn,
    Turnover,
    Unmanaged,
    Working,
    review_plan,
)
from tests.builders import account, plan, quote, snapshot, unmanaged, working_order

D = Decimal
HALF = {"BND": "50", "VTI": "50"}
BALANCED = {"BND": "50", "VTI": "50"}


def balanced(name: str, **fields: Any) -> AccountInput:
    """An account with nothing to do."""
    return account(name, **({"cash": "0", "holdings": BALANCED, "weights": HALF} | fields))


def common(made: Plan) -> Common:
    found = review_plan(made).common
    assert found is not None
    return found


def test_a_quiet_plan_has_no_exceptions() -> None:
    found = review_plan(plan(balanced("DU1"), balanced("DU2"), balanced("DU3")))
    assert found.common == Common(("DU1", "DU2", "DU3"), ())
    assert found.exceptional == frozenset()
    assert not any(
        getattr(found, name)
        for name in found.__struct_fields__
        if name != "common"  # nobody differs
    )


def test_of_two_accounts_nobody_is_usual() -> None:
    assert review_plan(plan(balanced("DU1"), balanced("DU2"))).common is None


def test_failed_and_blocked_accounts_are_named_with_their_reasons() -> None:
    made = plan(account("DU1", failure="no answer"), account("DU2", max_order_usd=D(100)), balanced("DU3"))
    failed, blocked = review_plan(made).not_planned
    assert failed == NotPlanned("DU1", "failed", ("no answer",))
    assert (blocked.account, blocked.status) == ("DU2", "blocked")
    assert "max_order_usd" in blocked.reasons[0]
    assert review_plan(made).exceptional == {"DU1", "DU2"}


def test_orders_that_are_blocked_are_not_spoken_of() -> None:
    found = review_plan(plan(account("DU1", max_order_usd=D(100))))
    assert (found.large_turnover, found.opened) == ((), ())


def test_a_floor_and_a_cap_that_cannot_be_met_are_named() -> None:
    made = plan(
        account("DU1", cash="-500", holdings={"VTI": "100"}, direction="buy_only"),
        account("DU2", cash="-9000", holdings={"VTI": "100"}, direction="buy_only"),
    )
    found = review_plan(made)
    assert found.floor_unmet == ("DU1", "DU2")
    assert found.cap_unmet == ("DU2",)
    assert found.exceptional == {"DU1", "DU2"}


def test_turnover_over_a_fifth_is_named_the_largest_first() -> None:
    def moves(name: str, shares: str) -> AccountInput:
        return balanced(name, holdings={"BND": shares, "VTI": str(100 - int(shares))})

    a_little_more = balanced("DU4", holdings={"BND": "601", "VTI": "399"})
    made = plan(moves("DU1", "60"), moves("DU2", "61"), moves("DU3", "75"), a_little_more)
    assert review_plan(made).large_turnover == (
        Turnover("DU3", D(50)),
        Turnover("DU2", D(22)),
        Turnover("DU4", D("20.2")),
    )


def test_one_symbol_on_opposite_sides_of_two_accounts() -> None:
    more, less = {"BND": "60", "VTI": "40"}, {"BND": "40", "VTI": "60"}
    made = plan(
        balanced("DU1", holdings=more), balanced("DU2", holdings=less), balanced("DU3", holdings=more)
    )
    assert review_plan(made).opposite_sides == (
        OppositeSides("BND", ("DU2",), ("DU1", "DU3")),
        OppositeSides("VTI", ("DU1", "DU3"), ("DU2",)),
    )


def test_closed_unlisted_and_new_symbols_are_grouped_by_their_accounts() -> None:
    weights = {"BND": "50", "OLD": "0", "VTI": "50"}
    held = {"BND": "50", "OLD": "30", "ODD": "5"}
    made = plan(
        account("DU1", cash="1000", holdings=held, weights=weights),
        account("DU2", cash="1000", holdings=held, weights=weights),
        account("DU3", cash="9000", weights={"BND": "40", "QQQ": "20", "VTI": "40"}),
    )
    found = review_plan(made)
    assert found.closed == (SymbolsIn(("OLD",), ("DU1", "DU2")),)
    assert found.unlisted == (SymbolsIn(("ODD",), ("DU1", "DU2")),)
    assert found.opened == (
        SymbolsIn(("BND", "QQQ"), ("DU3",)),
        SymbolsIn(("VTI",), ("DU1", "DU2", "DU3")),
    )


def test_a_symbol_that_is_held_and_bought_is_not_new() -> None:
    made = plan(account(cash="1000", holdings={"VTI": "10"}))
    assert [order.side for order in made.accounts[0].orders] == ["BUY"]
    assert review_plan(made).opened == ()


def test_working_orders_that_a_gateway_does_not_tell_are_none_to_speak_of() -> None:
    made = plan(account(state=snapshot("1000", working_orders=None)))
    assert review_plan(made).working == ()


def test_delayed_and_closed_prices_that_are_used_are_named() -> None:
    market = (quote("VTI", delayed=True), quote("BND", close="100", closed=True), quote("QQQ", delayed=True))
    found = review_plan(plan(balanced("DU1", allow_delayed=True), market=market))
    assert (found.delayed_prices, found.closed_prices) == (("VTI",), ("BND",))


def test_what_is_not_managed_and_orders_that_stop_an_apply_are_named() -> None:
    state = snapshot("5000", BALANCED, unmanaged=(unmanaged(),), working_orders=(working_order("VTI"),))
    idle = snapshot("0", BALANCED, working_orders=(working_order("VTI"),))
    made = plan(balanced("DU1", state=state), balanced("DU2", state=idle))
    found = review_plan(made)
    assert found.unmanaged == (Unmanaged("DU1", (unmanaged(),)),)
    assert [w.account for w in found.working] == ["DU1"]
    assert found.working == (Working("DU1", (working_order("VTI"),)),)
    assert found.exceptional == {"DU1"}


def test_an_account_with_other_targets_is_an_outlier_because_of_them() -> None:
    made = plan(
        balanced("DU1", cash="2000"),
        balanced("DU2", cash="4000"),
        balanced("DU3", cash="2000", weights={"BND": "30", "VTI": "70"}),
    )
    assert common(made) == Common(
        ("DU1", "DU2"),
        (
            Outlier(
                "DU3",
                (InputDifference("target", "BND", "30", "50"), InputDifference("target", "VTI", "70", "50")),
                (Difference("BND", "sell", "buy", None),),
            ),
        ),
    )


def test_an_account_with_other_settings_is_an_outlier_because_of_them() -> None:
    drifted = {"BND": "46", "VTI": "54"}
    made = plan(
        balanced("DU1", holdings=drifted),
        balanced("DU2", holdings=drifted),
        balanced("DU3", holdings=drifted, min_order_usd=D(800)),
    )
    (outlier,) = common(made).outliers
    assert outlier.inputs == (InputDifference("setting", "rebalance.min_order_usd", "800", "0"),)
    assert outlier.differences == (
        Difference("BND", None, "buy", "below_min_order"),
        Difference("VTI", None, "sell", "below_min_order"),
    )


def test_each_difference_has_the_reason_of_its_own_symbol() -> None:
    buying = {"cash": "1000", "min_order_usd": D(500)}
    few = {"cash": "40", "holdings": {"BND": "49.4", "VTI": "50.2"}, "min_order_usd": D(500)}
    (outlier,) = common(
        plan(balanced("DU1", **buying), balanced("DU2", **buying), balanced("DU3", **few))
    ).outliers
    assert outlier.differences == (
        Difference("BND", None, "buy", "below_min_order"),
        Difference("VTI", None, "buy", "within_band"),
    )


def test_an_account_with_other_holdings_differs_with_the_others_reason() -> None:
    made = plan(balanced("DU1"), balanced("DU2"), balanced("DU3", holdings={"BND": "60", "VTI": "40"}))
    (outlier,) = common(made).outliers
    assert outlier.inputs == ()
    assert review_plan(made).exceptional == {"DU3"}
    assert outlier.differences == (
        Difference("BND", "sell", None, "within_band"),
        Difference("VTI", "buy", None, "within_band"),
    )


def test_without_a_majority_nobody_is_an_outlier() -> None:
    other = balanced("DU2", holdings={"BND": "60", "VTI": "40"})
    assert review_plan(plan(balanced("DU1"), other)).common is None
    four = (balanced("DU1"), other, balanced("DU3"), balanced("DU4", holdings={"BND": "40", "VTI": "60"}))
    assert review_plan(plan(*four)).common is None


def test_failed_accounts_are_not_compared() -> None:
    made = plan(
        balanced("DU1"), balanced("DU2"), balanced("DU3"), account("DU4", failure="no answer", weights=HALF)
    )
    assert common(made) == Common(("DU1", "DU2", "DU3"), ())
