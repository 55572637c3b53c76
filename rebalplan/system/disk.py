"""The machine's own disk behind the ``Disk`` port: every write is flushed before it counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rebalplan.core.errors import DiskError, RefusedError
from rebalplan.system.files import sync_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock


class SystemDisk:
    """The ``Disk`` of a real run. A failed flush is never tried again (fsync may have dropped the data)."""

    def read(self, path: Path) -> bytes | None:
        """Return a file's bytes, or ``None`` when there is none."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DiskError(f"cannot read {path}: {error.strerror}") from error

    def append(self, path: Path, data: bytes) -> None:
        """Add to the end of a file and return when the disk has it, and the folder has the file."""
        try:
            is_new = not path.exists()
            with path.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                sync_folder(path.parent)
        except OSError as error:
            raise DiskError(f"cannot write {path}: {error.strerror}; nothing more is sent") from error

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file to its first ``size`` bytes and return when the disk has it."""
        try:
            with path.open("r+b") as file:
                file.truncate(size)
                os.fsync(file.fileno())
        except OSError as error:
            raise DiskError(f"cannot mend {path}: {error.strerror}") from error

    @contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        """Hold a lock file that frees itself when this process ends; raises ``RefusedError`` when it is held.

        The lock file is removed with the lock, so a command that was refused leaves none behind.
        """
        from filelock import Timeout  # noqa: PLC0415  # only an apply locks

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _lock_at(path)
        except Timeout:
            raise RefusedError(
                f"another apply is running ({path} is locked): wait for it to end; nothing was sent",
                code="RB602",
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):  # Windows keeps a file that is open; there the library deletes it
                path.unlink()
            lock.release()


def _lock_at(path: Path) -> BaseFileLock:
    """Return the held lock of the very file that is at ``path``. Raises ``Timeout`` when somebody has it.

    The last holder may remove the file after the library opened it and before the library locked it. Such a lock keeps
    nobody out. So the file is opened here first and compared with the one at ``path`` once the lock is held. While it
    is open, no other file gets its number, and a removed file never comes back: the same file was there all the time.
    """
    from filelock import FileLock  # noqa: PLC0415  # only an apply locks

    while True:
        pinned = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock = FileLock(path)
            lock.acquire(timeout=0)
            if os.name == "nt" or _is_at(path, pinned):  # nobody can remove an open file there
                return lock
            lock.release()
        finally:
            os.close(pinned)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
