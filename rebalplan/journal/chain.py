"""The bytes of a journal: JSON Lines, each carrying the hash of the one before it and of the plan."""

from __future__ import annotations

import hashlib

import msgspec

from rebalplan.errors import JournalError
from rebalplan.journal.records import AnyRecord


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: its number from 1, the plan's hash, the hash of the line before (the plan's for the first)."""

    number: int
    plan: str
    previous: str
    record: AnyRecord


_ENCODER = msgspec.json.Encoder(decimal_format="string")
_DECODER = msgspec.json.Decoder(Line)


def encode_line(number: int, plan: str, previous: str, record: AnyRecord) -> bytes:
    """Return the line with its newline."""
    return _ENCODER.encode(Line(number, plan, previous, record)) + b"\n"


def line_hash(line: bytes) -> str:
    """Return what the next line carries as ``previous``."""
    return hashlib.sha256(line).hexdigest()


class Chain(msgspec.Struct, frozen=True):
    """A journal read whole: its records, the hash the next line must carry, and how many bytes are good.

    ``torn`` is true when a last line without its newline was left out: it was never durable, so what it
    announced was never done.
    """

    records: tuple[AnyRecord, ...]
    head: str
    good_bytes: int
    torn: bool


def read_chain(data: bytes, plan: str) -> Chain:
    """Return the journal of the plan with this hash.

    Raises ``JournalError`` for a line that is broken, out of order or of another plan, wherever it stands.
    """
    lines = data.split(b"\n")
    rest = lines.pop()
    records: list[AnyRecord] = []
    head = plan
    for number, text in enumerate(lines, start=1):
        line = _decode(text, number)
        _check(line, text, number, plan, head)
        records.append(line.record)
        head = line_hash(text + b"\n")
    return Chain(tuple(records), head, len(data) - len(rest), bool(rest))


def read_any_chain(data: bytes) -> Chain:
    """Return a journal whose plan is not at hand: that of the plan its first line names."""
    first, _newline, rest = data.partition(b"\n")
    whose = _decode(first, 1).plan if rest or data.endswith(b"\n") else ""
    return read_chain(data, whose)


def _decode(text: bytes, number: int) -> Line:
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(f"line {number} cannot be read ({error}): restore the journal") from error


def _check(line: Line, text: bytes, number: int, plan: str, head: str) -> None:
    if line.plan != plan:
        raise JournalError(f"line {number} belongs to another plan ({line.plan[:12]}…)")
    if line.number != number or line.previous != head:
        raise JournalError(
            f"line {number} does not follow the line before it: lines are missing or reordered"
        )
    if _ENCODER.encode(line) != text:
        raise JournalError(f"line {number} is not in the form that rebal writes: it was edited")
