"""The machine's own disk behind the ``Disk`` port: every write is flushed before it counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rebalplan.errors import DiskError, RefusedError
from rebalplan.files import sync_folder


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
        """Hold a lock file that frees itself when this process ends; raises ``RefusedError`` when it is held."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # only an apply locks

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path, timeout=0):
                yield
        except Timeout:
            raise RefusedError(
                f"another apply is running ({path} is locked): wait for it to end; nothing was sent"
            ) from None
