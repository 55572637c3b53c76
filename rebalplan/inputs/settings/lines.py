"""The line reader: it splits INI text into sections of keys, each with its line, and goes on after an error.

Keys and section names are case-insensitive. ``;`` and ``#`` start a comment at the start of a line or
after a space. The keys of ``LIST_KEYS`` may go on over several lines.
"""

from __future__ import annotations

import re

import msgspec

from rebalplan.inputs.findings import Findings
from rebalplan.inputs.wording import bare, invisible_column, shown

LIST_KEYS = frozenset({"ids", "models"})

_COMMENT = re.compile(r"(?:^|\s)[;#].*")
_HEADER = re.compile(r"\[([^\[\]]+)\]")


class Part(msgspec.Struct, frozen=True):
    """One line's share of a value, without comment and outer spaces."""

    line: int
    text: str


class Entry(msgspec.Struct, frozen=True):
    """A key and its value. ``key`` is folded for comparison, ``name`` is as written."""

    key: str
    name: str
    line: int
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Return the value on one line."""
        return " ".join(part.text for part in self.parts if part.text)


class Section(msgspec.Struct, frozen=True):
    """A section and its entries in file order. ``name`` is folded, ``title`` as written."""

    name: str
    title: str
    line: int
    entries: tuple[Entry, ...]


def read_sections(text: str, findings: Findings) -> tuple[Section, ...]:
    """Return the sections in file order. Note each line that is no INI as an error.

    When a key or section is given twice, the first counts. The second is an error that names both lines.
    """
    reader = _Reader(findings)
    for number, line in enumerate(text.split("\n"), start=1):
        reader.take(number, line)
    return reader.sections()


class _OpenEntry(msgspec.Struct):
    entry: Entry
    indent: int


class _OpenSection(msgspec.Struct):
    name: str
    title: str
    line: int
    entries: dict[str, _OpenEntry]


class _Reader:
    """The state of the walk down the lines: the section and the key that a line belongs to."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._sections: dict[str, _OpenSection] = {}
        self._section: _OpenSection | None = None
        self._entry: _OpenEntry | None = None

    def sections(self) -> tuple[Section, ...]:
        """Return the sections so far."""
        return tuple(
            Section(
                section.name, section.title, section.line, tuple(e.entry for e in section.entries.values())
            )
            for section in self._sections.values()
        )

    def take(self, number: int, line: str) -> None:
        """Read one line."""
        content = _COMMENT.sub("", line).rstrip()
        stripped = content.strip()
        if not stripped:
            return
        if column := invisible_column(content):
            self._findings.error("a control or invisible character; delete it", line=number, column=column)
        indent = len(content) - len(content.lstrip())
        if stripped.startswith("["):
            self._open_section(number, stripped)
        elif self._continues(stripped, indent):
            self._continue_entry(number, stripped)
        else:
            self._open_entry(number, stripped, indent)

    def _open_section(self, number: int, text: str) -> None:
        self._entry = None
        header = _HEADER.fullmatch(text)
        if header is None:
            self._findings.error(
                f"{shown(text)} is no section; expected [name] alone on its line", line=number
            )
            self._section = _OpenSection("", "", number, {})
            return
        title = ":".join(part.strip() for part in header[1].split(":", 1))
        name = title.casefold()
        first = self._sections.get(name)
        if first is not None:
            self._findings.error(
                f"section [{bare(title)}] is given twice, first on line {first.line}; join the two",
                line=number,
            )
        self._section = self._sections.setdefault(name, _OpenSection(name, title, number, {}))

    def _continues(self, text: str, indent: int) -> bool:
        entry = self._entry
        if entry is None or "=" in text:
            return False
        takes_lines = entry.entry.key in LIST_KEYS
        if ":" in text:
            return takes_lines and indent > entry.indent
        return takes_lines or indent > entry.indent

    def _continue_entry(self, number: int, text: str) -> None:
        open_entry = self._entry
        if open_entry is None or self._section is None:
            return
        entry = open_entry.entry
        if entry.key not in LIST_KEYS:
            self._findings.error(
                f"{shown(text)} continues {bare(entry.name)} of line {entry.line}, which takes a single line",
                line=number,
            )
            return
        open_entry.entry = msgspec.structs.replace(entry, parts=(*entry.parts, Part(number, text)))

    def _open_entry(self, number: int, text: str, indent: int) -> None:
        name, separator, value = _split_entry(text)
        self._entry = None
        if not separator or not name:
            self._findings.error(f"{shown(text)} is neither [section] nor key = value", line=number)
            return
        if self._section is None:
            self._findings.error(f"{shown(name)} stands before the first [section]", line=number)
            self._section = _OpenSection("", "", number, {})
        entry = Entry(name.casefold(), name, number, (Part(number, value),))
        self._entry = _OpenEntry(entry, indent)
        first = self._section.entries.setdefault(entry.key, self._entry).entry
        if first is not entry:
            self._findings.error(
                f"{bare(name)} is given twice, on lines {first.line} and {number}; keep one", line=number
            )


def _split_entry(text: str) -> tuple[str, str, str]:
    """Split at the first ``=`` or ``:``, because the standard parser takes both."""
    found = re.search("[=:]", text)
    if found is None:
        return text, "", ""
    return text[: found.start()].strip(), found[0], text[found.end() :].strip()
