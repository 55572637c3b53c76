"""One account's turn: under which client id, after which waits, and how it is closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from rebalplan.apply.resolve import Answer, resolve
from rebalplan.core.orders import Executed, OrderTicket, WhatIf
from rebalplan.core.vocabulary import Endpoint
from tests.apply.support import D
from tests.simulation.broker import SimBroker, SimConnection
from tests.simulation.faults import LinkFate
from tests.simulation.support import Script, cancelled_first
from tests.simulation.world import FOREIGN_CLIENT_ID, OUR_CLIENT_ID, TIMING, Operator


class Watched(SimBroker):
    """Remembers under which client ids, and when, it was connected to."""

    def __init__(self, broker: SimBroker) -> None:
        self.__dict__.update(broker.__dict__)
        self.client_ids: list[int] = []
        self.at: list[datetime] = []

    @contextmanager
    def connect(self, endpoint: Endpoint) -> Iterator[SimConnection]:
        self.client_ids.append(endpoint.client_id)
        self.at.append(self.exchange.clock.now())
        with super().connect(endpoint) as link:
            yield link


def watched(script: Script) -> Watched:
    broker = Watched(script.world.broker)
    script.world.broker = broker
    return broker


def test_an_account_is_traded_under_the_client_id_of_its_plan_whatever_the_settings_say_by_now() -> None:
    script = Script()
    script.world.client_id = FOREIGN_CLIENT_ID
    broker = watched(script)
    assert script.apply().problems == ()
    assert broker.client_ids == [OUR_CLIENT_ID] * 6


def test_a_resume_waits_a_quiet_while_before_it_asks_about_an_order_under_way() -> None:
    script = Script(stop_after_sec=3.0)
    script.order("DU1", 1, fills=(), on_cancel="ignore")
    script.apply()
    assert script.line("DU1", 1).status == "working"
    script.world.calm_down()
    broker, started = watched(script), script.world.clock.now()
    script.world.run(resume=True)
    assert broker.at[0] - started == timedelta(seconds=TIMING.quiet_sec)


def test_a_resume_sends_nothing_while_an_earlier_order_is_left_working() -> None:
    script = Script(stop_after_sec=3.0)
    script.order("DU1", 1, fills=(), on_cancel="ignore")
    script.apply()
    sent = dict(script.world.attempts)
    assert script.line("DU1", 1).status == "working"
    assert "not_sent" in script.statuses("DU1")
    script.world.stop_after_sec = 0
    script.resume()
    assert {r for r in script.world.attempts if "-a01-" in r} == {r for r in sent if "-a01-" in r}


def test_a_connect_that_is_refused_once_is_tried_again() -> None:
    script = Script()
    script.link("DU1", refused=True)
    assert script.apply().problems == ()


def test_an_account_whose_gateway_has_no_broker_is_left_as_it_was() -> None:
    script = Script()
    script.link("DU1", is_down_at_start=True)
    assert script.apply().problems == ("DU1",)
    assert script.account("DU1").intents == ()
    assert "without its broker" in script.account("DU1").closed_error


def test_an_account_is_closed_with_the_cash_and_the_positions_that_it_has_then() -> None:
    script = Script()
    script.apply()
    closed, world = script.account("DU1").closed, script.world
    assert closed is not None
    within = [world.ledger.of("DU1", closed.at + timedelta(seconds=part)) for part in (0, 1)]
    shown = [(cash, {s: q for s, q in held.items() if q}) for cash, held in within]
    assert (closed.cash_usd, {p.symbol: p.quantity for p in closed.positions}) in shown
    assert closed.cash_usd != world.ledger.cash["DU1"]


def test_after_a_lost_connection_what_was_sent_is_asked_about_at_once() -> None:
    script = Script()
    script.order("DU1", 1, fills=((8.0, 1.0),))
    script.link("DU1", drops_at=22)
    script.apply()
    assert script.line("DU1", 1).status == "filled"
    assert "not_sent" in script.statuses("DU1")


def test_an_answer_that_was_wrong_is_found_at_the_end_of_a_turn_that_sends_nothing() -> None:
    script = Script()
    lost = frozenset(("ack", "status", "execution", "commission", "notice"))
    reference = script.order("DU1", 4, lost=lost, hidden_sec=150.0, fills=((1.0, 1.0),))
    script.apply()
    journal, now = script.world.open_journal_alone(), script.world.clock.now()
    account = journal.result_of("DU1")
    assert [line.status for line in account.lines] == ["filled", "filled", "filled", "unknown"]
    journal.append(resolve(account, reference, Answer(D(0), D(0)), at=now, who="me", evidence=()))
    script.world.pass_time(300)
    script.world.run(resume=True)
    assert "RB512" in script.account("DU1").closed_error


RAISED: dict[str, Any] = {
    "fills": ((6.0, 0.5), (60.0, 1.0)),
    "change_sec": 0.5,
    "change_factor": 2.0,
    "change_is_told": False,
}
"""Somebody makes it twice as large, and nobody is told: half of it fills, the rest after a minute."""


def test_an_order_that_somebody_raised_unseen_works_on_and_is_followed_by_the_resume() -> None:
    script = Script()
    reference = script.order("DU1", 4, **RAISED)
    script.world.run(resume=False)
    line = script.line("DU1", 4)
    assert (line.status, line.filled) == ("working", line.planned.quantity)
    assert f"{reference} is over with" in script.account("DU1").closed_error
    script.resume()
    line = script.line("DU1", 4)
    assert (line.status, line.filled) == ("overfilled", 2 * line.planned.quantity)


def test_an_order_that_was_seen_to_work_on_is_not_forgotten_when_its_last_fill_shows_late() -> None:
    script = Script()
    script.order("DU1", 4, **RAISED, lag_sec=45.0)
    script.world.run(resume=False)
    script.resume()
    assert script.line("DU1", 4).status == "overfilled"
    assert script.account("DU1").closed_error


def test_a_begun_account_that_may_not_go_on_is_read_all_the_same() -> None:
    script = cancelled_first("DU1")
    world, ledger = script.world, script.world.ledger
    world.pass_time(60)
    ledger.book(ledger.orders[0], D(1), D(100), "crossed.99", world.clock.now())
    world._book_foreign("DU1", ledger.orders[0].ticket.symbol)
    world.run(resume=True)
    closed = script.account("DU1").closed
    assert closed is not None
    assert "the broker had said that it ended with 0" in closed.error
    assert (closed.read, script.line("DU1", 1).filled) == (True, D(1))


def test_no_rest_follows_an_order_that_works_although_its_cancel_was_confirmed() -> None:
    script = cancelled_first("DU1")
    booked = script.world.ledger.orders[0]
    booked.ended_at, booked.status = None, "Submitted"
    script.world.pass_time(60)
    script.world.run(resume=True)
    assert [order.dispatch.reference for order in script.account("DU1").orders] == [booked.ticket.reference]
    assert len(script.account("DU1").intents) == 1
    assert "works at the broker" in script.account("DU1").closed_error


def test_shares_that_no_fill_of_ours_explains_at_the_end_make_the_account_incomplete() -> None:
    script = Script()
    exchange = script.world.exchange
    bought = [order for order in script.world.envelope.plan.accounts[0].orders if order.side == "BUY"]
    script.world.exchange.when_filled = lambda booked: (
        exchange.deal_manually("DU1", "VXUS", "BUY", D(2))
        if (booked.ticket.account, booked.ticket.symbol) == ("DU1", bought[-1].symbol)
        else None
    )
    script.world.run(resume=False)
    closed = script.account("DU1").closed
    assert closed is not None
    assert closed.status == "incomplete"
    assert "look at the account statement" in closed.error


def test_an_order_that_filled_more_after_its_cancel_has_its_fallback_cancelled_at_once() -> None:
    script = Script()
    number = script.largest("DU1")
    script.order("DU1", number, fills=(), on_cancel="fill after", fill_after_sec=12.0)
    rest = script.order("DU1", number, fallback=True, fills=((60.0, 1.0),))
    script.world.run(resume=False)
    assert script.line("DU1", number).status == "partial"
    assert script.world.ledger.filled(rest) == 0
    assert "nothing more is sent" in script.account("DU1").closed_error


def test_a_fill_that_is_told_while_the_account_is_looked_at_stops_it() -> None:
    script = cancelled_first("DU1")
    world, ledger = script.world, script.world.ledger
    world.pass_time(60)
    booked, connect = ledger.orders[0], world.faults.link

    def connect_and_fill(account: str) -> LinkFate:
        if account == "DU1" and not ledger.deals_of(booked.ticket.reference):
            booked.fate = replace(booked.fate, lag_sec=3_600.0)
            dealt = ledger.book(booked, D(1), D(100), "crossed.99", world.clock.now())
            world.exchange._say("execution", Executed(dealt), booked.fate, 0.5)
        return connect(account)

    world.faults.link = connect_and_fill  # type: ignore[method-assign]
    world.run(resume=True)
    assert script.line("DU1", 1).filled == D(1)
    assert [order.dispatch.reference for order in script.account("DU1").orders] == [booked.ticket.reference]


@pytest.mark.parametrize(("thinks_sec", "times"), [(200, 1), (400, 2)])
def test_the_answers_to_what_ifs_stand_for_five_minutes(
    monkeypatch: pytest.MonkeyPatch, thinks_sec: float, times: int
) -> None:
    script, asked = Script(), Counter[str]()
    ask = SimConnection.ask_what_if

    def count(link: SimConnection, ticket: OrderTicket) -> WhatIf:
        asked[ticket.reference] += 1
        return ask(link, ticket)

    def think(*_: object) -> bool:
        script.world.pass_time(thinks_sec)
        return True

    monkeypatch.setattr(SimConnection, "ask_what_if", count)
    monkeypatch.setattr(Operator, "confirm", think)
    script.apply()
    assert {number for reference, number in asked.items() if "-a01-" in reference} == {times}
