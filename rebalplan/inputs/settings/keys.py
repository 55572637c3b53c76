"""The table of known sections and keys, derived from the structs of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from rebalplan.core.policy import Policy
from rebalplan.core.vocabulary import Endpoint
from rebalplan.inputs.settings.model import AccountsSettings, IbkrSettings, IoSettings, SimSettings
from rebalplan.inputs.settings.ranges import RANGES, unit_of
from rebalplan.inputs.settings.successors import SUCCESSORS
from rebalplan.inputs.settings.values import (
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
from rebalplan.inputs.wording import bare, nearest

NO_EFFECT = frozenset({"parallel", "max_passes", "maintenance_buffer_pct"})
"""Keys of older files, accepted in every section and reported as having no effect."""

PROTECTING_SECTIONS = ("limits", "approval")
GUARDED_SECTIONS = ("accounts", *PROTECTING_SECTIONS)
"""The sections in which any unknown key may be a misspelled protection."""
_PROTECTING_KEYS = frozenset({"read_only", "confirm_mode", "allow_live"})

ACCOUNT_PREFIX = "account:"
LIST_SECTIONS = ("models",)
"""The sections whose keys are the user's own names."""

_AS_WRITTEN = Kind("any text", str)
_SPECIAL: Mapping[str, Kind] = MappingProxyType(
    {"cash_buffer_pct": fraction(), "host": host(), "ids": _AS_WRITTEN}
)


def _kind_of(name: str, declared: Any) -> Kind:
    """Return the kind of a field by its name and declared type (a type expression has no type)."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    if get_origin(declared) is Literal:
        return choice(get_args(declared))
    if get_origin(declared) in (Union, UnionType):
        inner = next(part for part in get_args(declared) if part is not type(None))
        return optional(_kind_of(name, inner))
    if isinstance(declared, type) and issubclass(declared, StrEnum):
        return choice(tuple(declared))
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
        "accounts": {**_kinds(AccountsSettings), "path": file_path()},
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
    """Return whether a user relies on this key for protection. Such a key without effect is an error."""
    return key in _PROTECTING_KEYS or any(key in SECTIONS.get(name, {}) for name in PROTECTING_SECTIONS)


def no_effect_message(key: str, title: str, why: str = "") -> str:
    """Return the error for a protecting key in a section where it has no effect; ``why`` follows the title."""
    places = f"[{home_of(key)}]" + (", or in [account:ID] for one account" if key in ACCOUNT_KEYS else "")
    return f"{key} has no effect in [{bare(title)}]{why}; write it in {places}"


def unknown_key_message(key: str, title: str, known: Mapping[str, Kind]) -> str:
    """Return the warning for a key that is unknown in its section, with its right section or a similar key."""
    if key in NO_EFFECT:
        return f"{key} is a key of older files and has no effect; delete the line"
    ignored = f"unknown key {bare(key)} in [{bare(title)}] is ignored"
    if home := home_of(key):
        return f"{ignored}; it belongs in [{home}]"
    if key in SUCCESSORS:
        return f"{ignored}; {SUCCESSORS[key]}"
    nearest_key = _nearest_key(key, known)
    where = "" if nearest_key in known else f" in [{home_of(nearest_key)}]"
    return f"{ignored}; the nearest known key is {nearest_key}{where}" if nearest_key else ignored


def _nearest_key(key: str, known: Mapping[str, Kind]) -> str:
    """Return the known key that this one may be a misspelling of, its own section first, or an empty string."""
    everywhere = nearest(key, [name for kinds in SECTIONS.values() for name in kinds])
    return nearest(key, [name for name in (nearest(key, known), everywhere) if name])


def key_may_protect(key: str, section: str, known: Mapping[str, Kind]) -> bool:
    """Return whether an unknown key may be a misspelled protection, by its section or by a similar key."""
    if key in NO_EFFECT or home_of(key):
        return False
    return section in GUARDED_SECTIONS or protects(_nearest_key(key, known))


def unknown_section_message(title: str, account_ids: tuple[str, ...]) -> str:
    """Return the warning for an unknown section, with a similar one."""
    near = _nearest_section(title, account_ids)
    return f"unknown section [{bare(title)}] is ignored" + (
        f"; the nearest known section is [{near}]" if near else ""
    )


def _nearest_section(title: str, account_ids: tuple[str, ...]) -> str:
    if title.upper() in account_ids:
        return ACCOUNT_PREFIX + title.upper()
    return nearest(title, [*SECTIONS, *LIST_SECTIONS, *(ACCOUNT_PREFIX + account for account in account_ids)])


def section_may_protect(name: str, keys: Iterable[str]) -> bool:
    """Return whether an unknown section may be a misspelled protection, by its name or by a key in it."""
    return nearest(name, GUARDED_SECTIONS) != "" or any(key_may_protect(key, name, {}) for key in keys)
