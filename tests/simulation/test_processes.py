"""What stops a whole apply: a disk, a stop, another day, a world that is not the plan's; and what resumes it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.apply.resolve import Answer, propose, resolve
from tests.simulation.invariants import judge
from tests.simulation.process import silent
from tests.simulation.run import result_of
from tests.simulation.scenario import ACCOUNTS, calm
from tests.simulation.support import Script
from tests.simulation.world import World

at_every_account = pytest.mark.parametrize("account", ACCOUNTS)


@pytest.mark.parametrize("tears", [0.0, 0.5, 1.0])
def test_a_failing_disk_stops_all_sends_and_a_resume_works(tears: float) -> None:
    for append in range(1, 30):
        world = World(calm(disk_tears=tears), silent)
        assert world.run(resume=False, disk_fails_at=append) is None
        world.pass_time(60)
        world.run(resume=True)
        result = result_of(world)
        assert judge(world, result) == []
        statuses = {line.status for account in result.accounts for line in account.lines}
        assert statuses == {"filled"} or (tears == 1.0 and statuses <= {"filled", "unknown", "not_sent"})


@at_every_account
@pytest.mark.parametrize(
    "change", ["foreign order", "split", "sold elsewhere", "cash gone", "what if refused"]
)
def test_an_account_that_is_not_what_was_planned_is_refused_and_the_others_go_on(
    account: str, change: str
) -> None:
    script = Script(changes=tuple(change if a == account else "" for a in ACCOUNTS))
    assert script.apply().problems == (account,)
    closed = script.account(account).closed
    assert closed is not None
    assert (closed.status, script.account(account).intents) == ("refused", ())
    script.require_others_untouched(account)


@pytest.mark.parametrize("seconds", [0.2, 1.2, 1.7, 2.5, 6.0])
def test_after_a_stop_nothing_is_sent_and_a_resume_finishes(seconds: float) -> None:
    script = Script(stop_after_sec=seconds)
    assert script.apply().stopped
    script.world.stop_after_sec = 0
    script.resume()
    assert {s for a in ACCOUNTS for s in script.statuses(a)} == {"filled"}


def test_a_stop_cancels_what_works() -> None:
    script = Script(stop_after_sec=3.0)
    script.order("DU1", 1, fills=())
    assert script.apply().stopped
    assert script.statuses("DU1")[0] == "cancelled"
    assert set(script.statuses("DU2")) == {"not_sent"}


def test_another_day_sends_nothing_more() -> None:
    script = Script(stop_after_sec=1.2)
    script.apply()
    script.world.stop_after_sec = 0
    sent = sum(script.world.attempts.values())
    script.world.pass_time(24 * 3600 - 7200)
    script.resume()
    assert sum(script.world.attempts.values()) == sent


def test_an_unknown_order_that_a_person_resolves_lets_the_resume_go_on() -> None:
    script = Script()
    reference = script.order("DU1", 1, is_booked=False)
    script.apply()
    script.world.pass_time(60)
    journal = script.world.open_journal_alone()
    account, view = journal.result_of("DU1"), script.world.view("DU1")
    proposal = propose(account, reference, view, is_session_over=True)
    assert proposal.answer == Answer(Decimal(0), Decimal(0))
    now = script.world.clock.now()
    journal.append(resolve(account, reference, proposal.answer, at=now, who="me", evidence=proposal.evidence))
    assert script.resume().problems == ("DU1",)
    assert script.statuses("DU1") == ["cancelled", *["filled"] * (len(account.lines) - 1)]
    assert script.world.attempts[reference] == 1
