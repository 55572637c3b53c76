"""What the broker says about one order, in any order and any number of times."""

from __future__ import annotations

from typing import Any

import pytest

from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.result import LineResult
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.reconcile import Lists, conclude, foreign_references
from rebalplan.core.orders import Commissioned, Noticed
from tests.apply.journal.support import PLAN, SELL, resolved
from tests.apply.support import (
    AGREE_SEC,
    AT,
    D,
    completed,
    confirm,
    execution,
    lists,
    orders_on,
    sent_orders,
    shown,
    status,
)
from tests.builders import working_order
from tests.simulation.clock import VirtualClock


def line(journal: Journal) -> LineResult:
    return journal.result().of("DU1").lines[0]


def kinds(journal: Journal) -> list[str]:
    return [type(record).__name__ for record in journal.records]


def notice(code: int, order_id: int = 7) -> Noticed:
    return Noticed(order_id=order_id, code=code, text="said")


def test_the_plain_course_of_an_order() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.record_execution(execution("e.01.01", "40"))
    orders.status(status("Filled", "40"))
    orders.commissioned(Commissioned(exec_id="e.01.01", amount=D(1)))
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Done", "Commission"]
    assert (line(journal).status, line(journal).commission_usd) == ("filled", D(1))
    assert not orders.lacks_commissions()


def test_everything_twice_is_recorded_once() -> None:
    orders, journal = sent_orders()
    for _ in range(2):
        orders.shown(shown())
        orders.record_execution(execution("e.01.01", "40"))
        orders.status(status("Filled", "40"))
        orders.commissioned(Commissioned(exec_id="e.01.01", amount=D(1)))
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Done", "Commission"]


def test_a_fill_acknowledges() -> None:
    orders, journal = sent_orders()
    orders.record_execution(execution("e.01.01", "40"))
    orders.shown(shown())
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Done"]


def test_the_filled_status_waits_for_the_executions() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.status(status("Filled", "40"))
    assert line(journal).status == "working"
    orders.record_execution(execution("e.01.01", "40", "99"))
    assert (line(journal).status, line(journal).value_usd) == ("filled", D(3960))


def test_a_status_before_the_acknowledgement_counts_once_the_two_are_tied() -> None:
    orders, journal = sent_orders()
    orders.status(status("Cancelled"))
    assert line(journal).status == "dispatched"
    orders.shown(shown())
    assert confirm(orders) == "ended"
    assert line(journal).status == "cancelled"


def test_a_status_of_another_order_with_the_same_id_is_not_ours() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.status(status("Cancelled", perm_id=999))
    assert line(journal).status == "working"


@pytest.mark.parametrize("perm_id", [0, 999])
@pytest.mark.parametrize("error_first", [False, True])
def test_error_and_status_together_reject(perm_id: int, error_first: bool) -> None:
    orders, journal = sent_orders()
    if error_first:
        orders.noticed(notice(201))
    orders.status(status("Inactive", perm_id=perm_id))
    if not error_first:
        assert line(journal).status == "dispatched"
        orders.noticed(notice(201))
    assert confirm(orders) == "ended"
    assert line(journal).status == "rejected"
    assert line(journal).orders[0].note == "said (201)"


@pytest.mark.parametrize("code", [103, 161, 201, 202, 321, 439, 10147, 10148, 10349])
def test_no_error_alone_ends_an_order(code: int) -> None:
    orders, journal = sent_orders()
    orders.noticed(notice(code))
    assert line(journal).status == "dispatched"
    assert orders.followed() == [orders.by_reference[SELL]]


def test_an_error_about_an_id_of_an_earlier_connection_is_not_ours() -> None:
    orders, _ = sent_orders()
    orders.reconnected()
    assert orders.noticed(notice(201)) is None
    orders.shown(shown(order_id=3))
    assert orders.noticed(notice(399, order_id=3)) is orders.by_reference[SELL]


def test_corrections_replace_and_late_originals_do_not() -> None:
    orders, journal = sent_orders()
    orders.record_execution(execution("e.01.10", "40", "98"))
    orders.record_execution(execution("e.01.9", "40", "99"))
    assert line(journal).value_usd == 3920


def test_a_correction_after_the_end_still_counts() -> None:
    orders, journal = sent_orders()
    orders.record_execution(execution("e.01.01", "40", "99"))
    orders.record_execution(execution("e.01.02", "40", "98"))
    assert line(journal).value_usd == 3920
    assert kinds(journal).count("Done") == 1


def test_a_commission_of_nobody_is_not_recorded() -> None:
    orders, journal = sent_orders()
    orders.commissioned(Commissioned(exec_id="x.01.01", amount=D(1)))
    assert kinds(journal) == ["Dispatch"]


def test_two_permanent_ids_for_one_reference_halt() -> None:
    orders, journal = sent_orders()
    orders.shown(shown(perm_id=70))
    orders.shown(shown(perm_id=71))
    orders.shown(shown(perm_id=71))
    assert line(journal).status == "unknown"
    assert kinds(journal).count("Unknown") == 1
    assert orders.has_unknown()


def test_a_second_order_after_the_end_of_the_first_halts_too() -> None:
    orders, journal = sent_orders()
    orders.record_execution(execution("e.01.01", "40"))
    orders.shown(shown(perm_id=71))
    assert line(journal).status == "unknown"


def test_an_acknowledgement_does_not_settle_an_order_that_the_broker_has_twice() -> None:
    orders, journal = sent_orders()
    orders.shown(shown(account="DU2"))
    orders.shown(shown())
    assert (line(journal).status, orders.has_unknown()) == ("unknown", True)


def test_an_end_does_not_settle_an_order_that_the_broker_has_twice() -> None:
    orders, journal = sent_orders()
    orders.shown(shown(perm_id=70))
    orders.shown(shown(perm_id=71))
    orders.status(status("Cancelled"))
    confirm(orders, completed("Cancelled", "0"))
    assert (line(journal).status, orders.has_unknown()) == ("unknown", True)
    orders.record_execution(execution("e.01.01", "40"))
    assert (line(journal).status, orders.has_unknown()) == ("unknown", True)


def test_our_reference_in_another_account_halts() -> None:
    orders, journal = sent_orders()
    orders.shown(shown(account="DU2"))
    assert "account DU2" in line(journal).orders[0].note


def test_what_the_broker_said_of_an_order_is_in_the_record_that_gives_it_up() -> None:
    orders, journal = sent_orders()
    (number,) = [order.order_id for order in orders.by_reference.values()]
    assert number is not None
    orders.noticed(Noticed(order_id=number, code=451, text="too\x1b[31m\n\x07much " + "x" * 1000))
    orders.give_up(orders.by_reference[SELL], "silence")
    (said,) = line(journal).orders[0].said
    assert (said.code, said.text[:14], len(said.text)) == (451, "too [31m much ", 300)
    assert line(journal).status == "unknown"


def test_of_many_errors_about_an_order_the_latest_are_kept() -> None:
    orders, journal = sent_orders()
    (number,) = [order.order_id for order in orders.by_reference.values()]
    assert number is not None
    for code in range(500, 600):
        orders.noticed(Noticed(order_id=number, code=code, text="no"))
    orders.give_up(orders.by_reference[SELL], "silence")
    assert [said.code for said in line(journal).orders[0].said] == list(range(592, 600))


def test_an_unknown_order_that_shows_up_is_followed_again() -> None:
    orders, journal = sent_orders()
    orders.give_up(orders.by_reference[SELL], "silence")
    assert (line(journal).status, orders.followed()) == ("unknown", [])
    orders.shown(shown())
    assert (line(journal).status, len(orders.followed())) == ("working", 1)


def adopted(journal: Journal, orders: LiveOrders) -> LiveOrders:
    again = orders_on(journal, orders.clock)
    again.adopt(journal.result().of("DU1").lines)
    return again


def test_an_adopted_order_goes_on_where_it_was() -> None:
    orders, journal = sent_orders()
    orders.record_execution(execution("e.01.01", "15"))
    again = adopted(journal, orders)
    again.record_execution(execution("e.01.01", "15"))
    again.record_execution(execution("e.02.01", "25"))
    assert kinds(journal) == ["Dispatch", "Ack", "Fill", "Fill", "Done"]
    assert again.by_reference[SELL].order_id is None


class TestConclude:
    def verdict(self, lists: Lists, *, is_last: bool = False, ended: str = "") -> tuple[str, str]:
        orders, journal = sent_orders()
        if ended:
            orders.shown(shown())
            orders.status(status(ended, "40"))
        verdict = conclude(orders, orders.by_reference[SELL], lists, is_last=is_last, agree_sec=AGREE_SEC)
        return verdict, line(journal).status

    def test_open(self) -> None:
        assert self.verdict(lists((), (shown(),))) == ("working", "dispatched")

    def test_absent_is_unknown_only_at_the_last(self) -> None:
        assert self.verdict(lists()) == ("absent", "dispatched")
        assert self.verdict(lists(), is_last=True) == ("absent", "unknown")

    def test_completed_waits_for_its_executions_until_the_last(self) -> None:
        assert self.verdict(lists((completed(),))) == ("unconfirmed", "dispatched")
        assert self.verdict(lists((completed(),)), is_last=True) == ("ended", "filled")

    def test_completed_without_a_fill_is_over_once_a_later_list_says_so_too(self) -> None:
        row = completed("Cancelled", "0")
        assert self.verdict(lists((row,), after_sec=0)) == ("unconfirmed", "dispatched")
        assert self.verdict(lists((row,))) == ("ended", "cancelled")

    def test_completed_twice_halts(self) -> None:
        both = (completed("Cancelled", "0", 70), completed("Filled", "40", 71))
        assert self.verdict(lists(both)) == ("ended", "unknown")

    def test_an_end_that_was_heard_needs_no_list(self) -> None:
        assert self.verdict(lists(), ended="Filled") == ("unconfirmed", "working")
        assert self.verdict(lists(), ended="Filled", is_last=True) == ("ended", "filled")


def test_foreign_references_are_those_of_this_plan_that_the_journal_does_not_know() -> None:
    prefix = SELL.removesuffix("l01")
    others = (shown(f"{prefix}l02"), shown("rb-000000000000-a01-l01"), shown("mine"), shown(SELL))
    done, dealt = (completed(),), (execution("e.1", "1", reference=f"{prefix}l03-f"),)
    found = foreign_references(prefix, [SELL], others, done, dealt)
    assert found == (f"{prefix}l02", f"{prefix}l03-f")
    assert PLAN.sha256.startswith(prefix.split("-")[1])


def test_inactive_alone_is_no_end() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.status(status("Inactive"))
    order = orders.by_reference[SELL]
    assert order.is_followed
    assert orders._deadlines.due([order]) == [order]
    assert kinds(journal) == ["Dispatch", "Ack"]
    still_open = lists((), (shown(),))
    assert conclude(orders, order, still_open, is_last=False, agree_sec=AGREE_SEC) == "working"
    orders.record_execution(execution("e.01.01", "40"))
    assert (line(journal).status, len(journal.result().of("DU1").lines[0].orders)) == ("filled", 1)


def test_inactive_and_gone_from_the_open_orders_is_an_end() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.status(status("Inactive"))
    assert confirm(orders, after_sec=0) == "unconfirmed"
    assert confirm(orders) == "ended"
    assert line(journal).status == "rejected"


def test_inactive_after_a_rejection_is_an_end() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.noticed(notice(201))
    orders.status(status("Inactive"))
    assert confirm(orders) == "ended"
    assert line(journal).status == "rejected"


@pytest.mark.parametrize("asked", [True, False])
def test_the_end_of_an_order_says_whether_we_had_asked_for_it(asked: bool) -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    if asked:
        orders.cancel_asked(orders.by_reference[SELL])
    orders.status(status("Cancelled"))
    confirm(orders)
    assert journal.result().of("DU1").lines[0].orders[0].cancel_asked is asked
    assert orders.by_reference[SELL].order.may_be_followed is asked


def test_an_order_found_twice_stays_unknown_for_the_next_process() -> None:
    orders, journal = sent_orders()
    orders.shown(shown(perm_id=70))
    orders.shown(shown(perm_id=71))
    again = orders_on(journal, VirtualClock(AT))
    again.adopt(journal.result().of("DU1").lines)
    again.reconnected()
    again.shown(shown(perm_id=70))
    again.status(status("Cancelled"))
    assert again.has_unknown()
    assert line(journal).status == "unknown"


def test_inactive_said_again_asks_no_second_time() -> None:
    orders, _journal = sent_orders()
    orders.shown(shown())
    orders.status(status("Inactive"))
    order = orders.by_reference[SELL]
    orders._deadlines.answered(order)
    orders.status(status("Inactive"))
    assert orders._deadlines.due([order]) == []


def test_an_order_that_works_again_is_not_inactive_any_more() -> None:
    orders, _journal = sent_orders()
    orders.shown(shown())
    orders.status(status("Inactive"))
    orders.status(status("Submitted"))
    assert (
        conclude(orders, orders.by_reference[SELL], lists(), is_last=False, agree_sec=AGREE_SEC) == "absent"
    )
    orders.status(status("Inactive"))
    orders.reconnected()
    assert (
        conclude(orders, orders.by_reference[SELL], lists(), is_last=False, agree_sec=AGREE_SEC) == "absent"
    )


def test_a_rejection_after_inactive_is_an_end() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.status(status("Inactive"))
    orders.noticed(notice(201))
    assert confirm(orders) == "ended"
    assert line(journal).status == "rejected"


def test_a_cancel_that_crossed_a_fill_is_over_only_when_the_lists_agree_on_the_fill() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.cancel_asked(orders.by_reference[SELL])
    orders.status(status("Cancelled"))
    assert confirm(orders, completed("Cancelled", "0"), after_sec=1) == "unconfirmed"
    assert confirm(orders, completed("Cancelled", "15")) == "unconfirmed"
    orders.record_execution(execution("e.01.01", "15"))
    assert confirm(orders, completed("Cancelled", "15")) == "ended"
    order = orders.by_reference[SELL]
    assert (line(journal).status, order.order.rest, order.order.may_be_followed) == ("partial", D(25), True)


def test_an_end_that_the_lists_never_agree_on_has_nothing_after_it() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.cancel_asked(orders.by_reference[SELL])
    orders.status(status("Cancelled"))
    disagreeing = lists((completed("Cancelled", "15"),))
    assert (
        conclude(orders, orders.by_reference[SELL], disagreeing, is_last=True, agree_sec=AGREE_SEC) == "ended"
    )
    order = orders.by_reference[SELL]
    assert (line(journal).filled, order.order.rest, order.order.may_be_followed) == (D(15), D(25), False)
    assert not line(journal).orders[0].is_agreed


def test_an_end_that_is_taken_at_the_last_although_the_order_is_listed_as_open_has_nothing_after_it() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.cancel_asked(orders.by_reference[SELL])
    orders.status(status("Cancelled"))
    still_open = lists((), (shown(),))
    assert (
        conclude(orders, orders.by_reference[SELL], still_open, is_last=True, agree_sec=AGREE_SEC) == "ended"
    )
    order = orders.by_reference[SELL]
    assert (line(journal).status, order.order.rest, order.order.may_be_followed) == (
        "cancelled",
        D(40),
        False,
    )


def test_a_completed_order_without_a_filled_quantity_is_no_agreement() -> None:
    orders, _journal = sent_orders()
    orders.shown(shown())
    assert confirm(orders, completed("Cancelled", None)) == "unconfirmed"
    assert confirm(orders, completed("Cancelled", None)) == "unconfirmed"
    orders.status(status("Cancelled", "0"))
    assert confirm(orders, completed("Cancelled", None)) == "ended"


def test_a_fill_after_the_end_counts_and_sounds_an_alarm() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.cancel_asked(orders.by_reference[SELL])
    orders.status(status("Cancelled"))
    confirm(orders)
    orders.record_execution(execution("e.01.01", "15"))
    assert line(journal).filled == D(15)
    assert line(journal).orders[0].late == D(15)
    assert not orders.by_reference[SELL].order.may_be_followed
    assert orders.alarms == (
        f"{SELL} filled 15 shares of BND, the broker had said that it ended with 0: nothing more is sent",
    )


def test_an_order_that_somebody_raised_is_not_over_at_the_shares_that_were_sent() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.shown(shown(quantity=D(60)))
    orders.record_execution(execution("e.01.01", "40"))
    assert (line(journal).status, len(orders.alarms)) == ("working", 1)
    orders.record_execution(execution("e.02.01", "20"))
    assert (line(journal).status, line(journal).filled) == ("overfilled", D(60))
    assert kinds(journal) == ["Dispatch", "Ack", "Changed", "Fill", "Fill", "Done"]


def test_more_fills_than_were_sent_sound_an_alarm_although_nobody_told_of_a_change() -> None:
    orders, journal = sent_orders()
    orders.shown(shown())
    orders.record_execution(execution("e.01.01", "60"))
    assert orders.alarms == (f"{SELL} filled 60 shares of BND, 40 were sent: nothing more is sent",)
    assert line(journal).status == "overfilled"


@pytest.mark.parametrize("change", [{"quantity": D(30)}, {"order_type": "LMT"}])
def test_a_change_that_cannot_fill_more_is_recorded_once_and_stops_nothing(change: dict[str, Any]) -> None:
    orders, journal = sent_orders()
    for _ in range(2):
        orders.shown(shown(**change))
    assert kinds(journal) == ["Dispatch", "Ack", "Changed"]
    assert orders.alarms == ()


def test_an_order_that_works_under_another_client_id_has_no_number_of_ours() -> None:
    orders, _journal = sent_orders()
    orders.reconnected()
    orders.shown(shown(client_id=43))
    assert (orders.by_reference[SELL].order_id, orders.by_reference[SELL].owner) == (None, 43)


class TestContestedEnd:
    """An order that is over by all that was reported, and works at the broker."""

    def filled(self) -> tuple[LiveOrders, Journal]:
        orders, journal = sent_orders()
        orders.shown(shown())
        orders.record_execution(execution("e.01.01", "40"))
        return orders, journal

    def test_in_the_list_of_open_orders_it_is_followed_again_and_stops_the_account(self) -> None:
        orders, journal = self.filled()
        assert line(journal).status == "filled"
        orders.contest_ends((working_order("BND", order_ref=SELL, perm_id=70, quantity=D(60)),))
        assert (line(journal).status, line(journal).filled) == ("working", D(40))
        assert [order.reference for order in orders.followed()] == [SELL]
        assert orders.alarms == (
            f"{SELL} is over with 40 shares by all that was reported, but works at the broker for 60: nothing more is "
            "sent, --resume follows it",
        )
        assert kinds(journal)[-3:] == ["Done", "Unknown", "Ack"]

    def test_the_next_process_follows_it_to_an_end_of_its_own(self) -> None:
        orders, journal = self.filled()
        orders.contest_ends((shown(quantity=D(60)),))
        again = adopted(journal, orders)
        assert again.followed()
        again.shown(shown(quantity=D(60)))
        again.record_execution(execution("e.02.01", "20"))
        assert (line(journal).status, line(journal).filled) == ("overfilled", D(60))

    def test_a_cancel_that_the_lists_had_confirmed_holds_no_longer(self) -> None:
        orders, journal = sent_orders()
        orders.shown(shown())
        order = orders.by_reference[SELL]
        orders.cancel_asked(order)
        orders.status(status("Cancelled", "15"))
        orders.record_execution(execution("e.01.01", "15"))
        assert confirm(orders) == "ended"
        assert order.order.may_be_followed
        orders.contest_ends((shown(),))
        assert not order.order.may_be_followed
        assert line(journal).status == "working"
        orders.status(status("Cancelled", "15"))
        assert confirm(orders) == "ended"
        assert (line(journal).status, order.order.may_be_followed) == ("partial", True)

    def test_a_change_that_is_told_after_all_that_was_sent_had_filled_opens_it_again(self) -> None:
        orders, journal = self.filled()
        orders.shown(shown(quantity=D(60)))
        assert (line(journal).status, len(orders.alarms)) == ("working", 1)
        assert kinds(journal)[-3:] == ["Unknown", "Ack", "Changed"]

    def test_an_acknowledgement_that_comes_late_opens_nothing(self) -> None:
        orders, journal = self.filled()
        orders.shown(shown())
        assert (line(journal).status, orders.alarms) == ("filled", ())

    def test_what_is_listed_as_filled_more_is_not_opened_by_that_quantity(self) -> None:
        orders, journal = sent_orders()
        orders.shown(shown())
        orders.record_execution(execution("e.01.01", "60"))
        orders.shown(shown(quantity=D(60)))
        assert line(journal).status == "overfilled"

    def test_others_and_what_is_not_over_are_left_as_they_are(self) -> None:
        orders, journal = sent_orders()
        orders.contest_ends((working_order("QQQ"), working_order("BND", order_ref=SELL, perm_id=70)))
        assert (kinds(journal), orders.alarms) == (["Dispatch"], ())

    def test_under_another_permanent_id_it_is_a_second_order(self) -> None:
        orders, journal = self.filled()
        orders.contest_ends((shown(perm_id=71),))
        assert (line(journal).status, orders.by_reference[SELL].order.is_doubled) == ("unknown", True)

    def test_never_acknowledged_it_is_acknowledged_by_that_list(self) -> None:
        orders, journal = sent_orders()
        order = orders.by_reference[SELL]
        orders.end(order, "Cancelled", D(0))
        assert confirm(orders) == "ended"
        orders.contest_ends((shown(),))
        assert (line(journal).status, order.order.perm_id, order.is_followed) == ("working", 70, True)

    def test_without_a_permanent_id_nobody_knows_what_works(self) -> None:
        orders, journal = sent_orders()
        orders.end(orders.by_reference[SELL], "Cancelled", D(0))
        assert confirm(orders) == "ended"
        orders.contest_ends((shown(perm_id=0),))
        assert (line(journal).status, orders.has_unknown()) == ("unknown", True)


class TestResolved:
    def orders(self, filled: str) -> tuple[LiveOrders, Journal]:
        orders, journal = sent_orders()
        orders.give_up(orders.by_reference[SELL], "silence")
        journal.append(resolved(filled, "100" if D(filled) else "0"))
        again = orders_on(journal, orders.clock)
        again.adopt(journal.result().of("DU1").lines)
        return again, journal

    def test_working_again_it_is_unknown_again(self) -> None:
        orders, journal = self.orders("0")
        orders.shown(shown())
        assert (line(journal).status, orders.has_unknown(), len(orders.alarms)) == ("unknown", True, 1)

    def test_listed_as_working_it_is_unknown_again(self) -> None:
        orders, journal = self.orders("0")
        orders.check_resolved((shown(),), (), ())
        assert line(journal).status == "unknown"
        assert "RB512" in orders.alarms[0]

    def test_filled_after_all_the_fills_count_and_stop_the_account(self) -> None:
        orders, journal = self.orders("0")
        dealt = execution("e.01.01", "40")
        orders.record_execution(dealt)
        orders.check_resolved((), (), (dealt,))
        assert (line(journal).status, line(journal).filled, len(orders.alarms)) == ("filled", D(40), 1)

    def test_completed_with_more_than_the_answer_it_is_unknown_again(self) -> None:
        orders, journal = self.orders("0")
        orders.check_resolved((), (completed("Filled", "40"),), ())
        assert line(journal).status == "unknown"

    def test_a_list_that_shows_it_is_not_for_its_end_to_be_contested(self) -> None:
        orders, journal = self.orders("0")
        orders.contest_ends((shown(),))
        assert (kinds(journal)[-1], orders.alarms) == ("Resolved", ())

    def test_as_answered_it_stays_resolved(self) -> None:
        orders, journal = self.orders("40")
        dealt = execution("e.01.01", "40")
        orders.record_execution(dealt)
        orders.check_resolved((), (completed("Filled", "40"),), (dealt,))
        assert (line(journal).status, orders.alarms) == ("filled", ())
