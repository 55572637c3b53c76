"""Run command lines in this process, at a fixed time."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from rebalplan.apply.timing import Timing
from rebalplan.commands.app import run
from rebalplan.commands.machine import Machine
from rebalplan.system.disk import SystemDisk

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""A Monday noon in New York."""


class Result(msgspec.Struct, frozen=True):
    """What a command line printed and returned."""

    code: int
    out: str
    err: str


class FrozenClock:
    """A clock that moves only while somebody sleeps."""

    def __init__(self, start: datetime = NOON) -> None:
        self.time = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class Typing(io.StringIO):
    """A person who does something before each answer."""

    def __init__(self, answers: Sequence[Callable[[], str]]) -> None:
        super().__init__()
        self._answers = iter(answers)

    def readline(self, _size: int = -1, /) -> str:  # type: ignore[override]  # the stubs mix bytes and text
        """Return what is typed."""
        answer = next(self._answers, None)
        return "" if answer is None else answer() + "\n"


class Workspace:
    """An empty folder to run commands in."""

    def __init__(self, folder: Path, clock: FrozenClock, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.clock = clock
        self._capsys = capsys
        self.timing = Timing()

    def run(self, *arguments: str, answers: str | Sequence[Callable[[], str]] = "") -> Result:
        """Run a command line; ``answers`` is what is typed, or called for at each question, then the input ends."""
        self._capsys.readouterr()
        before, sys.stdin = sys.stdin, io.StringIO(answers) if isinstance(answers, str) else Typing(answers)
        try:
            code = run(list(arguments), Machine(self.clock, SystemDisk(), self.timing))
        finally:
            sys.stdin = before
        captured = self._capsys.readouterr()
        return Result(code, captured.out, captured.err)

    def ok(self, *arguments: str, answers: str = "") -> str:
        """Run a command line that must succeed and return what it printed."""
        result = self.run(*arguments, answers=answers)
        assert result.code == 0, result
        return result.out

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))

    def plans(self) -> list[Path]:
        return sorted((self.folder / "plans").glob("*.json"))

    def files(self) -> list[str]:
        """Return every file here but the simulator's own."""
        found = (p.relative_to(self.folder) for p in self.folder.rglob("*") if p.is_file())
        return sorted(p.as_posix() for p in found if p.parts[0] != ".rebal")


def without_ids(text: str) -> str:
    """Replace what differs from version to version of the tool: plan ids and hashes."""
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{12}", "<plan id>", text)
    text = re.sub(r"\brb-[0-9a-f]{12}\b", "rb-<plan>", text)
    return re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", text)
