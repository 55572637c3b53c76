"""A disk that forgets what was not synced when the power goes, and that can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from rebalplan.core.errors import DiskError, RefusedError
from tests.simulation.process import Process


class SimDisk:
    """The ``Disk`` of a simulated run: bytes that the system shows, and how many of them are safe.

    ``fails_at`` counts appends from 1 (0: never); from then on the disk takes nothing in this process.
    ``tears`` is which part of its bytes the failed append leaves behind; with all of them, unsynced, the disk
    does not even let them be taken back.
    """

    def __init__(self) -> None:
        self._shown: dict[Path, bytearray] = {}
        self._safe: dict[Path, int] = {}
        self._locks: set[Path] = set()
        self._process: Process | None = None
        self._appends = 0
        self.fails_at = 0
        self.tears = 0.0
        self.has_failed = False
        self.when_appended: Callable[[str], None] = lambda line: None
        self.judge: Callable[[str], None] = lambda line: None

    def boot(self, process: Process, fails_at: int = 0, tears: float = 0.0) -> None:
        """Serve a new process."""
        self._process = process
        self._appends = 0
        self._locks.clear()
        self.fails_at, self.tears, self.has_failed = fails_at, tears, False

    def crash(self, rng: Random, *, power: bool) -> None:
        """End the process; with the power gone the unsynced tail is lost or torn."""
        self._locks.clear()
        for path, data in self._shown.items():
            safe = self._safe[path]
            if power and len(data) > safe:
                del data[safe + rng.randrange(len(data) - safe + 1) :]
            self._safe[path] = len(data)

    def holds(self, path: Path, text: str) -> bool:
        """Tell whether ``text`` is safe on the disk."""
        return text.encode() in self._shown.get(path, bytearray())[: self._safe.get(path, 0)]

    def _step(self, name: str) -> None:
        if self._process is not None:
            self._process.step(name)

    def _trace(self, data: bytes) -> None:
        if self._process is not None and self._process.is_traced:
            self._process.trace(f"record {data.decode().strip()}")

    def _require_health(self) -> None:
        if self.has_failed:
            raise DiskError("the disk is broken")

    def read(self, path: Path) -> bytes | None:
        self._step("read")
        data = self._shown.get(path)
        return None if data is None else bytes(data)

    def append(self, path: Path, data: bytes) -> None:
        self._require_health()
        self._step("before append")
        shown = self._shown.setdefault(path, bytearray())
        self._safe.setdefault(path, 0)
        self._appends += 1
        if self._appends == self.fails_at:
            self.has_failed = True
            shown += data[: int(len(data) * self.tears)]
            raise DiskError("no space left on device")
        shown += data
        self._trace(data)
        self.judge(data.decode())
        self.when_appended(data.decode())
        self._step("before fsync")
        self._safe[path] = len(shown)
        self._step("after append")

    def truncate(self, path: Path, size: int) -> None:
        if self.tears == 1:
            self._require_health()
        self._step("before truncate")
        del self._shown[path][size:]
        self._safe[path] = min(self._safe[path], size)
        self._step("after truncate")

    @contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        if path in self._locks:
            raise RefusedError(f"{path} is locked: another apply is running", code="RB602")
        self._locks.add(path)
        try:
            yield
        finally:
            self._locks.discard(path)
