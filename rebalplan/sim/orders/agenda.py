"""Effects that are still to come, apart from the scripts of orders. A state file can keep them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.sim.orders.steps import LateFill

Part = Literal["lists", "position", "values", "all"]


class Reveal(msgspec.Struct, frozen=True, tag=True):
    """A fill shows from now on: in the lists, in the positions, in the account values or in all of them."""

    perm_id: int
    fill: str
    part: Part


class ExecuteLate(msgspec.Struct, frozen=True, tag=True):
    """Shares of a cancelled order execute."""

    perm_id: int
    late: LateFill


class TellExecution(msgspec.Struct, frozen=True, tag=True):
    """The message of an order's nth execution is sent."""

    perm_id: int
    number: int


class Charge(msgspec.Struct, frozen=True, tag=True):
    """The commission of an order's nth execution is known; its message is sent if ``is_told``."""

    perm_id: int
    number: int
    is_told: bool


class Hide(msgspec.Struct, frozen=True, tag=True):
    """No list shows the order from now on, or it shows again."""

    perm_id: int
    is_hidden: bool


class Happen(msgspec.Struct, frozen=True, tag=True):
    """An incident of the scenario; ``perm_id`` is the order it followed, 0 without one."""

    label: str
    perm_id: int


class Restore(msgspec.Struct, frozen=True, tag=True):
    """The broker is there again."""

    code: int


class Say(msgspec.Struct, frozen=True, tag=True):
    """Every client is told these notices."""

    label: str
    notices: tuple[str, ...]


Effect = Reveal | ExecuteLate | TellExecution | Charge | Hide | Happen | Restore | Say


class Later(msgspec.Struct, frozen=True):
    """An effect and its delay from its entry on. After a restart the whole delay runs again."""

    number: int
    after_sec: Decimal
    effect: Effect


class Agenda:
    """What is still to come, by number; earlier entries have lower numbers."""

    def __init__(self, entries: Iterable[Later] = ()) -> None:
        self._entries = {entry.number: entry for entry in entries}
        self._next = max(self._entries, default=0) + 1

    def entries(self) -> tuple[Later, ...]:
        """Return everything that is to come, oldest entry first."""
        return tuple(self._entries.values())

    def add(self, after_sec: Decimal, effect: Effect) -> Later:
        """Enter an effect and return its entry."""
        entry = Later(self._next, after_sec, effect)
        self._entries[entry.number] = entry
        self._next += 1
        return entry

    def pop(self, number: int) -> Later:
        """Take out an entry that exists."""
        return self._entries.pop(number)

    def effects(self) -> list[Effect]:
        """Return everything that is to come."""
        return [entry.effect for entry in self._entries.values()]
