"""What is left of a journal in which some line cannot be read, and how much is lost at least."""

from __future__ import annotations

import pytest

from rebalplan.apply.journal.damaged import Gap, read_remains
from tests.apply.journal.support import EVERY_KIND, PLAN, chain_bytes

DIGITS = PLAN.sha256[:12]
LINES = chain_bytes(PLAN.sha256, EVERY_KIND[:5]).splitlines(keepends=True)


def without(*numbers: int) -> bytes:
    return b"".join(line for number, line in enumerate(LINES, start=1) if number not in numbers)


@pytest.mark.parametrize(
    ("lost", "gaps"),
    [
        ((), ()),
        ((1,), (Gap(1, 1),)),
        ((1, 2), (Gap(1, 2),)),
        ((3,), (Gap(3, 1),)),
        ((2, 3, 4), (Gap(2, 3),)),
        ((1, 4), (Gap(1, 1), Gap(4, 1))),
    ],
)
def test_the_numbers_tell_how_many_records_are_lost_before_and_between(
    lost: tuple[int, ...], gaps: tuple[Gap, ...]
) -> None:
    remains = read_remains(without(*lost), DIGITS)
    assert remains.gaps == gaps
    assert [number for number, _ in remains.records] == [n for n in range(1, 6) if n not in lost]


def test_a_whole_last_line_that_lacks_only_its_end_is_read() -> None:
    remains = read_remains(without()[:-1], DIGITS)
    assert remains.gaps == ()
    assert [number for number, _ in remains.records] == [1, 2, 3, 4, 5]


def test_what_cannot_be_read_at_the_end_may_be_two_records() -> None:
    assert read_remains(without() + b"broken\n", DIGITS).gaps == (Gap(6, 2),)


def test_of_a_journal_in_which_nothing_can_be_read_all_may_be_lost_from_the_first() -> None:
    assert read_remains(b"broken\n", DIGITS).gaps == (Gap(1, 2),)
