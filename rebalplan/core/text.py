"""Makes text from outside safe to print and to store."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import TypeVar

Said = TypeVar("Said", bound=Hashable)

_MOST_NAMES = 6


def printable(text: str, limit: int = 300) -> str:
    """Return ``text`` on one line without control, escape or other unprintable characters, cut to ``limit``."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def folded(name: str) -> str:
    """Return a name for comparison: case does not matter, and an accent may be one character or two (NFC)."""
    if name.isascii():
        return name.casefold()
    from unicodedata import normalize  # noqa: PLC0415  # hardly any name needs it

    return normalize("NFC", normalize("NFC", name).casefold())


def count(number: int | Decimal, noun: str) -> str:
    """Return ``1 account``, ``3 accounts`` or ``0.5 shares``."""
    shown = f"{number:f}" if isinstance(number, Decimal) else f"{number}"
    return f"{shown} {noun}" if number == 1 else f"{shown} {noun}s"


def by_what_is_said(pairs: Iterable[tuple[str, Said]]) -> dict[Said, list[str]]:
    """Return the accounts of each sentence, in the order in which the sentences first occur."""
    found: dict[Said, list[str]] = {}
    for account, said in pairs:
        found.setdefault(said, []).append(account)
    return found


def named(accounts: Sequence[str], known: int) -> str:
    """Return the names of the accounts, or ``all 3 accounts``. Of many, only the first six are named."""
    if len(accounts) == known > 1:
        return f"all {known} accounts"
    if len(accounts) <= _MOST_NAMES:
        return ", ".join(accounts)
    return f"{len(accounts)} accounts ({', '.join(accounts[:_MOST_NAMES])}, …)"


def listed(names: Sequence[str], most: int, between: str = ", ") -> str:
    """Return the names, or the first few and the number of the others."""
    more = f"{';' if between == '; ' else ''} and {len(names) - most} more" if len(names) > most else ""
    return between.join(names[:most]) + more
