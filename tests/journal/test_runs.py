"""The runs that stand in a journal."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from rebalplan.errors import JournalError
from rebalplan.journal.runs import last_run, news_of, runs
from tests.journal.support import (
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
    run_ended,
)

LATER = AT + timedelta(seconds=30)


def test_an_empty_journal_has_no_run() -> None:
    assert runs(PLAN, ()) == ()
    assert last_run(PLAN, ()) is None


def test_a_run_knows_only_what_was_recorded_before_it_ended() -> None:
    records = (
        intent(SELL),
        dispatch(),
        closed("incomplete"),
        run_ended(),
        ack(),
        fill("e.1", "40"),
        done("filled", "40"),
        closed("done"),
        run_ended(at=LATER),
    )
    first, second = runs(PLAN, records)
    assert (first.at, second.at) == (AT, LATER)
    assert [run.accounts[0].lines[0].status for run in (first, second)] == ["dispatched", "filled"]
    assert last_run(PLAN, records) == second


def test_a_run_that_never_ended_comes_last() -> None:
    records = (closed("declined"), run_ended(at=LATER), intent(SELL), dispatch())
    declined, begun = runs(PLAN, records)
    assert declined.at == LATER
    assert begun.at == LATER + timedelta(seconds=1)
    assert begun.accounts[0].lines[0].status == "dispatched"


def test_what_was_recorded_since_the_last_run_is_news() -> None:
    assert news_of(()) == ()
    assert news_of((closed(), run_ended())) == ()
    assert news_of((closed(), run_ended(), resolved("1", "1"), ack())) == ("DU1",)


def test_what_was_recorded_between_two_runs_is_no_news() -> None:
    assert news_of((closed(), run_ended(), ack(), run_ended(at=LATER))) == ()


def test_the_first_record_after_a_run_is_news() -> None:
    assert news_of((run_ended(), ack())) == ("DU1",)


def test_what_was_learnt_in_the_second_a_run_ended_has_a_time_of_its_own() -> None:
    first, tail = runs(PLAN, (dispatch(), run_ended(), ack()))
    assert tail.at - first.at == timedelta(seconds=1)


def test_what_was_learnt_later_has_the_time_of_its_last_record() -> None:
    later = msgspec.structs.replace(ack(), at=LATER)
    first, tail = runs(PLAN, (dispatch(), run_ended(), ack(), later))
    assert (first.at, tail.at) == (AT, LATER)


def test_a_run_is_about_its_accounts_only() -> None:
    with pytest.raises(JournalError, match="DU9"):
        runs(PLAN, (run_ended("DU9"),))
