"""Whole files on this machine's disk: written beside their place, flushed, then renamed into it."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
from pathlib import Path

_NO_FLUSH = (errno.EINVAL, errno.ENOTSUP)
"""Errors of a file system that cannot flush a folder: no failure of the disk."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a temporary file beside ``path``, flush it to the disk, then rename it; nothing half-written stays.

    The folder is made when it is missing. Raises ``OSError`` when the folder or the disk does not take the file; then
    the file that was at ``path`` before is still there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with contextlib.suppress(FileExistsError):  # opening a file in it says better what stands in its place
        path.parent.mkdir(parents=True, exist_ok=True)
    # A process that was killed leaves its temporary file behind.
    for left_over in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        left_over.unlink(missing_ok=True)
    try:
        descriptor = os.open(
            temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666
        )
        with os.fdopen(descriptor, "wb") as file:
            # Flushed before it is renamed: otherwise a power cut can leave an empty file under the name.
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # the file is there and whole
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in the folder durable where the system lets one be opened and flushed (not on Windows).

    Raises ``OSError`` when the disk fails.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FLUSH:
            raise
    finally:
        os.close(descriptor)


def why_unwritable(folder: Path) -> str:
    """Return why no file can be written into a folder, or an empty string; nothing is left there.

    A missing folder counts as writable when it can be made. A file is really written, because permissions alone do not
    tell: the disk may be read-only or full.
    """
    import tempfile  # noqa: PLC0415  # few commands look

    present = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not present.is_dir():
        return f"{present} is a file" if present.exists() else f"{present} is a link to nothing"
    try:
        descriptor, name = tempfile.mkstemp(prefix=".rebal-", dir=present)
        os.close(descriptor)
        Path(name).unlink()
    except OSError as error:
        return f"{present}: {error.strerror or error}"
    return ""
