r"""Frames and fields of the TWS socket protocol: bytes in, fields out, and back.

A frame is a 4-byte big-endian length and that many bytes of NUL-terminated UTF-8 fields. The client's
first bytes are ``API\0`` and one frame with the versions it speaks.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

Message = tuple[str, ...]
"""The fields of one message; the first is the message id."""

PREAMBLE = b"API\0"
MAX_FRAME_BYTES = 1 << 20
"""A longer frame is no request; the real gateway drops such a client too."""

UNSET_INTEGER = 2_147_483_647
UNSET_DOUBLE_TEXT = "1.7976931348623157E308"
_UNSET_DOUBLE_FLOOR = Decimal("1.79e308")

_LENGTH = struct.Struct(">I")
_ESCAPED = re.compile(r"[^\x00-\x7f]|\\")
_VERSIONS = re.compile(rb"v(\d{1,6})(?:\.\.(\d{1,6}))?(?: .*)?\Z", re.DOTALL)


class WireError(ValueError):
    """Bytes that no client of this protocol sends, or a field of the wrong kind."""


class FrameBuffer:
    """Collects bytes, in whatever pieces they arrive, and returns whole frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> list[bytes]:
        """Add ``data`` and return the payloads that are complete now.

        Raises ``WireError`` when the bytes cannot be a preamble or a frame is over ``MAX_FRAME_BYTES``;
        the connection is of no use afterwards.
        """
        self._bytes += data
        if not self._greeted and not self._greet():
            return []
        payloads = []
        while (payload := self._next()) is not None:
            payloads.append(payload)
        return payloads

    def _greet(self) -> bool:
        start = bytes(self._bytes[: len(PREAMBLE)])
        if not PREAMBLE.startswith(start):
            raise WireError("the client did not begin with API")
        if start != PREAMBLE:
            return False
        del self._bytes[: len(PREAMBLE)]
        self._greeted = True
        return True

    def _next(self) -> bytes | None:
        if len(self._bytes) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._bytes)
        if length > MAX_FRAME_BYTES:
            raise WireError(f"a frame of {length} bytes")
        end = _LENGTH.size + length
        if len(self._bytes) < end:
            return None
        payload = bytes(self._bytes[_LENGTH.size : end])
        del self._bytes[:end]
        return payload


def encode_frame(payload: bytes) -> bytes:
    """Return the payload behind its length."""
    return _LENGTH.pack(len(payload)) + payload


def encode(message: Sequence[str]) -> bytes:
    """Return the frame of one message."""
    return encode_frame(b"".join(field.encode("utf-8", "replace") + b"\0" for field in message))


def decode(payload: bytes) -> Message:
    """Return the fields of a payload; a missing last NUL is forgiven, as the real gateway does."""
    text = payload.decode("utf-8", "replace")
    return tuple(text.removesuffix("\0").split("\0"))


def parse_versions(payload: bytes) -> tuple[int, int]:
    """Return the lowest and highest server version the client accepts.

    Raises ``WireError`` when the first frame is not ``vMIN..MAX`` with optional options behind a space.
    """
    match = _VERSIONS.match(payload.removesuffix(b"\0"))
    if match is None:
        raise WireError("the first frame is not vMIN..MAX")
    low = int(match[1])
    return low, int(match[2] or low)


def as_text(value: str | int | Decimal) -> str:
    """Return a field: booleans as 1 and 0, decimals in plain digits, NaN as ``NaN``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    return format(value, "f")


def escape_text(text: str) -> str:
    r"""Return a long name or an error text as clients read it.

    What is not ASCII is ``\uXXXX`` per UTF-16 unit, the only escape that every client knows, and so is the
    backslash, which would begin one.
    """
    return _ESCAPED.sub(lambda found: _utf16_escapes(found[0]), text)


def _utf16_escapes(character: str) -> str:
    units = character.encode("utf-16-be", "replace").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def message(message_id: int, *values: str | int | Decimal) -> Message:
    """Return the fields of a message with that id."""
    return (str(int(message_id)), *(as_text(value) for value in values))


def read_integer(text: str) -> int:
    """Read a 32-bit integer; empty is 0. Raises ``WireError``."""
    if not text:
        return 0
    try:
        value = int(text)
    except ValueError:
        raise WireError(f"{text[:40]!r} is no integer") from None
    if not -UNSET_INTEGER <= value <= UNSET_INTEGER:
        raise WireError(f"{text[:40]!r} is no 32-bit integer")
    return value


def read_decimal(text: str) -> Decimal:
    """Read a number; empty and the several spellings of an unset double are 0. Raises ``WireError``."""
    try:
        value = Decimal(text or 0)
    except InvalidOperation:
        raise WireError(f"{text[:40]!r} is no number") from None
    if not value.is_finite() or abs(value) >= _UNSET_DOUBLE_FLOOR:
        return Decimal(0)
    return value


def read_boolean(text: str) -> bool:
    """Read ``1``, ``0``, ``true``, ``false`` or nothing (false)."""
    return text.lower() not in {"", "0", "false"}


class FieldReader:
    """Walks over the fields of one message; a field beyond the end reads as empty."""

    def __init__(self, fields: Sequence[str], start: int = 0) -> None:
        self._fields = fields
        self._at = start

    def text(self) -> str:
        """Return the next field as it is."""
        self._at += 1
        return self._fields[self._at - 1] if self._at <= len(self._fields) else ""

    def skip(self, count: int) -> None:
        """Pass over as many fields."""
        self._at += count

    def integer(self) -> int:
        """Return the next field as an integer. Raises ``WireError``."""
        return read_integer(self.text())

    def decimal(self) -> Decimal:
        """Return the next field as a number. Raises ``WireError``."""
        return read_decimal(self.text())

    def boolean(self) -> bool:
        """Return the next field as a truth value."""
        return read_boolean(self.text())
