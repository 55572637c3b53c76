"""A key of a scenario: its kind, its limits, its effect. The reader and ``rebal sim faults`` both use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, assert_never

import msgspec

from rebalplan.sim.scenario.toml_table import Table

Group = Literal["orders", "connection", "accounts", "data"]
KeyKind = Literal[
    "text",
    "choice",
    "integer",
    "flag",
    "number",
    "cost",
    "seconds",
    "seconds or never",
    "basis points",
    "list",
    "price",
]
Default = str | int | bool | tuple[str, ...] | None

NEVER: Final = Decimal(-1)
"""The seconds that mean never."""
MAX_INTEGER: Final = 2**31 - 2
MAX_SHIFT_BPS: Final = 9_999

TYPE_TEXTS: Final[dict[KeyKind, str]] = {
    "text": "text",
    "choice": "text",
    "integer": "integer",
    "flag": "true or false",
    "number": "number in quotes",
    "cost": "number in quotes, 0 or more",
    "seconds": "seconds in quotes",
    "seconds or never": 'seconds in quotes, "-1" for never',
    "basis points": "basis points in quotes",
    "list": "list of texts",
    "price": "any number in quotes",
}


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a table; ``example`` is a value as TOML has it, ``besides`` the lines an example needs besides.

    A key without default is required. ``low`` and ``high`` are for integers.
    """

    name: str
    kind: KeyKind
    about: str
    example: str
    default: Default = None
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = MAX_INTEGER
    group: Group | None = None
    besides: tuple[str, ...] = ()

    @property
    def type_text(self) -> str:
        """Return what may be written, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(f'"{choice}"' for choice in self.choices)
        return TYPE_TEXTS[self.kind]


class KeyTable(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of one kind of table in a scenario, and what the table is for.

    ``header`` is its line in TOML. ``base`` are the lines every example of it has, unless the example's own key is
    among them.
    """

    header: str
    group: Group
    about: str
    keys: tuple[Key, ...]
    base: tuple[str, ...] = ()

    def example(self, key: Key) -> str:
        """Return the key in a table that a scenario could have."""
        own = f"{key.name} = {key.example}"
        lines = [line for line in (*self.base, *key.besides) if line.partition(" = ")[0] != key.name]
        besides = {line.partition(" = ")[0]: line for line in lines}
        return "\n".join([self.header, *besides.values(), own])


def read_keys(
    table: Table, keys: Sequence[Key], defaults: Mapping[str, Default] | None = None
) -> dict[str, Any]:
    """Return the value of every key by its name; what is wrong is recorded as the table's problems.

    ``defaults`` are those that other parts of the scenario decide.
    """
    other = defaults or {}
    return {key.name: _read(table, key, other.get(key.name, key.default)) for key in keys}


def _read(table: Table, key: Key, default: Any) -> Any:
    match key.kind:
        case "text":
            return table.text(key.name, default)
        case "choice":
            return table.text(key.name, default, key.choices)
        case "integer":
            return table.integer(key.name, default, key.low, key.high)
        case "flag":
            return table.boolean(key.name, default=bool(default))
        case "list":
            return table.texts(key.name) or default
        case "price":
            return table.price(key.name)
        case "number" | "cost" | "seconds" | "seconds or never" | "basis points":
            value = table.decimal(key.name, default)
            problem = _problem_of(key.kind, value)
            if problem:
                table.problem(key.name, problem)
            return value
        case _:
            assert_never(key.kind)


def _problem_of(kind: KeyKind, value: Decimal) -> str:
    if kind == "basis points" and abs(value) > MAX_SHIFT_BPS:
        return f"expected basis points between -{MAX_SHIFT_BPS} and {MAX_SHIFT_BPS}"
    if kind == "seconds" and value < 0:
        return "expected 0 or more seconds"
    if kind == "seconds or never" and value < 0 and value != NEVER:
        return 'expected 0 or more seconds, or "-1" for never'
    if kind == "cost" and value < 0:
        return "expected 0 or more"
    return ""
