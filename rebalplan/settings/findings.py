"""Collecting the problems of one file, so that all of them are reported together."""

from __future__ import annotations

import msgspec

from rebalplan.errors import InputError, Problem


class Findings:
    """The errors and warnings found so far in the file named ``file``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._errors: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}

    def error(self, message: str, *, line: int = 0, column: int = 0) -> None:
        """Note what makes the file unusable; the same error at the same place counts once."""
        self._errors[Problem(self.file, line, column, message)] = None

    def warn(self, message: str, *, line: int, column: int = 0) -> None:
        """Note what the user should know though the file can be used."""
        self._warnings[Problem(self.file, line, column, message)] = None

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return the warnings in file order."""
        return tuple(sorted(self._warnings))

    def raise_errors(self) -> None:
        """Raise InputError with every error found, if there is any; the warnings often say what caused it."""
        if self._errors:
            marked = (msgspec.structs.replace(w, message=f"warning: {w.message}") for w in self._warnings)
            raise InputError([*self._errors, *marked])
