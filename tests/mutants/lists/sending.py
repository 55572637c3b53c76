"""Faults on the way to the broker: an order leaves too early, too often, or after something said stop."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_FUNDING = "rebalplan/apply/funding.py"
_LIVE_ORDERS = "rebalplan/apply/live_orders.py"
_EXECUTOR = "rebalplan/apply/executor.py"
_TURN = "rebalplan/apply/account.py"
_VISIT = "rebalplan/apply/trader.py"
_TESTS = "tests/apply/test_executor.py::"

SENDING: tuple[Mutant, ...] = (
    Mutant(
        "a rest leaves without another look at the lists",
        _EXECUTOR,
        "                    self._look_for_late_fills()\n",
        "                    pass\n",
        f"{_TESTS}test_a_fill_that_the_lists_show_right_before_a_rest_stops_it",
    ),
    Mutant(
        "apply takes no lock",
        "rebalplan/commands/actions/apply.py",
        "    with plan_lock(machine.disk, path):\n",
        "    if path:\n",
        "tests/commands/test_apply.py::test_an_apply_beside_another_in_the_same_plan_folder_sends_nothing",
    ),
    Mutant(
        "a question waits for an answer after a signal",
        "rebalplan/commands/operator.py",
        " and not self._stop.signalled",
        "",
        "tests/commands/test_stopping.py::"
        "test_after_a_signal_right_before_the_question_no_answer_is_waited_for",
    ),
    Mutant(
        "a stop during the check after the answer opens the account",
        _VISIT,
        "        if self._context.stop():\n",
        "        if False:\n",
        "tests/kill/test_signals.py::test_a_signal_stops_the_run_in_order_and_a_resume_finishes_it"
        "[the-second-look-DU1000003-SIGINT]",
    ),
    Mutant(
        "five orders are out unacknowledged",
        _EXECUTOR,
        "WINDOW = 4",
        "WINDOW = 5",
        f"{_TESTS}test_four_orders_are_out_until_the_broker_shows_one",
    ),
    Mutant(
        "DISPATCH is recorded after the order left",
        _EXECUTOR,
        "        self._orders.dispatch(record)\n        self._link.place(order_id, ticket)\n",
        "        self._link.place(order_id, ticket)\n        self._orders.dispatch(record)\n",
        f"{_TESTS}test_an_order_leaves_only_after_its_dispatch_is_recorded",
    ),
    Mutant(
        "an order whose send failed is sent again",
        _EXECUTOR,
        "        self._link.place(order_id, ticket)\n",
        "        try:\n"
        "            self._link.place(order_id, ticket)\n"
        "        except UnreachableError:\n"
        "            self._link.place(order_id, ticket)\n",
        f"{_TESTS}test_a_send_that_fails_is_not_tried_again",
    ),
    Mutant(
        "nobody looks for a stop right before the send",
        _EXECUTOR,
        "            self._take_in(0)\n            self._notice_stop()\n",
        "            self._take_in(0)\n",
        f"{_TESTS}test_a_stop_that_comes_while_quotes_are_asked_for_stops_the_send_after_it",
    ),
    Mutant(
        "alarms do not stop sending",
        _EXECUTOR,
        "return not self.stopped and not self._orders.has_unknown() and not self._orders.alarms",
        "return not self.stopped and not self._orders.has_unknown()",
        f"{_TESTS}test_after_an_alarm_nothing_more_is_sent",
    ),
    Mutant(
        "an order is sent beside an unknown one",
        _EXECUTOR,
        "return not self.stopped and not self._orders.has_unknown() and not self._orders.alarms",
        "return not self.stopped and not self._orders.alarms",
        f"{_TESTS}test_beside_an_unknown_order_nothing_is_sent",
    ),
    Mutant(
        "a gateway that lost its broker is sent orders",
        _EXECUTOR,
        "self._down_from = self._down_from or self._clock.now()",
        "self._down_from = self._down_from or None",
        f"{_TESTS}test_while_the_gateway_has_no_broker_nothing_is_sent",
    ),
    Mutant(
        "after an outage nothing is asked before the next send",
        _EXECUTOR,
        "self._down_from, self._unsynced_from = None, self._clock.now()",
        "self._down_from, self._unsynced_from = None, None",
        f"{_TESTS}test_once_the_gateway_has_its_broker_again_the_lists_are_asked_before_the_next_send",
    ),
    Mutant(
        "a lost link is ignored before INTENT",
        _VISIT,
        "        self.executor.await_link()\n",
        "        self.executor.listen()\n",
        "tests/apply/test_account.py::test_an_account_whose_gateway_has_no_broker_is_left_as_it_was",
    ),
    Mutant(
        "a stop leaves our orders working",
        _EXECUTOR,
        "is_unwanted = self.stopped or self._follows_in_error(order)",
        "is_unwanted = self._follows_in_error(order)",
        f"{_TESTS}test_after_a_stop_only_our_own_orders_are_cancelled_by_the_number_they_have_here",
    ),
    Mutant(
        "an order of another client id is cancelled by its number",
        _LIVE_ORDERS,
        "live.order_id, live.owner = None, found.client_id",
        "live.order_id, live.owner = found.order_id, found.client_id",
        f"{_TESTS}test_after_a_stop_only_our_own_orders_are_cancelled_by_the_number_they_have_here",
    ),
    Mutant(
        "the settings' client id is used instead of the plan's",
        _TURN,
        "self._endpoint = msgspec.structs.replace(endpoint, client_id=plan.client_id)",
        "self._endpoint = endpoint",
        "tests/apply/test_account.py::test_an_account_is_traded_under_the_client_id_of_its_plan_whatever_the_settings_"
        "say_by_now",
    ),
    Mutant(
        "live and paper are not compared before the first send",
        _VISIT,
        "        self._context.guard(self._plan.account)\n",
        "",
        "tests/apply/test_engine.py::test_a_guard_refuses_one_account_before_anything_is_sent",
    ),
    Mutant(
        "an account that was declined is traded",
        "rebalplan/apply/engine.py",
        "        del self._previews[account]\n        is_begun",
        "        is_begun",
        "tests/apply/test_engine.py::test_declining_one_account_skips_only_that_one_and_it_stays_appliable",
    ),
    Mutant(
        "a connect is not tried again",
        _TURN,
        "return connected(lambda: context.broker.connect(endpoint), context.pace, context.clock)",
        "return context.broker.connect(endpoint)",
        "tests/apply/test_account.py::test_a_connect_that_is_refused_once_is_tried_again",
    ),
    Mutant(
        "no connect is tried again",
        "rebalplan/plan/retries.py",
        "for _ in range(retries):",
        "for _ in range(0):",
        "tests/plan/test_retries.py::test_a_connect_is_tried_again_after_growing_pauses",
    ),
    Mutant(
        "no read is tried again",
        "rebalplan/plan/reading.py",
        "self._pace.retries if retries is None else retries",
        "0",
        "tests/plan/test_reading.py::test_after_an_account_that_was_read_the_next_one_has_its_retries",
    ),
    Mutant(
        "a gateway that nobody ever reached is tried for every account",
        "rebalplan/plan/reading.py",
        "if before is not None and not before.is_reached:",
        "if False:",
        "tests/plan/test_reading.py::test_a_gateway_that_nobody_ever_reached_is_not_tried_for_the_next_account",
    ),
    Mutant(
        "a sell's proceeds are spent before the broker confirmed them",
        _FUNDING,
        "                    cash += order.value_usd\n",
        "                    cash += order.dispatch.quantity * quote\n",
        "tests/simulation/test_matrix.py::test_a_rejected_sell_shrinks_the_buys",
    ),
)
