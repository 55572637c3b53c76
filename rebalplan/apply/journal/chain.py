"""The bytes of a journal: JSON Lines, each carrying the hash of the one before it and of the plan."""

from __future__ import annotations

import hashlib

import msgspec

from rebalplan.apply.journal.records import AnyRecord
from rebalplan.core.errors import JournalError
from rebalplan.core.text import printable


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: its number from 1, the plan's hash, the hash of the line before (the plan's for the first)."""

    number: int
    plan: str
    previous: str
    record: AnyRecord


class BrokenLineError(JournalError):
    """A line of a journal is refused: its number in the file, what is wrong with it, and the way out."""

    def __init__(self, number: int, why: str, way_out: str = "") -> None:
        self.number = number
        self.why = why
        super().__init__(f"line {number} {why}: {way_out or RESTORE}")


RESTORE = "restore the file from git; without a copy, plan again"
_TO_LF = "convert the file's line ends to LF; the line `*.jsonl text eol=lf` in .gitattributes keeps them"
_ONE_SIDE = "keep the longer side, which must contain the other, and remove the marks"

MERGE_MARKS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")
"""git starts the lines around the sides of a conflict with these (git merge, "How conflicts are presented")."""

_ENCODER = msgspec.json.Encoder(decimal_format="string")
_DECODER = msgspec.json.Decoder(Line)


def encode_line(number: int, plan: str, previous: str, record: AnyRecord) -> bytes:
    """Return the line with its newline."""
    return _ENCODER.encode(Line(number, plan, previous, record)) + b"\n"


def line_hash(line: bytes) -> str:
    """Return the hash that the next line carries as ``previous``; ``line`` ends with its newline."""
    return hashlib.sha256(line).hexdigest()


class Chain(msgspec.Struct, frozen=True):
    """A journal read whole: its records, the hash the next line must carry, and how many bytes are good.

    ``torn`` tells that the last line had no newline and was left out. Its append never returned, so rebal never took
    the step that the line announced.
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


def named_plan(data: bytes) -> str:
    """Return the hash of the plan that a journal's first line names; empty for a journal without a whole line.

    Raises ``JournalError`` when that line cannot be read.
    """
    first, newline, _rest = data.partition(b"\n")
    return _decode(first, 1).plan if newline else ""


def _decode(text: bytes, number: int) -> Line:
    if text.startswith(MERGE_MARKS):
        raise BrokenLineError(number, "is a mark of a git merge", _ONE_SIDE)
    if text.endswith(b"\r"):
        raise BrokenLineError(number, "ends with CRLF", _TO_LF)
    try:
        return decode_line(text)
    except ValueError as error:
        raise BrokenLineError(number, f"cannot be read ({error})") from error


def decode_line(text: bytes) -> Line:
    """Return one line on its own; raises ``ValueError`` for what is none."""
    return _DECODER.decode(text)


def _check(line: Line, text: bytes, number: int, plan: str, head: str) -> None:
    if line.plan != plan:
        raise BrokenLineError(number, f"belongs to another plan ({printable(line.plan[:12])}…)")
    if line.number != number or line.previous != head:
        raise BrokenLineError(number, "does not follow the line before it (lines are missing or reordered)")
    # Decoding forgets spaces, the order of fields and repeated fields: an edit could hide there.
    if _ENCODER.encode(line) != text:
        raise BrokenLineError(number, "is not in the form that rebal writes (it was edited)")
