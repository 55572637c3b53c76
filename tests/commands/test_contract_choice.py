"""A symbol that is two securities in USD: which one is meant, from portfolios.csv to the report, over TCP.

CCC is contract 3 at ARCA (50 USD) and contract 4 at NASDAQ (20 USD).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rebalplan.sim import Gateway
from tests.cli import Workspace
from tests.commands.test_real_accounts import ACCOUNT, SETTINGS, account, gateway, orders, plan

TWIN = (
    '[[instrument]]\ncon_id = 4\nsymbol = "CCC"\nname = "Other Fund"\nprimary_exchange = "NASDAQ"\n'
    'bid = "20"\nask = "20"\nlast = "20"\nclose = "20"\n'
)
FIRST = 'symbol = "CCC"\nbid = "50"'
EXCHANGE = 'symbol = "CCC"\nname = "First Fund"\nprimary_exchange = "ARCA"\nbid = "50"'
CHOICES = "write CCC@ARCA (First Fund) or CCC@NASDAQ (Other Fund) in portfolios.csv"
HELD_3 = 'con_id = 3, quantity = "20"'
HELD_4 = 'con_id = 4, quantity = "50"'


@contextmanager
def twins(
    workspace: Workspace, *tables: str, name: str = "CCC", settings: str = SETTINGS
) -> Iterator[Gateway]:
    """Serve a market where CCC is two contracts, with ``name`` in portfolios.csv."""
    with gateway(workspace, TWIN, *tables, settings=settings, replaced=(FIRST, EXCHANGE)) as served:
        write_target(workspace, name)
        yield served


def write_target(workspace: Workspace, name: str) -> None:
    workspace.write("portfolios.csv", f"ETF,m\nAAA,40\nBBB,30\n{name},30\n")


def made(workspace: Workspace, *tables: str, name: str = "CCC") -> dict[str, Any]:
    with twins(workspace, *tables, name=name):
        return plan(workspace)


def bought(planned: dict[str, Any]) -> list[tuple[str, int]]:
    return [
        (o["symbol"], o["con_id"])
        for o in planned["orders"]
        if o["side"] == "BUY" and o["symbol"].startswith("CCC")
    ]


def test_a_plain_symbol_that_is_not_held_fails_the_account_with_the_choices(workspace: Workspace) -> None:
    planned = made(workspace, account())
    assert planned["status"] == "failed"
    assert planned["reasons"] == [f"no price for CCC: CCC is 2 securities in USD at the broker: {CHOICES}"]


@pytest.mark.parametrize(
    ("name", "con_id"), [("CCC@ARCA", 3), ("CCC@NASDAQ", 4), ("CCC@3", 3), ("CCC@4", 4), ("ccc @ nasdaq", 4)]
)
def test_the_exchange_or_the_contract_id_picks_one(workspace: Workspace, name: str, con_id: int) -> None:
    assert bought(made(workspace, account(), name=name)) == [(name.upper().replace(" ", ""), con_id)]


@pytest.mark.parametrize(("held", "con_id"), [(HELD_3, 3), (HELD_4, 4)])
def test_the_contract_that_the_account_holds_wins(workspace: Workspace, held: str, con_id: int) -> None:
    planned = made(workspace, account(held))
    assert bought(planned) == [("CCC", con_id)]
    assert [p["con_id"] for p in planned["snapshot"]["positions"] if p["symbol"] == "CCC"] == [con_id]


def test_an_exchange_that_has_none_of_it_fails_with_the_choices(workspace: Workspace) -> None:
    planned = made(workspace, account(), name="CCC@NYSE")
    assert planned["reasons"] == [f"no price for CCC@NYSE: the broker has no single CCC@NYSE: {CHOICES}"]


def test_what_is_held_of_the_other_contract_is_left_alone(workspace: Workspace) -> None:
    planned = made(workspace, account(HELD_4), name="CCC@ARCA")
    assert bought(planned) == [("CCC@ARCA", 3)]
    (other,) = [row for row in planned["drift"] if row["reason"] == "held_unlisted"]
    assert (other["symbol"], other["quantity"], other["price"]) == ("CCC@4", "50", "20")


def test_both_contracts_can_be_held_and_targeted(workspace: Workspace) -> None:
    with twins(workspace, account(HELD_3, HELD_4)):
        workspace.write("portfolios.csv", "ETF,m\nAAA,40\nBBB,30\nCCC@ARCA,20\nCCC@4,10\n")
        planned = plan(workspace)
    assert planned["status"] == "planned"
    assert sorted(bought(planned)) == [("CCC@4", 4), ("CCC@ARCA", 3)]


def test_two_contracts_that_one_plain_symbol_could_mean_fail_the_account(workspace: Workspace) -> None:
    planned = made(workspace, account(HELD_3, HELD_4))
    assert planned["status"] == "failed"
    assert "2 positions are called CCC (contracts 3, 4): write each as CCC@CONID" in planned["reasons"][0]


@pytest.mark.parametrize("other", ["CCC@ARCA", "CCC"])
def test_two_spellings_of_one_contract_are_a_duplicate(workspace: Workspace, other: str) -> None:
    with gateway(workspace, account(), replaced=(FIRST, EXCHANGE)):
        workspace.write("portfolios.csv", f"ETF,m\nAAA,40\nBBB,30\nCCC@3,20\n{other},10\n")
        planned = plan(workspace)
    assert planned["status"] == "failed"
    assert "are one contract (3) at the broker" in " ".join(planned["reasons"])


def test_what_one_account_holds_never_decides_what_another_one_buys(workspace: Workspace) -> None:
    two = SETTINGS.replace("ids = DU1", "ids = DU1, DU2")
    with twins(workspace, account(), account(HELD_4).replace(ACCOUNT, "DU2"), settings=two):
        first, second = json.loads(workspace.run("plan", "--json").out)["plan"]["accounts"]
    assert CHOICES in first["reasons"][0]
    assert bought(second) == [("CCC", 4)]


def test_a_contract_goes_through_every_command(workspace: Workspace) -> None:
    with twins(workspace, account(HELD_3), name="CCC@ARCA"):
        planned = plan(workspace)
        assert ("BUY", "CCC@ARCA") in [(side, symbol) for side, symbol, _ in orders(planned)]
        assert "CCC@ARCA" in workspace.run("show", "latest").out
        assert workspace.run("verify", "latest").code == 0
        for asked in ("CCC@ARCA", "ccc", "CCC@3"):
            assert "CCC@ARCA in DU1: buy" in workspace.run("explain", "latest", ACCOUNT, asked).out
        applied = workspace.run("apply", "latest", "--yes")
        assert applied.code == 0, applied
        workspace.clock.sleep(60)
        assert "No changes." in workspace.run("plan").out
    (path,) = workspace.folder.glob("reports/rebalance_DU1_*.csv")
    written = path.read_text(encoding="utf-8").splitlines()
    rows = {row["symbol"]: row for row in csv.DictReader(written)}
    assert rows["CCC@ARCA"]["status"] == "filled"
    assert float(rows["CCC@ARCA"]["new_qty_shares"]) == float(rows["CCC@ARCA"]["exec_qty_shares"]) + 20


def test_a_held_contract_under_its_plain_symbol_goes_through_apply(workspace: Workspace) -> None:
    with twins(workspace, account(HELD_4)):
        plan(workspace)
        assert workspace.run("verify", "latest").code == 0
        applied = workspace.run("apply", "latest", "--yes")
        assert applied.code == 0, applied
        workspace.clock.sleep(60)
        assert "No changes." in workspace.run("plan").out


@pytest.mark.parametrize("name", ["CCC@ARCA", "CCC@3", "CCC"])
def test_a_plan_is_made_again_offline_under_any_name_it_knows(workspace: Workspace, name: str) -> None:
    with twins(workspace, account(HELD_3), name="CCC@ARCA"):
        before = plan(workspace)
    write_target(workspace, name)
    workspace.clock.sleep(60)
    again = plan(workspace, "--from", "latest")
    assert [(q, s.partition("@")[0]) for _, s, q in orders(again)] == [
        (q, s.partition("@")[0]) for _, s, q in orders(before)
    ]
    assert bought(again) == [(name, 3)]


def test_the_old_and_the_new_name_of_a_contract_are_compared(workspace: Workspace) -> None:
    with twins(workspace, account(HELD_3), name="CCC@ARCA"):
        plan(workspace)
        workspace.clock.sleep(60)
        write_target(workspace, "CCC@3")
        plan(workspace)
    old, new = sorted(workspace.folder.glob("plans/*.json"))
    compared = workspace.run("diff", str(old), str(new))
    assert compared.code == 1
    assert "CCC@3" in compared.out


def test_validate_online_names_the_choices_of_a_plain_symbol_only(workspace: Workspace) -> None:
    with twins(workspace, account()):
        plain = workspace.run("validate", "--online")
        write_target(workspace, "CCC@ARCA")
        named = workspace.run("validate", "--online")
    assert (
        f"CCC: CCC is 2 securities in USD at the broker: {CHOICES}; an account that holds one of them"
        in plain.err
    )
    assert (plain.code, named.code) == (1, 0)


@pytest.mark.parametrize(("mode", "hint"), [("sim", True), ("tws", False)])
def test_an_unknown_symbol_at_the_built_in_gateway_says_what_it_knows(
    workspace: Workspace, mode: str, hint: bool
) -> None:
    with gateway(workspace, account()):
        workspace.write("portfolios.csv", "ETF,m\nAAA,40\nVXUS,60\n")
        if mode == "sim":
            workspace.edit("settings.ini", "mode = tws", "mode = sim")
            workspace.edit("settings.ini", "[accounts]", "[sim]\nscenario = served.toml\n[accounts]")
        (reason,) = plan(workspace)["reasons"]
        online = workspace.run("validate", "--online").err
    assert "no price for VXUS: the broker knows no US stock or ETF of this symbol in USD" in reason
    told = "The built-in gateway knows only its own symbols: `rebal sim show` lists them"
    assert (told in reason, told in online) == (hint, hint)
