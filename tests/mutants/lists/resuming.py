"""Faults after a crash or an unknown order: a resume sends what it should ask about, or an answer is believed."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ORDER_RESULT = "rebalplan/apply/journal/order_result.py"
_EXECUTOR = "rebalplan/apply/executor.py"
_LIVE_ORDERS = "rebalplan/apply/live_orders.py"
_RESOLVE = "rebalplan/apply/resolve.py"
_STAGES = "rebalplan/apply/stages.py"
_TURN = "rebalplan/apply/account.py"
_PLAIN = "tests/apply/test_stages.py::test_the_rest_of_an_order_whose_end_is_not_plain_is_never_sent"

RESUMING: tuple[Mutant, ...] = (
    Mutant(
        "a resume asks without a quiet period",
        _TURN,
        "            self._context.clock.sleep(self._context.timing.quiet_sec)\n",
        "            self._context.clock.sleep(0)\n",
        "tests/apply/test_account.py::test_a_resume_waits_a_quiet_while_before_it_asks_about_an_order_under_way",
    ),
    Mutant(
        "after a lost connection nobody asks what became of the orders",
        _TURN,
        "            if not isinstance(error, LinkDownError):\n"
        "                self._follow_up()\n"
        "        return self._close()\n",
        "        return self._close()\n",
        "tests/apply/test_account.py::test_after_a_lost_connection_what_was_sent_is_asked_about_at_once",
    ),
    Mutant(
        "an account that was begun goes on without --resume",
        _STAGES,
        "    if not selection.resume:\n",
        "    if selection.resume and not result.unsent:\n",
        "tests/apply/test_stages.py::test_a_begun_account_goes_on_only_with_resume",
    ),
    Mutant(
        "an applied account is applied again",
        _STAGES,
        "    if result.is_applied:\n",
        "    if result.is_applied and selection.resume:\n",
        "tests/apply/test_stages.py::test_a_done_account_is_never_applied_again",
    ),
    Mutant(
        "an unknown order does not block its account",
        _STAGES,
        "    if result.unknown:\n",
        "    if result.unknown[1:]:\n",
        "tests/apply/test_stages.py::test_an_unknown_order_blocks_and_names_the_command_that_settles_it",
    ),
    Mutant(
        "an unknown order is over",
        _ORDER_RESULT,
        'return self.status in ("filled", "cancelled", "rejected", "resolved")',
        'return self.status in ("filled", "cancelled", "rejected", "resolved", "unknown")',
        "tests/apply/journal/test_result.py::test_unknown_blocks_until_it_is_resolved",
    ),
    Mutant(
        "a resume sends the rest of an order whose lists did not agree",
        _ORDER_RESULT,
        "if not self.is_agreed or not self.is_priced or self.late:",
        "if not self.is_priced or self.late:",
        f"{_PLAIN}[lists did not agree]",
    ),
    Mutant(
        "a resume sends the rest of an order that somebody else cancelled",
        _ORDER_RESULT,
        'return self.status == "rejected" or (self.status == "cancelled" and self.cancel_asked)',
        'return self.status in ("rejected", "cancelled")',
        f"{_PLAIN}[somebody else cancelled]",
    ),
    Mutant(
        "a resume sends the rest of an order that filled more later",
        _ORDER_RESULT,
        "if not self.is_agreed or not self.is_priced or self.late:",
        "if not self.is_agreed or not self.is_priced:",
        f"{_PLAIN}[filled more later]",
    ),
    Mutant(
        "an order that was resolved and works again is ignored",
        _LIVE_ORDERS,
        '        if live.is_resolved:\n            self._contest(live, "working")\n        elif',
        "        if",
        "tests/apply/test_live_orders.py::TestResolved::test_working_again_it_is_unknown_again",
    ),
    Mutant(
        "an answer that turns out wrong stops nothing",
        _LIVE_ORDERS,
        "self._alarms.resolved_otherwise(live.order, filled, why, now)",
        "pass",
        "tests/apply/test_live_orders.py::TestResolved::test_listed_as_working_it_is_unknown_again",
    ),
    Mutant(
        "answers are not compared with the lists at the end of a turn",
        _TURN,
        'if any(order.status == "resolved" for order in self._orders.results()):',
        "if any(order.is_doubled for order in self._orders.results()):",
        "tests/apply/test_account.py::test_an_answer_that_was_wrong_is_found_at_the_end_of_a_turn_that_sends_nothing",
    ),
    Mutant(
        "a completed order with other shares does not speak against an answer",
        "rebalplan/apply/answers.py",
        "said += [c.filled for c in completed if c.reference == reference and c.filled]",
        "said += [filled for c in completed if c.reference == reference and c.filled]",
        "tests/apply/test_resolve.py::test_an_answer_that_the_broker_shows_otherwise_is_a_finding",
    ),
    Mutant(
        "an order is resolved during its session without --force",
        _RESOLVE,
        "if not is_over and (answer.filled or not _is_turned_away(order, reference, view)):",
        "if is_over and (answer.filled or not _is_turned_away(order, reference, view)):",
        "tests/apply/test_resolve.py::test_while_the_session_lasts_every_answer_is_too_early",
    ),
    Mutant(
        "any error is taken for a refusal without a booking",
        _RESOLVE,
        "if not any(said.code in NOT_BOOKED for said in order.said) or",
        "if not order.said or",
        "tests/apply/test_resolve_unbooked.py::"
        "test_any_other_error_is_no_reason_to_answer_before_the_session_is_over",
    ),
    Mutant(
        "an order that was acknowledged is taken for one that was not booked",
        _RESOLVE,
        " or order.perm_id or order.is_doubled:",
        " or order.is_doubled:",
        "tests/apply/test_resolve_unbooked.py::test_anything_that_shows_it_at_the_broker_speaks_against_it",
    ),
    Mutant(
        "an order that the lists show is taken for one that was not booked",
        _RESOLVE,
        "return not any(found.reference == reference for found in shown)",
        "return True",
        "tests/apply/test_resolve_unbooked.py::test_anything_that_shows_it_at_the_broker_speaks_against_it",
    ),
    Mutant(
        "a fill needs no end of the session where a refusal was said",
        _RESOLVE,
        "if not is_over and (answer.filled or not",
        "if not is_over and (not",
        "tests/apply/test_resolve_unbooked.py::"
        "test_that_it_filled_is_too_early_to_say_and_against_the_position",
    ),
    Mutant(
        "an answer is proposed during the session",
        _RESOLVE,
        "    if not is_over:\n        return TOO_EARLY\n",
        "",
        "tests/apply/test_resolve.py::test_without_agreement_there_is_no_proposal",
    ),
    Mutant(
        "an order is resolved while it works",
        _RESOLVE,
        "    if any(shown.reference == reference for shown in view.open_orders):\n        raise",
        "    if not any(shown.reference for shown in view.open_orders):\n        raise",
        "tests/apply/test_resolve.py::test_no_answer_is_right_while_the_order_works",
    ),
    Mutant(
        "an answer is proposed although the positions show another",
        _RESOLVE,
        "if executed - order.filled != moved:",
        "if executed - order.filled > moved:",
        "tests/apply/test_resolve.py::test_without_agreement_there_is_no_proposal",
    ),
    Mutant(
        "an order whose end the broker evidenced is resolved by a person",
        _RESOLVE,
        'and (not order.is_over or order.status == "resolved"):',
        "and order.status:",
        "tests/apply/test_resolve.py::test_an_order_whose_end_the_broker_evidenced_is_not_resolved",
    ),
    Mutant(
        "a resume sends beside an earlier order that is left working",
        _TURN,
        "is_settled = not self._orders.alarms and all(order.is_over for order in self._orders.results())",
        "is_settled = not self._orders.alarms",
        "tests/apply/test_account.py::test_a_resume_sends_nothing_while_an_earlier_order_is_left_working",
    ),
    Mutant(
        "a list that cannot be had is taken for an empty one",
        _EXECUTOR,
        "            self._ask_later(error, orders)\n            return\n",
        "            lists = Lists(self._clock.now(), (), ())\n",
        "tests/apply/test_executor.py::test_an_order_whose_lists_cannot_be_had_is_left_working_and_not_called_absent",
    ),
    Mutant(
        "a fill without its price is not asked about",
        _STAGES,
        "unsettled = (*result.unresolved, *result.unpriced)",
        "unsettled = result.unresolved",
        "tests/apply/test_stages.py::test_a_fill_without_its_price_is_asked_about",
    ),
    Mutant(
        "an answer that the evidence contradicts needs no --force",
        "rebalplan/commands/actions/resolve.py",
        "if against and not decision.force:",
        "if against and decision.force:",
        "tests/broker/test_resolving.py::test_an_answer_against_the_evidence_must_be_forced",
    ),
)
