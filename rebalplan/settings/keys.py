"""The table of known sections and keys, derived from the structs they are read into."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from rebalplan.policy import Policy
from rebalplan.settings.model import AccountsSettings, Endpoint, IbkrSettings, IoSettings, SimSettings
from rebalplan.settings.ranges import RANGES, unit_of
from rebalplan.settings.values import (
    Kind,
    choice,
    file_path,
    flag,
    fraction,
    host,
    number,
    optional,
    whole_number,
)
from rebalplan.settings.wording import bare, nearest

NO_EFFECT = frozenset({"parallel", "max_passes", "maintenance_buffer_pct"})
"""Keys of older files, accepted in every section and reported as having no effect."""

PROTECTING_SECTIONS = ("limits", "approval")
_PROTECTING_KEYS = frozenset({"read_only", "confirm_mode", "allow_live"})

ACCOUNT_PREFIX = "account:"
LIST_SECTIONS = ("models",)
"""Sections whose keys are names of the user's own."""

_SPECIAL: Mapping[str, Kind] = MappingProxyType({"cash_buffer_pct": fraction(), "host": host()})
_AS_WRITTEN = Kind("any text", str)


def _kind_of(name: str, declared: Any) -> Kind:
    """Return how a field is read, from its name and declared type (a type expression has no type)."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    if get_origin(declared) is Literal:
        return choice(get_args(declared))
    if get_origin(declared) in (Union, UnionType):
        inner = next(part for part in get_args(declared) if part is not type(None))
        return optional(_kind_of(name, inner))
    if declared is bool:
        return flag()
    if declared is Path:
        return file_path()
    make = {int: whole_number, Decimal: number}[declared]
    return make(RANGES[name], unit_of(name))


def _kinds(*structs: type[msgspec.Struct]) -> dict[str, Kind]:
    fields = (field for struct in structs for field in msgspec.structs.fields(struct))
    return {field.name: _kind_of(field.name, field.type) for field in fields}


def _policy_kinds() -> dict[str, dict[str, Kind]]:
    return {field.name: _kinds(field.type) for field in msgspec.structs.fields(Policy)}


_POLICY = _policy_kinds()
_POLICY["limits"]["allow_live"] = flag()

SECTIONS: Mapping[str, Mapping[str, Kind]] = MappingProxyType(
    {
        "ibkr": {**_kinds(IbkrSettings, Endpoint), "account_id": _AS_WRITTEN},
        "accounts": {"ids": _AS_WRITTEN, **_kinds(AccountsSettings), "path": file_path()},
        **_POLICY,
        "io": _kinds(IoSettings),
        "sim": _kinds(SimSettings),
    }
)
"""Known keys by section. No key is in two sections, so a key alone names its value."""

ACCOUNT_KEYS: Mapping[str, Kind] = MappingProxyType(
    {
        "path": file_path(),
        "models": _AS_WRITTEN,
        "read_only": flag(),
        **_kinds(Endpoint),
        **{key: kind for kinds in _POLICY.values() for key, kind in kinds.items()},
    }
)
"""The keys that [account:ID] may override."""


def home_of(key: str) -> str:
    """Return the section that a key belongs to, or an empty string for an unknown key."""
    return next((section for section, kinds in SECTIONS.items() if key in kinds), "")


def protects(key: str) -> bool:
    """Return whether somebody who writes this key counts on it: where it has no effect it is an error."""
    return key in _PROTECTING_KEYS or any(key in SECTIONS.get(name, {}) for name in PROTECTING_SECTIONS)


def no_effect_message(key: str, title: str, why: str = "") -> str:
    """Return the error for a key that protects, in a section where it does not; ``why`` follows the title."""
    places = f"[{home_of(key)}]" + (", or in [account:ID] for one account" if key in ACCOUNT_KEYS else "")
    return f"{key} has no effect in [{bare(title)}]{why}; write it in {places}"


def unknown_key_message(key: str, title: str, known: Mapping[str, Kind]) -> str:
    """Return the warning for a key unknown in its section: where it belongs, or what is nearest."""
    if key in NO_EFFECT:
        return f"{key} is a key of older files and has no effect; delete the line"
    ignored = f"unknown key {bare(key)} in [{bare(title)}] is ignored"
    if home := home_of(key):
        return f"{ignored}; it belongs in [{home}]"
    in_section = nearest(key, known)
    everywhere = nearest(key, [name for kinds in SECTIONS.values() for name in kinds])
    nearest_key = nearest(key, [in_section, everywhere])
    where = "" if nearest_key in known else f" in [{home_of(nearest_key)}]"
    return f"{ignored}; the nearest known key is {nearest_key}{where}"


def unknown_section_message(title: str, account_ids: tuple[str, ...]) -> str:
    """Return the warning for a section that is not known, with the nearest one."""
    known = [*SECTIONS, *LIST_SECTIONS, *(ACCOUNT_PREFIX + account for account in account_ids)]
    return (
        f"unknown section [{bare(title)}] is ignored; the nearest known section is [{nearest(title, known)}]"
    )
