"""Collecting the problems of one file, so that all of them are reported together."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rebalplan.core.errors import InputError, Problem


class Findings:
    """The errors and warnings found so far in the file named ``file``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._errors: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}
        self._sections: dict[int, str] = {}

    def error(self, message: str, *, line: int = 0, column: int = 0) -> None:
        """Note what makes the file unusable; the same error at the same place counts once."""
        self._errors[Problem(self.file, line, column, message)] = None

    def warn(self, message: str, *, line: int, may_protect: bool = False) -> None:
        """Note what the user should know though the file can be used; ``Problem`` explains ``may_protect``."""
        self._warnings[Problem(self.file, line, 0, message, "warning", may_protect=may_protect)] = None

    def name_sections(self, first_lines: Mapping[int, str]) -> None:
        """Say which section begins on which line, so that every problem carries its own."""
        self._sections = dict(first_lines)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return the warnings in file order."""
        return tuple(sorted(map(self._in_section, self._warnings)))

    def raise_errors(self) -> None:
        """Raise InputError with every error found, if there is any; the warnings often say what caused it."""
        if self._errors:
            raise InputError(map(self._in_section, [*self._errors, *self._warnings]))

    def _in_section(self, problem: Problem) -> Problem:
        begun = [line for line in self._sections if line <= problem.line]
        return msgspec.structs.replace(problem, section=self._sections[max(begun)]) if begun else problem
