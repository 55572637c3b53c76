"""The runs in a journal: an apply each, with what was known when it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from rebalplan.codec import Envelope
from rebalplan.journal.fold import fold
from rebalplan.journal.records import AnyRecord, RunEnded
from rebalplan.journal.result import AccountResult


class Run(msgspec.Struct, frozen=True):
    """One run: when it ended, in UTC, and the accounts it was about, in the plan's order."""

    at: datetime
    accounts: tuple[AccountResult, ...]


def runs(envelope: Envelope, records: Sequence[AnyRecord]) -> tuple[Run, ...]:
    """Return every run, oldest first; one that never ended, or what was learnt since the last, comes last.

    That last one is about all accounts of the plan and has the time of the last record, or the first free one after it.
    """
    return tuple(_run(envelope, records[:end]) for end in _ends(records))


def last_run(envelope: Envelope, records: Sequence[AnyRecord]) -> Run | None:
    """Return the newest run, or ``None`` for an empty journal."""
    ends = _ends(records)
    return _run(envelope, records[: ends[-1]]) if ends else None


def news_of(records: Sequence[AnyRecord]) -> tuple[str, ...]:
    """Return the accounts that something was recorded of since the last run ended."""
    accounts: dict[str, None] = {}
    for record in records:
        if isinstance(record, RunEnded):
            accounts.clear()
        else:
            accounts[record.account] = None
    return tuple(accounts)


def _ends(records: Sequence[AnyRecord]) -> list[int]:
    ends = [end for end, record in enumerate(records, start=1) if isinstance(record, RunEnded)]
    if records and ends[-1:] != [len(records)]:
        ends.append(len(records))
    return ends


def _run(envelope: Envelope, records: Sequence[AnyRecord]) -> Run:
    """Return the run that ends with the last of these records."""
    result, last = fold(envelope, records), records[-1]
    if isinstance(last, RunEnded):
        return Run(last.at, tuple(a for a in result.accounts if a.account in last.accounts))
    taken = (r.at + timedelta(seconds=1) for r in records if isinstance(r, RunEnded))
    return Run(max([last.at, *taken]), result.accounts)
