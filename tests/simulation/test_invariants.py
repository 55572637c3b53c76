"""What the judge of a run must find, and what it must not ask for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.resolve import Answer, resolve
from tests.simulation.faults import FOREVER
from tests.simulation.invariants import judge
from tests.simulation.process import SimulatedCrash
from tests.simulation.run import result_of
from tests.simulation.support import Script
from tests.simulation.world import World

RAISED_UNSEEN: dict[str, Any] = {
    "fills": ((6.0, 0.5), (60.0, 1.0)),
    "change_sec": 0.5,
    "change_factor": 2.0,
    "change_is_told": False,
    "lag_sec": 45.0,
}
"""All that was sent fills soon, as much again after a minute, and every list lags behind that."""


def judged(world: World) -> list[str]:
    return judge(world, result_of(world))


def test_an_order_that_was_seen_to_work_on_must_not_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveOrders, "contest_ends", lambda self, open_orders: None)
    script = Script()
    script.order("DU1", 4, **RAISED_UNSEEN)
    script.world.run(resume=False)
    script.world.pass_time(60)
    script.world.run(resume=True)
    assert [found.split()[:2] for found in judged(script.world)] == [
        ["REPORT", "DU1"],
        ["REPORT", "DU1"],
        ["DONE", "DU1"],
    ]


def test_nobody_can_know_what_is_filled_behind_lists_that_lag() -> None:
    script = Script()
    reference = script.order("DU1", 4, **RAISED_UNSEEN)
    world = script.world

    def die(line: str) -> None:
        if '"DONE"' in line and reference in line:
            raise SimulatedCrash

    world.disk.when_appended = die
    world.run(resume=False)
    world.disk.when_appended = lambda line: None
    (booked,) = (order for order in world.ledger.orders if order.ticket.reference == reference)
    world.exchange.run_until(booked.at + timedelta(seconds=61))
    world.run(resume=True)
    line, closed = script.line("DU1", 4), script.account("DU1").closed
    assert closed is not None
    assert (world.crashes, closed.status, world.ledger.filled(reference)) == (1, "done", 2 * line.filled)
    assert judged(world) == []


@pytest.mark.parametrize(("cents", "is_found"), [(0, False), (1, True)])
def test_the_books_say_what_a_fill_came_to_that_no_list_ever_showed(cents: int, is_found: bool) -> None:
    script = Script()
    reference = script.order(
        "DU1",
        4,
        lost=frozenset(("status", "execution", "notice")),
        hidden_sec=FOREVER,
        fills=(),
        on_cancel="fill after",
        fill_after_sec=0.4,
        fill_after_part=1.0,
    )
    script.apply()
    assert script.line("DU1", 4).status == "unknown"
    world, journal = script.world, script.world.open_journal_alone()
    (deal,) = world.ledger.deals_of(reference)
    answer = Answer(deal.execution.quantity, deal.execution.price + Decimal(cents) / 100)
    account, now = journal.result_of("DU1"), world.clock.now()
    journal.append(resolve(account, reference, answer, at=now, who="a person", evidence=()))
    world.run(resume=True)
    assert any(found.startswith(f"{reference} came to") for found in judged(world)) == is_found
