"""Write the reports that plan and journal give."""

from __future__ import annotations

from pathlib import Path

from rebalplan.journal.runs import Run
from rebalplan.reports.account import account_report
from rebalplan.reports.summary import run_summary
from rebalplan.settings import Settings
from rebalplan.store import write_atomically


def write_reports(settings: Settings, run: Run) -> tuple[Path, ...]:
    """Write a report for each account of a run and one for the run; return the files.

    Their names carry the time of the run, so writing them again gives the same files.
    """
    folder, stamp = settings.io.report_dir, f"{run.at:%Y%m%dT%H%M%SZ}"
    files = {
        folder / f"rebalance_{account.account}_{stamp}.csv": account_report(account, run.at)
        for account in run.accounts
    }
    files[folder / f"run_summary_{stamp}.csv"] = run_summary(run.accounts, run.at)
    for path, data in files.items():
        write_atomically(path, data)
    return tuple(files)
