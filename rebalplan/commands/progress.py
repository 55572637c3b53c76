"""Progress on stderr: one line with the current step, and nothing without a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status


class ProgressLine:
    """Shows the latest step until it is paused; the next step shows the line again. It is a ``Progress``."""

    def __init__(self, status: Status | None) -> None:
        self._status = status

    def __call__(self, step: str) -> None:
        """Show a step."""
        if self._status is not None:
            self._status.update(step)
            self._status.start()

    def pause(self) -> None:
        """Clear the line, so that it does not overwrite the next print or question."""
        if self._status is not None:
            self._status.stop()


@contextmanager
def progress_line(*, color: bool) -> Iterator[ProgressLine]:
    """Yield a line on stderr if that is a terminal. The line is cleared after the context."""
    line = ProgressLine(_status(color=color) if _is_watched() else None)
    try:
        yield line
    finally:
        line.pause()


def _is_watched() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _status(*, color: bool) -> Status:
    from rich.console import Console

    return Console(stderr=True, no_color=not color).status("")
