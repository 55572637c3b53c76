"""The fault matrix: each row at every account of a three-account run, the others as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from rebalplan.apply.journal.records import Said
from rebalplan.apply.resolve import Answer, propose
from tests.simulation.faults import FOREVER, FRIGHTENING, HARMLESS, REJECT_CODES, UNBOOKED_CODES
from tests.simulation.invariants import judge
from tests.simulation.process import silent
from tests.simulation.run import result_of
from tests.simulation.scenario import ACCOUNTS, calm
from tests.simulation.support import Script
from tests.simulation.world import World

at_every_account = pytest.mark.parametrize("account", ACCOUNTS)


def _steps_of_a_calm_run() -> int:
    world = World(calm(), silent)
    world.run(resume=False)
    return world.steps


STEPS = _steps_of_a_calm_run()


def test_without_a_fault_every_account_is_done() -> None:
    script = Script()
    assert script.apply().problems == ()
    assert [script.account(a).closed.status for a in ACCOUNTS] == ["done"] * 3  # type: ignore[union-attr]
    assert {s for a in ACCOUNTS for s in script.statuses(a)} == {"filled"}


@pytest.mark.slow
@pytest.mark.parametrize("power_fails", [False, True])
@pytest.mark.parametrize("part", range(8))
def test_killed_at_every_step_and_resumed_each_line_is_sent_at_most_once(
    part: int, power_fails: bool
) -> None:
    for step in range(1 + part, STEPS + 1, 8):
        world = World(replace(calm(), power_fails=power_fails), silent)
        world.run(resume=False, dies_at=step)
        world.pass_time(120)
        world.run(resume=True)
        result = result_of(world)
        assert judge(world, result) == []
        statuses = [line.status for account in result.accounts for line in account.lines]
        assert statuses.count("unknown") <= 1
        if "unknown" not in statuses:
            assert set(statuses) == {"filled"}, step


@at_every_account
def test_an_order_that_is_never_answered_is_unknown_at_the_deadline(account: str) -> None:
    script = Script()
    reference = script.order(account, 1, is_booked=False)
    assert script.apply().problems == (account,)
    assert script.line(account, 1).status == "unknown"
    assert script.world.attempts[reference] == 1
    script.require_others_untouched(account)
    script.resume()
    assert script.line(account, 1).status == "unknown"


@at_every_account
@pytest.mark.parametrize("code", UNBOOKED_CODES)
def test_an_order_that_is_refused_without_a_booking_is_unknown_with_the_brokers_words(
    account: str, code: int
) -> None:
    script = Script()
    reference = script.order(account, 1, unbooked=code)
    assert script.apply().problems == (account,)
    (order,) = script.line(account, 1).orders
    assert (order.status, order.said) == ("unknown", (Said(code, "Order refused: not booked"),))
    script.require_others_untouched(account)
    script.resume()
    assert (script.line(account, 1).status, script.world.attempts[reference]) == ("unknown", 1)
    view = script.world.view(account)
    proposal = propose(script.account(account), reference, view, is_session_over=False)
    assert proposal.answer == Answer(Decimal(0), Decimal(0))


SAME_END: dict[str, dict[str, Any]] = {
    "duplicate ack, fill and status": {"copies": 3},
    "fill before ack": {"ack_sec": 5.0, "fills": ((0.1, 1.0),)},
    "filled before execution": {"status_sec": 0.05, "execution_sec": 3.0},
    "executions lost": {"lost": frozenset({"execution"})},
    "ack lost": {"lost": frozenset({"ack"})},
    "everything lost": {"lost": frozenset({"ack", "status", "execution", "commission"})},
}


@at_every_account
@pytest.mark.parametrize("fate", SAME_END.values(), ids=SAME_END)
def test_what_is_said_late_twice_or_not_at_all_changes_no_end(account: str, fate: dict[str, Any]) -> None:
    script, clean = Script(), Script()
    script.order(account, 1, **fate)
    assert script.apply().problems == ()
    clean.apply()
    for mine, theirs in zip(script.account(account).lines, clean.account(account).lines, strict=True):
        assert (mine.status, mine.filled, mine.value_usd) == (theirs.status, theirs.filled, theirs.value_usd)
    script.require_others_untouched(account)


@at_every_account
def test_the_last_correction_of_an_execution_counts(account: str) -> None:
    script = Script()
    number = script.largest(account)
    reference = script.order(account, number, correction_sec=0.5, fills=((1.0, 0.5), (2.0, 1.0)))
    script.apply()
    line, ledger = script.line(account, number), script.world.ledger
    assert line.filled == line.planned.quantity
    assert line.value_usd == ledger.value(reference)
    assert sum(deal.execution.reference == reference for deal in ledger.deals) == 4


@at_every_account
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_connection_that_is_lost_while_the_account_is_looked_at_leaves_it_as_it_was(
    account: str, after_effect: bool
) -> None:
    for call in range(1, 12):
        script = Script()
        script.link(account, 1, drops_at=call, drops_after_effect=after_effect)
        outcome = script.apply()
        is_refused = account in outcome.problems
        assert set(script.statuses(account)) == {"not_sent" if is_refused else "filled"}, call
        script.require_others_untouched(account)


@pytest.mark.slow
@at_every_account
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_lost_connection_leaves_the_rest_unsent_and_a_resume_finishes(
    account: str, after_effect: bool
) -> None:
    for call in range(1, 40):
        script = Script()
        script.link(account, drops_at=call, drops_after_effect=after_effect)
        script.apply()
        statuses = set(script.statuses(account))
        assert statuses <= {"filled", "not_sent", "unknown"}, call
        script.require_others_untouched(account)
        script.resume()
        assert set(script.statuses(account)) == {"filled"} or "unknown" in statuses, call


@at_every_account
@pytest.mark.parametrize("up_after_sec", [0.5, 20.0])
def test_nothing_is_sent_while_the_gateway_has_lost_the_broker(account: str, up_after_sec: float) -> None:
    script = Script()
    script.link(account, down_at_sec=0.9, up_after_sec=up_after_sec)
    assert script.apply().problems == ()
    script.require_others_untouched(account)


@at_every_account
def test_a_link_that_stays_lost_ends_the_account_and_a_resume_finishes_it(account: str) -> None:
    script = Script()
    script.link(account, down_at_sec=1.0)
    outcome = script.apply()
    closed = script.account(account).closed
    assert closed is not None
    assert "without its broker" in closed.error
    assert account in outcome.problems
    script.world.exchange.restore_link()
    assert script.resume().problems == ()


@at_every_account
def test_order_ids_that_are_issued_again_are_no_key(account: str) -> None:
    script = Script()
    script.link(account, rolls_back=True)
    assert script.apply().problems == ()
    script.require_others_untouched(account)


@pytest.mark.parametrize("account", ACCOUNTS[:2])
def test_a_rejected_sell_shrinks_the_buys(account: str) -> None:
    script, clean = Script(), Script()
    script.order(account, 1, reject=201)
    script.order(account, 1, fallback=True, reject=201)
    script.apply()
    clean.apply()
    assert script.line(account, 1).status == "rejected"
    bought = [sum(s.line(account, n).filled for n in (2, 3, 4)) for s in (script, clean)]
    assert bought[0] < bought[1]
    cash, _ = script.world.ledger.of(account, script.world.clock.now())
    assert cash >= 0


@at_every_account
@pytest.mark.parametrize("code", HARMLESS)
def test_a_notice_on_a_live_order_leaves_it_live(account: str, code: int) -> None:
    script = Script()
    script.order(account, 1, notices=((0.3, code),), fills=((60.0, 1.0),))
    assert script.apply().problems == ()
    assert len(script.line(account, 1).orders) == 1


@at_every_account
@pytest.mark.parametrize("code", FRIGHTENING)
def test_an_error_about_a_live_order_is_looked_into_and_sends_nothing(account: str, code: int) -> None:
    script = Script()
    reference = script.order(account, 1, notices=((0.3, code),), fills=((60.0, 1.0),))
    assert script.apply().problems == ()
    assert len(script.line(account, 1).orders) == 1
    assert script.world.attempts[reference] == 1
    script.require_others_untouched(account)


@at_every_account
@pytest.mark.parametrize("code", REJECT_CODES)
def test_a_rejected_algo_order_has_one_plain_market_order_after_it(account: str, code: int) -> None:
    script = Script()
    script.order(account, 1, reject=code)
    assert script.apply().problems == ()
    first, second = script.line(account, 1).orders
    assert (first.status, first.dispatch.algo) == ("rejected", "adaptive")
    assert (second.status, second.dispatch.algo) == ("filled", "none")
    script.require_others_untouched(account)


@at_every_account
@pytest.mark.parametrize("on_cancel", ["cross", "late", "unknown_id"])
def test_a_cancel_that_crosses_a_fill_leaves_only_the_rest_to_the_fallback(
    account: str, on_cancel: str
) -> None:
    script = Script()
    number = script.largest(account)
    script.order(account, number, fills=((1.0, 0.4),), on_cancel=on_cancel)
    assert script.apply().problems == ()
    line = script.line(account, number)
    first, second = line.orders
    assert first.status == "cancelled"
    assert first.filled + second.dispatch.quantity == line.planned.quantity
    script.require_others_untouched(account)


@at_every_account
def test_an_order_that_cannot_be_cancelled_is_left_working_and_reported(account: str) -> None:
    script = Script()
    script.order(account, 1, fills=(), on_cancel="ignore")
    assert account in script.apply().problems
    assert script.line(account, 1).status == "working"
    assert "is working" in script.account(account).closed_error
    assert len(script.line(account, 1).orders) == 1
    script.world.calm_down()
    script.resume()
    assert script.line(account, 1).status == "filled"


@at_every_account
@pytest.mark.parametrize("how", ["error", "no end marker"])
def test_a_list_that_cannot_be_had_is_not_taken_for_absent(account: str, how: str) -> None:
    script = Script()
    script.order(account, 1, lost=frozenset({"ack", "status", "execution"}))
    script.link(account, bad_queries=dict.fromkeys(range(10, 200), how))
    script.apply()
    assert script.line(account, 1).status in ("dispatched", "filled")
    script.require_others_untouched(account)
    script.resume()
    assert script.line(account, 1).status == "filled"


@at_every_account
def test_an_order_that_no_list_ever_shows_is_unknown_and_never_sent_again(account: str) -> None:
    script = Script()
    lost = frozenset({"ack", "status", "execution", "notice"})
    reference = script.order(account, 1, lost=lost, hidden_sec=FOREVER)
    script.apply()
    script.resume()
    script.resume()
    assert script.line(account, 1).status == "unknown"
    assert script.world.attempts[reference] == 1
