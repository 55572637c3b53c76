"""What real gateways say of real accounts, planned over TCP: 20,000 USD, 100 AAA at 100, 50 BBB at 200."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import Workspace
from tests.scenarios import fault

ACCOUNT = "DU1"
SETTINGS = """
[ibkr]
mode = tws
port = 1
timeout_sec = 2
read_only = false
[accounts]
ids = DU1
retries = 0
[models]
m = 1
[rebalance]
min_order_usd = 0
"""
PORTFOLIOS = "ETF,m\nAAA,40\nBBB,30\nCCC,30\n"
MARKET = """
[market]
time_zone = "US/Eastern"
hours = "always"
[rates]
USD = "1"
EUR = "1.25"
CAD = "0.8"
""" + "".join(
    f'[[instrument]]\ncon_id = {n}\nsymbol = "{symbol}"\nbid = "{price}"\nask = "{price}"\nlast = "{price}"\n'
    f'close = "{price}"\n'
    for n, symbol, price in ((1, "AAA", 100), (2, "BBB", 200), (3, "CCC", 50))
)


def account(
    *positions: str,
    cash: str = 'USD = "20000"',
    keys: str = "",
    own: tuple[str, ...] = ('AAA", quantity = "100', 'BBB", quantity = "50'),
) -> str:
    """Return the base account with ``keys`` and more ``positions`` (inline TOML) besides."""
    held = ", ".join(f"{{ {row} }}" for row in (*(f'symbol = "{row}"' for row in own), *positions))
    return f'[[account]]\nid = "{ACCOUNT}"\ncash = {{ {cash} }}\n{keys}\nposition = [{held}]\n'


@contextmanager
def gateway(
    workspace: Workspace,
    *tables: str,
    settings: str = SETTINGS,
    start_of: str = "",
    market: str = MARKET,
    replaced: tuple[str, str] = ("[market]", "[market]"),
) -> Iterator[Gateway]:
    """Serve the market (with one text for another) with these tables and point settings.ini at it."""
    path = workspace.write("served.toml", start_of + market.replace(*replaced) + "\n".join(tables))
    workspace.write("portfolios.csv", PORTFOLIOS)
    with start(load_scenario(path), clock=workspace.clock.now) as served:
        workspace.write("settings.ini", re.sub(r"port = \d+", f"port = {served.port}", settings))
        yield served


def plan(workspace: Workspace, *arguments: str) -> dict[str, Any]:
    """Return the plan of the account."""
    result = workspace.run("plan", "--json", *arguments)
    assert result.out, result
    found: dict[str, Any] = json.loads(result.out)["plan"]["accounts"][0]
    return found


def orders(planned: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(o["side"], o["symbol"], o["quantity"]) for o in planned["orders"]]


def plan_with(workspace: Workspace, *tables: str, **more: Any) -> dict[str, Any]:
    """Return the plan of the account at a gateway of its own."""
    with gateway(workspace, *tables, **more):
        return plan(workspace)


def report(**rows: str) -> str:
    """Return what an account reports instead; ``__`` stands for the colon before a currency."""
    pairs = ", ".join(f'"{tag.replace("__", ":")}" = "{value}"' for tag, value in rows.items())
    return f"report = {{ {pairs} }}"


FUND = '[[instrument]]\ncon_id = 9\nsymbol = "FXAIX"\nsec_type = "FUND"\nlast = "100"\n'


def test_funds_beside_the_stocks_change_no_order(workspace: Workspace) -> None:
    plain = plan_with(workspace, account())
    workspace.clock.sleep(1)
    held = account('symbol = "FXAIX", quantity = "60"')
    planned = plan_with(workspace, FUND, held)
    assert (planned["status"], orders(planned)) == ("planned", orders(plain))
    assert planned["snapshot"]["broker_usd"] == plain["snapshot"]["broker_usd"]


def test_money_market_funds_are_in_the_value_of_funds_already(workspace: Workspace) -> None:
    plain = plan_with(workspace, account())
    workspace.clock.sleep(1)
    reported = report(
        NetLiquidation="46000",
        FundValue__USD="6000",
        MoneyMarketFundValue__USD="5000",
        MutualFundValue__USD="1000",
    )
    planned = plan_with(workspace, account(keys=reported))
    assert orders(planned) == orders(plain)


@pytest.mark.parametrize("larger", ["CashBalance", "TotalCashBalance"])
def test_cash_is_the_least_of_what_the_rows_say(workspace: Workspace, larger: str) -> None:
    planned = plan_with(workspace, account(keys=report(**{f"{larger}__USD": "20300"})))
    assert planned["snapshot"]["cash_usd"] == "20000"
    assert Decimal(planned["summary"]["cash_after_usd"]) >= Decimal(planned["summary"]["cash_floor_usd"])


@pytest.mark.parametrize("counted", ["CashBalance", "TotalCashBalance"])
def test_swept_deposits_are_named_and_neither_spent_nor_missed(workspace: Workspace, counted: str) -> None:
    plain = plan_with(workspace, account())
    workspace.clock.sleep(1)
    swept = report(
        **{f"{counted}__USD": "35000"}, NetLiquidation="55000", NetLiquidationByCurrency__USD="55000"
    )
    planned = plan_with(workspace, account(keys=swept))
    assert orders(planned) == orders(plain)
    (item,) = planned["snapshot"]["unmanaged"]
    assert (item["description"], item["quantity"]) == (
        "cash that only one of CashBalance and TotalCashBalance counts",
        "15000",
    )
    workspace.clock.sleep(1)
    outside = report(**{f"{counted}__USD": "35000"})
    assert orders(plan_with(workspace, account(keys=outside))) == orders(plain)


def test_a_cash_account_buys_with_settled_cash_alone(workspace: Workspace) -> None:
    unsettled = 'type = "cash"\n' + report(SettledCash__USD="5000")
    planned = plan_with(workspace, account(keys=unsettled))
    bought = Decimal(planned["summary"]["buys_usd"]) + Decimal(planned["summary"]["costs_usd"])
    assert Decimal(4700) < bought <= 5000
    assert planned["summary"]["net_liquidation_usd"] == "40000"
    assert "not settled yet: 15,000.00 USD of the cash; in a cash account it pays for no buy" in workspace.ok(
        "show", "latest"
    ).replace("\n    ", " ")
    assert "the 15,000.00 USD that are not settled" in workspace.ok("explain", "latest", ACCOUNT, "CASH")
    workspace.clock.sleep(1)
    settled = plan_with(workspace, account(keys='type = "cash"'))
    margin = plan_with(workspace, account(keys=report(SettledCash__USD="5000")))
    assert orders(settled) == orders(margin) != orders(planned)


def test_settled_cash_of_a_cash_account_is_without_other_currencies(workspace: Workspace) -> None:
    """SettledCash is one figure for all currencies: 5,000 USD and 8,000 USD worth of 10,000 CAD."""
    keys = 'type = "cash"\n' + report(SettledCash__USD="13000")
    planned = plan_with(workspace, account(cash='USD = "20000", CAD = "10000"', keys=keys))
    assert planned["snapshot"]["settled_cash"] == "5000"
    assert Decimal(planned["summary"]["buys_usd"]) <= 5000


def test_unsettled_cash_never_makes_an_account_sell(workspace: Workspace) -> None:
    held = ('AAA", quantity = "158', 'BBB", quantity = "59', 'CCC", quantity = "240')
    keys = 'type = "cash"\n' + report(SettledCash__USD="0")
    assert orders(plan_with(workspace, account(keys=keys, cash='USD = "1000"', own=held))) == []


def test_a_plan_of_a_cash_account_is_applied_with_settled_cash_alone(workspace: Workspace) -> None:
    with gateway(workspace, account(keys='type = "cash"\n' + report(SettledCash__USD="5000"))):
        plan(workspace)
        assert "ok" in workspace.ok("verify", "latest")
        result = workspace.run("apply", "latest", "--yes")
    assert result.code == 0, result


def test_a_tiny_debt_in_another_currency_is_a_warning_and_the_account_is_applied(
    workspace: Workspace,
) -> None:
    plain = plan_with(workspace, account())
    workspace.clock.sleep(1)
    with gateway(workspace, account(cash='USD = "20000", EUR = "-0.01"')):
        planned = plan(workspace)
        assert orders(planned) == orders(plain)
        shown = workspace.ok("show", "latest").replace("\n    ", " ")
        note = "not managed: CASH -0.01 EUR cash (EUR), a debt of 0.01 USD (foreign_cash_tolerance_usd = 10)"
        assert note in shown
        workspace.ok("verify", "latest")
        result = workspace.run("apply", "latest", "--yes")
    assert result.code == 0, result


@pytest.mark.parametrize(("euros", "status"), [("-8", "planned"), ("-8.01", "failed")])
def test_a_debt_beyond_the_tolerance_fails_the_account(workspace: Workspace, euros: str, status: str) -> None:
    planned = plan_with(workspace, account(cash=f'USD = "20000", EUR = "{euros}"'))
    assert planned["status"] == status
    if status == "failed":
        (reason,) = planned["reasons"]
        assert reason.startswith(
            "negative balance -8.01 EUR cash (EUR), 10.01 USD and over foreign_cash_tolerance_usd, claims cash"
        )


def test_the_tolerance_is_an_account_s_own_policy_and_another_one_refuses_the_plan(
    workspace: Workspace,
) -> None:
    debt = account(cash='USD = "20000", EUR = "-40"')
    own = SETTINGS + "[account:DU1]\nforeign_cash_tolerance_usd = 60\n"
    with gateway(workspace, debt, settings=own):
        planned = plan(workspace)
        assert planned["status"] == "planned"
        assert planned["policy"]["rebalance"]["foreign_cash_tolerance_usd"] == "60"
        workspace.ok("verify", "latest", "--offline")
        workspace.edit("settings.ini", "foreign_cash_tolerance_usd = 60", "foreign_cash_tolerance_usd = 61")
        changed = workspace.run("apply", "latest", "--yes")
    assert changed.code == 3
    assert "foreign_cash_tolerance_usd" in changed.out + changed.err


def test_a_debt_that_grows_until_the_apply_refuses_the_account(workspace: Workspace) -> None:
    with gateway(workspace, account(cash='USD = "20000", EUR = "-1"')):
        plan(workspace)
    with gateway(workspace, account(cash='USD = "20000", EUR = "-9"')):
        result = workspace.run("apply", "latest", "--yes")
    assert result.code == 3, result
    assert "RB509 negative balance -9 EUR cash (EUR), 11.25 USD" in result.out + result.err


DEAD_HELD = 'symbol = "DEAD", quantity = "300"'


def dead(**keys: str) -> str:
    """Return a stock that nobody has a price of."""
    own = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    return f'[[instrument]]\ncon_id = 9\nsymbol = "DEAD"\n{own}'


DELISTED = fault(
    "contract_details", "error", symbol="DEAD", code=200, text="No security definition has been found"
)
NO_DATA = {"data": "none", "last": "1.50"}


@pytest.mark.parametrize(
    ("tables", "worth", "why"),
    [
        ((dead(),), "0.00", "no last trade"),
        ((dead(), DELISTED), "0.00", "No security definition"),
        ((dead(**NO_DATA),), "450.00", "no live market data"),
        ((dead(**NO_DATA), DELISTED), "450.00", "No security definition"),
        ((dead(data="halted", last="1.50"),), "450.00", "trading is halted"),
    ],
)
def test_a_holding_that_nobody_can_price_is_not_managed_and_the_rest_is_planned_and_applied(
    workspace: Workspace, tables: tuple[str, ...], worth: str, why: str
) -> None:
    plain = plan_with(workspace, account())
    workspace.clock.sleep(1)
    with gateway(workspace, account(DEAD_HELD), *tables) as served:
        planned = plan(workspace)
        assert (planned["status"], orders(planned)) == ("planned", orders(plain))
        assert planned["summary"] == plain["summary"]
        shown = " ".join(workspace.ok("show", "latest").split())
        assert f"not managed: 300 DEAD, worth {worth} USD to the broker, for it has no price:" in shown
        assert why in shown
        asked = workspace.run("explain", "latest", ACCOUNT, "DEAD")
        assert (asked.code, "DEAD has no price" in asked.err) == (64, True)
        workspace.ok("verify", "latest")
        result = workspace.run("apply", "latest", "--yes")
        assert result.code == 0, result
        assert "warning: not managed: 300 DEAD" in result.out
        assert "DEAD" not in {entry.symbol for entry in served.ledger}


def test_the_value_of_what_is_left_out_is_the_broker_s_own(workspace: Workspace) -> None:
    """Left out of both valuations; a broker whose total does not fit its own value of it is still a mismatch."""
    held = dead(data="none", last="20")
    planned = plan_with(workspace, account(DEAD_HELD), held)
    assert planned["status"] == "planned"
    assert planned["snapshot"]["broker_usd"] == "46000"
    assert planned["snapshot"]["broker_values"] == [{"symbol": "DEAD", "con_id": 9, "value_usd": "6000"}]
    workspace.clock.sleep(1)
    bent = fault("account_updates", "field", field="market_value", value="1.00", row_symbol="DEAD")
    assert (
        "apart (nlv_mismatch_pct = 1)" in plan_with(workspace, account(DEAD_HELD), held, bent)["reasons"][0]
    )


@pytest.mark.parametrize("action", ["silent", "hang_up", "empty"])
def test_a_small_holding_whose_value_the_broker_does_not_say_is_left_out_too(
    workspace: Workspace, action: str
) -> None:
    unsaid = fault("account_updates", action)
    settings = SETTINGS.replace("timeout_sec = 2", "timeout_sec = 0.3")
    small = plan_with(
        workspace, account(DEAD_HELD), dead(data="none", last="0.20"), unsaid, settings=settings
    )
    assert small["snapshot"]["broker_values"] == [{"symbol": "DEAD", "con_id": 9, "value_usd": None}]
    assert small["status"] == "planned"
    assert "300 DEAD, of unknown value, for it has no price" in " ".join(
        workspace.ok("show", "latest").split()
    )
    workspace.clock.sleep(1)
    large = plan_with(workspace, account(DEAD_HELD), dead(data="none", last="20"), unsaid, settings=settings)
    assert "apart (nlv_mismatch_pct = 1)" in large["reasons"][0]


@pytest.mark.parametrize("how", ["target", "blank", "sell"])
def test_a_holding_that_is_a_target_or_to_be_sold_still_needs_a_price(workspace: Workspace, how: str) -> None:
    settings = SETTINGS + ("unlisted = sell\n" if how == "sell" else "")
    with gateway(workspace, account(DEAD_HELD), dead(), settings=settings):
        row = {"target": "DEAD,0.5\nAAA,39.5\n", "blank": "DEAD,\nAAA,40\n", "sell": "AAA,40\n"}[how]
        workspace.write("portfolios.csv", PORTFOLIOS.replace("AAA,40\n", row))
        planned = plan(workspace)
    assert planned["status"] == "failed"
    assert planned["reasons"] == ["no price for DEAD: no last trade; no bid and ask"]
    assert planned["snapshot"]["broker_values"] == []


def test_what_is_left_out_may_have_a_price_again_at_the_apply(workspace: Workspace) -> None:
    with gateway(workspace, account(DEAD_HELD), dead()):
        plan(workspace)
    back = dead(bid="90", ask="90", last="90", close="90")
    with gateway(workspace, account(DEAD_HELD), back):
        workspace.ok("verify", "latest")
        assert workspace.run("apply", "latest", "--yes").code == 0


def test_more_of_what_is_left_out_refuses_the_account(workspace: Workspace) -> None:
    with gateway(workspace, account(DEAD_HELD), dead()):
        plan(workspace)
    with gateway(workspace, account(DEAD_HELD.replace("300", "301")), dead()):
        result = workspace.run("apply", "latest", "--yes")
    assert result.code == 3
    assert "RB501 the plan has 300 DEAD, the account has 301" in result.out


def test_a_replay_leaves_out_the_same_and_asks_a_price_of_what_is_a_target_now(workspace: Workspace) -> None:
    with gateway(workspace, account(DEAD_HELD), dead()):
        made = plan(workspace)
    again = plan(workspace, "--from", "latest", "--dry-run")
    assert (again["orders"], again["drift"]) == (made["orders"], made["drift"])
    workspace.write("portfolios.csv", PORTFOLIOS.replace("AAA,40", "AAA,39\nDEAD,1"))
    assert plan(workspace, "--from", "latest", "--dry-run")["status"] == "failed"
