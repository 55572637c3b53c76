from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from rebalplan.apply.journal.fold import fold, fold_account, fold_orders
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.journal.result import AccountResult, LineResult
from rebalplan.core.errors import JournalError
from tests.apply.journal.support import (
    EVERY_KIND,
    FIRST_BUY,
    PLAN,
    SECOND_BUY,
    SELL,
    ack,
    closed,
    commission,
    cut,
    dispatch,
    done,
    fill,
    intent,
    resolved,
    unknown,
)

D = Decimal


def account(*records: AnyRecord) -> AccountResult:
    return fold(PLAN, records).of("DU1")


def sell(*records: AnyRecord) -> LineResult:
    return account(*records).lines[0]


def test_a_line_that_was_only_intended_was_not_sent() -> None:
    assert sell(intent(SELL)).status == "not_sent"
    assert [line.reference for line in account(intent(SELL)).unsent] == [SELL, FIRST_BUY, SECOND_BUY]


def test_a_dispatched_line_waits_for_news() -> None:
    assert sell(dispatch()).status == "dispatched"
    assert sell(dispatch(), ack()).status == "working"


def test_fills_add_up_and_corrections_replace() -> None:
    line = sell(dispatch(), ack(), fill("e.01.01", "10"), fill("e.01.02", "10", "101"), fill("e.02.01", "30"))
    assert (line.filled, line.value_usd) == (D(40), D(4010))


def test_a_late_earlier_correction_is_what_was_journaled_last() -> None:
    line = sell(dispatch(), fill("e.01.02", "10", "101"), fill("e.01.01", "10", "100"))
    assert line.value_usd == D(1000)


@pytest.mark.parametrize(
    ("status", "filled", "expected"),
    [
        ("filled", "40", "filled"),
        ("cancelled", "0", "cancelled"),
        ("cancelled", "7", "partial"),
        ("rejected", "0", "rejected"),
    ],
)
def test_the_end_of_an_order_is_the_end_of_its_line(status: str, filled: str, expected: str) -> None:
    assert sell(dispatch(), ack(), done(status, filled)).status == expected


def test_an_evidenced_fill_without_its_execution_has_no_price_yet() -> None:
    result = account(dispatch(), ack(), done("filled", "40"))
    assert result.lines[0].filled == 40
    assert [order.dispatch.reference for order in result.unpriced] == [SELL]
    assert account(dispatch(), fill("e.1", "40"), done("filled", "40")).unpriced == ()


def test_without_the_plan_the_records_give_the_same_intents_orders_and_holdings() -> None:
    result, alone = account(*EVERY_KIND), fold_orders(EVERY_KIND, "DU1")
    assert (alone.intents, alone.orders) == (result.intents, result.orders)
    assert alone.reckon() == result.reckon()
    assert fold_orders(EVERY_KIND, "DU2").orders == ()


def test_the_account_is_reckoned_from_before_and_every_fill_since() -> None:
    sold = (dispatch(), fill("e.1", "40", "100"), commission("e.1"), done("filled", "40"))
    bought = (dispatch(FIRST_BUY, "20"), fill("b.1", "5", "110", FIRST_BUY))
    found = account(intent(SELL), *sold, intent(FIRST_BUY, attempt=2), *bought).reckon()
    assert {p.symbol: p.quantity for p in found.positions} == {"BND": D(10), "QQQ": D(15), "VTI": D(30)}
    assert found.cash_usd == D(1000) + 40 * 100 - 1 - 5 * 110


def test_a_fallback_belongs_to_its_line() -> None:
    line = sell(
        dispatch(),
        done("cancelled", "10"),
        fill("e.1", "10"),
        dispatch(f"{SELL}-f", "30", line=SELL, algo="none"),
        fill("f.1", "30", reference=f"{SELL}-f"),
        done("filled", "30", f"{SELL}-f"),
    )
    assert (line.status, line.filled, len(line.orders)) == ("filled", D(40), 2)


def test_a_line_waits_for_news_of_its_fallback_whatever_became_of_its_first_order() -> None:
    first = (dispatch(), done("cancelled", "10"), dispatch(f"{SELL}-f", "30", line=SELL, algo="none"))
    assert sell(*first).status == "dispatched"
    assert sell(*first, unknown(f"{SELL}-f")).status == "unknown"
    assert sell(*first, ack(f"{SELL}-f")).status == "working"


def test_commissions_are_those_of_the_fills_that_count() -> None:
    line = sell(
        dispatch(),
        fill("e.01.01", "40"),
        commission("e.01.01", "1"),
        fill("e.01.02", "40"),
        commission("x.1"),
    )
    assert line.commission_usd == 1


def test_unknown_blocks_until_it_is_resolved() -> None:
    assert sell(dispatch(), unknown()).status == "unknown"
    assert account(dispatch(), unknown()).unknown[0].note == "nobody knows"
    line = sell(dispatch(), unknown(), resolved("15", "99.5"))
    assert (line.status, line.filled, line.value_usd) == ("partial", D(15), D("1492.5"))
    assert sell(dispatch(), unknown(), resolved("0", "0")).status == "cancelled"


def test_a_resolution_takes_the_place_of_the_fills_seen_before() -> None:
    assert sell(dispatch(), fill("e.1", "5"), unknown(), resolved("15", "99")).filled == 15


def test_late_evidence_ends_an_unknown() -> None:
    assert sell(dispatch(), unknown(), ack()).status == "working"
    assert sell(dispatch(), unknown(), fill("e.1", "40"), done("filled", "40")).status == "filled"


def test_an_order_found_twice_is_unknown_although_it_was_done() -> None:
    assert sell(dispatch(), ack(), done("filled", "40"), unknown()).status == "unknown"


def test_a_cut_line_that_filled_what_was_sent_is_filled() -> None:
    lines = account(
        cut(FIRST_BUY, "5"), dispatch(FIRST_BUY, "5"), done("filled", "5", FIRST_BUY), cut(SECOND_BUY)
    ).lines
    assert [line.status for line in lines] == ["not_sent", "filled", "cut"]


def test_a_new_intent_opens_the_lines_it_names_again() -> None:
    lines = account(intent(SELL), cut(SELL), cut(FIRST_BUY), intent(SELL, attempt=2)).lines
    assert [line.status for line in lines] == ["not_sent", "cut", "not_sent"]


def test_the_last_closing_counts() -> None:
    result = account(intent(), closed("incomplete", "later"), closed("done"))
    assert result.closed == closed("done")
    assert result.closed_error == ""
    assert account().closed_error == ""


def test_every_kind_of_record_is_replayed() -> None:
    result = account(*EVERY_KIND)
    assert [line.status for line in result.lines] == ["filled", "filled", "cut"]
    assert fold_account(PLAN, EVERY_KIND, "DU1") == result
    with pytest.raises(KeyError):
        fold_account(PLAN, EVERY_KIND, "DU9")


def test_records_that_cannot_be_of_the_plan_are_refused() -> None:
    with pytest.raises(JournalError, match="dispatched twice"):
        account(dispatch(), dispatch())
    with pytest.raises(JournalError, match="before it is dispatched"):
        account(ack())
    with pytest.raises(JournalError, match="DU9"):
        account(msgspec.structs.replace(closed(), account="DU9"))


def test_later_news_of_an_order_that_is_there_twice_does_not_end_its_unknown() -> None:
    twin = msgspec.structs.replace(unknown(), is_twin=True)
    assert sell(dispatch(), ack(), twin, ack()).status == "unknown"
    assert account(dispatch(), ack(), twin, done("cancelled", "0")).lines[0].orders[0].is_doubled
    assert sell(dispatch(), ack(), twin, resolved("15", "99")).status == "partial"


def test_a_commission_is_not_known_before_that_of_every_fill_is() -> None:
    half = (dispatch(), fill("e.01.01", "10"), fill("e.02.01", "30"), commission("e.01.01"))
    (order,) = sell(*half).orders
    assert (order.commission_usd, sell(*half).commission_usd) == (None, None)
    assert sell(*half, commission("e.02.01")).commission_usd == 2


def test_a_line_that_filled_more_than_planned_is_overfilled_and_its_account_is_not_applied() -> None:
    sold = (intent(SELL), dispatch(), fill("e.1", "60"), done("filled", "60"), closed("done"))
    assert sell(*sold).status == "overfilled"
    assert not account(*sold).is_applied


def test_an_applied_account_has_nothing_under_way() -> None:
    sold = (intent(SELL), dispatch(), fill("e.1", "40"), done("filled", "40"))
    assert account(*sold, closed("done")).is_applied
    assert not account(*sold, closed("incomplete")).is_applied
    assert not account(*sold, closed("done"), dispatch(FIRST_BUY, "20")).is_applied
    assert not account().is_applied


def test_of_an_order_that_was_only_dispatched_nothing_is_known() -> None:
    (order,) = sell(dispatch()).orders
    assert (order.perm_id, order.filled, order.note, order.is_doubled, order.cancel_asked) == (
        0,
        D(0),
        "",
        False,
        False,
    )
    assert order.is_priced
    assert not order.is_over


@pytest.mark.parametrize("records", [(ack(),), (ack(), unknown(), ack())])
def test_an_acknowledged_order_has_its_number_and_is_working(records: tuple[AnyRecord, ...]) -> None:
    (order,) = sell(dispatch(), *records).orders
    assert (order.perm_id, order.status) == (70, "acknowledged")


def test_an_acknowledgement_after_the_end_changes_no_status() -> None:
    (order,) = sell(dispatch(), done("filled", "40"), ack()).orders
    assert (order.perm_id, order.status) == (70, "filled")


def test_what_a_person_resolved_replaces_what_was_seen() -> None:
    seen = (dispatch(), ack(), fill("e.1", "10", "99"), unknown())
    (order,) = sell(*seen, resolved("40", "101")).orders
    assert (order.status, order.filled, order.value_usd, order.note) == (
        "resolved",
        D(40),
        D(4040),
        "statement",
    )
    (none,) = sell(*seen, resolved("0", "0")).orders
    assert (none.fills, none.filled) == ((), D(0))


def test_an_order_that_the_broker_may_have_twice_stays_unknown_until_a_person_resolves_it() -> None:
    twin = msgspec.structs.replace(unknown(), is_twin=True)
    (order,) = sell(dispatch(), twin, unknown(), ack()).orders
    assert (order.status, order.is_doubled) == ("unknown", True)
    (order,) = sell(dispatch(), twin, resolved("40", "100")).orders
    assert (order.status, order.is_doubled) == ("resolved", False)
