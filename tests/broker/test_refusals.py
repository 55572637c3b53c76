"""Accounts and lines that the world no longer allows: refused or left out, by name."""

from __future__ import annotations

import re

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    planned_lines,
    trial,
)
from tests.broker.hostile import with_order
from tests.cli import Workspace
from tests.scenarios import fault, scenario_text

pytestmark = pytest.mark.slow

REFUSED = {
    "a buy the broker would refuse": (
        behaviour(on="what_if", account="{}", side="BUY", code=201, text="KID missing"),
        "would refuse to buy",
    ),
    "a sell the broker would refuse": (
        behaviour(on="what_if", account="{}", side="SELL", code=460, text="No trading permissions."),
        "would refuse to sell",
    ),
    "executions that cannot be had": (fault("executions", "error", account="{}"), "error 321"),
    "executions without their end": (fault("executions", "no_end", account="{}"), "did not finish"),
    "no positions although the plan saw some": (
        fault("positions_multi", "empty", account="{}"),
        "an empty list is never",
    ),
    "no account values": (fault("account_updates_multi", "silent", account="{}"), "did not finish"),
}


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("case", REFUSED)
def test_an_account_that_cannot_be_checked_is_refused_before_anything_is_sent(
    planned: Workspace, undisturbed: Undisturbed, case: str, disturbed: str
) -> None:
    extra, reason = REFUSED[case]
    with trial(planned, scenario_text(extra=extra.replace("{}", disturbed))) as it:
        result = it.apply()
        assert result.code == 4
        assert it.sent(disturbed) == []
        assert reason in it.summary()[disturbed]["error"]
        assert it.summary()[disturbed]["submitted"] == "0"
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_sell_that_the_broker_would_refuse_for_want_of_funds_does_not_refuse_its_account(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    lacks = behaviour(on="what_if", account=disturbed, side="SELL", code=201, text="CASH NEEDED: 5.00")
    with trial(planned, scenario_text(extra=lacks)) as it:
        assert it.apply().code == 0
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        asked = [e.order_ref for e in it.gateway.ledger if (e.kind, e.account) == ("what_if", disturbed)]
        assert len(set(asked)) == len(it.lines(disturbed))
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_working_order_of_somebody_else_refuses_its_account(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = with_order(scenario_text(), disturbed, line.symbol, order_id=5, limit_price="1.00")
    with trial(planned, text) as it:
        assert it.apply().code == 4
        assert it.sent(disturbed) == []
        assert f"RB502 BUY 1 {line.symbol} is already working" in it.summary()[disturbed]["error"]
        assert it.cancels() == 0
        assert_others_untouched(it, disturbed, undisturbed)


def quoted(symbol: str, **changes: str) -> str:
    """Return the built-in scenario with other figures for one instrument."""
    text = scenario_text()
    at = text.index(f'symbol = "{symbol}"')
    at, end = text.rindex("[[instrument]]", 0, at), text.index("[[", at)
    table = text[at:end]
    for key, value in changes.items():
        found = re.sub(rf"^{key} = .*$", f"{key} = {value}", table, flags=re.MULTILINE)
        table = found if found != table else f"{table.rstrip()}\n{key} = {value}\n\n"
    return text[:at] + table + text[end:]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"bid": '"395.70"', "ask": '"395.74"', "last": '"395.72"'},
            "GLD moved 5% since the plan (376.9 to 395.72)",
        ),
        ({"data": '"halted"'}, "GLD"),
        ({"bid": '"380.00"'}, "crossed quote (bid 380 over ask 376.91)"),
    ],
)
def test_a_line_whose_market_is_not_what_it_was_is_left_out_by_name(
    planned: Workspace, undisturbed: Undisturbed, changes: dict[str, str], reason: str
) -> None:
    traders = {x.account for x in planned_lines(planned) if x.symbol == "GLD"}
    assert traders
    with trial(planned, quoted("GLD", **changes)) as it:
        assert it.apply().code == 4
        for account in ACCOUNTS:
            assert it.of(account, "GLD") == []
            if account in traders:
                assert reason in it.summary()[account]["error"]
            else:
                assert it.sent(account) == undisturbed.orders[account]


def test_a_line_whose_contract_is_gone_is_left_out_by_name(planned: Workspace) -> None:
    traders = {x.account for x in planned_lines(planned) if x.symbol == "VWO" and x.side == "BUY"}
    assert traders
    with trial(planned, scenario_text(("con_id = 700000303", "con_id = 700000304"))) as it:
        assert it.apply().code == 4
        for account in traders:
            assert it.of(account, "VWO") == []
            assert "VWO" in it.summary()[account]["error"]


def test_a_closed_market_refuses_everything(planned: Workspace) -> None:
    sessions = 'hours = "list"\nsessions = ["20261123:0930-20261123:1130", "20261124:0930-20261124:1600"]'
    with trial(planned, scenario_text(('hours = "always"', sessions))) as it:
        result = it.apply()
        assert (result.code, list(it.gateway.ledger)) == (3, [])
