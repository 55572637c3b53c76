"""Faults of the reports: a figure that is not what the broker booked."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ORDER_RESULT = "rebalplan/apply/journal/order_result.py"
_AFTER = "rebalplan/apply/reports/after.py"
_RESULT = "rebalplan/apply/journal/result.py"

REPORTS: tuple[Mutant, ...] = (
    Mutant(
        "sell_usd is the sum of both sides",
        "rebalplan/apply/reports/summary.py",
        "if line.planned.side == side]",
        'if side in ("SELL", line.planned.side)]',
        "tests/apply/reports/test_summary.py::test_buys_and_sells_are_summed_apart_at_what_they_came_to",
    ),
    Mutant(
        "a commission that is not known is 0",
        _ORDER_RESULT,
        "return self.charged_usd if self.is_charged else None",
        "return self.charged_usd",
        "tests/apply/journal/test_result.py::test_a_commission_is_not_known_before_that_of_every_fill_is",
    ),
    Mutant(
        "a line's commission leaves out what is not known",
        _RESULT,
        "return self.charged_usd if all(order.is_charged for order in self.orders) else None",
        "return self.charged_usd",
        "tests/apply/journal/test_result.py::test_a_commission_is_not_known_before_that_of_every_fill_is",
    ),
    Mutant(
        "cash that the fills contradict stands unmarked",
        _AFTER,
        "if -CENT <= lacking <= max(CENT, _uncharged(result) * _MOST_CHARGED_USD):",
        "if lacking <= max(CENT, _uncharged(result) * _MOST_CHARGED_USD):",
        "tests/apply/reports/test_after.py::test_cash_is_reckoned_and_marked_where_the_broker_shows_another",
    ),
    Mutant(
        "positions that the fills contradict stand unmarked",
        _AFTER,
        "if theirs != own and not is_reinvested(own, theirs):",
        "if theirs > own and not is_reinvested(own, theirs):",
        "tests/apply/reports/test_after.py::test_positions_of_the_broker_are_reported_and_marked_where_the_fills_make_others",
    ),
    Mutant(
        "sold shares are added to what is held",
        _ORDER_RESULT,
        'return 1 if self.dispatch.side == "BUY" else -1',
        "return 1",
        "tests/apply/journal/test_result.py::test_the_account_is_reckoned_from_before_and_every_fill_since",
    ),
)
