"""One tree of errors; each class carries the exit code of the process.

The code that finds an error raises it; ``rebalplan.commands`` prints all of them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

import msgspec

from rebalplan.core.finding import Code, Finding, InFile, InPlan


class ExitCode(enum.IntEnum):
    """The exit codes of ``rebal``."""

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
    """An error with a message that a user can act on.

    The message is one short paragraph: the problem, its place (file:line, account, field), the expected
    value, the next step.
    """

    exit_code = ExitCode.ERROR


class UsageError(RebalError):
    """The command line names something that does not exist."""

    exit_code = ExitCode.USAGE


class RefusedError(RebalError):
    """A safety check said no; nothing was sent or written. ``code`` says which."""

    exit_code = ExitCode.REFUSED

    def __init__(self, message: str, *, code: Code) -> None:
        self.code = code
        super().__init__(message)


class FindingsError(RefusedError):
    """Checks refuse an account or a plan. ``findings`` has all reasons; the message is their short text."""

    def __init__(self, findings: Sequence[Finding[InPlan]]) -> None:
        self.findings = tuple(findings)
        text = "; ".join(finding.coded for finding in self.findings)
        super().__init__(text, code=self.findings[0].code)


class NotApplicableError(FindingsError):
    """A plan must not be applied at all. ``accounts`` is the number of its accounts."""

    def __init__(self, findings: Sequence[Finding[InPlan]], *, accounts: int) -> None:
        self.accounts = accounts
        super().__init__(findings)


class PlanFileError(RefusedError):
    """A plan file was changed or is none: its bytes, hash, form, size or version. ``finding`` says which."""

    def __init__(self, message: str, *, code: Code, field: str = "") -> None:
        self.finding = Finding(code=code, severity="error", where=InPlan("", field), message=message)
        super().__init__(message, code=code)


class BrokerError(RebalError):
    """The broker refused, did not answer, or answered something unusable."""


class UnreachableError(BrokerError):
    """The gateway is not reachable or closed the connection. Another try may help."""


class TimedOutError(UnreachableError):
    """The full answer to one request did not come in time."""


class LinkDownError(BrokerError):
    """The gateway answers, but it has been without the broker for too long."""


class DiskError(RebalError):
    """The disk is full, fails or does not flush. After it rebal sends nothing more."""

    exit_code = ExitCode.INCOMPLETE


class ReportError(RebalError):
    """Reports could not be written. Their orders are not affected."""


class JournalError(RefusedError):
    """A journal was changed: broken, reordered, or that of another plan."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="RB601")


class AccountError(RebalError):
    """One account cannot be planned; the others go on. The message becomes the reason in the plan."""


class InputError(RebalError):
    """An input file has problems; all of them are reported together, in file order."""

    def __init__(self, findings: Iterable[Finding[InFile]]) -> None:
        self.findings = tuple(sorted(findings, key=_order))
        super().__init__("\n".join(map(marked, self.findings)))


def marked(finding: Finding[InFile]) -> str:
    """Return a finding for a list of errors, after its place. A warning is marked as one."""
    if finding.severity == "warning":
        finding = msgspec.structs.replace(finding, message=f"warning: {finding.message}")
    return placed(finding)


def placed(finding: Finding[InFile]) -> str:
    """Return a finding's text after its place."""
    return f"{finding.where}: {finding.sentence}"


def _order(finding: Finding[InFile]) -> tuple[str, int, int, str, str]:
    """Return the sort key of findings: by place, errors before warnings."""
    where = finding.where
    return where.file, where.line, where.column, finding.severity, finding.message
