"""Texts of many accounts in the room that a forge gives one comment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 65_536
"""A comment or a description on GitHub may have so many characters; other forges accept more."""

ROOM_FOR_THE_END = 2_000
"""What is kept free to say what was left out."""

_BETWEEN = len("\n\n")


def fit(texts: Sequence[Sequence[str]], order: Iterable[int], room: int) -> list[int]:
    """Return which form of each text is shown, so that all together have at most ``room`` characters.

    Each text has ever longer forms, the first of which is empty. Every text gets its next form before any gets the
    one after it; those that come first in ``order`` come first.
    """
    fitted, order = [0] * len(texts), tuple(order)
    for form in range(1, max((len(forms) for forms in texts), default=0)):
        for at in order:
            if fitted[at] == form - 1 and form < len(texts[at]):
                cost = len(texts[at][form]) - len(texts[at][form - 1]) + _BETWEEN * (form == 1)
                if cost <= room:
                    fitted[at] = form
                    room -= cost
    return fitted


def shortened(text: str, longest: int) -> str:
    """Return the text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
