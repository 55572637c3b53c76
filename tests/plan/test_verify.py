from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import AccountClosed, AnyRecord
from rebalplan.apply.journal.verify import verify_journals
from rebalplan.core.errors import PlanFileError
from rebalplan.core.finding import Finding, InPlan
from rebalplan.core.policy import Policy
from rebalplan.core.vocabulary import Mode, Session, Targets
from rebalplan.plan.codec import decode, encode
from rebalplan.plan.document import AccountPlan, Plan
from rebalplan.plan.sizing import SIZING_VERSION
from rebalplan.plan.today import AccountToday, verify_files
from rebalplan.plan.verify import (
    CLOCK_TOLERANCE,
    verify_derivation,
    verify_expiry,
    verify_limits,
)
from rebalplan.render.verify import sentences
from tests.apply.journal.support import EVERY_KIND as APPLIED
from tests.apply.journal.support import PLAN, closed
from tests.builders import (
    NOW,
    SESSION,
    account,
    con_id_of,
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


def found(findings: Iterable[Finding[InPlan]]) -> list[tuple[str, str, str]]:
    return [(f.code, f.where.account, f.where.field) for f in findings]


TWO_ORDERS = plan(account(holdings={"BND": "50"}, cash="5000", weights={"BND": "20", "VTI": "80"}))


# RB201, RB202: derivation


@pytest.mark.slow
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
    assert finding.planned == "1 entry"
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
    assert (finding.code, finding.where.field) == ("RB201", "inputs")
    assert "account DU1 comes twice" in finding.sentence


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
    assert "made by another version (sizing 0" in finding.sentence


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


@pytest.mark.slow
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


def expected(
    weights: dict[str, str] | None = None, cash: str = "0", now: Policy | None = None
) -> AccountToday:
    return AccountToday(now or policy(), targets(weights or {"VTI": "100"}, cash))


def compare(today: AccountToday, made: Plan | None = None) -> tuple[Finding[InPlan], ...]:
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
    assert (finding.code, finding.where.account, finding.where.field, finding.now) == (
        "RB401",
        "DU1",
        field,
        str(value),
    )


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
    findings = verify_files(
        made, "paper", {"DU2": AccountToday(policy(max_orders=1), targets({"VTI": "100"}))}
    )
    assert found(findings) == [("RB403", "DU1", "ids"), ("RB401", "DU2", "limits.max_orders")]


def test_an_account_that_is_listed_but_not_planned_is_no_finding() -> None:
    assert verify_files(plan(account("DU1")), "paper", {"DU1": expected(), "DU2": expected()}) == ()


@pytest.mark.parametrize("mode", ["sim", "live"])
def test_another_mode_is_named(mode: Mode) -> None:
    assert found(verify_files(plan(account()), mode, {"DU1": expected()})) == [("RB404", "", "mode")]


def test_every_change_is_reported_at_once() -> None:
    today = AccountToday(policy(max_orders=1, cost_bps=D(1)), Targets((), D(1)))
    findings = verify_files(plan(account()), "live", {"DU1": today})
    assert [f.code for f in findings] == ["RB404", "RB401", "RB401", "RB402", "RB402"]


def test_an_account_plan_has_no_derived_field_that_is_not_compared() -> None:
    given_fields = {"account", "client_id", "policy", "targets", "cash_target_pct", "snapshot"}
    derived = set(AccountPlan.__struct_fields__) - given_fields
    assert derived == {"status", "reasons", "orders", "drift", "summary"}


# RB305: the session that a plan's life hangs on


OPENS, CLOSES = NOW + timedelta(hours=1), NOW + timedelta(hours=8)
SECOND = timedelta(seconds=1)


def with_session(opens_at: datetime, closes_at: datetime) -> Plan:
    return forged_volatile(plan(), session=Session(opens_at, closes_at), expires_at=CLOSES)


def test_a_session_that_is_plausible_gives_no_finding() -> None:
    assert verify_expiry(with_session(OPENS, CLOSES), NOW) == ()


@pytest.mark.parametrize(
    ("opens_at", "closes_at"),
    [(NOW, CLOSES), (NOW - SECOND, CLOSES), (OPENS, OPENS), (OPENS, OPENS - SECOND), (OPENS, NOW - SECOND)],
)
def test_a_session_opens_after_the_plan_was_made_and_closes_later(
    opens_at: datetime, closes_at: datetime
) -> None:
    made = with_session(opens_at, closes_at)
    assert verify_expiry(made, NOW) == (
        Finding(
            code="RB305",
            severity="error",
            where=InPlan("", "session"),
            message="its session does not open after it was made and close later",
            planned=str(made.volatile.session),
            way_out="plan again",
        ),
    )


@pytest.mark.parametrize(
    ("opens_at", "closes_at"),
    [
        (NOW + timedelta(days=10), NOW + timedelta(days=10, hours=6)),
        (OPENS, OPENS + timedelta(hours=25)),
    ],
)
def test_a_session_ten_days_away_or_a_day_and_an_hour_long_is_still_one(
    opens_at: datetime, closes_at: datetime
) -> None:
    assert verify_expiry(with_session(opens_at, closes_at), NOW) == ()


@pytest.mark.parametrize(
    ("opens_at", "closes_at"),
    [
        (NOW + timedelta(days=10, seconds=1), NOW + timedelta(days=10, hours=6)),
        (OPENS, OPENS + timedelta(hours=25, seconds=1)),
    ],
)
def test_a_session_further_away_or_longer_is_none(opens_at: datetime, closes_at: datetime) -> None:
    (finding,) = verify_expiry(with_session(opens_at, closes_at), NOW)
    assert (finding.code, finding.where.field) == ("RB305", "session")
    assert finding.sentence == (
        "its session lies further away, or lasts longer, than any exchange's: plan again"
    )


def test_a_plan_without_a_session_is_expired_when_it_is_made_and_that_is_all() -> None:
    made = plan(session=None)
    assert made.volatile.expires_at == NOW
    assert found(verify_expiry(made, NOW)) == [("RB301", "", "expires_at")]


def test_the_session_of_a_replay_is_not_looked_at() -> None:
    made = forged_volatile(
        plan(replay_of="20260301T160000Z-0123456789ab"), session=Session(NOW, NOW), expires_at=CLOSES
    )
    assert found(verify_expiry(made, NOW)) == [("RB303", "", "replay_of")]


# The whole of a finding


def test_an_expired_plan_says_when_it_expired_and_what_time_it_is() -> None:
    assert verify_expiry(plan(), SESSION.closes_at + SECOND) == (
        Finding(
            code="RB301",
            severity="error",
            where=InPlan("", "expires_at"),
            message="it expired at 2026-03-03 21:00:00 UTC",
            planned="2026-03-03 21:00:00Z",
            now="2026-03-03 21:00:01Z",
            way_out="plan again",
        ),
    )


def test_a_plan_from_the_future_says_when_it_was_made() -> None:
    assert verify_expiry(plan(), NOW - timedelta(hours=1)) == (
        Finding(
            code="RB304",
            severity="error",
            where=InPlan("", "created_at"),
            message="it was made at 2026-03-02 16:00:00 UTC, which is still to come",
            planned="2026-03-02 16:00:00Z",
            now="2026-03-02 15:00:00Z",
            way_out="set this machine's clock",
        ),
    )


def test_a_changed_setting_says_what_it_was_and_is() -> None:
    assert compare(expected(now=policy(max_orders=7))) == (
        Finding(
            code="RB401",
            severity="error",
            where=InPlan("DU1", "limits.max_orders"),
            message="[limits] max_orders was 100 and is now 7",
            planned="100",
            now="7",
            way_out="plan again",
        ),
    )


def test_a_changed_target_says_what_it_was_and_is() -> None:
    assert compare(expected({"VTI": "60", "BND": "40"})) == (
        Finding(
            code="RB402",
            severity="error",
            where=InPlan("DU1", "targets.BND"),
            message="the target weight of BND was not listed and is now 40%",
            planned="not listed",
            now="40",
            way_out="plan again",
        ),
        Finding(
            code="RB402",
            severity="error",
            where=InPlan("DU1", "targets.VTI"),
            message="the target weight of VTI was 100% and is now 60%",
            planned="100",
            now="60",
            way_out="plan again",
        ),
    )


def test_another_mode_and_a_lost_account_say_so() -> None:
    assert verify_files(plan(account()), "live", {}) == (
        Finding(
            code="RB404",
            severity="error",
            where=InPlan("", "mode"),
            message="made in mode paper, settings.ini now says live",
            planned="paper",
            now="live",
            way_out="use the settings it was made with, or plan again",
        ),
        Finding(
            code="RB403",
            severity="error",
            where=InPlan("DU1", "ids"),
            message="the account is no longer in [accounts] ids",
            planned="listed",
            way_out="plan again",
        ),
    )


def test_another_sizing_says_both_versions() -> None:
    (finding,) = verify_derivation(replace(TWO_ORDERS, sizing_version="0"))
    assert (finding.code, finding.where.field, finding.planned, finding.now) == (
        "RB202",
        "sizing_version",
        "0",
        SIZING_VERSION,
    )


def test_of_a_changed_summary_three_figures_at_most_are_named() -> None:
    summary = TWO_ORDERS.accounts[0].summary
    assert summary is not None
    changed_figures = {"buys_usd": D(1), "sells_usd": D(2), "turnover_usd": D(3), "costs_usd": D(4)}
    (finding,) = verify_derivation(forged(TWO_ORDERS, summary=replace(summary, **changed_figures)))
    assert finding.planned == "buys_usd 1, sells_usd 2, turnover_usd 3"


def test_an_order_is_shown_with_all_that_is_sent() -> None:
    order = replace(TWO_ORDERS.accounts[0].orders[1], quantity=D(81), value_usd=D(8100))
    (finding,) = verify_derivation(forged(TWO_ORDERS, orders=(TWO_ORDERS.accounts[0].orders[0], order)))
    con_id = con_id_of("VTI")
    assert finding.planned == f"buy 81 VTI (contract {con_id}) at 100 = 8100 USD"
    assert finding.now == f"buy 80 VTI (contract {con_id}) at 100 = 8000 USD"
    assert finding.sentence == (
        f"orders says {finding.planned}, but the plan's own snapshot, quotes, targets and policy give "
        f"{finding.now}: the plan was edited after it was made; plan again"
    )


# RB306, RB405: journals


def journaled(*records: AnyRecord, elsewhere: dict[str, str] | None = None) -> tuple[Finding[InPlan], ...]:
    return verify_journals(PLAN.plan, fold(PLAN, records), elsewhere or {})


def test_a_plan_that_was_never_applied_has_no_finding_of_its_journal() -> None:
    assert journaled() == ()


def test_a_plan_that_was_applied_to_its_end_says_when() -> None:
    assert journaled(*APPLIED) == (
        Finding(
            code="RB306",
            severity="error",
            where=InPlan("", "journal"),
            message="it was applied completely by 2026-03-02 16:05:00 UTC: nothing of it is left to send",
        ),
    )


def test_a_plan_that_was_closed_with_an_error_is_not_at_its_end() -> None:
    assert journaled(*APPLIED[:-2], closed("failed", "no answer")) == ()


def test_an_order_of_another_plan_is_a_finding_of_its_account_alone() -> None:
    assert journaled(elsewhere={"DU1": "an order is open", "DU9": "not of this plan"}) == (
        Finding(code="RB405", severity="error", where=InPlan("DU1", "journal"), message="an order is open"),
    )


def test_a_plan_of_two_accounts_is_applied_when_both_are() -> None:
    made = encode(plan(account("DU1"), account("DU2"), account("DU3", cash="0", holdings={"VTI": "9"})))[0]
    one, both = fold(made, [of_account("DU1", 1)]), fold(made, [of_account("DU1", 1), of_account("DU2", 2)])
    assert verify_journals(made.plan, one, {}) == ()
    (finding,) = verify_journals(made.plan, both, {})
    assert (finding.code, "by 2026-03-02 16:02:00 UTC" in finding.sentence) == ("RB306", True)


def test_a_plan_with_nothing_to_send_is_never_applied_to_its_end() -> None:
    made = encode(plan(account(cash="0", holdings={"VTI": "9"})))[0]
    assert verify_journals(made.plan, fold(made, []), {}) == ()


def of_account(name: str, minute: int) -> AccountClosed:
    return replace(closed(), account=name, at=NOW + timedelta(minutes=minute))


def test_a_clock_may_be_ten_minutes_behind() -> None:
    assert CLOCK_TOLERANCE.total_seconds() == 600


def test_what_several_accounts_share_is_one_line() -> None:
    shared = [
        Finding(code="RB403", severity="error", where=InPlan(name, "ids"), message="gone", planned="listed")
        for name in ("DU1", "DU2")
    ]
    alone = Finding(
        code="RB302", severity="error", where=InPlan("DU2", "status"), message="too large", planned="blocked"
    )
    whole = Finding(code="RB301", severity="error", where=InPlan("", "expires_at"), message="it expired")
    assert sentences([whole, shared[0], alone, shared[1]], 3) == (
        "RB301 it expired",
        "RB403 DU1, DU2: gone",
        "RB302 DU2: too large",
    )
    assert sentences(shared, 2) == ("RB403 all 2 accounts: gone",)
