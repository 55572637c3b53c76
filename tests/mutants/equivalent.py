"""Mutants that change no result: nothing can notice them, and they do not count."""

from __future__ import annotations

import msgspec

from tests.mutants.changes import Change


class Equivalent(msgspec.Struct, frozen=True):
    """A change as the sampler prints it, and why no test can see it."""

    file: str
    before: str
    after: str
    reason: str

    def names(self, change: Change) -> bool:
        """Tell whether this is the change."""
        return (self.file, self.before, self.after) == (change.file, change.before, change.after)


EQUIVALENT: tuple[Equivalent, ...] = ()


def is_equivalent(change: Change) -> bool:
    """Tell whether the change is on the list."""
    return any(each.names(change) for each in EQUIVALENT)
