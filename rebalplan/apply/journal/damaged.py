"""A damaged journal: the records that can still be read, and the gaps between them. Pure.

rebal never appends to such a journal. It reads one to answer one question: may an order in it still be under way?
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from rebalplan.apply.journal.chain import MERGE_MARKS, BrokenLineError, Line, decode_line
from rebalplan.apply.journal.records import (
    AccountClosed,
    AccountRecord,
    Ack,
    AnyRecord,
    Changed,
    Commission,
    Dispatch,
    Done,
    Fill,
    Intent,
    LineCut,
    Resolved,
    RunStarted,
    Unknown,
)

_MANY = 2
"""An unreadable end counts as so many records: no later line tells by its number how many there were."""


class Gap(msgspec.Struct, frozen=True):
    """Lost records in a row: the number of the first, and how many there are at least."""

    first: int
    size: int


class Remains(msgspec.Struct, frozen=True):
    """The readable records of a journal with their numbers, oldest first, and the gaps between them."""

    records: tuple[tuple[int, AnyRecord], ...]
    gaps: tuple[Gap, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """Return the accounts that readable records are about."""
        return tuple(dict.fromkeys(r.account for _, r in self.records if not isinstance(r, RunStarted)))

    def open_order(self, account: str) -> str:
        """Return the reference of an order of the account whose end no readable record shows; empty without one."""
        own = [r for _, r in self.records if not isinstance(r, RunStarted) and r.account == account]
        return next((reference for reference, is_open in _orders(own).items() if is_open), "")

    def may_hide(self, account: str) -> bool:
        """Tell whether the lost records may hide an order of the account that is still under way.

        This plan never trades an account again that is done; only a person's answer can still be taken back. An account
        that was declined, refused or never begun needs two records before an order is out: INTENT and DISPATCH. A gap
        of one record cannot hide both.
        """
        own = [(n, r) for n, r in self.records if not isinstance(r, RunStarted) and r.account == account]
        if not own:
            return any(gap.size > 1 for gap in self.gaps)
        number, last = own[-1]
        if not isinstance(last, AccountClosed) or last.status == "incomplete":
            return True
        later = [gap for gap in self.gaps if gap.first > number]
        if last.status == "done":
            is_answered = any(isinstance(r, Resolved) for _, r in own)
            return bool(later) and (is_answered or len(later) < len(self.gaps))
        return any(gap.size > 1 for gap in later)


def read_remains(data: bytes, digits: str) -> Remains:
    """Return every record of a journal that can be read on its own.

    ``digits`` are the first digits of the plan's hash. Lines of another plan count only when the file has no line of
    this one: then the file has the wrong name.
    """
    found = _lines(data)
    if any(line is not None and line.plan.startswith(digits) for line in found):
        found = [line if line is not None and line.plan.startswith(digits) else None for line in found]
    lines = [line for line in found if line is not None]
    numbers = sorted({line.number for line in lines})
    gaps = [Gap(a + 1, b - a - 1) for a, b in pairwise([0, *numbers]) if b - a > 1]
    if found and found[-1] is None:
        gaps.append(Gap(max(numbers, default=0) + 1, _MANY))
    if len(numbers) == len(lines):
        lines.sort(key=lambda line: line.number)
    return Remains(tuple((line.number, line.record) for line in lines), tuple(gaps))


def _lines(data: bytes) -> list[Line | None]:
    """Return the lines in the order of the file, ``None`` for an unreadable one; git's merge marks are left out.

    An unreadable last line without newline is no loss: its append never returned, so nothing was sent after it.
    """
    *texts, tail = data.split(b"\n")
    # A merge may have left a line on both of its sides: it counts once.
    texts = [
        text for text in dict.fromkeys(t.strip() for t in texts) if text and not text.startswith(MERGE_MARKS)
    ]
    last = _decode(tail)
    return [_decode(text) for text in texts] + ([last] if last is not None else [])


def _decode(text: bytes) -> Line | None:
    try:
        return decode_line(text)
    except ValueError:
        return None


def first_damage(error: Exception) -> tuple[int, str]:
    """Return the number of the line that an error is about (0: none), and what is wrong."""
    return (error.number, error.why) if isinstance(error, BrokenLineError) else (0, str(error))


def _orders(records: Iterable[AccountRecord]) -> dict[str, bool]:
    """Tell for each reference whether its order is still open.

    A reference that was dispatched twice without an end in between stays open: two orders may be at the broker.
    """
    is_open: dict[str, bool] = {}
    twice: set[str] = set()
    for record in records:
        match record:
            case Dispatch():
                if is_open.get(record.reference, False):
                    twice.add(record.reference)
                is_open[record.reference] = True
            case Unknown():
                is_open[record.reference] = True
            case Done() | Resolved():
                is_open[record.reference] = False
            case Ack() | Fill() | Changed():
                is_open.setdefault(record.reference, True)
            case Intent() | Commission() | LineCut() | AccountClosed():
                pass
    return is_open | dict.fromkeys(twice, True)
