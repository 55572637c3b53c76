"""Reads an input file as text, or raises one clear paragraph."""

from __future__ import annotations

from pathlib import Path

from rebalplan.core.errors import RebalError
from rebalplan.inputs.wording import escaped

MAX_BYTES = 1024 * 1024
"""The largest input file in bytes: a real one has some ten kilobytes."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path, *, if_missing: str) -> str:
    """Return the file's text with LF line ends and without a byte order mark.

    ``if_missing`` is the advice for a missing file. Raises RebalError for
    a file that is missing, a directory, unreadable, too large or not UTF-8 text.
    """
    name = escaped(str(path))
    content = _read_bytes(path, name, if_missing)
    if len(content) > MAX_BYTES:
        raise RebalError(
            f"{name}: the file is over {MAX_BYTES:,} bytes, which no settings or portfolios file needs. "
            "Check that this is the file you mean."
        )
    return _decode(content, name).replace("\r\n", "\n").replace("\r", "\n")


def _read_bytes(path: Path, name: str, if_missing: str) -> bytes:
    try:
        if path.is_dir():
            raise RebalError(f"{name}: this is a directory, expected a file. Name the file inside it.")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise RebalError(f"{name}: no such file. {if_missing}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RebalError(
            f"{name}: cannot be read ({escaped(reason)}). Check the path, the file's permissions and "
            "whether another program has it locked."
        ) from error


def _decode(content: bytes, name: str) -> str:
    if content.startswith(_UTF16_MARKS):
        raise RebalError(f"{name}: the file is UTF-16 text, expected UTF-8. Save it again as UTF-8.")
    if b"\0" in content:
        raise RebalError(
            f"{name}: the file is binary, expected UTF-8 text. Check that this is the file you mean."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RebalError(
            f"{name}:{line}: a byte here is not UTF-8 text (0x{error.object[error.start]:02x}). "
            "Save the file again as UTF-8."
        ) from None
