"""Fractions of a share over TCP: what settings.ini, plan and apply say, and what the gateway takes."""

from __future__ import annotations

import pytest

from tests.cli import Workspace
from tests.commands.test_real_accounts import SETTINGS, account, gateway, orders, plan

ALLOWED = SETTINGS.replace("min_order_usd = 0", "min_order_usd = 0\nallow_fractional = true")
OLD = '[[instrument]]\ncon_id = 8\nsymbol = "OLD"\nbid = "10"\nask = "10"\nlast = "10"\n'
WARNING = "allow_fractional = true cannot work with mode = tws"
STAYS = "DU1: fractions that rebal cannot sell stay: 0.5 OLD (about 5.00 USD). Sell them in TWS."


def simulated(workspace: Workspace, scenario: str = "") -> None:
    """Use the served scenario inside the process instead, with more in its [gateway]."""
    text = (workspace.folder / "served.toml").read_text(encoding="utf-8")
    workspace.write("served.toml", f"[gateway]\n{scenario}\n{text}")
    workspace.write(
        "settings.ini", ALLOWED.replace("mode = tws", "mode = sim") + "[sim]\nscenario = served.toml\n"
    )


def test_fractions_are_warned_of_and_block_an_account_at_tws(workspace: Workspace) -> None:
    with gateway(workspace, account(), settings=ALLOWED):
        assert WARNING in workspace.run("validate").err
        planned = plan(workspace)
        applied = workspace.run("apply", "latest", "--yes")
    assert planned["status"] == "blocked"
    assert "refuses orders for fractions of a share (error 10243)" in planned["reasons"][0]
    assert applied.code in (3, 4)
    assert "Nothing was sent" in applied.out + applied.err


def test_an_account_s_own_key_is_warned_of_at_its_line(workspace: Workspace) -> None:
    workspace.write("portfolios.csv", "ETF,m\nAAA,100\n")
    workspace.write("settings.ini", f"{SETTINGS}[account:DU1]\nallow_fractional = true\n")
    line = len(SETTINGS.splitlines()) + 2
    assert f"settings.ini:{line}: {WARNING}" in workspace.run("validate").err
    workspace.edit("settings.ini", "mode = tws", "mode = sim")
    assert WARNING not in workspace.run("validate").err


@pytest.mark.parametrize(("scenario", "code"), [("", 3), ("fractional_orders = true", 0)])
def test_the_built_in_gateway_takes_fractions_only_where_its_scenario_does(
    workspace: Workspace, scenario: str, code: int
) -> None:
    with gateway(workspace, account(), settings=ALLOWED):
        pass
    simulated(workspace, scenario)
    planned = plan(workspace)
    assert planned["status"] == "planned"
    assert any("." in quantity for _, _, quantity in orders(planned))
    applied = workspace.run("apply", "latest", "--yes")
    assert (code == 0) == (applied.code == 0), applied
    assert ("10243" in applied.out + applied.err) == (code != 0), applied


def test_what_cannot_be_sold_is_listed_by_plan_and_apply(workspace: Workspace) -> None:
    with gateway(workspace, OLD, account('con_id = 8, quantity = "3.5"')):
        workspace.write("portfolios.csv", "ETF,m\nAAA,40\nBBB,30\nCCC,30\nOLD,\n")
        assert STAYS in workspace.run("plan").out
        applied = workspace.run("apply", "latest", "--yes")
        assert applied.code == 0, applied
        assert STAYS in applied.out
        workspace.clock.sleep(60)
        again = workspace.run("plan").out
    assert "No changes." in again
    assert STAYS in again
