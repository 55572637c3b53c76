"""Canonical bytes of a plan, its hash and id, and strict reading.

A plan file is ``{"id": …, "sha256": …, "plan": {…}}`` as indented JSON, one scalar per line. The hash is over
the compact JSON of ``plan`` in UTF-8, so ``jq -cj .plan FILE | sha256sum`` prints it. Decimals are strings in
canonical form. Reading accepts exactly the bytes that writing the decoded plan would give.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from rebalplan.core.errors import PlanFileError
from rebalplan.core.money import MAX_DIGITS
from rebalplan.core.references import PLAN_DIGITS
from rebalplan.core.vocabulary import Mode
from rebalplan.plan.document import PLAN_FORMAT, AccountPlan, Plan, Volatile

MAX_BYTES = 80_000_000
"""A larger file is refused unread. A plan of 1,000 accounts with 60 symbols has about 50 MB."""

_MAX_INTEGER = 2**53
"""Larger integers are not the same number to every JSON reader (RFC 8259, section 6)."""

_READABLE = re.compile(rf"{PLAN_FORMAT.partition('.')[0]}\.[0-9]{{1,4}}")
"""Versions with our major number; what a later minor one adds is refused as an unknown field."""

_CANONICAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
"""A decimal without exponent, leading or trailing zeros."""

_ENCODER = msgspec.json.Encoder(decimal_format="string")


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: the plan with its name and hash."""

    id: str
    sha256: str
    plan: Plan


class _RawEnvelope(msgspec.Struct, frozen=True):
    id: str
    sha256: str
    plan: msgspec.Raw


class _SplitPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format_version: str
    sizing_version: str
    mode: Mode
    replay_of: str | None
    accounts: tuple[msgspec.Raw, ...]
    volatile: Volatile


class _SplitEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    sha256: str
    plan: _SplitPlan


class _Head(msgspec.Struct):
    format_version: str


class _HeadEnvelope(msgspec.Struct):
    plan: _Head


def encode(plan: Plan) -> tuple[Envelope, bytes]:
    """Return the plan in its envelope and the exact bytes of its file."""
    envelope, indented = _indent(plan)
    return envelope, indented + b"\n"


def _indent(plan: Plan) -> tuple[Envelope, bytes]:
    """Return the envelope and the bytes of its file, without the newline at the end."""
    compact = _ENCODER.encode(plan)
    sha256 = hashlib.sha256(compact).hexdigest()
    plan_id = f"{plan.volatile.created_at:%Y%m%dT%H%M%SZ}-{sha256[:PLAN_DIGITS]}"
    framed = _ENCODER.encode(_RawEnvelope(plan_id, sha256, msgspec.Raw(compact)))
    del compact  # a large plan is not kept in three forms at once
    return Envelope(plan_id, sha256, plan), msgspec.json.format(framed, indent=2)


def decode(data: bytes) -> Envelope:
    """Return the plan that ``data`` is the canonical encoding of.

    Raises ``PlanFileError``, saying what is wrong and with its code, for anything else: a cut or edited file,
    another form of a number, reordered, repeated or unknown fields, trailing data, another format, a wrong hash
    or id.
    """
    _check_size(data)
    envelope = _decode_form(data)
    _check_version(envelope.plan.format_version)
    _check_values(envelope.plan, "plan")
    expected, indented = _indent(envelope.plan)
    if envelope.sha256 != expected.sha256:
        raise PlanFileError(
            f"its sha256 says {envelope.sha256[:PLAN_DIGITS]!a}… but its content hashes to "
            f"{expected.sha256[:PLAN_DIGITS]}…: it was edited or damaged after it was made; plan again",
            code="RB105",
            field="sha256",
        )
    if envelope.id != expected.id:
        raise PlanFileError(
            f"its id {envelope.id!a} does not belong to its content ({expected.id})",
            code="RB106",
            field="id",
        )
    if len(data) != len(indented) + 1 or not (data.startswith(indented) and data.endswith(b"\n")):
        raise PlanFileError(
            "its bytes are not those that rebal writes (spaces, line ends, order of fields or a field given twice): "
            "restore the file from version control or plan again",
            code="RB107",
        )
    return envelope


def check_readable(envelope: Envelope, data: bytes) -> None:
    """Raise ``PlanFileError`` unless ``decode`` will read ``data``, which ``encode`` made, as ``envelope``.

    It reads one account after the other, so that a large plan is not in memory twice.
    """
    _check_size(data)
    _check_values(envelope.plan, "plan")
    try:
        split = msgspec.json.decode(data, type=_SplitEnvelope)
        same = (split.id, split.sha256) == (envelope.id, envelope.sha256) and all(
            getattr(split.plan, name) == getattr(envelope.plan, name)
            for name in split.plan.__struct_fields__
            if name != "accounts"
        )
        accounts = zip(split.plan.accounts, envelope.plan.accounts, strict=True)
        same = same and all(msgspec.json.decode(text, type=AccountPlan) == made for text, made in accounts)
    except (msgspec.DecodeError, ValueError) as error:
        raise PlanFileError(
            f"the plan {envelope.id} could not be read again: {error}", code="RB101"
        ) from error
    if not same:
        raise PlanFileError(f"the plan {envelope.id} could not be read again as it was made", code="RB101")


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise PlanFileError(
            f"it has {len(data):,} bytes, more than the {MAX_BYTES:,} a plan may have", code="RB102"
        )


def _decode_form(data: bytes) -> Envelope:
    try:
        return msgspec.json.decode(data, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        _refuse_other_format(data)
        raise PlanFileError(f"it is not a plan file: {error}", code="RB101") from error


def _refuse_other_format(data: bytes) -> None:
    """Refuse a plan of another format version as that, before it is refused as no plan at all."""
    try:
        found = msgspec.json.decode(data, type=_HeadEnvelope).plan.format_version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    _check_version(found)


def _check_version(found: str) -> None:
    if found != PLAN_FORMAT and not _READABLE.fullmatch(found):
        raise PlanFileError(
            f"its format_version is {found[:20]!a}, this rebal reads {PLAN_FORMAT}: "
            "use the version that made it or plan again",
            code="RB103",
            field="format_version",
        )


def _check_values(value: Any, where: str) -> None:
    """Walk a decoded plan once, before any arithmetic, and refuse every value of another form."""
    match value:
        case msgspec.Struct():
            for name in value.__struct_fields__:
                _check_values(getattr(value, name), f"{where}.{name}")
        case tuple():
            for index, item in enumerate(value):
                _check_values(item, f"{where}[{index}]")
        case Decimal():
            _check_decimal(value, where)
        case str():
            if not value.isprintable():
                raise PlanFileError(f"{where} has a control character", code="RB104")
        case datetime():
            if value.tzinfo is None or value.utcoffset() or value.microsecond:
                raise PlanFileError(f"{where} is not a time in UTC to the second", code="RB104")
        case int():
            if not -_MAX_INTEGER < value < _MAX_INTEGER:
                raise PlanFileError(f"{where} is an integer beyond 2^53", code="RB104")


def _check_decimal(value: Decimal, where: str) -> None:
    """Refuse NaN, infinities, exponents, negative zero, trailing zeros and too many digits."""
    if not value.is_finite():
        raise PlanFileError(f"{where} is not a finite number", code="RB104")
    text = str(value)
    too_long = len(text) > MAX_DIGITS and len(text.lstrip("-0.").replace(".", "")) > MAX_DIGITS
    if too_long or text == "-0" or not _CANONICAL.fullmatch(text):
        raise PlanFileError(
            f"{where} is not a decimal in canonical form of at most {MAX_DIGITS} digits", code="RB104"
        )


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file, from the same types that read it.

    It also says how each value is written. A plan that it accepts can fail only on what its values mean.
    """
    schema = msgspec.json.schema(Envelope)
    for definition in schema["$defs"].values():
        _say_more(definition)
    file, plan = (schema["$defs"][kind.__name__]["properties"] for kind in (Envelope, Plan))
    file["id"]["pattern"] = rf"^[0-9]{{8}}T[0-9]{{6}}Z-[0-9a-f]{{{PLAN_DIGITS}}}$"
    file["sha256"]["pattern"] = "^[0-9a-f]{64}$"
    plan["format_version"]["const"] = PLAN_FORMAT
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_DECIMAL = rf"^(?!-0$|-?0\.0{{6}})(?!-?[0.]*[1-9](?:\.?[0-9]){{{MAX_DIGITS}}}){_CANONICAL.pattern}$"
"""``_check_decimal`` as a pattern of ECMA-262.

The first group refuses what would be written with an exponent, the second one digit more than there may be.
"""

_INDENTATION = re.compile(r"\n +")
_SECONDS = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


def _say_more(part: Any, name: str = "") -> None:
    """Add how decimals, times and integers are written, and lay descriptions out as text."""
    match part:
        case {"format": "decimal"}:
            part["pattern"] = _DECIMAL
        case {"type": "string"} if name.endswith("_at"):
            part.update(format="date-time", pattern=_SECONDS)
        case {"type": "integer"}:
            part.update(minimum=1 - _MAX_INTEGER, maximum=_MAX_INTEGER - 1)
        case {"anyOf": list(choices)}:
            for choice in choices:
                _say_more(choice, name)
        case dict():
            for key, value in part.items():
                if key == "description" and isinstance(value, str):
                    part[key] = _INDENTATION.sub("\n", value)
                _say_more(value, key)
