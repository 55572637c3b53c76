"""Faults about what the broker evidenced: an end is believed too early, a change, a fill or a twin is not noticed."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ORDER_RESULT = "rebalplan/apply/journal/order_result.py"
_FOLD = "rebalplan/apply/journal/fold.py"
_LIVE_ORDERS = "rebalplan/apply/live_orders.py"
_RECORDS = "rebalplan/apply/order_records.py"
_EXECUTOR = "rebalplan/apply/executor.py"
_LINES = "rebalplan/apply/line_orders.py"
_ORDER = "rebalplan/apply/order.py"
_RECONCILE = "rebalplan/apply/reconcile.py"
_RESULT = "rebalplan/apply/journal/result.py"
_TESTS = "tests/apply/test_live_orders.py::"

EVIDENCE: tuple[Mutant, ...] = (
    Mutant(
        "what the broker said of an order that nobody knows the end of is lost",
        _RECORDS,
        "                said=live.said,\n",
        "",
        f"{_TESTS}test_what_the_broker_said_of_an_order_is_in_the_record_that_gives_it_up",
    ),
    Mutant(
        "an end with a rest is confirmed at its first word",
        _RECONCILE,
        "is_old_enough = (lists.asked_at - live.ended_at).total_seconds() >= agree_sec",
        "is_old_enough = (lists.asked_at - live.ended_at).total_seconds() >= 0",
        f"{_TESTS}test_a_cancel_that_crossed_a_fill_is_over_only_when_the_lists_agree_on_the_fill",
    ),
    Mutant(
        "executions and completed orders are not compared before an end is agreed on",
        _RECONCILE,
        "return live.order.executed == filled and not _is_open(live, lists)",
        "return not _is_open(live, lists)",
        f"{_TESTS}test_a_cancel_that_crossed_a_fill_is_over_only_when_the_lists_agree_on_the_fill",
    ),
    Mutant(
        "an end is agreed on although the order is still open",
        _RECONCILE,
        "return live.order.executed == filled and not _is_open(live, lists)",
        "return live.order.executed == filled",
        "tests/apply/test_reconcile.py::test_an_end_is_not_agreed_on_while_the_order_is_still_listed_as_open",
    ),
    Mutant(
        "a completed order that does not say how much was filled is an agreement",
        _RECONCILE,
        "if not said and not live.is_end_counted:",
        "if not said and live.is_end_counted:",
        f"{_TESTS}test_a_completed_order_without_a_filled_quantity_is_no_agreement",
    ),
    Mutant(
        "the second list of open orders is not believed",
        _RECONCILE,
        "return Lists(asked_at, completed, after)",
        "return Lists(asked_at, completed, before)",
        "tests/apply/test_reconcile.py::test_an_order_that_only_the_second_list_of_open_orders_has_is_open",
    ),
    Mutant(
        "open orders are asked for once",
        _RECONCILE,
        "    after = link.open_orders(orders.account)\n",
        "    after = before\n",
        "tests/apply/test_reconcile.py::test_open_orders_are_asked_before_and_after_completed_orders_and_executions",
    ),
    Mutant(
        "an order that is listed twice is one",
        _RECONCILE,
        "if len({live.order.perm_id, *(c.perm_id for c in done)} - {0}) > 1:",
        "if len({live.order.perm_id, *(c.perm_id for c in done)} - {0}) > 2:",
        f"{_TESTS}TestConclude::test_completed_twice_halts",
    ),
    Mutant(
        "a fallback follows an end that the lists do not agree on",
        _ORDER_RESULT,
        "if not self.is_agreed or not self.is_priced or self.late:",
        "if not self.is_priced or self.late:",
        f"{_TESTS}test_an_end_that_is_taken_at_the_last_although_the_order_is_listed_as_open_has_nothing_after_it",
    ),
    Mutant(
        "a fallback follows an order that somebody else cancelled",
        _ORDER_RESULT,
        'return self.status == "rejected" or (self.status == "cancelled" and self.cancel_asked)',
        'return self.status in ("rejected", "cancelled")',
        "tests/simulation/test_evidence.py::test_an_order_that_somebody_else_cancels_has_no_fallback",
    ),
    Mutant(
        "a fallback of a sell is for the planned quantity",
        _LINES,
        "return fallback_ticket(self._plan, order, order.rest)",
        "return fallback_ticket(self._plan, order, order.dispatch.quantity)",
        "tests/apply/test_line_orders.py::test_a_fallback_is_for_what_the_dead_order_left[2-SELL]",
    ),
    Mutant(
        "a fallback of a buy is for the planned quantity",
        _LINES,
        "rests = [(order.reference, order.rest) for",
        "rests = [(order.reference, order.dispatch.quantity) for",
        "tests/apply/test_line_orders.py::test_a_fallback_is_for_what_the_dead_order_left[3-BUY]",
    ),
    Mutant(
        "a late fill raises no alarm",
        _LIVE_ORDERS,
        "        if live.order.late:\n            self._alarms.filled_late(live.order)\n        elif",
        "        if",
        f"{_TESTS}test_a_fill_after_the_end_counts_and_sounds_an_alarm",
    ),
    Mutant(
        "more fills than were sent raise no alarm",
        _LIVE_ORDERS,
        "elif live.order.executed > live.order.dispatch.quantity:\n            self._alarms.overfilled(live.order)",
        "elif live.order.executed > live.order.dispatch.quantity:\n            pass",
        f"{_TESTS}test_more_fills_than_were_sent_sound_an_alarm_although_nobody_told_of_a_change",
    ),
    Mutant(
        "a fallback works on after a late fill",
        _EXECUTOR,
        "return first is not order and (bool(first.order.late) or not first.order.is_over)",
        "return first is not order and not first.order.is_over",
        "tests/apply/test_account.py::test_an_order_that_filled_more_after_its_cancel_has_its_fallback_cancelled_at_once",
    ),
    Mutant(
        "a raised order is closed at the quantity that was sent",
        _RECORDS,
        "if order.executed >= max(order.most, live.end_filled):",
        "if order.executed >= max(order.dispatch.quantity, live.end_filled):",
        f"{_TESTS}test_an_order_that_somebody_raised_is_not_over_at_the_shares_that_were_sent",
    ),
    Mutant(
        "a change at the broker is not recorded",
        _LIVE_ORDERS,
        "elif not live.order.is_over:\n            self._note_change(live, found)",
        "elif live.is_unknown:\n            self._note_change(live, found)",
        f"{_TESTS}test_a_change_that_cannot_fill_more_is_recorded_once_and_stops_nothing",
    ),
    Mutant(
        "an order that somebody raised stops nothing",
        _LIVE_ORDERS,
        "live.order.working_quantity > live.order.dispatch.quantity:",
        "live.order.working_quantity > 2 * live.order.dispatch.quantity:",
        f"{_TESTS}test_an_order_that_somebody_raised_is_not_over_at_the_shares_that_were_sent",
    ),
    Mutant(
        "a line that filled more than planned is filled",
        _RESULT,
        'return "overfilled"',
        'return "filled"',
        "tests/apply/journal/test_result.py::test_a_line_that_filled_more_than_planned_is_overfilled_and_its_account_is_not_"
        "applied",
    ),
    Mutant(
        "an account is applied although a line filled more than planned",
        _RESULT,
        "return not any(line.is_overfilled for line in self.lines)",
        "return True",
        "tests/apply/journal/test_result.py::test_a_line_that_filled_more_than_planned_is_overfilled_and_its_account_is_not_"
        "applied",
    ),
    Mutant(
        "an order id of another client id is taken for ours",
        _LIVE_ORDERS,
        "if found.client_id == self._client_id:",
        "if found.order_id:",
        f"{_TESTS}test_an_order_that_works_under_another_client_id_has_no_number_of_ours",
    ),
    Mutant(
        "order ids of an earlier connection are kept",
        _LIVE_ORDERS,
        "live.order_id, live.owner, live.is_left_working, live.inactive_filled = None, None, False, None",
        "live.owner, live.is_left_working, live.inactive_filled = None, False, None",
        f"{_TESTS}test_an_error_about_an_id_of_an_earlier_connection_is_not_ours",
    ),
    Mutant(
        "an acknowledgement settles an order that is there twice",
        _FOLD,
        'is_news = order.status in ("dispatched", "unknown") and not order.is_doubled',
        'is_news = order.status in ("dispatched", "unknown")',
        f"{_TESTS}test_an_acknowledgement_does_not_settle_an_order_that_the_broker_has_twice",
    ),
    Mutant(
        "an order that is there twice is not unknown any more once it ended",
        _ORDER,
        'return self.order.status == "unknown" and (self.order.is_doubled or not self.end_status)',
        'return self.order.status == "unknown" and not self.end_status',
        f"{_TESTS}test_an_end_does_not_settle_an_order_that_the_broker_has_twice",
    ),
    Mutant(
        "fills settle an order that is there twice",
        _RECORDS,
        "if order.is_over or order.is_doubled:",
        "if order.is_over:",
        f"{_TESTS}test_an_end_does_not_settle_an_order_that_the_broker_has_twice",
    ),
    Mutant(
        "our reference in another account is ours",
        _LIVE_ORDERS,
        "        if account != self.account:\n",
        "        if not account:\n",
        f"{_TESTS}test_our_reference_in_another_account_halts",
    ),
    Mutant(
        "Inactive is an end",
        _LIVE_ORDERS,
        "if event.status == INACTIVE and not live.is_rejected:",
        "if event.status == INACTIVE and live.is_rejected:",
        f"{_TESTS}test_inactive_alone_is_no_end",
    ),
    Mutant(
        "corrections of an execution are added up",
        _FOLD,
        "order, shown=tuple((fills | {correction_root(record.exec_id): record}).values())",
        "order, shown=tuple((fills | {record.exec_id: record}).values())",
        f"{_TESTS}test_a_correction_after_the_end_still_counts",
    ),
    Mutant(
        "a person is proposed the sum of an execution and its correction",
        "rebalplan/core/orders.py",
        "last[correction_root(execution.exec_id)] = execution",
        "last[execution.exec_id] = execution",
        "tests/apply/test_resolve.py::test_corrections_count_once",
    ),
)
