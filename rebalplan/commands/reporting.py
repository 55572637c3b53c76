"""Writes the reports from plan and journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import typer

from rebalplan.apply.journal.runs import Run
from rebalplan.apply.reports.account import account_report
from rebalplan.apply.reports.summary import run_summary
from rebalplan.core.errors import RefusedError, ReportError
from rebalplan.inputs.settings import Settings
from rebalplan.render.figures import count
from rebalplan.system.files import why_unwritable, write_atomically


def require_writable_folder(settings: Settings) -> None:
    """Raise ``RefusedError`` unless the reports can be written. It runs before the first order."""
    if why := why_unwritable(settings.io.report_dir):
        raise RefusedError(
            f"no report can be written to {settings.io.report_dir} ({why}): correct [io] report_dir in "
            f"{settings.path}. Nothing was sent.",
            code="RB608",
        )


def write_reports(
    settings: Settings, plan: Path, runs: Iterable[Run], *, say: Callable[[str], None] = typer.echo
) -> None:
    """Write a report for each account of each run of a plan and one for each run; print the name of each file.

    Their names carry the time of the run, so writing them again gives the same files. After a failure the others are
    still written; at the end ``ReportError`` names all failures.
    """
    folder, failed = settings.io.report_dir, _Failures({})
    for run in runs:
        for path in _write(folder, run, run.about, failed):
            say(f"Report: {path}")
    if failed.by_reason:
        raise ReportError(_explained(folder, plan, failed.by_reason))


def write_report_of(settings: Settings, run: Run, account: str) -> None:
    """Write the report of a closed account, and the run's with it. Failures are reported at the end of the run."""
    _write(settings.io.report_dir, run, (account,), _Failures({}))


class _Failures(msgspec.Struct, frozen=True):
    """The files that could not be written, by the reason why."""

    by_reason: dict[str, list[str]]

    def add(self, path: Path, error: OSError) -> None:
        self.by_reason.setdefault(error.strerror or str(error), []).append(path.name)


def _write(folder: Path, run: Run, accounts: Collection[str], failed: _Failures) -> list[Path]:
    """Write these accounts' reports and the run's; return the written files."""
    written = []
    for path, data in _files(folder, run, accounts).items():
        try:
            write_atomically(path, data)
        except OSError as error:
            failed.add(path, error)
        else:
            written.append(path)
    return written


def _files(folder: Path, run: Run, accounts: Collection[str]) -> dict[Path, bytes]:
    stamp = f"{run.at:%Y%m%dT%H%M%SZ}"
    files = {
        folder / f"rebalance_{account.account}_{stamp}.csv": account_report(account, run.at)
        for account in run.every
        if account.account in accounts
    }
    files[folder / f"run_summary_{stamp}.csv"] = run_summary(run.every, run.at)
    return files


def _explained(folder: Path, plan: Path, failed: Mapping[str, Sequence[str]]) -> str:
    """Return the advice for unwritten reports, by the reason of the failure."""
    reasons = "; ".join(f"{', '.join(names)}: {why}" for why, names in failed.items())
    number = count(sum(len(names) for names in failed.values()), "report")
    return (
        f"cannot write {number} to {folder} ({reasons}). The orders stand, and the journal has them: free space or "
        f"correct [io] report_dir, then write the reports with `rebal status {plan} --report`"
    )
