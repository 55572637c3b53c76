"""Which orders and statuses differ between two plans, and which inputs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from rebalplan.plan.account import AccountInput
from rebalplan.plan.diff import AccountDiff, Cause, CauseKind, Figures, OrderChange, PlanDiff, diff_plans
from rebalplan.plan.document import Plan
from tests.builders import account, plan, planned

D = Decimal
HALF = {"BND": "50", "VTI": "50"}


def compared(old: Plan, new: Plan) -> PlanDiff:
    return diff_plans("old", old, "new", new)


def of_one(before: AccountInput, after: AccountInput, **fields: Any) -> AccountDiff:
    """Compare one account's plans; ``fields`` are arguments of ``build_plan`` for the new one."""
    (found,) = compared(plan(before), plan(after, **fields)).accounts
    return found


def split(bnd: str, vti: str, **keys: Any) -> AccountInput:
    return account(cash="0", holdings={"BND": bnd, "VTI": vti}, weights=HALF, **keys)


def test_a_plan_against_itself_has_no_change_and_no_cause() -> None:
    made = plan(split("60", "40"))
    assert compared(made, made).is_same
    assert compared(made, made).accounts[0].causes == ()


def test_an_order_that_is_sent_in_another_number_is_changed_with_both_percentages() -> None:
    found = of_one(split("60", "40"), split("70", "30"))
    before, after = (planned(given).orders for given in (split("60", "40"), split("70", "30")))
    assert found.orders == (
        OrderChange("BND", before[0], after[0], D(10), D(20), ("positions",)),
        OrderChange("VTI", before[1], after[1], D(10), D(20), ("positions",)),
    )
    assert not found.is_same


def test_positions_that_moved_are_named_with_their_quantities() -> None:
    assert of_one(split("60", "40"), split("61", "40")).causes == (Cause("positions", "BND", "60", "61"),)


def test_a_price_that_moved_without_changing_an_order_is_a_cause_but_no_difference() -> None:
    given = account(cash="0", holdings={"VTI": "100"})
    moved = account(cash="0", holdings={"VTI": "100"}, prices={"VTI": "101"})
    found = compared(plan(given), plan(moved, VTI="101"))
    assert found.accounts[0].causes == (Cause("prices", "VTI", "100", "101"),)
    assert found.is_same


def test_another_version_of_the_tool_is_a_cause_in_every_account() -> None:
    accounts = (account("DU1"), account("DU2"))
    found = compared(plan(*accounts), plan(*accounts, tool_version="0.2.0", mode="live"))
    causes = (Cause("version", "mode", "paper", "live"), Cause("version", "rebal", "0.1.0", "0.2.0"))
    assert [a.causes for a in found.accounts] == [causes, causes]
    assert found.is_same


def test_a_status_that_changed_with_the_same_orders_is_a_difference() -> None:
    found = of_one(split("60", "40"), split("60", "40", max_order_usd=D(100)))
    assert found.orders == ()
    assert (found.status_before, found.status_after) == ("planned", "blocked")
    kinds: list[CauseKind] = [cause.kind for cause in found.causes]
    assert kinds == ["status", "settings"]
    assert found.causes[0].after.startswith("blocked; ")
    assert not found.is_same


def test_another_reason_alone_is_a_cause_but_no_difference() -> None:
    found = of_one(account(failure="no answer within 30 s"), account(failure="no answer within 31 s"))
    assert found.causes == (
        Cause("status", "account", "failed; no answer within 30 s", "failed; no answer within 31 s"),
    )
    assert found.is_same


def test_an_account_that_only_the_new_plan_has_is_added_with_all_its_orders() -> None:
    found = compared(plan(account("DU1")), plan(account("DU1"), account("DU2")))
    same, added = found.accounts
    assert same.is_same
    assert (added.account, added.status_before, added.status_after) == ("DU2", None, "planned")
    assert (added.before, added.after) == (None, Figures(D(100), D(10_000), D(1)))
    assert [(change.before, change.after_pct) for change in added.orders] == [(None, D(100))]
    assert added.causes == (Cause("status", "account", "", "planned"),)
    assert not found.is_same


def test_an_account_that_only_the_old_plan_has_comes_last_with_its_orders_removed() -> None:
    found = compared(plan(account("DU1"), account("DU2")), plan(account("DU3"), account("DU2")))
    assert [a.account for a in found.accounts] == ["DU3", "DU2", "DU1"]
    gone = found.accounts[-1]
    assert (gone.status_before, gone.status_after, gone.after) == ("planned", None, None)
    assert [(change.after, change.before_pct) for change in gone.orders] == [(None, D(100))]


def test_an_order_whose_symbol_is_as_it_was_follows_from_the_others() -> None:
    """With more VTI half of the account is more, so fewer BND are sold."""
    bnd, vti = of_one(split("60", "40"), split("60", "50")).orders
    assert (bnd.symbol, bnd.causes) == ("BND", ())
    assert (vti.symbol, vti.causes) == ("VTI", ("positions",))


def test_the_contract_behind_a_symbol_is_part_of_its_order() -> None:
    made = plan(account())
    (order,) = made.accounts[0].orders
    other = structs.replace(order, con_id=order.con_id + 1)
    renumbered = structs.replace(made.accounts[0], orders=(other,))
    found = compared(made, structs.replace(made, accounts=(renumbered,)))
    assert [(c.before, c.after) for c in found.accounts[0].orders] == [(order, other)]


@pytest.mark.parametrize(
    ("kind", "before", "after", "cause"),
    [
        ("targets", {}, {"weights": {"VTI": "90"}, "cash_target": "10"}, Cause("targets", "VTI", "100", "90")),
        ("cash", {}, {"cash": "10001"}, Cause("cash", "USD", "10000", "10001")),
        ("settings", {}, {"cost_bps": D(5)}, Cause("settings", "rebalance.cost_bps", "0", "5")),
    ],
)  # fmt: skip
def test_each_input_that_moved_is_a_cause_of_its_kind(
    kind: str, before: dict[str, Any], after: dict[str, Any], cause: Cause
) -> None:
    found = of_one(account(**before), account(**after))
    assert cause in found.causes
    assert kind == cause.kind


@pytest.mark.parametrize("symbol", ["BND", "VTI"])
def test_a_setting_and_a_status_are_causes_of_every_order_that_changed(symbol: str) -> None:
    changes = of_one(split("60", "40"), split("60", "40", per_holding_band_bps=D(2000))).orders
    assert {change.symbol: change.causes for change in changes}[symbol] == ("status", "settings")


def test_a_status_and_a_version_are_causes_of_every_order_that_changed() -> None:
    (gone, also_gone) = of_one(split("60", "40"), account(failure="no answer"), tool_version="0.2.0").orders
    assert gone.causes == also_gone.causes
    assert set(gone.causes) >= {"version", "status"}


def test_where_cash_alone_changed_it_is_the_cause_of_every_order_that_did() -> None:
    found = of_one(account(weights=HALF), account(cash="20000", weights=HALF))
    assert found.causes == (Cause("cash", "USD", "10000", "20000"),)
    assert {change.symbol: change.causes for change in found.orders} == {"BND": ("cash",), "VTI": ("cash",)}


def test_cash_is_no_input_of_the_security_that_is_called_like_its_currency() -> None:
    two = {"USD": "50", "VTI": "50"}
    found = of_one(account(weights=two), account(cash="20000", weights=two, prices={}, max_orders=D(99)))
    assert {change.symbol: change.causes for change in found.orders}["USD"] == ("settings",)
