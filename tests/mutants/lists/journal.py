"""Faults of the journal: what was recorded is lost, changed or of another plan, and nobody says so."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ORDER_RESULT = "rebalplan/apply/journal/order_result.py"
_CHAIN = "rebalplan/apply/journal/chain.py"
_FOLD = "rebalplan/apply/journal/fold.py"
_FILE = "rebalplan/apply/journal/journal.py"
_OTHERS = "rebalplan/apply/journal/others.py"

JOURNAL: tuple[Mutant, ...] = (
    Mutant(
        "a torn tail is not cut off",
        _FILE,
        "        if self._is_torn:\n            self._disk.truncate(self._path, self._size)\n",
        "        if self._is_torn:\n",
        "tests/apply/journal/test_journal.py::test_the_first_append_cuts_a_torn_tail_off",
    ),
    Mutant(
        "a torn tail counts as written",
        _CHAIN,
        "return Chain(tuple(records), head, len(data) - len(rest), bool(rest))",
        "return Chain(tuple(records), head, len(data), bool(rest))",
        "tests/apply/journal/test_chain.py::test_cut_at_any_byte_only_the_torn_last_line_is_left_out",
    ),
    Mutant(
        "the chain of hashes is not checked",
        _CHAIN,
        "if line.number != number or line.previous != head:",
        "if line.number != number:",
        "tests/apply/journal/test_chain.py::test_a_changed_line_before_the_last_is_refused_although_it_is_written_as_rebal_"
        "writes",
    ),
    Mutant(
        "the journal of another plan is accepted",
        _CHAIN,
        "if line.plan != plan:",
        "if not line.plan:",
        "tests/apply/journal/test_chain.py::test_the_journal_of_another_plan_is_refused",
    ),
    Mutant(
        "an edited line is read",
        _CHAIN,
        "if _ENCODER.encode(line) != text:",
        "if not _ENCODER.encode(line):",
        "tests/apply/journal/test_chain.py::test_an_edited_line_with_a_hash_of_its_own_is_refused",
    ),
    Mutant(
        "after a failed append the journal goes on",
        _FILE,
        "            self._failed = True\n",
        "",
        "tests/apply/journal/test_journal.py::test_a_record_the_disk_did_not_take_is_not_there_and_nothing_follows_it",
    ),
    Mutant(
        "a record whose flush failed stays in the file",
        _FILE,
        "            self._drop_the_tail()\n            raise",
        "            raise",
        "tests/apply/journal/test_journal.py::test_a_record_whose_flush_failed_is_taken_back",
    ),
    Mutant(
        "a failed append counts as done",
        _FILE,
        "            self._drop_the_tail()\n            raise",
        "            self._drop_the_tail()",
        "tests/apply/journal/test_journal.py::test_a_record_the_disk_did_not_take_is_not_there_and_nothing_follows_it",
    ),
    Mutant(
        "a damaged journal of another plan is ignored",
        _OTHERS,
        "        return _read_damaged(other, journal, error)",
        "        return Elsewhere({}, str(error)[:0])",
        "tests/apply/journal/test_others.py::test_a_finished_journal_that_lost_a_line_blocks_only_whose_order_or_end_it_was",
    ),
    Mutant(
        "a journal of which nothing can be read blocks nobody",
        _OTHERS,
        "    if not remains.records:\n        return unreadable(",
        "    if not remains.records:\n        return Elsewhere({}) or unreadable(",
        "tests/apply/journal/test_others.py::test_of_a_journal_in_which_nothing_can_be_read_the_plans_accounts_are_blocked",
    ),
    Mutant(
        "an open order of another plan blocks nothing until it is unknown",
        _OTHERS,
        "        if not order.is_over\n",
        '        if order.status == "unknown"\n',
        "tests/apply/journal/test_others.py::test_an_order_without_an_end_blocks_its_account_only",
    ),
    Mutant(
        "a journal of another plan under this name is read as this plan's",
        _OTHERS,
        "if plan and not plan.startswith(other.digits):",
        "if plan and not plan:",
        "tests/apply/journal/test_others.py::test_a_journal_of_another_plan_under_this_name_is_damaged",
    ),
    Mutant(
        "what is lost of a damaged journal hides nothing",
        "rebalplan/apply/journal/damaged.py",
        'if not isinstance(last, AccountClosed) or last.status == "incomplete":',
        "if not isinstance(last, AccountClosed):",
        "tests/apply/journal/test_others.py::test_an_account_that_was_left_incomplete_is_blocked_when_the_journal_is_damaged",
    ),
    Mutant(
        "an order that is dispatched twice is one",
        _FOLD,
        '                raise JournalError(f"{record.reference} is dispatched twice: a defect, send nothing more")',
        "                dispatch = record",
        "tests/apply/journal/test_result.py::test_records_that_cannot_be_of_the_plan_are_refused",
    ),
    Mutant(
        "a correction in the journal is added to what it corrects",
        _FOLD,
        "order, shown=tuple((fills | {correction_root(record.exec_id): record}).values())",
        "order, shown=(*order.shown, record)",
        "tests/apply/journal/test_result.py::test_fills_add_up_and_corrections_replace",
    ),
    Mutant(
        "news of an order that is there twice end its unknown",
        _FOLD,
        'is_news = order.status in ("dispatched", "unknown") and not order.is_doubled',
        'is_news = order.status in ("dispatched", "unknown")',
        "tests/apply/journal/test_result.py::test_later_news_of_an_order_that_is_there_twice_does_not_end_its_unknown",
    ),
    Mutant(
        "a person's answer is added to the fills seen before",
        _ORDER_RESULT,
        "return (_vouched(self.answer),) if self.answer.filled else ()",
        "return (*self.shown, _vouched(self.answer)) if self.answer.filled else ()",
        "tests/apply/journal/test_result.py::test_a_resolution_takes_the_place_of_the_fills_seen_before",
    ),
)
