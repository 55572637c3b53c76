"""One tree of errors; each class carries the exit code its printing leads to.

Errors are raised where they are known and printed in one place, ``rebalplan.commands``.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

import msgspec

from rebalplan.core.finding import Code, Finding, InFile, InPlan


class ExitCode(enum.IntEnum):
    """What the shell sees."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    """``plan --detailed-exitcode`` found orders."""
    REFUSED = 3
    """A check refused; nothing was sent."""
    INCOMPLETE = 4
    """Some account failed, is blocked, partly filled or unknown; the disk failed; or ``resolve`` recorded nothing."""
    USAGE = 64
    INTERRUPTED = 130


class RebalError(Exception):
    """Something the user can read and act on.

    The message is one short paragraph: what is wrong, where (file:line, account, field), what was
    expected, what to do next.
    """

    exit_code = ExitCode.ERROR


class UsageError(RebalError):
    """The command line asks for something that does not exist."""

    exit_code = ExitCode.USAGE


class RefusedError(RebalError):
    """A safety check said no; nothing was sent or written."""

    exit_code = ExitCode.REFUSED


class FindingsError(RefusedError):
    """Checks found what refuses an account or a plan. ``findings`` has all of it; the message is its short text."""

    def __init__(self, findings: Sequence[Finding[InPlan]]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(finding.coded for finding in self.findings))


class NotApplicableError(FindingsError):
    """A plan must not be applied at all. ``accounts`` is how many the plan has."""

    def __init__(self, findings: Sequence[Finding[InPlan]], *, accounts: int) -> None:
        self.accounts = accounts
        super().__init__(findings)


class PlanFileError(RefusedError):
    """A plan file is not what this tool wrote: bytes, hash, form, size or version. ``finding`` says which."""

    def __init__(self, message: str, *, code: Code, field: str = "") -> None:
        self.finding = Finding(code=code, severity="error", where=InPlan("", field), message=message)
        super().__init__(message)


class BrokerError(RebalError):
    """The broker refused, did not answer, or answered something unusable."""


class UnreachableError(BrokerError):
    """The gateway could not be reached or hung up: asking again may help."""


class TimedOutError(UnreachableError):
    """One request was not answered in full in time."""


class LinkDownError(BrokerError):
    """The gateway answers but has been without its broker for too long: nobody there can be asked."""


class DiskError(RebalError):
    """The disk did not take or give what it should: full, failing, or not flushed. It stops all sends."""

    exit_code = ExitCode.INCOMPLETE


class ReportError(RebalError):
    """Reports could not be written; the orders they tell of stand."""


class JournalError(RefusedError):
    """A journal is not what this tool wrote: broken, reordered, or another plan's."""


class AccountError(RebalError):
    """One account cannot be planned; the others go on. The message becomes the reason in the plan."""


class InputError(RebalError):
    """An input file has problems; all of them are reported together, in file order."""

    def __init__(self, findings: Iterable[Finding[InFile]]) -> None:
        self.findings = tuple(sorted(findings, key=_order))
        super().__init__("\n".join(map(marked, self.findings)))


def marked(finding: Finding[InFile]) -> str:
    """Return a finding as it stands among errors, after its place: a warning says that it is one."""
    if finding.severity == "warning":
        finding = msgspec.structs.replace(finding, message=f"warning: {finding.message}")
    return placed(finding)


def placed(finding: Finding[InFile]) -> str:
    """Return what was found after its place."""
    return f"{finding.where}: {finding.sentence}"


def _order(finding: Finding[InFile]) -> tuple[str, int, int, str, str]:
    """Return what findings are sorted by: at one place the errors come before the warnings."""
    where = finding.where
    return where.file, where.line, where.column, finding.severity, finding.message
