"""Colours for a terminal. The text says everything without them too."""

from __future__ import annotations

import msgspec

_CODES = {"red": 31, "green": 32, "yellow": 33, "bold": 1, "dim": 2}


class Style(msgspec.Struct, frozen=True):
    """Paints text for a terminal when ``color`` is true."""

    color: bool

    def paint(self, text: str, name: str) -> str:
        """Return ``text`` in a colour of ``red green yellow bold dim``."""
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.color and text else text


PLAIN = Style(color=False)
