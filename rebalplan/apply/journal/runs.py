"""The runs in a journal: each is one apply, with the accounts as they stood when the next one began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import AccountClosed, AnyRecord, Resolved, RunStarted
from rebalplan.apply.journal.result import AccountResult
from rebalplan.plan.codec import Envelope


class Run(msgspec.Struct, frozen=True):
    """One run: when it began (UTC), every account of the plan at its end, and the ids that its records name."""

    at: datetime
    every: tuple[AccountResult, ...]
    about: tuple[str, ...]

    @property
    def accounts(self) -> tuple[AccountResult, ...]:
        """Return the accounts something was recorded of, in the plan's order."""
        return tuple(account for account in self.every if account.account in self.about)


def runs(envelope: Envelope, records: Sequence[AnyRecord]) -> tuple[Run, ...]:
    """Return every run that left reports, oldest first. A person's answer counts as a run of its own.

    A run in which every account was declined at the prompt, or that died before it did anything, leaves none.
    """
    found: list[Run] = []
    starts = [*_starts(records), len(records)]
    for start, end in pairwise(starts):
        about = _about(records[start:end])
        if about:
            found.append(
                Run(latest_time(records[: start + 1]), fold(envelope, records[:end]).accounts, about)
            )
    return tuple(found)


def latest_time(records: Sequence[AnyRecord]) -> datetime:
    """Return the time of the run that the last of these records belongs to.

    Each run has a second of its own, because reports are named by it: of two in one second the later gets the next one.
    """
    taken: datetime | None = None
    for start in _starts(records):
        at = records[start].at
        taken = at if taken is None else max(at, taken + timedelta(seconds=1))
    return taken if taken is not None else records[-1].at


def last_run(envelope: Envelope, records: Sequence[AnyRecord]) -> Run | None:
    """Return the newest run, or ``None`` when it left no reports."""
    if not records:
        return None
    begin = _starts(records)[-1]
    about = _about(records[begin:])
    if not about:
        return None
    return Run(latest_time(records[: begin + 1]), fold(envelope, records).accounts, about)


def run_time(records: Sequence[AnyRecord], now: datetime) -> datetime:
    """Return the time of a run that begins now, to the second, after those of all earlier ones."""
    now = now.replace(microsecond=0)
    return max(now, latest_time(records) + timedelta(seconds=1)) if records else now


def _starts(records: Sequence[AnyRecord]) -> list[int]:
    return [n for n, record in enumerate(records) if n == 0 or isinstance(record, RunStarted | Resolved)]


def _about(records: Sequence[AnyRecord]) -> tuple[str, ...]:
    """Return the accounts of these records; none when they were only declined."""
    own = [record for record in records if not isinstance(record, RunStarted)]
    if all(isinstance(record, AccountClosed) and record.status == "declined" for record in own):
        return ()
    return tuple(dict.fromkeys(record.account for record in own))
