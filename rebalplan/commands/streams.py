"""Output whose reader may close early, as in ``rebal plan | head``: the rest is dropped, the exit code stays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO, cast


class _Patient:
    """A text stream that drops its text once nobody reads it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._turn_away()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._turn_away()

    def _turn_away(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def patient(stream: TextIO | None) -> TextIO:
    """Return a stream that survives the end of its reader. A stream that is closed already drops everything."""
    nowhere = Path(os.devnull).open("w", encoding="utf-8") if stream is None else stream  # noqa: SIM115  # open until the process ends
    return cast("TextIO", _Patient(nowhere))
