"""Progress on stderr: one line that says what is being done, and nothing when nobody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rebalplan.ports import Progress


@contextmanager
def progress_line(*, color: bool) -> Iterator[Progress]:
    """Show the latest step while the context lasts, when stderr is a terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _say_nothing
        return
    from rich.console import Console

    console = Console(stderr=True, no_color=not color)
    with console.status("connecting") as status:
        yield status.update


def _say_nothing(_step: str) -> None:
    """Tell nobody."""
