"""What a person is told before a yes."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.preview import Preview, PreviewLine
from rebalplan.apply.stages import rests_of
from rebalplan.render.confirmation import confirmation
from tests.apply.journal.support import FIRST_BUY, PLAN, SELL, closed, dispatch, done, fill, intent
from tests.builders import NOW


def seen(account: AccountResult, **cuts: PreviewLine) -> Preview:
    """Return a preview in which every line that is left may be sent, but for the ``cuts`` by symbol."""
    lines = (
        cuts.get(line.planned.symbol)
        or PreviewLine(line.reference, line.planned, line.planned.quantity, line.planned.quantity)
        for line in account.unsent
    )
    return Preview(account.account, tuple(lines), len(rests_of(account)), (), NOW)


def told(*records: AnyRecord, after: timedelta = timedelta(0)) -> str:
    accounts = fold(PLAN, records).accounts
    return confirmation(PLAN, [(account, seen(account)) for account in accounts], NOW + after)


def test_a_plan_is_told_with_each_order_and_what_stands_out(screen: SnapshotAssertion) -> None:
    assert told() == screen


def test_a_resume_is_asked_for_what_is_left_and_its_rests(screen: SnapshotAssertion) -> None:
    sold_in_part = (
        intent(SELL),
        dispatch(),
        fill("e.1", "10"),
        done("cancelled", "10"),
        closed("incomplete"),
    )
    assert told(*sold_in_part) == screen


def test_a_symbol_with_its_exchange_keeps_the_columns_straight() -> None:
    (account, *_) = fold(PLAN, ()).accounts
    order = account.unsent[0].planned
    wide = msgspec.structs.replace(order, symbol="CASH@NASDAQ")
    lines = [PreviewLine("rb", o, o.quantity, o.quantity) for o in (order, wide)]
    text = confirmation(PLAN, [(account, Preview(account.account, tuple(lines), 0, (), NOW))], NOW)
    first, second = (line for line in text.splitlines() if " about " in line and "USD" in line)
    assert first.index(" about ") == second.index(" about ")


def test_an_order_that_somebody_else_cancelled_has_no_rest_to_send() -> None:
    theirs = (intent(SELL), dispatch(), fill("e.1", "10"), done("cancelled", "10", cancel_asked=False))
    assert "the rest of" not in told(*theirs)
    assert "begun before; 2 orders of 3 and 0 rests left" in told(*theirs)


def test_nothing_left_is_nothing_to_ask_for() -> None:
    bought = (dispatch(FIRST_BUY, "20"), done("filled", "20", FIRST_BUY))
    text = told(intent(), dispatch(), done("filled", "40"), *bought)
    assert "1 order of 3 and 0 rests left, sells 0.00 USD, buys 3,000.00 USD" in text


@pytest.mark.parametrize(
    ("minutes", "age"),
    [(0, "less than a minute"), (3, "3 min"), (119, "119 min"), (120, "2 h"), (60 * 47, "47 h"), (60 * 72, "3 days")],
)  # fmt: skip
def test_the_age_of_a_plan_is_told_in_its_own_unit(minutes: int, age: str) -> None:
    assert f", made {age} ago, " in told(after=timedelta(minutes=minutes))
