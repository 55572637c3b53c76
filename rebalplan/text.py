"""Text from outside made safe to print and to store."""

from __future__ import annotations


def printable(text: str, limit: int = 300) -> str:
    """Return ``text`` on one line without control, escape or other unprintable characters, cut to ``limit``."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def folded(name: str) -> str:
    """Return a name as it is compared: in any case, and an accent may be one character or two (NFC)."""
    if name.isascii():
        return name.casefold()
    from unicodedata import normalize  # noqa: PLC0415  # hardly any name needs it

    return normalize("NFC", normalize("NFC", name).casefold())


def count(number: int, noun: str) -> str:
    """Return ``1 account`` or ``3 accounts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
