"""Plain tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def table(rows: Iterable[Sequence[str]], headers: Sequence[str], *, right: Collection[str] = ()) -> str:
    """Return a text table; the columns named in ``right`` are aligned to the right."""
    from tabulate import tabulate  # noqa: PLC0415  # not every command prints a table

    alignment = ["right" if header in right else "left" for header in headers]
    return tabulate(
        list(rows),
        headers=headers,
        tablefmt="simple",
        disable_numparse=True,
        colalign=alignment,
        headersglobalalign=None,
        headersalign=alignment,
    )
