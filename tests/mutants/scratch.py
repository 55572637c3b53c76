"""A copy of the project in which a file may be wrong for the length of one test run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]

Outcome = Literal["killed", "survived", "hung", "broken"]
"""Whether a test failed, all passed, they took too long, or pytest could not run them at all."""

_OUTCOMES: dict[int, Outcome] = {0: "survived", 1: "killed"}

_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "dist", "*.egg-info"
)
_PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutants.profile")


class Scratch:
    """The project, copied to a folder. The working tree is never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        shutil.copytree(ROOT, self.folder, ignore=_NOT_COPIED)

    @contextmanager
    def changed(self, file: str, source: bytes) -> Iterator[None]:
        """Replace a file's content, and bring it back with its own time: compiled files are told apart by it."""
        path = self.folder / file
        original, times = path.read_bytes(), path.stat()
        path.write_bytes(source)
        try:
            yield
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def run(self, tests: Sequence[str], timeout_sec: float | None = None) -> Outcome:
        """Run the tests until one fails."""
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        if timeout_sec is not None:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        try:
            done = subprocess.run(
                (sys.executable, *_PYTEST, *tests),
                cwd=self.folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=timeout_sec,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "hung"
        return _OUTCOMES.get(done.returncode, "broken")

    def seconds(self, tests: Sequence[str]) -> float:
        """Return how long the tests take without a mutant; raises ``SystemExit`` when they fail without one."""
        began = time.monotonic()
        if self.run(tests) != "survived":
            raise SystemExit(f"these tests fail without any mutant: {' '.join(tests)}")
        return time.monotonic() - began
