"""``rebal diff``: what changed and why."""

from __future__ import annotations

import json

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli import Workspace, without_ids
from tests.scenarios import use_scenario


@pytest.fixture
def planned(sample: Workspace) -> str:
    """Return the id of a first plan of the samples."""
    sample.ok("plan")
    sample.clock.sleep(1)
    return sample.plans()[0].stem


def newest(workspace: Workspace) -> str:
    return workspace.plans()[-1].stem


def test_a_plan_against_itself_is_the_same(sample: Workspace, planned: str) -> None:
    result = sample.run("diff", planned, planned)
    assert (result.code, without_ids(result.out)) == (0, "<plan id> -> <plan id>: no order changed.\n")


def test_prices_that_moved_without_changing_an_order_are_one_line(sample: Workspace, planned: str) -> None:
    use_scenario(sample, ('last = "312.40"', 'last = "312.41"'))
    sample.ok("plan")
    result = sample.run("diff", planned, newest(sample))
    assert (result.code, result.out.count("\n")) == (0, 1)
    assert "no order changed (prices moved)." in result.out


def test_edited_targets_are_named_as_the_cause(
    sample: Workspace, planned: str, screen: SnapshotAssertion
) -> None:
    sample.edit("portfolios.csv", "GLD,,,20", "GLD,,,18")
    sample.edit("portfolios.csv", "SGOV,,,3", "SGOV,,,5")
    sample.ok("plan", "--from", planned)
    result = sample.run("diff", planned, newest(sample))
    assert result.code == 1
    assert without_ids(result.out) == screen


def test_the_markdown_of_a_change_in_one_account(
    sample: Workspace, planned: str, screen: SnapshotAssertion
) -> None:
    sample.edit("settings.ini", "min_order_usd = 100", "min_order_usd = 600")
    sample.ok("plan")
    result = sample.run("diff", planned, newest(sample), "--format", "markdown")
    assert result.code == 1
    assert without_ids(result.out) == screen


def test_json_has_every_change(sample: Workspace, planned: str) -> None:
    sample.edit("settings.ini", "min_order_usd = 100", "min_order_usd = 600")
    sample.ok("plan")
    result = sample.run("diff", planned, newest(sample), "--json")
    accounts = {a["account"]: a for a in json.loads(result.out)["accounts"]}
    assert accounts["DU1000002"]["orders"]
    assert accounts["DU1000001"]["orders"] == accounts["DU1000003"]["orders"] == []
    assert accounts["DU1000002"]["causes"] == [
        {"kind": "settings", "what": "rebalance.min_order_usd", "before": "100", "after": "600"}
    ]


def test_an_account_that_is_gone_is_a_difference(sample: Workspace, planned: str) -> None:
    sample.ok("plan", "--account", "DU1000001")
    result = sample.run("diff", planned, newest(sample))
    assert result.code == 1
    assert "Account DU1000002\n  - " in result.out
    assert "status: not in the new plan" in result.out


@pytest.mark.parametrize("old", ["nothing", "plans/none.json"])
def test_a_plan_that_is_not_there_is_an_error_of_its_own(sample: Workspace, planned: str, old: str) -> None:
    assert sample.run("diff", old, planned).code == 2


def test_a_cause_that_all_have_is_said_once(sample: Workspace, planned: str) -> None:
    sample.edit("portfolios.csv", "GLD,,,20", "GLD,,,10")
    sample.edit("portfolios.csv", "SGOV,,,3", "SGOV,,,13")
    sample.ok("plan", "--from", planned)
    out = sample.run("diff", planned, newest(sample)).out
    assert out.count("targets: GLD 5 -> 2.5, SGOV 0.75 -> 3.25") == 1
    assert out.count("Account DU") == 3
    assert ": 2 orders added, 1 removed, 4 changed in 3 accounts.\n" in out


def test_accounts_without_a_change_are_one_line(sample: Workspace, planned: str) -> None:
    sample.edit("settings.ini", "min_order_usd = 100", "min_order_usd = 600")
    sample.ok("plan")
    out = sample.run("diff", planned, newest(sample)).out
    assert out.endswith("\n2 accounts unchanged: DU1000001, DU1000003\n")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_redacted_difference_has_no_account_and_no_amount(
    sample: Workspace, planned: str, form: str
) -> None:
    use_scenario(sample, ('cash = { USD = "912.40" }', 'cash = { USD = "1912.41" }'))
    sample.edit("settings.ini", "min_order_usd = 100", "min_order_usd = 654")
    sample.ok("plan")
    out = sample.run("diff", planned, newest(sample), "--redact", "--format", form).out
    assert "% of NLV)" in out
    for secret in ("DU100000", "912.4", "654", "USD)"):
        assert secret not in out
    assert "cash: USD" in out


def test_json_is_never_redacted_without_a_word(sample: Workspace, planned: str) -> None:
    result = sample.run("diff", planned, planned, "--redact", "--json")
    assert (result.code, result.out) == (2, "")
    assert "--redact is for text and markdown" in result.err
