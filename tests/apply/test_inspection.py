"""What an account is asked around its orders: copies of the plan, other people at work, fills that are not booked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulation.scenario import START, Person
from tests.simulation.support import Script, cancelled_first, planned_orders

D = Decimal


def bought(script: Script, account: str) -> list[str]:
    """Return the symbols of the buys that left."""
    orders = (booked.ticket for booked in script.world.ledger.orders if booked.ticket.account == account)
    return [ticket.symbol for ticket in orders if ticket.side == "BUY" and ticket.reference.startswith("rb-")]


def test_a_copy_of_the_plan_that_was_faster_is_found_after_the_intent_and_before_the_first_send() -> None:
    script = Script(clone="after INTENT", clone_at="DU1")
    script.world.run(resume=False)
    assert len(script.account("DU1").intents) == 1
    assert not any("-a01-" in reference for reference in script.world.attempts)
    assert "RB510" in script.account("DU1").closed_error


def test_a_copy_whose_order_is_filled_by_then_is_found_among_the_executions() -> None:
    script = Script(clone="after INTENT", clone_at="DU1")
    world, ledger = script.world, script.world.ledger

    def send_and_fill(line: str) -> None:
        world._clone_sends(line)
        if world.clone_reference and not ledger.deals:
            booked, now = ledger.orders[-1], world.clock.now()
            booked.filled, booked.status, booked.ended_at = booked.quantity, "Filled", now
            ledger.book(booked, booked.quantity, D(100), "copy.01", now)

    world.disk.when_appended = send_and_fill
    world.run(resume=False)
    assert not any("-a01-" in reference for reference in world.attempts)
    assert "RB510" in script.account("DU1").closed_error


@pytest.mark.parametrize("by_us", [True, False])
def test_a_fill_that_crossed_the_cancel_and_comes_to_light_after_the_intent_stops_the_account(
    by_us: bool,
) -> None:
    script = cancelled_first("DU1", by_us=by_us)
    world, ledger = script.world, script.world.ledger
    (first,) = script.account("DU1").orders

    def fill_late(line: str) -> None:
        if '"INTENT"' in line and '"account":"DU1"' in line:
            ledger.book(ledger.orders[0], D(1), D(100), "crossed.99", world.clock.now())

    world.disk.when_appended = fill_late
    script.resume()
    (only,) = script.account("DU1").orders
    assert (only.dispatch.reference, only.late) == (first.dispatch.reference, D(1))
    assert "the broker had said that it ended with 0" in script.account("DU1").closed_error


@pytest.mark.parametrize("person", ["buys", "sells"])
def test_no_buy_follows_when_somebody_traded_the_account_after_its_sells(person: Person) -> None:
    script = Script(person=person, person_at="DU1")
    script.world.run(resume=False)
    assert script.world.person_has_traded
    assert "somebody else trades the account" in script.account("DU1").closed_error
    assert bought(script, "DU1") == []


def test_no_buy_follows_when_somebody_else_has_an_order_working_on_a_planned_line() -> None:
    script = Script()
    world, symbol = script.world, planned_orders(script.world, "DU1")[-1].symbol
    world.exchange.when_filled = lambda booked: (
        world._book_foreign("DU1", symbol) if booked.ticket.account == "DU1" else None
    )
    world.run(resume=False)
    assert "RB502" in script.account("DU1").closed_error
    assert bought(script, "DU1") == []


def test_cash_that_was_withdrawn_between_sells_and_buys_is_not_spent() -> None:
    script = Script(person="withdraws", person_at="DU1")
    script.world.run(resume=False)
    summary = script.account("DU1").plan.summary
    cash, _ = script.world.ledger.of("DU1", script.world.clock.now())
    assert summary is not None
    assert script.world.person_has_traded
    assert cash >= summary.cash_floor_usd - 10


def test_the_proceeds_of_sells_that_are_booked_three_minutes_late_are_waited_for_and_spent() -> None:
    script = Script(cash_lag_sec=180.0)
    assert script.apply().problems == ()
    lines = script.account("DU1").lines
    assert [line.filled for line in lines] == [line.planned.quantity for line in lines]


def test_a_resume_waits_until_positions_that_lag_behind_our_fills_are_booked() -> None:
    script = Script(stop_after_sec=2.0)
    script.order("DU1", 1, lag_sec=100.0, fills=((0.5, 1.0),))
    script.apply()
    assert "not_sent" in script.statuses("DU1")
    script.world.stop_after_sec = 0
    script.world.run(resume=True)
    assert set(script.statuses("DU1")) == {"filled"}
    assert (script.world.clock.now() - START).total_seconds() > 100


def test_what_if_is_asked_again_as_a_plain_order_when_the_algorithm_is_refused() -> None:
    assert Script(refuses_algo_what_if=True).apply().problems == ()
