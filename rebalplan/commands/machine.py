"""The machine of a command: its clock and disk, built in one place and handed in."""

from __future__ import annotations

import msgspec
import typer

from rebalplan.apply.timing import Timing
from rebalplan.core.ports import Clock, Disk
from rebalplan.system.clock import SystemClock
from rebalplan.system.disk import SystemDisk


class Machine(msgspec.Struct, frozen=True):
    """A clock, a disk, and the waits of an apply. A test hands in its own."""

    clock: Clock
    disk: Disk
    timing: Timing = Timing()


def machine_of(context: typer.Context) -> Machine:
    """Return the machine of this command line: the real one, unless another was handed in."""
    given = context.obj
    return given if isinstance(given, Machine) else Machine(SystemClock(), SystemDisk())
