"""Typed reading of parsed TOML. It goes on after a problem, so that the user sees all problems at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

import msgspec

_Value = TypeVar("_Value")
_MAX_DIGITS: Final = 18


class Table:
    """A TOML table with its key path; what is wrong is appended to ``problems`` as ``path: sentence``.

    Every getter returns a value of its type, the default when the key is absent or wrong. A key without
    default is required.
    """

    def __init__(self, data: Mapping[str, object], path: str, problems: list[str]) -> None:
        self.path = path
        self._data = data
        self._problems = problems
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def problem(self, key: str, sentence: str) -> None:
        """Record that the value at ``key`` (empty: the table itself) is wrong."""
        self._problems.append(f"{self._where(key)}: {sentence}")

    def text(self, key: str, default: str | None = None, choices: Sequence[str] = ()) -> str:
        """Return a string, one of ``choices`` when there are some."""
        value = self._get(key, required=default is None)
        if value is None:
            return default or ""
        if not isinstance(value, str):
            self.problem(key, f"expected a string in quotes, found {value!r}")
        elif any(ord(character) < ord(" ") for character in value):
            self.problem(key, f"control characters are not allowed, found {value!r}")
        elif choices and value not in choices:
            self.problem(key, f"expected one of {', '.join(choices)}, found {value!r}")
        else:
            return value
        return default or ""

    def integer(self, key: str, default: int | None = None, low: int = 0, high: int = 2**31 - 2) -> int:
        """Return an integer between ``low`` and ``high``."""
        value = self._get(key, required=default is None)
        if value is None:
            return default or 0
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.problem(key, f"expected an integer from {low} to {high}, found {value!r}")
            return default or 0
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        return self._typed(key, bool, default, "expected true or false, found {!r}")

    def decimal(self, key: str, default: str | None = None) -> Decimal:
        """Return a finite number, written as a string or an integer."""
        value = self._number(key, required=default is None)
        if value is not None and not value.is_finite():
            self.problem(key, f"expected a finite number, found {value}")
            value = None
        return Decimal(default or 0) if value is None else value

    def price(self, key: str) -> Decimal | None:
        """Return any decimal, ``NaN`` among them, or ``None`` when the key is absent."""
        return self._number(key, required=False)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of strings, empty when absent."""
        return self._typed(key, tuple[str, ...], (), "expected an array of strings, found {!r}")

    def table(self, key: str) -> Table:
        """Return a sub-table, an empty one when absent."""
        data = self._typed(key, dict[str, object], {}, "expected a table, found {!r}")
        return Table(data, self._where(key), self._problems)

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables, empty when absent."""
        found = self._typed(key, list[dict[str, object]], [], "expected an array of tables")
        return [Table(item, f"{self._where(key)}[{at}]", self._problems) for at, item in enumerate(found, 1)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def finish(self) -> None:
        """Report every key that nobody asked for, with the nearest known one."""
        for key in self._data:
            if key not in self._read:
                near = difflib.get_close_matches(key, sorted(self._read), n=1)
                hint = f", did you mean {near[0]!r}?" if near else ""
                self.problem(key, f"unknown key{hint}")

    def _get(self, key: str, *, required: bool) -> object:
        self._read.add(key)
        if required and key not in self._data:
            self.problem(key, "is required")
        return self._data.get(key)

    def _typed(self, key: str, kind: type[_Value], default: _Value, sentence: str) -> _Value:
        """Return an optional value; ``sentence`` is the problem of one that is not of that kind."""
        value = self._get(key, required=False)
        try:
            return default if value is None else msgspec.convert(value, kind)
        except msgspec.ValidationError:
            self.problem(key, sentence.format(value))
            return default

    def _number(self, key: str, *, required: bool) -> Decimal | None:
        value = self._get(key, required=required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.problem(key, f'expected a number in quotes, such as "12.34", found {value!r}')
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            self.problem(key, f"expected a number, found {value!r}")
            return None
        if number.is_finite() and abs(number.adjusted()) > _MAX_DIGITS:
            self.problem(key, f"expected a number of at most {_MAX_DIGITS} digits, found {value!r}")
            return None
        return number

    def _where(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)
