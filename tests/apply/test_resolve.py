"""The evidence a person is shown, and what may be recorded of their answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rebalplan.apply.answers import shown_otherwise
from rebalplan.apply.journal.fold import fold, fold_orders
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.journal.result import AccountOrders
from rebalplan.apply.resolve import (
    TOO_EARLY,
    Answer,
    BrokerView,
    Proposal,
    contradictions,
    propose,
    resolve,
    verify_resolved,
)
from rebalplan.core.errors import RefusedError
from tests.apply.journal.support import (
    FIRST_BUY,
    PLAN,
    SELL,
    ack,
    dispatch,
    done,
    fill,
    intent,
    resolved,
    unknown,
)
from tests.apply.support import AT, completed, execution, shown
from tests.builders import position

D = Decimal


def begun(*records: AnyRecord) -> tuple[AnyRecord, ...]:
    return (intent(SELL, FIRST_BUY), dispatch(), *records, unknown())


def account(*records: AnyRecord) -> AccountOrders:
    return fold_orders(begun(*records), "DU1")


def view(bnd: str = "50", **fields: Any) -> BrokerView:
    held = (position("BND", bnd), position("QQQ", "10"), position("VTI", "30"))
    return msgspec.structs.replace(BrokerView((), (), (), held), **fields)


def proposal(seen: BrokerView, *records: AnyRecord, is_session_over: bool = True) -> Proposal:
    return propose(account(*records), SELL, seen, is_session_over=is_session_over)


def test_no_execution_and_no_movement_agree_on_absent() -> None:
    assert proposal(view()).answer == Answer(D(0), D(0))


def test_executions_and_positions_agree_on_a_fill() -> None:
    fills = (execution("e.01.01", "15", "100"), execution("e.02.01", "25", "104"))
    assert proposal(view("10", executions=fills)).answer == Answer(D(40), D("102.5"))


def test_fills_known_before_are_part_of_what_the_positions_should_be() -> None:
    fills = (execution("e.01.01", "15"), execution("e.02.01", "5"))
    assert proposal(view("30", executions=fills), fill("e.01.01", "15")).answer == Answer(D(20), D(100))


def test_other_orders_fills_are_not_taken_for_its_own() -> None:
    bought = (
        dispatch(FIRST_BUY, "20"),
        fill("q.1", "20", reference=FIRST_BUY),
        done("filled", "20", FIRST_BUY),
    )
    seen = view()
    held = (position("BND", "50"), position("QQQ", "30"), position("VTI", "30"))
    assert proposal(msgspec.structs.replace(seen, positions=held), *bought).answer == Answer(D(0), D(0))


def test_corrections_count_once() -> None:
    fills = (execution("e.01.02", "40", "101"), execution("e.01.01", "40", "100"))
    assert proposal(view("10", executions=fills)).answer == Answer(D(40), D(101))


@pytest.mark.parametrize(
    ("seen", "is_session_over", "why_not"),
    [
        (view(open_orders=(shown(),)), True, "it is still working: cancel it in TWS or wait for its end"),
        (view(), False, TOO_EARLY),
        (
            view(completed=(completed("Filled", "40"),)),
            True,
            "executions and the completed order do not agree: look at the account statement",
        ),
        (
            view(completed=(completed("Cancelled", "0"), completed("Cancelled", "0", perm_id=71))),
            True,
            "the broker has it more than once: look at the account statement",
        ),
        (view("10"), True, "executions and positions do not agree: look at the account statement"),
        (
            view("50", executions=(execution("e.1", "40"),)),
            True,
            "executions and positions do not agree: look at the account statement",
        ),
        (
            view("9", executions=(execution("e.1", "41"),)),
            True,
            "more was executed than was sent: look at the account statement",
        ),
    ],
)
def test_without_agreement_there_is_no_proposal(
    seen: BrokerView, is_session_over: bool, why_not: str
) -> None:
    made = proposal(seen, is_session_over=is_session_over)
    assert (made.answer, made.why_not) == (None, why_not)


def test_a_completed_order_needs_no_end_of_session() -> None:
    seen = view(completed=(completed("Cancelled", "0"),))
    assert proposal(seen, is_session_over=False).answer == Answer(D(0), D(0))


def test_half_of_an_order_that_the_broker_has_twice_is_no_end() -> None:
    seen = view(completed=(completed("Cancelled", "0"),))
    doubled = fold_orders((intent(SELL), dispatch(), msgspec.structs.replace(unknown(), is_twin=True)), "DU1")
    assert propose(doubled, SELL, seen, is_session_over=False).why_not == TOO_EARLY
    assert contradictions(doubled, SELL, Answer(D(0), D(0)), seen) == (TOO_EARLY,)


def test_a_completed_order_that_the_broker_tells_no_shares_of_is_not_read_as_unfilled() -> None:
    seen = view("10", executions=(execution("e.1", "40"),), completed=(completed("Filled", None),))
    made = proposal(seen, is_session_over=False)
    assert made.answer == Answer(D(40), D(100))
    assert made.evidence[-1] == "it is completed: Filled; the broker does not say how many shares it filled"


def test_the_evidence_is_shown_in_sentences() -> None:
    assert proposal(view("10", executions=(execution("e.1", "40"),))).evidence == (
        "sent 2026-03-02 16:05:00 UTC for 40 shares: nobody knows",
        "executions at the broker with this reference: 40 shares, 4000.00 USD",
        "the position moved by 40 shares that no known fill explains",
        "it is not among the working orders",
        "it is not among the completed orders",
    )


def test_the_end_of_another_order_is_no_end_of_this_one() -> None:
    other = msgspec.structs.replace(completed("Cancelled", "0"), reference=FIRST_BUY)
    made = proposal(view(completed=(other,)), is_session_over=False)
    assert (made.answer, made.why_not) == (None, TOO_EARLY)
    assert made.evidence[-1] == "it is not among the completed orders"


def test_of_two_words_of_an_end_the_last_is_shown() -> None:
    rows = (completed("Cancelled", "15"), completed("Filled", "40"))
    made = proposal(view("10", executions=(execution("e.1", "40"),), completed=rows))
    assert made.evidence[-1] == "it is completed: Filled, 40 shares filled"


def test_executions_of_other_orders_are_not_counted() -> None:
    bought = execution("q.1", "5", "100", reference=FIRST_BUY)
    made = proposal(view("10", executions=(execution("e.1", "40"), bought)))
    assert made.answer == Answer(D(40), D(100))


def test_movements_of_other_positions_are_not_its_own() -> None:
    held = (position("BND", "50"), position("QQQ", "3"), position("VTI", "31"))
    assert proposal(view(positions=held)).answer == Answer(D(0), D(0))


@pytest.mark.parametrize(
    ("answer", "seen", "against"),
    [
        (Answer(D(0), D(0)), view(), ()),
        (Answer(D(40), D(100)), view("10", executions=(execution("e.1", "40"),)), ()),
        (Answer(D(0), D(0)), view("10"), ("the position moved by 40 shares, the answer says 0",)),
        (Answer(D(40), D(80)), view("10"), ()),
        (Answer(D(40), D(120)), view("10"), ()),
        (
            Answer(D(40), D("120.01")),
            view("10"),
            ("120.01 USD is far from 100 USD, the price when it was sent",),
        ),
        (
            Answer(D(41), D(100)),
            view("9"),
            (f"{SELL} was sent for 40 shares, the answer says 41",),
        ),
        (Answer(D(40), D(79)), view("10"), ("79 USD is far from 100 USD, the price when it was sent",)),
        (
            Answer(D(10), D(100)),
            view("40", executions=(execution("e.1", "15"),)),
            ("executions of 15 shares are known, the answer says 10",),
        ),
    ],
)
def test_what_the_broker_shows_against_an_answer_is_said(
    answer: Answer, seen: BrokerView, against: tuple[str, ...]
) -> None:
    assert contradictions(account(), SELL, answer, seen, is_session_over=True) == against


@pytest.mark.parametrize("answer", [Answer(D(0), D(0)), Answer(D(40), D(100))])
def test_while_the_session_lasts_every_answer_is_too_early(answer: Answer) -> None:
    seen = view("10", executions=(execution("e.1", "40"),)) if answer.filled else view()
    assert contradictions(account(), SELL, answer, seen) == (TOO_EARLY,)
    assert contradictions(account(), SELL, answer, seen, is_session_over=True) == ()


def test_an_order_that_the_broker_lists_as_completed_needs_no_end_of_session() -> None:
    seen = view(completed=(completed("Cancelled", "0"),))
    assert contradictions(account(), SELL, Answer(D(0), D(0)), seen) == ()


def test_fills_in_the_journal_count_against_an_answer_too() -> None:
    known = account(fill("e.01.01", "15"))
    assert contradictions(known, SELL, Answer(D(0), D(0)), view("35"), is_session_over=True) == (
        "executions of 15 shares are known, the answer says 0",
        "the position moved by 15 shares, the answer says 0",
    )
    assert contradictions(known, SELL, Answer(D(15), D(100)), view("35"), is_session_over=True) == ()


def test_the_plan_adds_nothing_to_what_the_records_say() -> None:
    planned, seen = fold(PLAN, begun()).of("DU1"), view("10", executions=(execution("e.1", "40"),))
    made = propose(planned, SELL, seen, is_session_over=True)
    assert made == propose(account(), SELL, seen, is_session_over=True)
    absent = Answer(D(0), D(0))
    assert contradictions(planned, SELL, absent, seen) == contradictions(account(), SELL, absent, seen)


@pytest.mark.parametrize("records", [(), (ack(),)])
def test_an_order_without_an_end_may_be_resolved_before_it_is_called_unknown(
    records: tuple[AnyRecord, ...],
) -> None:
    sent = fold_orders((intent(SELL), dispatch(), *records), "DU1")
    made = propose(sent, SELL, view(), is_session_over=True)
    assert made.answer == Answer(D(0), D(0))
    assert made.evidence[0].endswith("40 shares: the last run did not wait for its end")


def test_an_order_whose_end_the_broker_evidenced_is_not_resolved() -> None:
    over = fold_orders((intent(SELL), dispatch(), done("filled", "40")), "DU1")
    with pytest.raises(RefusedError, match=f"{SELL} is not an unknown order"):
        propose(over, SELL, view("10"), is_session_over=True)


def test_no_answer_is_right_while_the_order_works() -> None:
    with pytest.raises(RefusedError, match="still working"):
        contradictions(account(), SELL, Answer(D(0), D(0)), view(open_orders=(shown(),)))


def findings(seen: BrokerView, filled: str = "0", *, is_resolved: bool = True) -> list[tuple[str, str, str]]:
    answered = (resolved(filled, "100" if D(filled) else "0"),) if is_resolved else ()
    known = fold_orders((*begun(), *answered), "DU1")
    found = verify_resolved(
        known, open_orders=seen.open_orders, completed=seen.completed, executions=seen.executions
    )
    assert {(f.code, f.severity, f.where.account, f.where.field) for f in found} <= {
        ("RB512", "error", "DU1", "orders.BND")
    }
    return [(f.planned, f.now, f.sentence) for f in found]


@pytest.mark.parametrize(
    ("seen", "filled"),
    [
        (view(), "0"),
        (view(), "40"),
        (view(completed=(completed("Cancelled", "0"),)), "0"),
        (view(completed=(completed("Filled", None),)), "40"),
        (view(executions=(execution("e.1", "40"),), completed=(completed("Cancelled", "0"),)), "40"),
        (
            view(open_orders=(shown(FIRST_BUY),), executions=(execution("e.1", "5", reference=FIRST_BUY),)),
            "0",
        ),
    ],
)
def test_an_answer_that_the_broker_shows_nothing_against_stands(seen: BrokerView, filled: str) -> None:
    assert findings(seen, filled) == []


@pytest.mark.parametrize(
    ("seen", "filled", "now"),
    [
        (view(open_orders=(shown(),)), "0", "working"),
        (view(open_orders=(shown(),)), "40", "working"),
        (view(executions=(execution("e.1", "15"),)), "0", "filled 15"),
        (view(executions=(execution("e.1.01", "15"), execution("e.1.02", "14"))), "15", "filled 14"),
        (view(completed=(completed("Filled", "40"),)), "0", "filled 40"),
    ],
)
def test_an_answer_that_the_broker_shows_otherwise_is_a_finding(
    seen: BrokerView, filled: str, now: str
) -> None:
    message = (
        f"{SELL} was resolved as {filled} shares, but the broker shows it {now}: settle it again with "
        f"`rebal resolve {SELL}`"
    )
    assert findings(seen, filled) == [(filled, now, message)]


def test_an_order_that_is_unknown_has_no_answer_to_compare() -> None:
    assert findings(view(open_orders=(shown(),)), is_resolved=False) == []


def test_only_an_unknown_order_can_be_resolved() -> None:
    with pytest.raises(
        RefusedError, match=f"{FIRST_BUY} is not an unknown order of DU1; unknown there: {SELL}"
    ):
        propose(account(), FIRST_BUY, view(), is_session_over=True)


@pytest.mark.parametrize(("filled", "price"), [("-1", "100"), ("5", "0"), ("0", "100")])
def test_an_answer_that_cannot_be_is_refused(filled: str, price: str) -> None:
    with pytest.raises(RefusedError, match="cannot be"):
        resolve(account(), SELL, Answer(D(filled), D(price)), at=AT, who="me", evidence=())


@pytest.mark.parametrize(("filled", "price"), [("0", "0"), ("1", "0.01"), ("0.5", "1"), ("40", "1")])
def test_nothing_at_no_price_or_shares_at_any_price_may_be_answered(filled: str, price: str) -> None:
    record = resolve(account(), SELL, Answer(D(filled), D(price)), at=AT, who="me", evidence=())
    assert (record.filled, record.price) == (D(filled), D(price))


def test_an_answer_about_an_order_that_the_account_has_not_is_no_record() -> None:
    with pytest.raises(RefusedError, match=f"{FIRST_BUY} is not an unknown order"):
        resolve(account(), FIRST_BUY, Answer(D(0), D(0)), at=AT, who="me", evidence=())


def test_an_answer_may_be_given_again_and_replaces_the_first() -> None:
    answered = fold_orders((*begun(), resolved("40", "100")), "DU1")
    record = resolve(answered, SELL, Answer(D(0), D(0)), at=AT, who="me", evidence=())
    assert (record.reference, record.filled) == (SELL, D(0))


def test_of_the_orders_only_the_unknown_ones_are_named_as_such() -> None:
    sold = (dispatch(), fill("e.01.01", "40"), done("filled", "40"))
    over = fold_orders((intent(SELL, FIRST_BUY), *sold, dispatch(FIRST_BUY, "20"), unknown(FIRST_BUY)), "DU1")
    with pytest.raises(
        RefusedError, match=f"{SELL} is not an unknown order of DU1; unknown there: {FIRST_BUY}$"
    ):
        propose(over, SELL, view("10"), is_session_over=True)


def test_where_no_order_is_unknown_none_is_named() -> None:
    over = fold_orders((intent(SELL), dispatch(), done("filled", "40")), "DU1")
    with pytest.raises(RefusedError, match=r"unknown there: none$"):
        propose(over, SELL, view("10"), is_session_over=True)


def test_the_record_has_the_account_and_its_time_to_the_second() -> None:
    answer, late = Answer(D(0), D(0)), AT.replace(microsecond=999_999)
    record = resolve(account(), SELL, answer, at=late, who="me", evidence=())
    assert (record.account, record.at) == ("DU1", AT)


@pytest.mark.parametrize(("length", "kept"), [(1000, "a" * 1000), (1001, "a" * 999 + "…")])
def test_evidence_is_kept_up_to_a_thousand_characters(length: int, kept: str) -> None:
    answer = Answer(D(0), D(0))
    assert resolve(account(), SELL, answer, at=AT, who="me", evidence=("a" * length,)).evidence == kept


def test_the_record_says_who_and_on_what_evidence() -> None:
    record = resolve(account(), SELL, Answer(D(5), D("99.50")), at=AT, who="me\x1b[1m", evidence=("a", "b"))
    assert (record.filled, str(record.price), record.who, record.evidence) == (D(5), "99.5", "me [1m", "a; b")


def test_a_completed_order_that_says_nothing_was_filled_speaks_against_no_answer() -> None:
    seen = view(completed=(completed("Cancelled", "0"),))
    assert shown_otherwise(SELL, D(10), seen.open_orders, seen.completed, seen.executions) == ""
