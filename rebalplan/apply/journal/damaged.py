"""A journal in which some line cannot stand: what can still be read, and what may be lost. Pure.

Nothing is ever appended to such a journal. It is read for one question only: may an order of it still be under way?
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
"""What cannot be read at the end of a journal may be more than one record: no number follows it."""


class Gap(msgspec.Struct, frozen=True):
    """Records that are lost: the number of the first, and how many follow one another at least."""

    first: int
    size: int


class Remains(msgspec.Struct, frozen=True):
    """What is left of a journal: its readable records with their numbers, oldest first, and its gaps."""

    records: tuple[tuple[int, AnyRecord], ...]
    gaps: tuple[Gap, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """Return the accounts that readable records are about."""
        return tuple(dict.fromkeys(r.account for _, r in self.records if not isinstance(r, RunStarted)))

    def open_order(self, account: str) -> str:
        """Return the reference of an order of the account that has no end in the readable records, or nothing."""
        own = [r for _, r in self.records if not isinstance(r, RunStarted) and r.account == account]
        return next((reference for reference, is_open in _orders(own).items() if is_open), "")

    def may_hide(self, account: str) -> bool:
        """Tell whether an order of the account may be under way, for all that is lost.

        An account that is done is never traded by this plan again; only a person's answer can still be taken back. One
        that was declined or refused, or never begun, is traded after an INTENT: a single lost record cannot be both.
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
    """Return every record of a journal that can be read on its own; ``digits`` are the first of its plan's hash.

    Lines of another plan count only where there are no others: the file then has a wrong name.
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
    """Return the lines in the order of the file, ``None`` for one that cannot be read; marks of git are no lines.

    A last line without its newline was never durable, as in every journal: it is no loss.
    """
    *texts, tail = data.split(b"\n")
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
    """Return the number of the line that an error of reading a journal is about, 0 for none, and what is wrong."""
    return (error.number, error.why) if isinstance(error, BrokenLineError) else (0, str(error))


def _orders(records: Iterable[AccountRecord]) -> dict[str, bool]:
    """Tell by reference whether an order has no end; one that was dispatched twice without one in between has none."""
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
