"""What is said of an account when it is closed, line by line and order by order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.apply.closing import out_of_reach, unfinished
from rebalplan.apply.journal.fold import fold_account, orders_of
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.order import LiveOrder
from tests.apply.journal.support import (
    FIRST_BUY,
    PLAN,
    SECOND_BUY,
    SELL,
    ack,
    cut,
    dispatch,
    done,
    fill,
    intent,
)
from tests.apply.journal.support import unknown as not_known
from tests.apply.support import AT

D = Decimal

SETTLED: tuple[AnyRecord, ...] = (cut(FIRST_BUY), cut(SECOND_BUY))
"""The two buys were not paid for: nothing is said of them."""


def said(*records: AnyRecord) -> list[str]:
    """Return what is said after these records about the sell, the buys being settled."""
    result = fold_account(PLAN, (intent(SELL, FIRST_BUY, SECOND_BUY), *SETTLED, *records), "DU1")
    return unfinished(result)


def test_each_line_that_was_not_sent_is_named_with_its_side() -> None:
    result = fold_account(PLAN, (intent(SELL, FIRST_BUY, SECOND_BUY),), "DU1")
    assert unfinished(result) == [
        "sell BND was not sent",
        "buy QQQ was not sent",
        "buy VTI was not sent",
    ]


def test_a_line_that_was_filled_needs_no_word() -> None:
    assert said(dispatch(), fill("e.01.01", "40"), done("filled", "40")) == []


def test_a_buy_that_cash_did_not_cover_needs_no_word() -> None:
    records = (intent(FIRST_BUY), dispatch(), fill("e.01.01", "40"), done("filled", "40"), cut(SECOND_BUY))
    assert unfinished(fold_account(PLAN, (*records, cut(FIRST_BUY)), "DU1")) == []
    assert unfinished(fold_account(PLAN, records, "DU1")) == ["buy QQQ was not sent"]


def test_a_line_that_a_check_refused_was_left_out() -> None:
    assert said(cut(SELL, is_refusal=True)) == ["sell BND was left out"]


def test_a_line_that_was_made_smaller_but_never_left_was_not_sent() -> None:
    assert said(cut(SELL, "5")) == ["sell BND was not sent"]
    assert said(cut(SELL, "5", is_refusal=True)) == ["sell BND was not sent"]


def test_a_refusal_of_a_line_that_was_sent_leaves_it_to_its_order() -> None:
    sold = (dispatch(SELL, "30"), fill("e.01.01", "30"), done("filled", "30"))
    assert said(*sold, cut(SELL, is_refusal=True)) == []
    assert said(dispatch(), cut(SELL, is_refusal=True)) == ["sell BND is dispatched, 0 of 40 filled"]


def test_more_shares_than_planned_are_told_with_both_figures() -> None:
    assert said(dispatch(), fill("e.01.01", "41"), done("filled", "40")) == [
        "sell BND filled 41 shares, more than the 40 planned: look at the account, then plan again"
    ]


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        ((), "sell BND is dispatched, 0 of 40 filled"),
        ((ack(),), "sell BND is working, 0 of 40 filled"),
        ((ack(), fill("e.01.01", "15")), "sell BND is working, 15 of 40 filled"),
        ((fill("e.01.01", "15"), not_known()), "sell BND is unknown, 15 of 40 filled"),
        ((fill("e.01.01", "15"), done("cancelled", "15")), "sell BND is partial, 15 of 40 filled"),
        ((done("cancelled", "0"),), "sell BND is cancelled, 0 of 40 filled"),
        ((done("rejected", "0"),), "sell BND is rejected, 0 of 40 filled"),
    ],
)
def test_a_line_without_all_its_shares_says_how_it_stands(
    records: tuple[AnyRecord, ...], sentence: str
) -> None:
    assert said(dispatch(), *records) == [sentence]


def test_of_a_line_with_a_fallback_the_shares_of_the_first_order_are_what_was_wanted() -> None:
    fallback = f"{SELL}-f"
    records = (
        dispatch(),
        fill("e.01.01", "15"),
        done("cancelled", "15"),
        dispatch(fallback, "25", line=SELL, algo="none"),
    )
    assert said(*records, done("cancelled", "0", fallback)) == ["sell BND is partial, 15 of 40 filled"]
    assert said(*records, fill("f.01.01", "25", reference=fallback), done("filled", "25", fallback)) == []


def test_a_filled_line_whose_executions_are_not_all_there_is_told() -> None:
    sentence = "sell BND is filled but the broker has not shown every execution"
    assert said(dispatch(), fill("e.01.01", "39"), done("filled", "40")) == [sentence]
    fallback = f"{SELL}-f"
    followed = (
        dispatch(),
        done("cancelled", "15"),
        dispatch(fallback, "25", line=SELL, algo="none"),
        fill("f.01.01", "25", reference=fallback),
        done("filled", "25", fallback),
    )
    assert said(*followed) == [sentence]


def order(reference: str = SELL, *, over: bool = False, owner: int | None = None) -> LiveOrder:
    records = [done("cancelled", "0", reference)] if over else []
    (result,) = orders_of([dispatch(reference), *records])
    return LiveOrder(result, AT, owner=owner)


def test_an_order_that_works_under_another_client_id_is_out_of_reach() -> None:
    orders = [order(SELL, owner=7), order(FIRST_BUY), order(SECOND_BUY, over=True, owner=7)]
    assert out_of_reach(orders, 42) == [
        f"{SELL} works under client id 7, ours is 42: cancel it in TWS",
    ]


def test_client_id_0_owns_an_order_too() -> None:
    assert out_of_reach([order(SELL, owner=0)], 42) == [
        f"{SELL} works under client id 0, ours is 42: cancel it in TWS",
    ]
