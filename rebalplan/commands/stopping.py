"""The kill switch: a file ``STOP`` beside settings.ini, Ctrl-C, or the system's request to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STOP_FILE = "STOP"


class Stop:
    """Tells whether somebody asked rebal to stop.

    The first signal stops sending and lets the run end in order. A second signal, or one at a prompt (``is_asking``),
    interrupts at once.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.signalled = False
        self.is_asking = False

    def __call__(self) -> bool:
        """Tell whether rebal must send nothing more."""
        return self.signalled or self._file.exists()

    @property
    def why(self) -> str:
        """Return the cause of the stop and the way to go on after it."""
        if self.signalled:
            return "Stopped by Ctrl-C or a signal"
        return f"Stopped by the file {self._file}, which must be deleted before anything is sent again"

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Note a signal."""
        again = self.signalled
        self.signalled = True
        if again or self.is_asking:
            raise KeyboardInterrupt


@contextmanager
def watching(config: Path) -> Iterator[Stop]:
    """Turn Ctrl-C and SIGTERM into a stop while the context lasts."""
    stop = Stop(config.parent / STOP_FILE)
    before = {number: signal.signal(number, stop.on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
