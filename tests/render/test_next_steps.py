"""What a person is told to type next, by how an account ended."""

from __future__ import annotations

import pytest

from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.render.apply import next_steps
from tests.apply.journal.support import (
    FIRST_BUY,
    PLAN,
    SECOND_BUY,
    SELL,
    closed,
    cut,
    dispatch,
    done,
    fill,
    intent,
)

RESUME = f"Next: `rebal apply {PLAN.id} --resume` goes on where it ended."
PLAN_AGAIN = "Next: `rebal plan` plans anew what is missing in DU1."
BEGUN = intent(SELL, FIRST_BUY, SECOND_BUY)
SOLD = (dispatch(), fill("s", "40"), done("filled", "40"))
SOLD_LESS = (cut(SELL, "10"), dispatch(quantity="10"), fill("s", "10"), done("filled", "10"))
BOUGHT = (
    *(dispatch(FIRST_BUY, "20"), fill("f", "20", reference=FIRST_BUY), done("filled", "20", FIRST_BUY)),
    *(dispatch(SECOND_BUY, "30"), fill("g", "30", reference=SECOND_BUY), done("filled", "30", SECOND_BUY)),
)
REJECTED = (dispatch(algo="none"), done("rejected", "0"))


@pytest.mark.parametrize(
    ("records", "step"),
    [
        ((BEGUN, *SOLD, cut(SECOND_BUY, is_refusal=True), closed("incomplete")), RESUME),
        ((BEGUN, *SOLD_LESS, closed("incomplete")), RESUME),
        (
            (BEGUN, *SOLD_LESS, *BOUGHT[:3], cut(SECOND_BUY, is_refusal=True), closed("incomplete")),
            PLAN_AGAIN,
        ),
        ((BEGUN, *REJECTED, cut(FIRST_BUY), cut(SECOND_BUY), closed("incomplete")), PLAN_AGAIN),
        ((BEGUN, *SOLD, *BOUGHT[:4], done("rejected", "0", SECOND_BUY), closed("incomplete")), RESUME),
    ],
    ids=[
        "a buy left out",
        "sells cut, buys not begun",
        "sells cut for a buy",
        "the sell refused",
        "a rest is owed",
    ],
)
def test_an_account_that_did_not_end_as_planned(records: tuple[AnyRecord, ...], step: str) -> None:
    assert next_steps(PLAN.id, fold(PLAN, records).accounts) == (step,)


def test_a_refused_account_may_be_tried_again_or_planned_anew() -> None:
    (step,) = next_steps(PLAN.id, fold(PLAN, (closed("refused", "RB501 gone"),)).accounts)
    assert f"`rebal apply {PLAN.id}` tries DU1 again" in step
    assert "`rebal plan` plans anew" in step


def test_nothing_is_left_to_do_for_an_account_that_is_done_or_declined() -> None:
    assert next_steps(PLAN.id, fold(PLAN, (BEGUN, *SOLD, *BOUGHT, closed())).accounts) == ()
    assert next_steps(PLAN.id, fold(PLAN, (closed("declined"),)).accounts) == ()
