"""What counts as evidence of an order's end, and what an apply does not know any more when time has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from rebalplan.apply.journal.records import Dispatch
from rebalplan.apply.resolve import Answer, resolve
from rebalplan.core.orders import OrderTicket, StatusReported, WhatIf
from tests.apply.test_engine import Person
from tests.apply.test_engine import apply as apply_with
from tests.simulation.broker import SimConnection
from tests.simulation.faults import Fate
from tests.simulation.ledger import Booked
from tests.simulation.market import Disturbance
from tests.simulation.process import silent
from tests.simulation.scenario import START, calm
from tests.simulation.support import Script, planned_orders
from tests.simulation.world import Operator, World

D = Decimal


def when_booked(script: Script, reference: str, after_sec: float, happens: str) -> None:
    """Have something happen to an order so many seconds after it arrived."""
    exchange = script.world.exchange
    arrive = exchange.arrive

    def arrive_and_plan(order_id: int, ticket: OrderTicket, fate: Fate, client_id: int = 0) -> None:
        arrive(order_id, ticket, fate, client_id)
        if ticket.reference == reference:
            booked = script.world.ledger.orders[-1]
            exchange.at(after_sec, lambda: _happen(script, order_id, booked, happens))

    exchange.arrive = arrive_and_plan  # type: ignore[method-assign]


def _happen(script: Script, order_id: int, booked: Booked, what: str) -> None:
    if what == "cancelled by somebody":
        script.world.exchange._end_cancelled(booked)
    else:
        said = StatusReported(order_id=order_id, perm_id=booked.perm_id, status="Inactive", filled=D(0))
        script.world.exchange._deliver(said)


def fallbacks(script: Script) -> list[str]:
    return [o.ticket.reference for o in script.world.ledger.orders if o.ticket.reference.endswith("-f")]


def test_an_order_that_is_inactive_while_shares_are_located_is_not_sold_twice() -> None:
    script = Script()
    planned = planned_orders(script.world, "DU1")[1]
    reference = script.order("DU1", 2, fills=((40.0, 1.0),), notices=((0.3, 404),))
    when_booked(script, reference, 0.5, "inactive")
    outcome = script.world.run(resume=False)
    script.world.pass_time(120)
    assert outcome is not None
    assert outcome.problems == ()
    assert script.world.ledger.filled(reference) == planned.quantity
    assert fallbacks(script) == []


def test_an_order_that_somebody_else_cancels_has_no_fallback() -> None:
    script = Script()
    reference = script.order("DU1", 2, fills=((400.0, 1.0),))
    when_booked(script, reference, 20, "cancelled by somebody")
    outcome = script.apply()
    assert outcome is not None
    assert "DU1" in outcome.problems
    assert fallbacks(script) == []
    resumed = script.world.run(resume=True)
    assert resumed is not None
    assert fallbacks(script) == []


@pytest.mark.parametrize("sees", ["halted", "20% lower"])
def test_after_an_outage_nothing_is_sent_on_quotes_from_before_it(sees: str) -> None:
    change = {"halted": {"is_halted": True}, "20% lower": {"factor": D("0.80")}}[sees]
    script = Script(disturbances=(Disturbance("VTI", 20.0, **change),))  # type: ignore[arg-type]
    script.order("DU1", 2, fills=((900.0, 1.0),))
    script.link("DU1", 1, down_at_sec=3.0, up_after_sec=250.0)
    script.world.run(resume=False)
    journal = script.world.journal
    assert journal is not None
    market = script.world.exchange.market
    for record in journal.records:
        if isinstance(record, Dispatch) and record.at > START + timedelta(seconds=240):
            symbol = next(
                o.ticket.symbol
                for o in script.world.ledger.orders
                if o.ticket.reference == record.reference
            )  # fmt: skip
            assert abs(record.quote / market.quote(symbol, record.at).last - 1) < D("0.05")  # type: ignore[operator]
            assert not market.quote(symbol, record.at).halted


def test_a_stop_that_is_there_from_the_start_still_cancels_what_works() -> None:
    for step in range(10, 60):
        world = World(calm(), silent)
        order = world.faults.order
        world.faults.order = lambda *of, order=order: replace(order(*of), fills=((900.0, 1.0),))  # type: ignore[method-assign]
        world.run(resume=False, dies_at=step)
        if any(booked.is_working for booked in world.ledger.orders):
            break
    world.pass_time(30)
    world.stop_after_sec = 0.1
    outcome = world.run(resume=True)
    assert outcome is not None
    assert outcome.stopped
    assert not any(booked.is_working for booked in world.ledger.orders)
    sent = sum(world.attempts.values())
    world.stop_after_sec = 0
    assert sum(world.attempts.values()) == sent


@pytest.mark.parametrize("thinks_sec", [0, 400])
def test_an_account_is_checked_again_when_what_ifs_took_long(
    monkeypatch: pytest.MonkeyPatch, thinks_sec: float
) -> None:
    """What-ifs are asked again after a long question: then nothing is looked at any more before the first order."""
    script = Script()
    asked = []

    def think(*_: object) -> bool:
        script.world.pass_time(thinks_sec)
        return True

    def unanswered(connection: SimConnection, ticket: OrderTicket) -> WhatIf:
        asked.append(ticket.account)
        connection._exchange.run_until(connection._now() + timedelta(seconds=30))
        if asked.count("DU3") == (2 if thinks_sec else 1):
            script.world.ledger.positions["DU3"]["BND"] = D(0)
        return WhatIf(answered=False, refusal="")

    monkeypatch.setattr(SimConnection, "ask_what_if", unanswered)
    monkeypatch.setattr(Operator, "confirm", think)
    script.world.run(resume=False)
    assert asked.count("DU3") == (2 if thinks_sec else 1)
    closed = script.account("DU3").closed
    assert closed is not None
    assert "RB501" in closed.error
    assert script.statuses("DU3") == ["not_sent"] * len(script.statuses("DU3"))


def test_a_resume_that_only_settles_does_not_call_done_what_left_out_a_line() -> None:
    script = Script(disturbances=(Disturbance("BND", 0.0, factor=D("1.03")),))
    script.order(
        "DU1", 4, lost=frozenset(("ack", "status", "execution", "commission", "notice")), hidden_sec=150.0
    )
    script.apply()
    assert script.statuses("DU1")[0] == "cut"
    assert "unknown" in script.statuses("DU1")
    script.world.pass_time(300)
    outcome = script.world.run(resume=True)
    assert outcome is not None
    assert "DU1" in outcome.problems
    closed = script.account("DU1").closed
    assert closed is not None
    assert (closed.status, "was left out" in closed.error) == ("incomplete", True)


def test_an_answer_that_the_broker_contradicts_is_found_by_the_resume() -> None:
    script = Script()
    lost = frozenset(("ack", "status", "execution", "commission", "notice"))
    reference = script.order("DU1", 4, lost=lost, hidden_sec=150.0, fills=((1.0, 1.0),))
    script.apply()
    journal = script.world.open_journal_alone()
    account = journal.result_of("DU1")
    now = script.world.clock.now()
    journal.append(resolve(account, reference, Answer(D(0), D(0)), at=now, who="me", evidence=()))
    script.world.pass_time(300)
    outcome = script.world.run(resume=True)
    assert outcome is not None
    assert "DU1" in outcome.problems
    closed = script.account("DU1").closed
    assert closed is not None
    assert "RB512" in closed.error


def test_declining_an_account_that_is_half_traded_is_a_problem() -> None:
    for step in range(10, 400):
        world = World(calm(), silent)
        world.run(resume=False, dies_at=step)
        statuses = [line.status for line in world.open_journal_alone().result_of("DU1").lines]
        if statuses[:2] == ["filled"] * 2 and "not_sent" in statuses:
            break
    world.pass_time(60)
    outcome = apply_with(world, Person("DU1"), resume=True)
    assert "DU1" in outcome.problems
    assert world.journal is not None
    closed = world.journal.result_of("DU1").closed
    assert closed is not None
    assert (closed.status, closed.error) == ("incomplete", "declined at the prompt")


def test_the_broker_is_given_time_to_book_what_it_reported() -> None:
    script = Script(cash_lag_sec=0.0)
    script.order("DU3", 4, lag_sec=4.0, fills=((1.0, 1.0),))
    outcome = script.apply()
    assert outcome is not None
    assert outcome.problems == ()
    closed = script.account("DU3").closed
    assert closed is not None
    _, held = script.world.ledger.of("DU3", script.world.clock.now())
    assert {p.symbol: p.quantity for p in closed.positions} == {s: q for s, q in held.items() if q}
