"""Write the reports that plan and journal give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import typer

from rebalplan.errors import ReportError
from rebalplan.files import write_atomically
from rebalplan.journal.runs import Run
from rebalplan.render.figures import count
from rebalplan.reports.account import account_report
from rebalplan.reports.summary import run_summary
from rebalplan.settings import Settings


def write_reports(settings: Settings, plan: Path, runs: Iterable[Run]) -> None:
    """Write a report for each account of each run of a plan and one for each run; print the name of each file.

    Their names carry the time of the run, so writing them again gives the same files. One that cannot be written
    keeps no other from being written; raises ``ReportError`` at the end with all of those.
    """
    failed: dict[str, list[str]] = {}
    for run in runs:
        for path, data in _files(settings.io.report_dir, run).items():
            try:
                write_atomically(path, data)
            except OSError as error:
                failed.setdefault(error.strerror or str(error), []).append(path.name)
            else:
                typer.echo(f"Report: {path}")
    if failed:
        raise ReportError(_explained(settings.io.report_dir, plan, failed))


def _files(folder: Path, run: Run) -> dict[Path, bytes]:
    stamp = f"{run.at:%Y%m%dT%H%M%SZ}"
    files = {
        folder / f"rebalance_{account.account}_{stamp}.csv": account_report(account, run.at)
        for account in run.accounts
    }
    files[folder / f"run_summary_{stamp}.csv"] = run_summary(run.accounts, run.at)
    return files


def _explained(folder: Path, plan: Path, failed: Mapping[str, Sequence[str]]) -> str:
    """Return what to do about reports, by the reason why they could not be written."""
    reasons = "; ".join(f"{', '.join(names)}: {why}" for why, names in failed.items())
    number = count(sum(len(names) for names in failed.values()), "report")
    return (
        f"cannot write {number} to {folder} ({reasons}). The orders stand, and the journal has them: free space or "
        f"correct [io] report_dir, then write the reports with `rebal status {plan} --report`"
    )
