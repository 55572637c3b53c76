"""What the broker says about one order, in any order and any number of times."""

from __future__ import annotations

import pytest

from rebalplan.apply.book import Book
from rebalplan.apply.reconcile import Lists, conclude, foreign_references
from rebalplan.journal.journal import Journal
from rebalplan.journal.result import LineResult
from rebalplan.orders import Commissioned, Noticed
from tests.apply.support import AT, D, completed, execution, sent_book, shown, status
from tests.journal.support import PLAN, SELL
from tests.simulation.clock import VirtualClock


def line(journal: Journal) -> LineResult:
    return journal.result().of("DU1").lines[0]


def kinds(journal: Journal) -> list[str]:
    return [type(record).__name__ for record in journal.records]


def notice(code: int, order_id: int = 7) -> Noticed:
    return Noticed(order_id=order_id, code=code, text="said")


def test_the_plain_course_of_an_order() -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.record_execution(execution("e.01.01", "40"))
    book.status(status("Filled", "40"))
    book.commissioned(Commissioned(exec_id="e.01.01", amount=D(1)))
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Done", "Commission"]
    assert (line(journal).status, line(journal).commission_usd) == ("filled", D(1))
    assert not book.lacks_commissions()


def test_everything_twice_is_recorded_once() -> None:
    book, journal = sent_book()
    for _ in range(2):
        book.shown(shown())
        book.record_execution(execution("e.01.01", "40"))
        book.status(status("Filled", "40"))
        book.commissioned(Commissioned(exec_id="e.01.01", amount=D(1)))
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Done", "Commission"]


def test_a_fill_acknowledges() -> None:
    book, journal = sent_book()
    book.record_execution(execution("e.01.01", "40"))
    book.shown(shown())
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Done"]


def test_the_filled_status_waits_for_the_executions() -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.status(status("Filled", "40"))
    assert line(journal).status == "working"
    book.record_execution(execution("e.01.01", "40", "99"))
    assert (line(journal).status, line(journal).value_usd) == ("filled", D(3960))


def test_a_status_before_the_acknowledgement_counts_once_the_two_are_tied() -> None:
    book, journal = sent_book()
    book.status(status("Cancelled"))
    assert line(journal).status == "dispatched"
    book.shown(shown())
    assert line(journal).status == "cancelled"


def test_a_status_of_another_order_with_the_same_id_is_not_ours() -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.status(status("Cancelled", perm_id=999))
    assert line(journal).status == "working"


@pytest.mark.parametrize("perm_id", [0, 999])
@pytest.mark.parametrize("error_first", [False, True])
def test_error_and_status_together_reject(perm_id: int, error_first: bool) -> None:
    book, journal = sent_book()
    if error_first:
        book.noticed(notice(201))
    book.status(status("Inactive", perm_id=perm_id))
    if not error_first:
        assert line(journal).status == "dispatched"
        book.noticed(notice(201))
    assert line(journal).status == "rejected"
    assert line(journal).orders[0].note == "said (201)"


@pytest.mark.parametrize("code", [103, 161, 201, 202, 321, 439, 10147, 10148, 10349])
def test_no_error_alone_ends_an_order(code: int) -> None:
    book, journal = sent_book()
    book.noticed(notice(code))
    assert line(journal).status == "dispatched"
    assert book.followed() == [book.orders[SELL]]


def test_an_error_about_an_id_of_an_earlier_connection_is_not_ours() -> None:
    book, _ = sent_book()
    book.reconnected()
    assert book.noticed(notice(201)) is None
    book.shown(shown(order_id=3))
    assert book.noticed(notice(399, order_id=3)) is book.orders[SELL]


def test_corrections_replace_and_late_originals_do_not() -> None:
    book, journal = sent_book()
    book.record_execution(execution("e.01.10", "40", "98"))
    book.record_execution(execution("e.01.9", "40", "99"))
    assert line(journal).value_usd == 3920


def test_a_correction_after_the_end_still_counts() -> None:
    book, journal = sent_book()
    book.record_execution(execution("e.01.01", "40", "99"))
    book.record_execution(execution("e.01.02", "40", "98"))
    assert line(journal).value_usd == 3920
    assert kinds(journal).count("Done") == 1


def test_a_commission_of_nobody_is_not_recorded() -> None:
    book, journal = sent_book()
    book.commissioned(Commissioned(exec_id="x.01.01", amount=D(1)))
    assert kinds(journal) == ["Dispatch"]


def test_two_permanent_ids_for_one_reference_halt() -> None:
    book, journal = sent_book()
    book.shown(shown(perm_id=70))
    book.shown(shown(perm_id=71))
    book.shown(shown(perm_id=71))
    assert line(journal).status == "unknown"
    assert kinds(journal).count("Unknown") == 1
    assert book.has_unknown()


def test_a_second_order_after_the_end_of_the_first_halts_too() -> None:
    book, journal = sent_book()
    book.record_execution(execution("e.01.01", "40"))
    book.shown(shown(perm_id=71))
    assert line(journal).status == "unknown"


def test_our_reference_in_another_account_halts() -> None:
    book, journal = sent_book()
    book.shown(shown(account="DU2"))
    assert "account DU2" in line(journal).orders[0].note


def test_an_unknown_order_that_shows_up_is_followed_again() -> None:
    book, journal = sent_book()
    book.give_up(book.orders[SELL], "silence")
    assert (line(journal).status, book.followed()) == ("unknown", [])
    book.shown(shown())
    assert (line(journal).status, len(book.followed())) == ("working", 1)


def adopted(journal: Journal, book: Book) -> Book:
    again = Book("DU1", journal, book._clock)
    again.adopt(journal.result().of("DU1").lines)
    return again


def test_an_adopted_order_goes_on_where_it_was() -> None:
    book, journal = sent_book()
    book.record_execution(execution("e.01.01", "15"))
    again = adopted(journal, book)
    again.record_execution(execution("e.01.01", "15"))
    again.record_execution(execution("e.02.01", "25"))
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Fill", "Done"]
    assert again.orders[SELL].order_id is None


class TestConclude:
    def verdict(self, lists: Lists, *, is_last: bool = False, ended: str = "") -> tuple[str, str]:
        book, journal = sent_book()
        if ended:
            book.shown(shown())
            book.status(status(ended, "40"))
        verdict = conclude(book, book.orders[SELL], lists, is_last=is_last)
        return verdict, line(journal).status

    def test_open(self) -> None:
        assert self.verdict(Lists((), (shown(),))) == ("open", "dispatched")

    def test_absent_is_unknown_only_at_the_last(self) -> None:
        assert self.verdict(Lists((), ())) == ("absent", "dispatched")
        assert self.verdict(Lists((), ()), is_last=True) == ("absent", "unknown")

    def test_completed_waits_for_its_executions_until_the_last(self) -> None:
        assert self.verdict(Lists((completed(),), ())) == ("short", "dispatched")
        assert self.verdict(Lists((completed(),), ()), is_last=True) == ("over", "filled")

    def test_completed_without_a_fill_is_over(self) -> None:
        assert self.verdict(Lists((completed("Cancelled", "0"),), ())) == ("over", "cancelled")

    def test_completed_twice_halts(self) -> None:
        both = (completed("Cancelled", "0", 70), completed("Filled", "40", 71))
        assert self.verdict(Lists(both, ())) == ("over", "unknown")

    def test_an_end_that_was_heard_needs_no_list(self) -> None:
        assert self.verdict(Lists((), ()), ended="Filled") == ("short", "working")
        assert self.verdict(Lists((), ()), ended="Filled", is_last=True) == ("over", "filled")


def test_foreign_references_are_those_of_this_plan_that_the_journal_does_not_know() -> None:
    prefix = SELL.removesuffix("l01")
    others = (shown(f"{prefix}l02"), shown("rb-000000000000-a01-l01"), shown("mine"), shown(SELL))
    done, dealt = (completed(),), (execution("e.1", "1", reference=f"{prefix}l03-f"),)
    found = foreign_references(prefix, [SELL], others, done, dealt)
    assert found == (f"{prefix}l02", f"{prefix}l03-f")
    assert PLAN.sha256.startswith(prefix.split("-")[1])


def test_inactive_alone_is_no_end() -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.status(status("Inactive"))
    order = book.orders[SELL]
    assert order.is_followed
    assert order.ask_at is not None
    assert kinds(journal) == ["Dispatch", "Ack"]
    still_open = Lists((), (shown(),))
    assert conclude(book, order, still_open, is_last=False) == "open"
    book.record_execution(execution("e.01.01", "40"))
    assert (line(journal).status, len(journal.result().of("DU1").lines[0].orders)) == ("filled", 1)


def test_inactive_and_gone_from_the_open_orders_is_an_end() -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.status(status("Inactive"))
    assert conclude(book, book.orders[SELL], Lists((), ()), is_last=False) == "over"
    assert line(journal).status == "rejected"


def test_inactive_after_a_rejection_is_an_end() -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.noticed(notice(201))
    book.status(status("Inactive"))
    assert line(journal).status == "rejected"


@pytest.mark.parametrize("asked", [True, False])
def test_the_end_of_an_order_says_whether_we_had_asked_for_it(asked: bool) -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.orders[SELL].was_cancelled_by_us = asked
    book.status(status("Cancelled"))
    assert journal.result().of("DU1").lines[0].orders[0].cancel_asked is asked
    assert book.orders[SELL].may_be_followed is asked


def test_an_order_found_twice_stays_unknown_for_the_next_process() -> None:
    book, journal = sent_book()
    book.shown(shown(perm_id=70))
    book.shown(shown(perm_id=71))
    again = Book("DU1", journal, VirtualClock(AT))
    again.adopt(journal.result().of("DU1").lines)
    again.reconnected()
    again.shown(shown(perm_id=70))
    again.status(status("Cancelled"))
    assert again.has_unknown()
    assert line(journal).status == "unknown"


def test_inactive_said_again_asks_no_second_time() -> None:
    book, _journal = sent_book()
    book.shown(shown())
    book.status(status("Inactive"))
    order = book.orders[SELL]
    order.ask_at = None
    book.status(status("Inactive"))
    assert order.ask_at is None


def test_an_order_that_works_again_is_not_inactive_any_more() -> None:
    book, _journal = sent_book()
    book.shown(shown())
    book.status(status("Inactive"))
    book.status(status("Submitted"))
    assert conclude(book, book.orders[SELL], Lists((), ()), is_last=False) == "absent"
    book.status(status("Inactive"))
    book.reconnected()
    assert conclude(book, book.orders[SELL], Lists((), ()), is_last=False) == "absent"


def test_a_rejection_after_inactive_is_an_end() -> None:
    book, journal = sent_book()
    book.shown(shown())
    book.status(status("Inactive"))
    book.noticed(notice(201))
    assert line(journal).status == "rejected"
