"""Reads and connects are tried again with a growing pause; an order never is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from rebalplan.core.errors import UnreachableError
from rebalplan.core.ports import Clock
from rebalplan.inputs.settings import AccountsSettings

Result = TypeVar("Result")


def retried(read: Callable[[], Result], pace: AccountsSettings, clock: Clock, retries: int) -> Result:
    """Call ``read`` and, while the gateway cannot be reached, so many times again. Raises its last error."""
    pause = pace.backoff_sec
    for _ in range(retries):
        try:
            return read()
        except UnreachableError:
            clock.sleep(float(pause))
            pause = min(2 * pause, pace.backoff_max_sec)
    return read()


@contextmanager
def connected(
    connect: Callable[[], AbstractContextManager[Result]], pace: AccountsSettings, clock: Clock
) -> Iterator[Result]:
    """Connect with retries; what goes wrong on the connection afterwards is raised as it is."""
    with ExitStack() as stack:
        yield retried(lambda: stack.enter_context(connect()), pace, clock, pace.retries)
