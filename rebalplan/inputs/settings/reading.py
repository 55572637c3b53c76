"""Reads the values of sections: it reads each known key and reports each unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from rebalplan.inputs.findings import Findings
from rebalplan.inputs.settings.keys import (
    SECTIONS,
    key_may_protect,
    no_effect_message,
    protects,
    unknown_key_message,
)
from rebalplan.inputs.settings.lines import LIST_KEYS, Entry, Section
from rebalplan.inputs.settings.values import Kind, Value, ValueRefusedError
from rebalplan.inputs.wording import shown

T = TypeVar("T", bound=msgspec.Struct)


class Found(msgspec.Struct, frozen=True):
    """A value in the file, and its line."""

    value: Value
    line: int


Values = Mapping[str, Found]
"""The readable values of the file, by key."""


def read_values(sections: Iterable[Section], findings: Findings) -> dict[str, Found]:
    """Return the values of the sections with fixed keys; lists (``ids``) have their own readers."""
    values: dict[str, Found] = {}
    for section in sections:
        if section.name in SECTIONS:
            values |= read_section(section, SECTIONS[section.name], findings)
    return values


def read_section(section: Section, known: Mapping[str, Kind], findings: Findings) -> dict[str, Found]:
    """Return the values of one section. Note unknown keys and refused values."""
    values: dict[str, Found] = {}
    for entry in section.entries:
        if entry.key not in known and protects(entry.key):
            findings.error(no_effect_message(entry.key, section.title), line=entry.line)
        elif entry.key not in known:
            findings.warn(
                unknown_key_message(entry.key, section.title, known),
                line=entry.line,
                may_protect=key_may_protect(entry.key, section.name, known),
            )
        elif entry.key not in LIST_KEYS:
            found = _read(entry, known[entry.key], findings)
            if found is not None:
                values[entry.key] = found
    return values


def _read(entry: Entry, kind: Kind, findings: Findings) -> Found | None:
    """Return the entry's value, or ``None`` after noting its text and the allowed values."""
    try:
        return Found(kind.read(entry.text), entry.line)
    except ValueRefusedError as refusal:
        read = f"= {shown(entry.text)}" if entry.text else "is empty"
        hint = f"{refusal}; " if str(refusal) else ""
        findings.error(f"{entry.key} {read}: {hint}allowed is {kind.allowed}", line=entry.line)
        return None


def build(struct: type[T], values: Values) -> T:
    """Return the struct with the values given and the defaults of the rest."""
    names = (field.name for field in msgspec.structs.fields(struct))
    return msgspec.convert({name: values[name].value for name in names if name in values}, struct)
