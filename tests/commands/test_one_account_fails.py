"""Whatever goes wrong in one account is its own: the others' plans are those of a run without the fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rebalplan.sim import Gateway
from tests.cli import FrozenClock, Workspace
from tests.scenarios import BUILTIN, fault, gateway_beside, gateway_over_tcp, use_scenario
from tests.sweep import quick_first

ACCOUNTS = ("DU1000001", "DU1000002", "DU1000003")


def planned(workspace: Workspace, code: int) -> dict[str, dict[str, Any]]:
    result = workspace.run("plan", "--json")
    assert result.code == code, result
    return {a["account"]: a for a in json.loads(result.out)["plan"]["accounts"]}


def assert_only_one_fails(workspace: Workspace, failing: str, reason: str, baseline: dict[str, Any]) -> None:
    found = planned(workspace, code=4)
    assert found[failing]["status"] == "failed"
    assert reason in " ".join(found[failing]["reasons"])
    assert {a: found[a] for a in ACCOUNTS if a != failing} == {
        a: baseline[a] for a in ACCOUNTS if a != failing
    }
    assert workspace.plans()


@pytest.mark.parametrize("failing", quick_first(ACCOUNTS))
@pytest.mark.parametrize(
    ("request_name", "action", "reason"),
    [
        ("account_updates_multi", "silent", "did not finish sending account values within 0.2 s"),
        ("account_updates_multi", "no_end", "did not finish sending account values within 0.2 s"),
        ("account_updates_multi", "empty", "reported NetLiquidation 0 times"),
        ("account_updates_multi", "hang_up", "hung up"),
        ("positions_multi", "silent", "did not finish sending positions within 0.2 s"),
        ("positions_multi", "no_end", "did not finish sending positions within 0.2 s"),
        ("positions_multi", "hang_up", "hung up"),
        ("positions_multi", "error", "cause - for the test (error 321)"),
    ],
)
def test_a_fault_in_the_answers_of_one_account(
    sample: Workspace, failing: str, request_name: str, action: str, reason: str
) -> None:
    sample.edit("settings.ini", ";timeout_sec = 30", "timeout_sec = 0.2")
    sample.edit("settings.ini", ";retries = 3", "retries = 1")
    baseline = planned(sample, code=0)
    text = "Error validating request.-'bZ' : cause - for the test"
    extra: dict[str, str | int] = {"text": text, "code": 321} if action == "error" else {}
    use_scenario(sample, extra=fault(request_name, action, account=failing, **extra))
    sample.clock.sleep(1)
    assert_only_one_fails(sample, failing, reason, baseline)


def test_empty_positions_are_not_taken_for_sold_out(sample: Workspace) -> None:
    baseline = planned(sample, code=0)
    use_scenario(sample, extra=fault("positions_multi", "empty", account="DU1000001"))
    sample.clock.sleep(1)
    assert_only_one_fails(sample, "DU1000001", "an empty list is never taken for sold out", baseline)


def test_a_short_position(sample: Workspace) -> None:
    baseline = planned(sample, code=0)
    use_scenario(sample, ('symbol = "ARKK"\nquantity = "120"', 'symbol = "ARKK"\nquantity = "-120"'))
    sample.clock.sleep(1)
    assert_only_one_fails(sample, "DU1000003", "short position -120 ARKK", baseline)


def test_a_negative_balance_in_another_currency(sample: Workspace) -> None:
    baseline = planned(sample, code=0)
    use_scenario(sample, ('CAD = "12500', 'CAD = "-12500'))
    sample.clock.sleep(1)
    assert_only_one_fails(sample, "DU1000003", "negative balance -12500 CAD cash", baseline)


def test_a_symbol_without_a_price_fails_the_accounts_that_need_it_and_only_those(sample: Workspace) -> None:
    baseline = planned(sample, code=0)
    use_scenario(sample, ('symbol = "SPY"\n', 'symbol = "SPY"\ndata = "none"\n'))
    sample.clock.sleep(1)
    assert_only_one_fails(sample, "DU1000001", "no price for SPY: no live market data", baseline)


def test_an_unlisted_holding_without_a_price_changes_its_own_account_alone(sample: Workspace) -> None:
    baseline = planned(sample, code=0)
    use_scenario(sample, ('symbol = "ARKK"\n', 'symbol = "ARKK"\ndata = "none"\n'))
    sample.clock.sleep(1)
    found = planned(sample, code=0)
    assert found["DU1000003"]["status"] == "planned"
    assert [v["symbol"] for v in found["DU1000003"]["snapshot"]["broker_values"]] == ["ARKK"]
    assert "ARKK" not in {row["symbol"] for row in found["DU1000003"]["drift"]}
    for account in ("DU1000001", "DU1000002"):
        assert found[account] == baseline[account]


def test_an_account_that_the_gateway_does_not_manage(sample: Workspace) -> None:
    baseline = planned(sample, code=0)
    sample.edit("settings.ini", "DU1000002, DU1000003", "DU1000002, DU1000003, DU7777777")
    result = sample.run("plan")
    assert result.code == 4
    assert (
        "DU7777777 failed: the gateway does not manage this account; its login sees DU1000001, DU1000002, DU1000003"
        in result.out
    )
    sample.clock.sleep(1)
    found = planned(sample, code=4)
    assert {a: found[a] for a in ACCOUNTS} == baseline


def test_accounts_that_the_gateway_does_not_manage_share_one_reason(sample: Workspace) -> None:
    sample.edit("settings.ini", "DU1000002, DU1000003", "DU1000002, DU1000003, DU7777777, DU8888888")
    out = sample.run("plan").out
    assert "! DU7777777, DU8888888 failed: the gateway does not manage this account;" in " ".join(out.split())


def test_no_account_left_to_plan_writes_nothing_and_is_incomplete(sample: Workspace) -> None:
    use_scenario(sample, extra=fault("positions_multi", "error", code=321, text="no"))
    result = sample.run("plan")
    assert (result.code, sample.plans()) == (4, [])
    assert "No orders to apply. 3 accounts failed." in result.out


def test_a_lost_connection_is_tried_again_after_a_growing_pause(sample: Workspace) -> None:
    baseline = planned(sample, code=0)
    faults = fault("positions_multi", "hang_up", account="DU1000002", occurrence=1) + fault(
        "positions_multi", "hang_up", account="DU1000002", occurrence=2
    )
    use_scenario(sample, extra=faults)
    sample.clock.slept.clear()
    assert planned(sample, code=0) == baseline
    assert sample.clock.slept == [1.0, 0.5, 1.0, 1.0]


def test_a_refused_read_is_not_tried_again(sample: Workspace) -> None:
    use_scenario(sample, extra=fault("positions_multi", "error", account="DU1000002", code=321, text="no"))
    sample.run("plan")
    assert sample.clock.slept == [1.0, 1.0]


def test_at_most_one_connection_at_any_moment_and_nothing_asked_that_is_not_used(
    sample: Workspace, clock: FrozenClock
) -> None:
    with gateway_over_tcp(sample, clock) as gateway:
        sample.ok("plan")
        assert gateway.max_connections == 1
        requests: dict[int, list[int]] = {}
        for event in gateway.log:
            if event.kind == "request":
                requests.setdefault(event.connection, []).append(event.message_id)
    start_api, values, positions, orders, time, contract, quote = 71, 76, 74, 16, 49, 9, 1
    per_account = [start_api, values, positions, orders]
    symbols = 16
    assert [requests[n] for n in (1, 2, 3)] == [per_account] * 3
    assert sorted(requests[4]) == sorted([start_api, time] + [contract] * symbols + [quote] * symbols)
    assert len(requests) == 4


def test_requests_per_account_do_not_grow_with_its_symbols(sample: Workspace, clock: FrozenClock) -> None:
    more = "".join(
        f'\n[[account.position]]\nsymbol = "{s}"\nquantity = "1"\navg_cost = "1"\n'
        for s in ("AVDV", "GLD", "AVUV")
    )
    with gateway_over_tcp(sample, clock, BUILTIN + more) as gateway:
        sample.ok("plan")
        third = [e.message_id for e in gateway.log if e.kind == "request" and e.connection == 3]
    assert third == [71, 76, 74, 16]


def test_accounts_behind_another_gateway_are_read_there(sample: Workspace, clock: FrozenClock) -> None:
    with gateway_over_tcp(sample, clock) as one, gateway_beside(sample, clock) as other:
        settings = (sample.folder / "settings.ini").read_text()
        own = f"\n[account:DU1000003]\nport = {other.port}\nclient_id = 9\n"
        sample.write("settings.ini", settings + own)
        sample.ok("plan")
        assert connections(one) == [42, 42, 42]
        assert connections(other) == [9]


def connections(gateway: Gateway) -> list[int]:
    """Return the client id of each connection, in order."""
    return [int(e.fields[2]) for e in gateway.log if e.kind == "request" and e.message_id == 71]
