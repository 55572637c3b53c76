"""Faults about an account around its orders: copies of the plan, other people at work, bookings that lag, the close."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_BOOKING = "rebalplan/apply/booking.py"
_INSPECTION = "rebalplan/apply/inspection.py"
_LINES = "rebalplan/apply/line_orders.py"
_TURN = "rebalplan/apply/account.py"
_VISIT = "rebalplan/apply/trader.py"
_TESTS = "tests/apply/test_inspection.py::"

ACCOUNT: tuple[Mutant, ...] = (
    Mutant(
        "nobody looks for another copy of the plan after INTENT",
        _VISIT,
        "        self._inspection.look_for_copies()\n",
        "",
        f"{_TESTS}test_a_copy_of_the_plan_that_was_faster_is_found_after_the_intent_and_before_the_first_send",
    ),
    Mutant(
        "another copy's orders are not looked for before INTENT",
        _INSPECTION,
        "references = self._foreign(open_orders, completed, executions)",
        "references = self._foreign((), (), ())",
        "tests/apply/test_engine.py::test_orders_of_another_copy_of_the_plan_refuse_the_account",
    ),
    Mutant(
        "the account is not read again before the buys",
        _VISIT,
        "                lines.spend_less(self._inspection.read_before_buys(together=together))\n",
        "                pass\n",
        f"{_TESTS}test_no_buy_follows_when_somebody_traded_the_account_after_its_sells",
    ),
    Mutant(
        "positions that nothing explains between sells and buys are ignored",
        _INSPECTION,
        "        if booking.unexplained:\n",
        "        if booking.unexplained and booking.late:\n",
        f"{_TESTS}test_no_buy_follows_when_somebody_traded_the_account_after_its_sells",
    ),
    Mutant(
        "another's working order between sells and buys is ignored",
        _INSPECTION,
        "        if working:\n",
        "        if working[9:]:\n",
        f"{_TESTS}test_no_buy_follows_when_somebody_else_has_an_order_working_on_a_planned_line",
    ),
    Mutant(
        "missing cash is not subtracted from what the buys spend",
        _LINES,
        "self._funding = self._funding.without(missing)",
        "pass",
        f"{_TESTS}test_cash_that_was_withdrawn_between_sells_and_buys_is_not_spent",
    ),
    Mutant(
        "cash that lags behind the sells is not waited for",
        _BOOKING,
        "is_late = self.late or self.missing_usd > self.taken_usd or self.unbooked_usd",
        "is_late = self.late or self.unbooked_usd",
        f"{_TESTS}test_the_proceeds_of_sells_that_are_booked_three_minutes_late_are_waited_for_and_spent",
    ),
    Mutant(
        "a resume does not wait for positions that lag",
        _INSPECTION,
        "            snapshot, _ = self._reader.require_booked()\n        else:\n",
        "            snapshot = self._plan.with_names(link.read_account(account))\n        else:\n",
        f"{_TESTS}test_a_resume_waits_until_positions_that_lag_behind_our_fills_are_booked",
    ),
    Mutant(
        "shares that nobody of us bought are only late",
        _BOOKING,
        "if not min(ends) <= held <= max(ends):",
        "if not min(ends) <= held:",
        f"{_TESTS}test_no_buy_follows_when_somebody_traded_the_account_after_its_sells",
    ),
    Mutant(
        "a buy that the broker would refuse does not refuse the account",
        _INSPECTION,
        "if answer.answered and answer.refusal and not answer.lacks_funds:",
        "if answer.answered and answer.refusal and answer.lacks_funds:",
        "tests/simulation/test_processes.py::test_an_account_that_is_not_what_was_planned_is_refused_and_the_others_"
        "go_on[what if refused-DU1]",
    ),
    Mutant(
        "an algorithm that the what-if refuses refuses the account",
        _INSPECTION,
        "if answer.lacks_algo and may_fall_back:",
        "if answer.lacks_algo and not may_fall_back:",
        f"{_TESTS}test_what_if_is_asked_again_as_a_plain_order_when_the_algorithm_is_refused",
    ),
    Mutant(
        "sells are not asked about as what-ifs",
        _VISIT,
        "ask_what_if([*preview.buys, *preview.sells])",
        "ask_what_if(preview.buys)",
        "tests/broker/test_refusals.py::test_an_account_that_cannot_be_checked_is_refused_before_anything_is_sent",
    ),
    Mutant(
        "an account is not checked again after long what-ifs",
        _VISIT,
        "        if self._must_ask(what_if_at) and self._inspection.ask_what_if(",
        "        if self._must_ask(what_if_at) and not self._inspection.ask_what_if(",
        "tests/simulation/test_evidence.py::test_an_account_is_checked_again_when_what_ifs_took_long",
    ),
    Mutant(
        "the cash at the close is the cash at the opening",
        _TURN,
        "cash_usd=end.cash_usd if end is not None else ZERO,",
        "cash_usd=result.intents[0].cash_usd if result.intents else ZERO,",
        "tests/apply/test_account.py::test_an_account_is_closed_with_the_cash_and_the_positions_that_it_has_then",
    ),
    Mutant(
        "the positions at the close are those at the opening",
        _TURN,
        "positions=end.positions if end is not None else (),",
        "positions=result.intents[0].positions if result.intents else (),",
        "tests/apply/test_account.py::test_an_account_is_closed_with_the_cash_and_the_positions_that_it_has_then",
    ),
    Mutant(
        "an account with a problem is done",
        _TURN,
        'return "incomplete" if self._problems or unfinished(result) else "done"',
        'return "incomplete" if unfinished(result) else "done"',
        "tests/apply/test_account.py::test_shares_that_no_fill_of_ours_explains_at_the_end_make_the_account_incomplete",
    ),
    Mutant(
        "an order that is over but works at the broker is forgotten",
        _TURN,
        "            self._orders.contest_ends(self._end.working_orders or ())\n",
        "",
        "tests/apply/test_account.py::test_an_order_that_was_seen_to_work_on_is_not_forgotten_when_its_last_fill_shows_late",
    ),
    Mutant(
        "a begun account that may not go on is closed unread",
        _TURN,
        (
            "                return self._trader(link).preview()\n"
            "        except (AccountError, BrokerError, RefusedError) as error:\n"
            "            self._problems.append(str(error))\n"
            "            if not isinstance(error, LinkDownError):\n"
            "                self._follow_up()\n"
        ),
        (
            "                return self._trader(link).preview()\n"
            "        except (AccountError, BrokerError, RefusedError) as error:\n"
            "            self._problems.append(str(error))\n"
        ),
        "tests/apply/test_account.py::test_a_begun_account_that_may_not_go_on_is_read_all_the_same",
    ),
    Mutant(
        "what is said while an account is looked at is lost with the connection",
        "rebalplan/apply/trader.py",
        "        self.executor.listen()\n",
        "",
        "tests/apply/test_account.py::test_a_fill_that_is_told_while_the_account_is_looked_at_stops_it",
    ),
    Mutant(
        "a rest follows an order that works although its cancel was confirmed",
        _INSPECTION,
        (
            "        self._orders.contest_ends(open_orders)\n"
            "        for execution in executions:\n"
            "            self._orders.record_execution(execution)\n"
            "        self.refuse_alarms()\n"
            "        if any"
        ),
        (
            "        for execution in executions:\n"
            "            self._orders.record_execution(execution)\n"
            "        self.refuse_alarms()\n"
            "        if any"
        ),
        "tests/apply/test_account.py::test_no_rest_follows_an_order_that_works_although_its_cancel_was_confirmed",
    ),
    Mutant(
        "a copy of the plan whose order is filled by then is not found after INTENT",
        _INSPECTION,
        "self._foreign(open_orders, (), executions)",
        "self._foreign(open_orders, (), ())",
        f"{_TESTS}test_a_copy_whose_order_is_filled_by_then_is_found_among_the_executions",
    ),
    Mutant(
        "a fill of ours that shows after INTENT is thrown away",
        _INSPECTION,
        "            self._orders.record_execution(execution)\n        self.refuse_alarms()\n        found",
        "            pass\n        found",
        f"{_TESTS}test_a_fill_that_crossed_the_cancel_and_comes_to_light_after_the_intent_stops_the_account",
    ),
    Mutant(
        "cash that was paid in since the plan is spent",
        _VISIT,
        "cash=min(snapshot.cash_usd, required_account(self._plan, self._result).cash_usd),",
        "cash=snapshot.cash_usd,",
        "tests/apply/test_line_orders.py::test_cash_that_was_paid_in_since_the_plan_is_not_spent",
    ),
    Mutant(
        "the buys spend the floor",
        "rebalplan/apply/funding.py",
        "budget = funds.cash - funds.floor - funds.reserved",
        "budget = funds.cash - funds.reserved",
        "tests/apply/test_funding.py::test_costs_floor_and_working_buys_come_first",
    ),
    Mutant(
        "the buys spend what working ones still take",
        "rebalplan/apply/funding.py",
        "budget = funds.cash - funds.floor - funds.reserved",
        "budget = funds.cash - funds.floor",
        "tests/apply/test_funding.py::test_costs_floor_and_working_buys_come_first",
    ),
    Mutant(
        "the buys go over the leverage cap",
        "rebalplan/apply/funding.py",
        "if min(payable, allowed) >= request.quantity:",
        "if payable >= request.quantity:",
        "tests/apply/test_funding.py::test_leverage_leaves_only_so_much_room",
    ),
)
