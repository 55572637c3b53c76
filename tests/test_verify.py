from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from rebalplan.codec import decode, encode
from rebalplan.errors import PlanFileError
from rebalplan.model import Mode, Targets
from rebalplan.plan import AccountPlan, Plan
from rebalplan.policy import Policy
from rebalplan.verify import (
    CLOCK_TOLERANCE,
    Expected,
    Finding,
    verify_derivation,
    verify_expiry,
    verify_files,
    verify_limits,
)
from tests.builders import (
    NOW,
    SESSION,
    account,
    plan,
    plans,
    policy,
    quote,
    snapshot,
    targets,
    unmanaged,
    working_order,
)

D = Decimal
replace = msgspec.structs.replace


def forged(made: Plan, **fields: Any) -> Plan:
    """Return the first account's plan with other fields, under a hash and an id of its own."""
    first = replace(made.accounts[0], **fields)
    return reread(replace(made, accounts=(first, *made.accounts[1:])))


def forged_volatile(made: Plan, **fields: Any) -> Plan:
    return reread(replace(made, volatile=replace(made.volatile, **fields)))


def reread(made: Plan) -> Plan:
    return decode(encode(made)[1]).plan


def found(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    return [(f.code, f.account, f.field) for f in findings]


TWO_ORDERS = plan(account(holdings={"BND": "50"}, cash="5000", weights={"BND": "20", "VTI": "80"}))


# RB201, RB202: derivation


@settings(derandomize=True, deadline=None, max_examples=50)
@given(plans())
def test_an_untouched_plan_is_derivable(made: Plan) -> None:
    assert verify_derivation(reread(made)) == ()


def test_an_order_edited_under_a_new_hash_is_found() -> None:
    order = replace(TWO_ORDERS.accounts[0].orders[1], quantity=D(81), value_usd=D(8100))
    made = forged(TWO_ORDERS, orders=(TWO_ORDERS.accounts[0].orders[0], order))
    (finding,) = verify_derivation(made)
    assert found([finding]) == [("RB201", "DU1", "orders")]
    assert finding.planned.startswith("buy ")
    assert " 81 " in finding.planned
    assert " 80 " in finding.now


def test_a_removed_order_is_found() -> None:
    (finding,) = verify_derivation(forged(TWO_ORDERS, orders=TWO_ORDERS.accounts[0].orders[:1]))
    assert finding.planned == "1 entries"
    assert finding.now.startswith("buy ")


def test_orders_in_another_order_are_found() -> None:
    (finding,) = verify_derivation(forged(TWO_ORDERS, orders=TWO_ORDERS.accounts[0].orders[::-1]))
    assert finding.planned.startswith("buy ")
    assert finding.now.startswith("sell ")


def test_an_order_given_twice_is_found() -> None:
    orders = TWO_ORDERS.accounts[0].orders
    assert found(verify_derivation(forged(TWO_ORDERS, orders=(*orders, orders[1])))) == [
        ("RB201", "DU1", "orders")
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "no_changes"), ("reasons", ("all is well",)), ("drift", ()), ("summary", None)],
)
def test_every_derived_field_is_compared(field: str, value: Any) -> None:
    assert found(verify_derivation(forged(TWO_ORDERS, **{field: value}))) == [("RB201", "DU1", field)]


def test_a_blocked_account_made_to_look_planned_is_found() -> None:
    blocked = plan(account(max_order_usd=D(1)))
    made = forged(blocked, status="planned", reasons=())
    assert found(verify_derivation(made)) == [("RB201", "DU1", "status"), ("RB201", "DU1", "reasons")]


def test_an_edited_figure_of_the_summary_is_named() -> None:
    summary = TWO_ORDERS.accounts[0].summary
    assert summary is not None
    (finding,) = verify_derivation(forged(TWO_ORDERS, summary=replace(summary, turnover_pct=D(1))))
    assert finding.planned == "turnover_pct 1"


def test_an_edited_price_is_found() -> None:
    made = forged_volatile(TWO_ORDERS, quotes=(quote("BND"), quote("VTI", "50")))
    assert ("RB201", "DU1", "orders") in found(verify_derivation(made))


def test_edited_cash_is_found() -> None:
    state = TWO_ORDERS.accounts[0].snapshot
    assert state is not None
    made = forged(TWO_ORDERS, snapshot=replace(state, cash_usd=D(6000), broker_usd=D(11_000)))
    assert ("RB201", "DU1", "orders") in found(verify_derivation(made))


def test_an_edited_target_or_policy_is_found() -> None:
    first = TWO_ORDERS.accounts[0]
    made = forged(TWO_ORDERS, targets=targets({"BND": "80", "VTI": "20"}).weights)
    assert ("RB201", "DU1", "orders") in found(verify_derivation(made))
    assert first.policy.rebalance.direction == "both"
    made = forged(TWO_ORDERS, policy=policy(direction="buy_only"))
    assert ("RB201", "DU1", "orders") in found(verify_derivation(made))


def test_a_longer_life_is_found() -> None:
    made = forged_volatile(TWO_ORDERS, expires_at=SESSION.closes_at + timedelta(days=1))
    assert found(verify_derivation(made)) == [("RB201", "", "expires_at")]


def test_quotes_out_of_order_are_found() -> None:
    made = forged_volatile(TWO_ORDERS, quotes=TWO_ORDERS.volatile.quotes[::-1])
    assert found(verify_derivation(made)) == [("RB201", "", "quotes")]


def test_an_account_planned_twice_is_found() -> None:
    made = reread(replace(TWO_ORDERS, accounts=TWO_ORDERS.accounts * 2))
    (finding,) = verify_derivation(made)
    assert (finding.code, finding.field) == ("RB201", "inputs")
    assert "account DU1 comes twice" in finding.message


def test_a_symbol_quoted_twice_is_found() -> None:
    quotes = TWO_ORDERS.volatile.quotes
    made = forged_volatile(TWO_ORDERS, quotes=(*quotes, quotes[-1]))
    assert found(verify_derivation(made)) == [("RB201", "", "inputs")]


def test_inputs_that_no_plan_can_be_made_from_are_a_finding() -> None:
    made = forged(TWO_ORDERS, policy=policy(plan_ttl_min=2**53 - 1))
    assert found(verify_derivation(made)) == [("RB201", "", "inputs")]


def test_a_plan_of_a_later_minor_format_is_derivable() -> None:
    assert verify_derivation(reread(replace(TWO_ORDERS, format_version="1.7"))) == ()


def test_another_sizing_is_not_called_tampering() -> None:
    made = reread(replace(TWO_ORDERS, sizing_version="0"))
    (finding,) = verify_derivation(made)
    assert finding.code == "RB202"
    assert "made by another version (sizing 0" in finding.message


EVERY_KIND = plan(
    account(
        state=snapshot(
            "900", {"VTI": "6", "OLD": "1"}, unmanaged=(unmanaged(),), working_orders=(working_order(),)
        ),
        weights={"VTI": "60", "BND": "40"},
        plan_ttl_min=600,
        max_total_turnover_usd=D(10_000),
    )
)
VALUES: tuple[Any, ...] = (
    *(
        "0",
        "-1",
        "0.000001",
        "0.000000001",
        "999999999999999999",
        "-999999999999999999",
        "0.12345678901234567",
    ),
    *(
        "",
        "VTI",
        "BND",
        "buy_only",
        "total_drift",
        "abs",
        "sell",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ),
    *(0, -1, 2**53 - 1, True, False, None),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every scalar and every list."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
        return
    yield path
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from places(item, (*path, index))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> bytes:
    """Return the JSON with another value at ``path``."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(copy).encode()


def test_no_edited_value_makes_verification_fall_over() -> None:
    document = json.loads(encode(EVERY_KIND)[1])["plan"]
    checked = 0
    for path in places(document):
        for value in (*VALUES, []):
            try:
                made = reread(msgspec.json.decode(changed(document, path, value), type=Plan))
            except (msgspec.ValidationError, PlanFileError):
                continue
            verify_derivation(made)
            verify_expiry(made, NOW)
            verify_limits(made)
            verify_files(made, "paper", {"DU1": expected()})
            checked += 1
    assert checked > 500


# RB301, RB303, RB304: expiry


@pytest.mark.parametrize(("early_sec", "codes"), [(1, []), (0, ["RB301"]), (-1, ["RB301"])])
def test_a_plan_is_expired_exactly_at_its_moment(early_sec: int, codes: list[str]) -> None:
    now = SESSION.closes_at - timedelta(seconds=early_sec)
    assert [f.code for f in verify_expiry(plan(), now)] == codes


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        (NOW, []),
        (NOW - CLOCK_TOLERANCE, []),
        (NOW - CLOCK_TOLERANCE - timedelta(seconds=1), ["RB304"]),
        (NOW - timedelta(days=1), ["RB304"]),
        (NOW + timedelta(days=2), ["RB301"]),
    ],
)
def test_a_clock_that_is_a_day_wrong_does_not_bring_a_plan_back(now: datetime, codes: list[str]) -> None:
    assert [f.code for f in verify_expiry(plan(), now)] == codes


def test_a_replay_is_for_reading_only() -> None:
    made = plan(replay_of="20260301T160000Z-0123456789ab")
    assert found(verify_expiry(made, NOW)) == [("RB303", "", "replay_of")]


# RB302: limits


def test_every_reason_of_a_blocked_or_failed_account_is_a_finding() -> None:
    made = plan(
        account("DU1"),
        account("DU2", max_order_usd=D(1), max_turnover_pct=D(1)),
        account("DU3", failure="no answer"),
    )
    assert found(verify_limits(made)) == [
        ("RB302", "DU2", "status"),
        ("RB302", "DU2", "status"),
        ("RB302", "DU3", "status"),
    ]
    assert [f.planned for f in verify_limits(made)] == ["blocked", "blocked", "failed"]


def test_an_account_without_changes_is_within_its_limits() -> None:
    assert verify_limits(plan(account(cash="0", holdings={"VTI": "100"}))) == ()


# RB401 to RB404: today's files


def expected(weights: dict[str, str] | None = None, cash: str = "0", now: Policy | None = None) -> Expected:
    return Expected(now or policy(), targets(weights or {"VTI": "100"}, cash))


def compare(today: Expected, made: Plan | None = None) -> tuple[Finding, ...]:
    return verify_files(made or plan(account()), "paper", {"DU1": today})


def test_the_same_files_give_no_finding() -> None:
    assert compare(expected()) == ()


@pytest.mark.parametrize(("planned", "today"), [("0.2", "0.20"), ("100", "1E+2"), ("0", "-0.0")])
def test_policy_is_compared_by_value(planned: str, today: str) -> None:
    made = plan(account(cash_tolerance_pct=D(planned)))
    assert compare(expected(now=policy(cash_tolerance_pct=D(today))), made) == ()


def test_targets_are_compared_by_value() -> None:
    made = plan(account(weights={"VTI": "99.5"}, cash_target="0.5"))
    assert compare(expected({"VTI": "99.50"}, "0.500"), made) == ()


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("per_holding_band_bps", D(51), "rebalance.per_holding_band_bps"),
        ("price_source", "mid", "pricing.price_source"),
        ("algo_preference", "none", "execution.algo_preference"),
        ("max_total_turnover_usd", D(1), "limits.max_total_turnover_usd"),
    ],
)
def test_another_policy_value_is_named_with_its_section(key: str, value: Any, field: str) -> None:
    (finding,) = compare(expected(now=policy(**{key: value})))
    assert (finding.code, finding.account, finding.field, finding.now) == ("RB401", "DU1", field, str(value))


@pytest.mark.parametrize(
    ("weights", "cash", "fields"),
    [
        ({"VTI": "99"}, "0", ["targets.VTI"]),
        ({"VTI": "100", "BND": "0"}, "0", ["targets.BND"]),
        ({"BND": "100"}, "0", ["targets.BND", "targets.VTI"]),
        ({"VTI": "100"}, "1", ["targets.CASH"]),
    ],
)
def test_another_target_is_named(weights: dict[str, str], cash: str, fields: list[str]) -> None:
    findings = compare(expected(weights, cash))
    assert found(findings) == [("RB402", "DU1", field) for field in fields]


def test_a_symbol_that_is_no_longer_listed_says_so() -> None:
    (finding,) = compare(expected(), plan(account(weights={"VTI": "100", "OLD": "0"})))
    assert (finding.planned, finding.now) == ("0", "not listed")


def test_an_account_that_is_no_longer_listed_is_named_and_the_others_are_compared() -> None:
    made = plan(account("DU1"), account("DU2"))
    findings = verify_files(made, "paper", {"DU2": Expected(policy(max_orders=1), targets({"VTI": "100"}))})
    assert found(findings) == [("RB403", "DU1", "ids"), ("RB401", "DU2", "limits.max_orders")]


def test_an_account_that_is_listed_but_not_planned_is_no_finding() -> None:
    assert verify_files(plan(account("DU1")), "paper", {"DU1": expected(), "DU2": expected()}) == ()


@pytest.mark.parametrize("mode", ["sim", "live"])
def test_another_mode_is_named(mode: Mode) -> None:
    assert found(verify_files(plan(account()), mode, {"DU1": expected()})) == [("RB404", "", "mode")]


def test_every_change_is_reported_at_once() -> None:
    today = Expected(policy(max_orders=1, cost_bps=D(1)), Targets((), D(1)))
    findings = verify_files(plan(account()), "live", {"DU1": today})
    assert [f.code for f in findings] == ["RB404", "RB401", "RB401", "RB402", "RB402"]


def test_an_account_plan_has_no_derived_field_that_is_not_compared() -> None:
    given_fields = {"account", "policy", "targets", "cash_target_pct", "snapshot"}
    derived = set(AccountPlan.__struct_fields__) - given_fields
    assert derived == {"status", "reasons", "orders", "drift", "summary"}
