"""Write the reports that plan and journal give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rebalplan.codec import Envelope
from rebalplan.journal.journal import Journal
from rebalplan.reports.account import account_report
from rebalplan.reports.summary import run_summary
from rebalplan.settings import Settings
from rebalplan.store import write_atomically


def write_reports(
    settings: Settings, envelope: Envelope, journal: Journal, accounts: Sequence[str]
) -> tuple[Path, ...]:
    """Write a report for each of these accounts and one for the run; return the files.

    Their name carries the time of the journal's last record, so writing them again gives the same files.
    """
    result = journal.result()
    run_at = _run_at(envelope, journal)
    folder, stamp = settings.io.report_dir, f"{run_at:%Y%m%dT%H%M%SZ}"
    chosen = [result.of(account) for account in accounts]
    files = {
        folder / f"rebalance_{account.account}_{stamp}.csv": account_report(account, run_at)
        for account in chosen
    }
    files[folder / f"run_summary_{stamp}.csv"] = run_summary(chosen, run_at)
    for path, data in files.items():
        write_atomically(path, data)
    return tuple(files)


def _run_at(envelope: Envelope, journal: Journal) -> datetime:
    records = journal.records
    return records[-1].at if records else envelope.plan.volatile.created_at
