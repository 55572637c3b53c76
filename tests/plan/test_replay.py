from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from rebalplan.core.vocabulary import Endpoint, Targets
from rebalplan.inputs.settings import AccountSettings
from rebalplan.plan.build import build_plan
from rebalplan.plan.collect import AccountToRead
from rebalplan.plan.document import Plan
from rebalplan.plan.replay import replay_inputs
from tests.builders import NOW, SESSION, account, plan, policy, quotes, targets

D = Decimal


def today(name: str = "DU1", weights: Targets | None = None, **keys: Any) -> AccountToRead:
    settings = AccountSettings(name, Endpoint(), Path("portfolios.csv"), (), policy(**keys))
    return AccountToRead(settings, weights or targets({"VTI": "100"}))


def replayed(old: Plan, *accounts: AccountToRead) -> Plan:
    return build_plan(
        replay_inputs(accounts, old),
        old.volatile.quotes,
        mode=old.mode,
        session=old.volatile.session,
        created_at=NOW,
        tool_version="0.1.0",
        replay_of="20260301T160000Z-0123456789ab",
    )


def test_the_same_files_give_the_same_accounts() -> None:
    old = plan(account("DU1"), account("DU2", holdings={"VTI": "3"}))
    assert replayed(old, today("DU1"), today("DU2")).accounts == old.accounts


def test_todays_targets_and_policy_hold_for_yesterdays_snapshot() -> None:
    old = plan(account(), market=quotes("BND"))
    (made,) = replayed(old, today(weights=targets({"BND": "100"}), cash_buffer_pct=D("0.1"))).accounts
    assert [(o.side, o.symbol, o.quantity) for o in made.orders] == [("BUY", "BND", D(90))]
    assert made.snapshot == old.accounts[0].snapshot


def test_accounts_come_in_todays_order_and_number() -> None:
    old = plan(account("DU1"), account("DU2"))
    assert [a.account for a in replay_inputs((today("DU2"),), old)] == ["DU2"]
    assert [a.account for a in replay_inputs((today("DU2"), today("DU1")), old)] == ["DU2", "DU1"]


def test_an_account_that_the_old_plan_lacks_fails() -> None:
    (made,) = replay_inputs((today("DU9"),), plan())
    assert made.snapshot is None
    assert made.failure == "the replayed plan has no such account: make a plan with `rebal plan`"


def test_an_account_that_could_not_be_read_then_fails_with_the_reason_of_then() -> None:
    old = plan(account("DU1", failure="no answer within 30 s"), account("DU2"))
    made = replayed(old, today("DU1"), today("DU2"))
    assert [a.status for a in made.accounts] == ["failed", "planned"]
    assert made.accounts[0].reasons == ("no answer within 30 s",)


def test_a_symbol_that_was_not_quoted_then_fails_the_account() -> None:
    (made,) = replayed(plan(), today(weights=targets({"QQQ": "100"}))).accounts
    assert made.reasons == (
        "no price for QQQ: it was not quoted with the snapshot: plan again at the broker",
    )


def test_an_account_that_failed_with_a_snapshot_is_planned_again() -> None:
    old = plan(account(cash_buffer_type="abs", cash_buffer_abs=D(10_000)))
    assert old.accounts[0].status == "failed"
    assert replayed(old, today()).accounts[0].status == "planned"


def test_a_replay_keeps_the_session_of_then() -> None:
    assert replayed(plan(), today()).volatile.expires_at == SESSION.closes_at
