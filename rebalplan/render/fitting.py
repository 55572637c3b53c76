"""Fits the texts of many accounts into one comment of a forge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 65_536
"""The most characters of a comment or description on GitHub; other forges accept more."""

ROOM_FOR_THE_END = 2_000
"""The characters that are kept free for the sentence about the rest."""

_BETWEEN = len("\n\n")


def fit(texts: Sequence[Sequence[str]], order: Iterable[int], room: int) -> list[int]:
    """Return the index of the form to show of each text, so that all together have at most ``room`` characters.

    Each text has forms of growing length; the first is empty. In rounds, each text gets its next longer form, in the
    order of ``order``.
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
