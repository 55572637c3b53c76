"""Shows text from a file in messages: printable, quoted, short, with the nearest known name."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_SHOWN = 60
"""The most characters of a file's text that a message repeats."""

# C0 and C1 controls except the tab, then characters that reorder or hide text on a screen.
_INVISIBLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def invisible_column(text: str) -> int:
    """Return the column (from 1) of the first control or invisible character, or 0."""
    found = _INVISIBLE.search(text)
    return found.start() + 1 if found else 0


def escaped(text: str) -> str:
    """Return the text with every unprintable character written as its escape, as ``repr`` does."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def bare(text: str) -> str:
    """Return the text printable and cut to ``MAX_SHOWN`` characters."""
    return escaped(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")


def shown(text: str) -> str:
    """Return the text printable, cut and in quotation marks."""
    return f"'{bare(text)}'"


NEAR = 0.75
"""The least likeness, from 0 to 1, of a misspelling: ``max_ordr_usd`` passes, ``prefer_rth`` does not."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name most like ``name`` in any case, or an empty string when none is near."""
    import difflib  # noqa: PLC0415  # only a file with a problem pays for it

    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = difflib.get_close_matches(name[:MAX_SHOWN].casefold(), by_folded, n=1, cutoff=NEAR)
    return by_folded[matches[0]] if matches else ""
