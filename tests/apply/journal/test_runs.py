"""The runs that stand in a journal."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.journal.runs import last_run, latest_time, run_time, runs
from rebalplan.core.errors import JournalError
from tests.apply.journal.support import (
    AT,
    PLAN,
    SELL,
    ack,
    closed,
    dispatch,
    done,
    fill,
    intent,
    resolved,
    run_started,
)

LATER = AT + timedelta(seconds=30)
SOLD: tuple[AnyRecord, ...] = (ack(), fill("e.1", "40"), done("filled", "40"), closed("done"))


def test_an_empty_journal_has_no_run() -> None:
    assert runs(PLAN, ()) == ()
    assert last_run(PLAN, ()) is None


def test_a_run_knows_only_what_was_recorded_before_the_next_one_began() -> None:
    begun = (run_started(), intent(SELL), dispatch(), closed("incomplete"))
    records = (*begun, run_started(LATER), *SOLD)
    first, second = runs(PLAN, records)
    assert (first.at, second.at) == (AT, LATER)
    assert [run.accounts[0].lines[0].status for run in (first, second)] == ["dispatched", "filled"]
    assert last_run(PLAN, records) == second


def test_a_run_that_died_is_what_it_recorded() -> None:
    (run,) = runs(PLAN, (run_started(), intent(SELL), dispatch()))
    assert (run.at, run.about) == (AT, ("DU1",))


def test_a_run_tells_of_every_account_of_the_plan_and_which_it_was_about() -> None:
    (run,) = runs(PLAN, (run_started(), intent(SELL), dispatch()))
    assert [account.account for account in run.every] == [a.account for a in PLAN.plan.accounts]
    assert [account.account for account in run.accounts] == ["DU1"]


@pytest.mark.parametrize("records", [(), (closed("declined"),)], ids=["died at once", "all declined"])
def test_a_run_in_which_nothing_was_done_leaves_no_reports(records: tuple[AnyRecord, ...]) -> None:
    earlier = (run_started(), intent(SELL), dispatch(), *SOLD)
    found = runs(PLAN, (*earlier, run_started(LATER), *records))
    assert [run.at for run in found] == [AT]
    assert last_run(PLAN, (*earlier, run_started(LATER), *records)) is None


def test_a_refused_account_is_told_of() -> None:
    (run,) = runs(PLAN, (run_started(), closed("refused")))
    assert run.about == ("DU1",)


def test_the_answer_of_a_person_is_a_run_of_its_own_a_second_later_at_the_earliest() -> None:
    first, answer = runs(PLAN, (run_started(), intent(SELL), dispatch(), resolved("0", "0")))
    assert (first.accounts[0].lines[0].status, answer.accounts[0].lines[0].status) == (
        "dispatched",
        "cancelled",
    )
    assert answer.at - first.at == timedelta(seconds=1)


def test_runs_that_begin_in_one_second_have_times_of_their_own() -> None:
    records = (
        run_started(),
        closed("refused"),
        run_started(),
        closed("refused"),
        run_started(),
        closed("refused"),
    )
    assert [(run.at - AT).total_seconds() for run in runs(PLAN, records)] == [0, 1, 2]
    assert latest_time(records) == AT + timedelta(seconds=2)


@pytest.mark.parametrize(("sec", "after"), [(-60, 1), (0, 1), (1, 1), (30, 30)])
def test_a_run_that_begins_now_comes_after_the_others(sec: int, after: int) -> None:
    now = AT + timedelta(seconds=sec, microseconds=7)
    assert run_time((run_started(), closed()), now) == AT + timedelta(seconds=after)
    assert run_time((), now) == AT + timedelta(seconds=sec)


def test_a_run_over_an_account_that_the_plan_has_not_is_no_run_of_it() -> None:
    stranger = msgspec.structs.replace(closed(), account="DU9")
    with pytest.raises(JournalError, match="DU9"):
        runs(PLAN, (run_started(), stranger))
