"""An order that the gateway refused without booking it: who may say when that it never traded."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.apply.journal.fold import fold_orders
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.journal.result import AccountOrders
from rebalplan.apply.refusals import NOT_BOOKED
from rebalplan.apply.resolve import STILL_WORKING, TOO_EARLY, Answer, BrokerView, contradictions, propose
from tests.apply.journal.support import FIRST_BUY, SELL, ack, dispatch, intent, resolved, unknown
from tests.apply.support import completed, execution, shown
from tests.apply.test_resolve import view

D = Decimal
ABSENT = Answer(D(0), D(0))


def refused(*records: AnyRecord, code: int = 451, is_twin: bool = False) -> AccountOrders:
    given_up = unknown(SELL, code, is_twin=is_twin)
    return fold_orders((intent(SELL, FIRST_BUY), dispatch(), given_up, *records), "DU1")


def proposed(account: AccountOrders, seen: BrokerView) -> tuple[Answer | None, str]:
    found = propose(account, SELL, seen, is_session_over=False)
    return found.answer, found.why_not


@pytest.mark.parametrize("code", NOT_BOOKED)
def test_it_is_proposed_absent_while_the_session_lasts_and_why_is_shown(code: int) -> None:
    account = refused(code=code)
    assert proposed(account, view()) == (ABSENT, "")
    evidence = propose(account, SELL, view(), is_session_over=False).evidence
    assert f"the broker said: no ({code})" in evidence
    assert f"error {code} refuses an order before it is booked: {NOT_BOOKED[code]}" in evidence
    assert contradictions(account, SELL, ABSENT, view()) == ()


@pytest.mark.parametrize("code", [0, 103, 161, 201, 202, 321, 399, 404, 439, 442, 10147, 10148, 10349])
def test_any_other_error_is_no_reason_to_answer_before_the_session_is_over(code: int) -> None:
    assert proposed(refused(code=code), view()) == (None, TOO_EARLY)
    assert contradictions(refused(code=code), SELL, ABSENT, view()) == (TOO_EARLY,)


def test_one_such_error_among_others_is_enough() -> None:
    account = fold_orders((intent(SELL), dispatch(), unknown(SELL, 451, 10147)), "DU1")
    assert proposed(account, view()) == (ABSENT, "")


def test_that_it_filled_is_too_early_to_say_and_against_the_position() -> None:
    against = contradictions(refused(), SELL, Answer(D(40), D(100)), view())
    assert against == (TOO_EARLY, "the position moved by 0 shares, the answer says 40")


@pytest.mark.parametrize(
    ("account", "seen", "why_not"),
    [
        (refused(), view(open_orders=(shown(),)), STILL_WORKING),
        (refused(), view("10", executions=(execution("e.1", "40"),)), TOO_EARLY),
        (refused(), view("10"), "executions and positions do not agree: look at the account statement"),
        (refused(ack(), unknown()), view(), TOO_EARLY),
        (refused(is_twin=True), view(), TOO_EARLY),
    ],
    ids=["it works", "it has an execution", "the position moved", "it was acknowledged", "it is there twice"],
)
def test_anything_that_shows_it_at_the_broker_speaks_against_it(
    account: AccountOrders, seen: BrokerView, why_not: str
) -> None:
    assert proposed(account, seen) == (None, why_not)


def test_a_completed_order_is_judged_as_one() -> None:
    seen = view(completed=(completed("Filled", "40"),))
    why_not = "executions and the completed order do not agree: look at the account statement"
    assert proposed(refused(), seen) == (None, why_not)


def test_a_position_that_moved_speaks_against_absent() -> None:
    assert contradictions(refused(), SELL, ABSENT, view("10")) == (
        "the position moved by 40 shares, the answer says 0",
    )


def test_after_an_answer_that_the_broker_contradicted_what_it_said_before_counts_no_more() -> None:
    taken_back = refused(resolved("0", "0"), unknown())
    assert proposed(taken_back, view()) == (None, TOO_EARLY)
    assert proposed(refused(resolved("0", "0")), view()) == (ABSENT, "")
