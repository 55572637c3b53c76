"""The defects that cost users of other rebalancers money, one test each: none of them can happen here.

Those of an apply take turns at the positions of the plan: each kind of fault is at each position in the other modules.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    behaviour,
    first_line,
    planned_lines,
    serving,
    trial,
)
from tests.broker.hostile import with_order
from tests.cli import Workspace
from tests.scenarios import fault, scenario_text
from tests.sweep import quick_first

FIRST, SECOND, THIRD = ACCOUNTS


@pytest.fixture
def account(request: pytest.FixtureRequest) -> str:
    """The account that a defect is about: by the defect's number, so that every position has its turn."""
    found = re.match(r"test_(\d+)_", request.node.name)
    assert found is not None
    return ACCOUNTS[int(found[1]) % len(ACCOUNTS)]


def test_01_a_notice_is_not_taken_for_a_cancellation(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "BUY")
    words = ["ack", "10349", "wait 0.2", "execution", "commission", "status"]
    with trial(planned, scenario_text(extra=behaviour(symbol=line.symbol, sequence=words))) as it:
        assert it.apply("--account", account).code == 0
        assert [s.quantity for s in it.of(account, line.symbol)] == [line.quantity]


def test_02_a_fallback_is_computed_after_the_cancel_is_confirmed(planned: Workspace, account: str) -> None:
    line = max(
        (x for x in planned_lines(planned) if (x.account, x.side) == (account, "SELL")),
        key=lambda x: x.quantity,
    )
    extra = behaviour(symbol=line.symbol, algo="adaptive", fills=0) + behaviour(
        on="cancel", symbol=line.symbol, cancel="crossed", parts=2, fills=1, after_sec="0.1"
    )
    with trial(planned, scenario_text(extra=extra)) as it:
        it.apply("--account", account)
        half = (line.quantity + 1) // 2
        assert [s.quantity for s in it.of(account, line.symbol)] == [line.quantity, line.quantity - half]
        assert Decimal(it.report(account)[line.symbol]["exec_qty_shares"]) == line.quantity


def test_03_an_order_without_an_answer_is_not_placed_again(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "SELL")
    planned.edit("settings.ini", "retries = 0", "retries = 3")
    with trial(planned, scenario_text(extra=behaviour(symbol=line.symbol, silence="dropped"))) as it:
        assert it.apply("--account", account).code == 4
        assert len(it.of(account, line.symbol)) == 1


def test_04_a_fallback_that_is_left_working_is_reported(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "SELL")
    extra = (
        behaviour(symbol=line.symbol, algo="adaptive", code=201)
        + behaviour(symbol=line.symbol, algo="none", fills=0)
        + behaviour(on="cancel", symbol=line.symbol, cancel="refused", code=161)
    )
    with trial(planned, scenario_text(extra=extra)) as it:
        assert it.apply("--account", account).code == 4
        assert it.report(account)[line.symbol]["status"] == "working"
        assert f"sell {line.symbol} is working" in it.summary()[account]["error"]


def test_05_a_rejected_order_does_not_hide_what_its_siblings_did(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "SELL")
    with trial(planned, scenario_text(extra=behaviour(symbol=line.symbol, code=201))) as it:
        assert it.apply("--account", account).code == 4
        others = [x for x in it.lines(account, "SELL") if x.symbol != line.symbol]
        assert others
        for other in others:
            assert Decimal(it.report(account)[other.symbol]["exec_qty_shares"]) == other.quantity
        assert int(it.summary()[account]["filled"]) >= len(others)
        assert it.summary()[account]["rejected"] == "1"


def test_08_orders_of_every_client_id_are_seen(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "BUY")
    text = with_order(scenario_text(), account, line.symbol, order_id=5, limit_price="1.00")
    with trial(planned, text) as it:
        result = it.apply("--account", account)
        assert (result.code, it.sent(account)) == (3, [])
        assert f"BUY 1 {line.symbol} is already working" in result.out + result.err


def test_09_other_accounts_are_neither_read_traded_nor_cancelled(planned: Workspace, account: str) -> None:
    with trial(planned, scenario_text()) as it:
        assert it.apply("--account", account).code == 0
        assert {e.account for e in it.gateway.ledger} == {account}
        assert {e.kind for e in it.gateway.ledger} == {"what_if", "place"}
        asked = [e.fields for e in it.gateway.log if e.kind == "request"]
        assert not [fields for fields in asked if ({*ACCOUNTS} - {account}) & set(fields)]


def test_10_positions_that_lag_behind_a_fill_do_not_double_it(planned: Workspace, account: str) -> None:
    with trial(planned, scenario_text(extra=behaviour(side="BUY", visible_after_sec="0.2"))) as it:
        it.apply("--account", account)
        before = it.sent(account)
        it.apply("--account", account)
        it.apply("--account", account, "--resume")
        assert it.sent(account) == before
        assert len({s.reference for s in before}) == len(before)


@pytest.mark.parametrize("action", quick_first(["silent", "no_end"]))
def test_13_quotes_that_do_not_come_are_not_replaced_by_old_ones(
    planned: Workspace, account: str, action: str
) -> None:
    line = first_line(planned, account, "SELL")
    extra = fault("market_data", action, symbol=line.symbol)
    with trial(planned, scenario_text(extra=extra)) as it:
        assert it.apply("--account", account).code in (3, 4)
        assert it.of(account, line.symbol) == []


def test_15_the_kill_switch_stops_everything(planned: Workspace, account: str) -> None:
    planned.write("STOP", "")
    with trial(planned, scenario_text()) as it:
        assert (it.apply("--account", account).code, it.sent(account)) == (130, [])


def test_16_the_fallback_is_a_plain_market_order_that_fills(planned: Workspace, account: str) -> None:
    line = first_line(planned, account, "SELL")
    with trial(planned, scenario_text(extra=behaviour(symbol=line.symbol, algo="adaptive", code=201))) as it:
        assert it.apply("--account", account).code == 0
        entries = [e for e in it.gateway.ledger if e.kind == "place" and e.symbol == line.symbol]
        assert [(e.order_type, e.algo, e.limit_price) for e in entries] == [
            ("MKT", "Adaptive", Decimal(0)),
            ("MKT", "", Decimal(0)),
        ]
        assert Decimal(it.report(account)[line.symbol]["exec_qty_shares"]) == line.quantity


def test_18_buys_wait_for_the_sells_and_not_for_a_time(planned: Workspace, account: str) -> None:
    with trial(planned, scenario_text(extra=behaviour(side="SELL", after_sec="0.3"))) as it:
        assert it.apply("--account", account).code == 0
        log = list(it.gateway.log)
        sold = [
            at for at, e in enumerate(log) if e.kind == "sent" and e.message_id == 11 and "SLD" in e.fields
        ]
        buys = {x.reference for x in it.lines(account, "BUY")}
        bought = [
            at for at, e in enumerate(log) if e.kind == "request" and e.message_id == 3 and "BUY" in e.fields
        ]
        real = [at for at in bought if at > sold[0]]
        assert len(real) == len(buys)
        assert sold[len(it.lines(account, "SELL")) - 1] < min(real)


def test_19_an_account_that_may_not_buy_a_fund_is_not_sold_out_first(
    planned: Workspace, account: str
) -> None:
    line = first_line(planned, account, "BUY")
    extra = behaviour(on="what_if", symbol=line.symbol, code=201, text="Order rejected - reason:No KID")
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply("--account", account)
        assert (result.code, it.sent(account)) == (3, [])
        assert "No KID" in result.out + result.err


def test_20_a_plan_is_verified_and_applied_once_and_looking_changes_nothing(
    planned: Workspace, account: str
) -> None:
    with trial(planned, scenario_text()) as it:
        it.apply("--account", account, "--dry-run")
        before = planned.files()
        it.apply("--account", account, "--dry-run")
        planned.ok("show", "latest")
        assert (planned.files(), list(it.gateway.ledger)) == (before, [])
        assert it.apply("--account", account).code == 0
        sent = it.sent(account)
        assert sent
        assert (it.apply("--account", account).code, it.sent(account)) == (3, sent)
        planned.clock.time = planned.clock.time.replace(year=2027)
        planned.ok("show", "latest")
        (path,) = planned.plans()
        path.write_bytes(path.read_bytes().replace(b'"BUY"', b'"SELL"', 1))
        assert (it.apply("--account", account).code, it.sent(account)) == (3, sent)


@pytest.mark.parametrize("value", ["0", "-1", "NaN"])
def test_12_an_impossible_price_sends_nothing_of_its_line(
    planned: Workspace, account: str, value: str
) -> None:
    text = scenario_text()
    line = first_line(planned, account, "SELL")
    at = text.index(f'symbol = "{line.symbol}"')
    end = text.index("[[", at)
    quotes = re.sub(r'(bid|ask|last) = "[^"]*"', rf'\1 = "{value}"', text[at:end])
    with trial(planned, text[:at] + quotes + text[end:]) as it:
        assert it.apply("--account", account).code in (3, 4)
        assert it.of(account, line.symbol) == []


def plan_of(workspace: Workspace, text: str, account: str, *, code: int = 0) -> dict[str, Any]:
    """Return the plan of one account in a scenario."""
    for path in (workspace.folder / "plans").glob("*"):
        path.unlink()
    with serving(workspace, text):
        result = workspace.run("plan", "--json", "--account", account)
    assert result.code == code, result
    (found,) = json.loads(result.out)["plan"]["accounts"]
    assert isinstance(found, dict)
    return found


def orders_of(plan: dict[str, Any]) -> list[tuple[str, str, Decimal]]:
    return [(o["side"], o["symbol"], Decimal(o["quantity"])) for o in plan["orders"]]


def value_of(plan: dict[str, Any], side: str) -> Decimal:
    return sum(
        (Decimal(o["quantity"]) * Decimal(o["price"]) for o in plan["orders"] if o["side"] == side),
        Decimal(0),
    )


def test_06_what_was_paid_and_yesterday_s_close_value_nothing(planned: Workspace) -> None:
    plain = orders_of(plan_of(planned, scenario_text(), FIRST))
    text = re.sub(r'(avg_cost|close) = "[^"]*"', r'\1 = "1.00"', scenario_text())
    assert orders_of(plan_of(planned, text, FIRST)) == plain
    without = re.sub(r'(bid|ask|last) = "37[^"]*"', r'\1 = "0"', scenario_text())
    assert plan_of(planned, without, FIRST, code=4)["orders"] == []


@pytest.mark.parametrize("account", ACCOUNTS)
def test_07_nothing_is_bought_that_is_overweight(planned: Workspace, account: str) -> None:
    plan = plan_of(planned, scenario_text(), account)
    drifts = {row["symbol"]: Decimal(row["drift_usd"]) for row in plan["drift"]}
    assert orders_of(plan)
    for side, symbol, _ in orders_of(plan):
        assert (drifts[symbol] < 0) == (side == "BUY")


def test_11_no_cash_is_no_cash(planned: Workspace) -> None:
    plan = plan_of(planned, scenario_text(('USD = "912.40"', 'USD = "0.00"')), SECOND)
    assert Decimal(0) < value_of(plan, "BUY") <= value_of(plan, "SELL")


def test_14_an_account_in_euros_is_worth_the_same_dollars(planned: Workspace) -> None:
    plain = plan_of(planned, scenario_text(), SECOND)
    euros = ('type = "cash"\n', 'type = "cash"\nbase = "EUR"\n')
    text = scenario_text(euros, ('USD = "1"\n', 'USD = "1"\nEUR = "1.08"\n'))
    plan = plan_of(planned, text, SECOND)
    assert (
        Decimal(plan["summary"]["net_liquidation_usd"])
        == Decimal(plain["summary"]["net_liquidation_usd"])
        > 0
    )
    assert orders_of(plan) == orders_of(plain)


def test_17_a_target_of_nothing_is_sold_whole_and_never_short(planned: Workspace) -> None:
    planned.edit("settings.ini", "\nmin_order_usd = 500", "\nmin_order_usd = 9000")
    orders = orders_of(plan_of(planned, scenario_text(), FIRST))
    assert ("SELL", "SPY", Decimal(12)) in orders
    text = scenario_text(('symbol = "SPY"\nquantity = "12"', 'symbol = "SPY"\nquantity = "1"'))
    assert ("SELL", "SPY", Decimal(1)) in orders_of(plan_of(planned, text, FIRST))


def test_21_orders_are_not_all_rounded_down(planned: Workspace) -> None:
    plan = plan_of(planned, scenario_text(), FIRST)
    drifts = {row["symbol"]: abs(Decimal(row["drift_usd"])) for row in plan["drift"]}
    off = [Decimal(o["quantity"]) * Decimal(o["price"]) - drifts[o["symbol"]] for o in plan["orders"]]
    assert any(value > 0 for value in off)
    assert all(abs(value) < Decimal(o["price"]) for value, o in zip(off, plan["orders"], strict=True))


def test_22_a_holding_outside_the_model_is_held_and_named(planned: Workspace) -> None:
    plan = plan_of(planned, scenario_text(), THIRD)
    assert "ARKK" not in {symbol for _, symbol, _ in orders_of(plan)}
    assert "ARKK" in json.dumps(plan)
