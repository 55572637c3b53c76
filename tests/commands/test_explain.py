from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from rebalplan.plan.codec import encode
from tests.builders import account, con_id_of, plan
from tests.cli import Workspace


@pytest.mark.parametrize(
    ("account", "symbol"),
    [
        ("DU1000001", "VTI"),
        ("du1000001", "avuv"),
        ("DU1000002", "SCHD"),
        ("DU1000003", "ARKK"),
        ("DU1000001", "SPY"),
        ("DU1000002", "VTI"),
        ("DU1000001", "CASH"),
    ],
)
def test_a_line_explained(sample: Workspace, account: str, symbol: str, screen: SnapshotAssertion) -> None:
    sample.ok("plan")
    assert sample.ok("explain", "latest", account, symbol) == screen


@pytest.mark.parametrize(("account", "symbol"), [("DU9", "VTI"), ("DU1000001", "NOPE")])
def test_what_the_plan_has_not_is_a_usage_error(sample: Workspace, account: str, symbol: str) -> None:
    sample.ok("plan")
    assert sample.run("explain", "latest", account, symbol).code == 64


def test_a_class_of_a_share_is_found_however_it_is_written(workspace: Workspace) -> None:
    made, data = encode(plan(account(holdings={"BRK B": "3"}, weights={"BRK B": "50"})))
    workspace.write(f"plans/{made.id}.json", data.decode())
    expected = workspace.ok("explain", made.id, "DU1", "BRK B")
    assert expected.startswith("BRK B in DU1: ")
    for pasted in ("BRK.B", "brk-b", " BRK/B ", f"BRK.B@{con_id_of('BRK B')}", "BRK.B@NYSE"):
        assert workspace.ok("explain", f"{made.id}.json", " du1", pasted) == expected
    wrong = workspace.run("explain", "latest", "DU1", "BRK B@1")
    assert (wrong.code, "has no symbol 'BRK B@1' in this plan" in wrong.err) == (64, True)


def test_a_security_called_cash_is_told_apart_from_the_cash_of_the_account(workspace: Workspace) -> None:
    made, data = encode(plan(account(holdings={"CASH": "3", "VTI": "5"}, weights={"VTI": "50"}), CASH="100"))
    workspace.write(f"plans/{made.id}.json", data.decode())
    name = f"CASH@{con_id_of('CASH')}"
    cash = workspace.ok("explain", "latest", "DU1", "cash")
    assert cash.startswith("CASH in DU1: what the orders leave")
    assert f"`rebal explain PLAN DU1 {name}` explains it" in cash
    security = workspace.ok("explain", "latest", "DU1", name)
    assert security.startswith(f"{name} in DU1: no order")
    assert workspace.ok("explain", "latest", "DU1", "CASH@NASDAQ") == security
    shown = workspace.ok("show", "latest")
    rows = [line.split()[1] for line in shown.splitlines() if line.startswith("DU1 ")]
    assert rows == [name, "VTI", "CASH", "planned"]
    assert f"{name}, VTI, CASH" in workspace.run("explain", "latest", "DU1", "NOPE").err


def test_without_such_a_security_nothing_is_said_of_it(sample: Workspace) -> None:
    sample.ok("plan")
    assert "Not this" not in sample.ok("explain", "latest", "DU1000001", "CASH")
