"""Faults about what is shown and said yes to: a look skipped, a cut not made, a yes that covers more."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_AGREEMENT = "rebalplan/apply/agreement.py"
_CUTS = "rebalplan/apply/sell_cuts.py"
_ENGINE = "rebalplan/apply/engine.py"
_PREVIEW = "rebalplan/apply/preview.py"
_TURN = "rebalplan/apply/account.py"
_LIVE = "tests/commands/test_live_check.py::"
_SEEN = "tests/apply/test_preview.py::"
_CUT = "tests/apply/test_sell_cuts.py::"

LOOKING: tuple[Mutant, ...] = (
    Mutant(
        "what got worse since the yes is sent all the same",
        _TURN,
        "            if worse:\n",
        "            if worse[9:]:\n",
        f"{_LIVE}test_what_gets_worse_while_a_person_thinks_is_shown_and_asked_about_anew",
    ),
    Mutant(
        "what got better since the yes is sent without one",
        _TURN,
        "            trader.send(as_agreed(agreed, now))\n",
        "            trader.send(now)\n",
        f"{_LIVE}test_what_gets_better_while_a_person_thinks_is_not_sent_without_a_yes_to_it",
    ),
    Mutant(
        "sells are not cut for buys that are left out",
        _PREVIEW,
        "        return cut_sells(self._plan, sells, [*self._missing()])\n",
        "        return cut_sells(self._plan, sells, [])\n",
        f"{_LIVE}test_nothing_is_sold_when_no_buy_can_be_sent",
    ),
    Mutant(
        "a holding with a target of 0 is kept for want of buys",
        _CUTS,
        "for reference, order in by_drift if not self._closes(order)]",
        "for reference, order in by_drift]",
        f"{_CUT}test_a_holding_with_a_target_of_0_is_closed_all_the_same_and_that_is_named",
    ),
    Mutant(
        "what restores the floor is cut",
        _CUTS,
        "self._excess = excess - max(ZERO, summary.cash_floor_usd - summary.cash_after_usd)",
        "self._excess = excess + 1000",
        f"{_CUT}test_what_restores_the_floor_is_still_sold",
    ),
    Mutant(
        "what brings leverage under its cap is cut",
        _CUTS,
        "shares = min(_shares(self._excess, proceeds, order), _shares(self._room, order.price, order))",
        "shares = _shares(self._excess, proceeds, order)",
        f"{_CUT}test_what_brings_leverage_under_its_cap_is_still_sold",
    ),
    Mutant(
        "the largest drift is cut first",
        _CUTS,
        "self._drifts.get(item[1].symbol, ZERO)",
        "-self._drifts.get(item[1].symbol, ZERO)",
        f"{_CUT}test_the_smallest_drift_is_cut_first",
    ),
    Mutant(
        "a rest below the minimum that pays for a buy is dropped",
        _CUTS,
        "return self._excess + self._spare >= left * proceeds and self._room >= left * price",
        "return self._room >= left * price",
        f"{_CUT}test_a_rest_below_the_minimum_that_pays_for_a_buy_is_sold",
    ),
    Mutant(
        "limits do not count the lines before this one",
        _PREVIEW,
        "                sent.orders + 1,\n",
        "                sent.orders,\n",
        f"{_SEEN}test_the_limits_count_what_was_sent_and_the_lines_before_this_one",
    ),
    Mutant(
        "a line that nobody was shown is sent",
        _AGREEMENT,
        "    if agreed is None:\n",
        "    if agreed is not None and not agreed.reference:\n",
        "tests/apply/test_agreement.py::test_a_line_that_nobody_was_shown_is_left_out",
    ),
    Mutant(
        "with --yes what got worse is asked about",
        _ENGINE,
        "        if not self._operator.is_attended:\n",
        "        if self._operator.is_attended is None:\n",
        "tests/apply/test_engine.py::test_with_nobody_to_ask_an_account_that_got_worse_is_refused",
    ),
    Mutant(
        "the result of an account is not shown at its end",
        _ENGINE,
        "                self._operator.ended(account)\n                return\n",
        "                return\n",
        f"{_LIVE}test_the_result_of_an_account_comes_before_the_next_question",
    ),
)
