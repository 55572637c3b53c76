"""Collects the problems of one file, so that all of them are reported together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from rebalplan.core.errors import InputError
from rebalplan.core.finding import Code, Finding, InFile

SETTINGS: Final[Code] = "RB001"
PORTFOLIOS: Final[Code] = "RB002"
TOO_MUCH_LEVERAGE: Final[Code] = "RB003"
NO_EFFECT: Final[Code] = "RB004"
MAY_PROTECT: Final[Code] = "RB005"
"""An unknown key or section that may be a misspelled protection, such as a limit. ``--yes`` never skips it."""


class Findings:
    """The errors and warnings found so far in the file named ``file``; ``code`` is that of its errors."""

    def __init__(self, file: str, code: Code) -> None:
        self.file = file
        self._code = code
        self._errors: dict[Finding[InFile], None] = {}
        self._warnings: dict[Finding[InFile], None] = {}
        self._sections: dict[int, str] = {}

    def error(self, message: str, *, line: int = 0, column: int = 0) -> None:
        """Note an error that makes the file unusable. The same error at the same place counts once."""
        where = InFile(self.file, line, column)
        self._errors[Finding(code=self._code, severity="error", where=where, message=message)] = None

    def warn(self, message: str, *, line: int, may_protect: bool = False) -> None:
        """Note a warning about a usable file; ``MAY_PROTECT`` explains ``may_protect``."""
        code = MAY_PROTECT if may_protect else NO_EFFECT
        where = InFile(self.file, line, 0)
        self._warnings[Finding(code=code, severity="warning", where=where, message=message)] = None

    def name_sections(self, first_lines: Mapping[int, str]) -> None:
        """Set the line where each section begins, so that every finding carries its section."""
        self._sections = dict(first_lines)

    @property
    def warnings(self) -> tuple[Finding[InFile], ...]:
        """Return the warnings in file order."""
        return tuple(sorted(map(self._in_section, self._warnings), key=lambda f: (f.where.line, f.message)))

    def raise_errors(self) -> None:
        """Raise InputError with every error, if there is any, and the warnings, which often tell the cause."""
        if self._errors:
            raise InputError(map(self._in_section, [*self._errors, *self._warnings]))

    def _in_section(self, finding: Finding[InFile]) -> Finding[InFile]:
        begun = [line for line in self._sections if line <= finding.where.line]
        if not begun:
            return finding
        where = msgspec.structs.replace(finding.where, section=self._sections[max(begun)])
        return msgspec.structs.replace(finding, where=where)
