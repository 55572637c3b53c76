"""The journal of one plan. rebal reads it once, then only appends. Both need the plan's hash, not the plan."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from rebalplan.apply.journal.chain import encode_line, line_hash, named_plan, read_chain
from rebalplan.apply.journal.fold import fold, fold_account
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.journal.result import AccountResult, ApplyResult
from rebalplan.core.errors import DiskError, JournalError
from rebalplan.core.ports import Disk
from rebalplan.plan.codec import Envelope
from rebalplan.plan.store import JOURNAL_SUFFIX


class JournalFile:
    """Appends records durably: when ``append`` returns, the disk has the record.

    After a failed append it writes nothing more, because nobody knows what the disk holds then.
    """

    def __init__(self, disk: Disk, path: Path, plan: str, tell: Callable[[AnyRecord], object] = bool) -> None:
        """Read the journal of the plan with this hash; raises ``JournalError`` when it is another's or broken.

        ``tell`` is called with each new record once the disk has it.
        """
        self._tell = tell
        self._disk = disk
        self._path = path
        self._plan = plan
        data = disk.read(path) or b""
        try:
            chain = read_chain(data, plan)
        except JournalError as error:
            raise JournalError(f"{path}: {error}") from error
        self._head = chain.head
        self._records = list(chain.records)
        self._size = chain.good_bytes
        self._is_torn = chain.torn
        self._failed = False

    @property
    def plan(self) -> str:
        """Return the hash of the plan whose journal it is."""
        return self._plan

    @property
    def records(self) -> tuple[AnyRecord, ...]:
        """Return everything recorded so far, oldest first."""
        return tuple(self._records)

    def append(self, record: AnyRecord) -> None:
        """Add a record and return when the disk has it. Raises ``DiskError``; then never tries again."""
        if self._failed:
            raise DiskError(f"{self._path}: the disk failed before; nothing more is recorded in this run")
        line = encode_line(len(self._records) + 1, self._plan, self._head, record)
        try:
            self._mend()
            self._disk.append(self._path, line)
        except DiskError:
            self._failed = True
            self._drop_the_tail()
            raise
        # The disk has it now. Before that nothing here changes, so memory never has a record that the disk may lack.
        self._head = line_hash(line)
        self._size += len(line)
        self._records.append(record)
        self._tell(record)

    def _mend(self) -> None:
        """Cut off a torn tail before the first append; reading a journal never writes to it."""
        if self._is_torn:
            self._disk.truncate(self._path, self._size)
            self._is_torn = False

    def _drop_the_tail(self) -> None:
        """Try to cut off a record that may be half written: rebal does not take the step that it announces.

        When this fails too, a resume reads the record and asks the broker about an order that never left.
        """
        with contextlib.suppress(DiskError):
            self._disk.truncate(self._path, self._size)


class Journal(JournalFile):
    """The journal beside a plan, read together with the plan: its records are about the plan's lines."""

    def __init__(
        self, disk: Disk, path: Path, envelope: Envelope, tell: Callable[[AnyRecord], object] = bool
    ) -> None:
        """Read the journal; raises ``JournalError`` when it is not this plan's or is broken."""
        super().__init__(disk, path, envelope.sha256, tell)
        self._envelope = envelope

    def result(self) -> ApplyResult:
        """Return what the records say about the plan."""
        return fold(self._envelope, self._records)

    def result_of(self, account: str) -> AccountResult:
        """Return what the records say about one account; raises ``KeyError`` for one that is not in the plan."""
        return fold_account(self._envelope, self._records, account)


def open_journal(disk: Disk, path: Path) -> JournalFile:
    """Return a journal without its plan: the first line names the hash of the plan.

    Raises ``JournalError`` when it is broken.
    """
    try:
        plan = named_plan(disk.read(path) or b"")
    except JournalError as error:
        raise JournalError(f"{path}: {error}") from error
    return JournalFile(disk, path, plan)


def journal_path(plan_path: Path) -> Path:
    """Return where the journal of a plan file is."""
    return plan_path.with_name(f"{plan_path.stem}{JOURNAL_SUFFIX}")
