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


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "rebalplan/sizing/level.py",
        "return steps if steps < self.most else self.most",
        "return steps if (steps <= self.most) else self.most",
        "Both branches give the same number where the two are equal.",
    ),
    Equivalent(
        "rebalplan/ibkr/account.py",
        "return found[0]",
        "return found[-1]",
        "The list has exactly one entry here.",
    ),
    Equivalent(
        "rebalplan/sizing/candidates.py",
        'return "buy_only" if line.drift > 0 else "sell_only"',
        'return "buy_only" if line.drift > -1 else "sell_only"',
        "A line without drift is no candidate, and its reason is rounds_to_zero whatever its side.",
    ),
    Equivalent(
        "rebalplan/sizing/candidates.py",
        "if line.drift > 0:",
        "if line.drift >= 0:",
        "A line without drift was passed over before.",
    ),
    Equivalent(
        "rebalplan/sizing/candidates.py",
        "if line.drift > 0:",
        "if line.drift > -1:",
        "A line without drift was passed over before.",
    ),
)


def is_equivalent(change: Change) -> bool:
    """Tell whether the change is on the list."""
    return any(each.names(change) for each in EQUIVALENT)
