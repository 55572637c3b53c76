"""How an order stands at the broker, said only where a person answered otherwise."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from rebalplan.apply.answers import shown_otherwise
from rebalplan.core.orders import CompletedOrder, Execution
from tests.apply.journal.support import FIRST_BUY, SELL
from tests.apply.support import completed, execution, shown

D = Decimal


def test_an_order_that_is_open_is_working_whatever_was_answered() -> None:
    for filled in ("0", "40"):
        assert shown_otherwise(SELL, D(filled), [shown()], [], [execution("e.01.01", "40")]) == "working"


def test_another_order_that_is_open_says_nothing() -> None:
    assert shown_otherwise(SELL, D(0), [shown(FIRST_BUY)], [], []) == ""


def test_without_any_trace_every_answer_stands() -> None:
    assert [shown_otherwise(SELL, D(filled), [], [], []) for filled in (0, 40)] == ["", ""]


@pytest.mark.parametrize(("answered", "now"), [("40", ""), ("0", "filled 40"), ("39", "filled 40")])
def test_the_executions_together_speak_against_any_other_number(answered: str, now: str) -> None:
    own = [execution("e.01.01", "15"), execution("e.02.01", "25")]
    dealt = [*own, execution("q.1", "9", reference=FIRST_BUY)]
    assert shown_otherwise(SELL, D(answered), [], [], dealt) == now


@pytest.mark.parametrize(("answered", "now"), [("14", ""), ("15", "filled 14"), ("29", "filled 14")])
def test_of_executions_that_correct_one_another_the_last_counts(answered: str, now: str) -> None:
    dealt = [execution("e.01.02", "14"), execution("e.01.01", "15")]
    assert shown_otherwise(SELL, D(answered), [], [], dealt) == now


def test_shares_are_said_as_a_plain_number() -> None:
    dealt = [execution("e.01.01", "15.50"), execution("e.02.01", "24.50")]
    assert shown_otherwise(SELL, D(0), [], [], dealt) == "filled 40"


@pytest.mark.parametrize(
    ("over", "answered", "now"),
    [
        (completed("Filled", "40"), "40", ""),
        (completed("Filled", "40"), "0", "filled 40"),
        (completed("Cancelled", "15"), "40", "filled 15"),
        (completed("Cancelled", "0"), "40", ""),
        (completed("Filled", None), "40", ""),
        (msgspec.structs.replace(completed("Filled", "40"), reference=FIRST_BUY), "0", ""),
    ],
)
def test_a_completed_order_speaks_only_by_the_shares_it_names(
    over: CompletedOrder, answered: str, now: str
) -> None:
    assert shown_otherwise(SELL, D(answered), [], [over], []) == now


@pytest.mark.parametrize(
    ("dealt", "answered", "now"),
    [
        ([execution("e.01.01", "15")], "15", "filled 40"),
        ([execution("e.01.01", "15")], "40", "filled 15"),
        ([execution("e.01.01", "15")], "0", "filled 15"),
        ([execution("e.01.01", "40")], "40", ""),
    ],
)
def test_executions_and_the_completed_order_must_both_agree_with_the_answer(
    dealt: list[Execution], answered: str, now: str
) -> None:
    """The completed order says 40; where both speak against the answer, the executions are told."""
    assert shown_otherwise(SELL, D(answered), [], [completed("Filled", "40")], dealt) == now
