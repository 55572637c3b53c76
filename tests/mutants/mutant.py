"""What a listed mutant is."""

from __future__ import annotations

import msgspec


class Mutant(msgspec.Struct, frozen=True):
    """A fault: ``old``, which the file has once, becomes ``new``, and ``test`` (a pytest node id) must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str
