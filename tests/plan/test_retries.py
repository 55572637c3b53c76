"""What is tried again, how often, and after which pauses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from rebalplan.core.errors import BrokerError, UnreachableError
from rebalplan.inputs.settings import AccountsSettings
from rebalplan.plan.retries import connected
from tests.builders import NOW
from tests.simulation.clock import VirtualClock

PACE = AccountsSettings(retries=2)


class Door:
    """Refuses so often, then lets everybody in."""

    def __init__(self, refuses: int, error: type[BrokerError] = UnreachableError) -> None:
        self._refuses = refuses
        self._error = error
        self.knocks = 0

    @contextmanager
    def open(self) -> Iterator[str]:
        self.knocks += 1
        if self.knocks <= self._refuses:
            raise self._error("refused")
        yield "in"


def test_a_connect_is_tried_again_after_growing_pauses() -> None:
    clock, door = VirtualClock(NOW), Door(2)
    with connected(door.open, PACE, clock) as link:
        assert link == "in"
    assert door.knocks == 3
    assert clock.now() - NOW == timedelta(seconds=float(3 * PACE.backoff_sec))


def test_after_the_last_retry_the_error_is_raised() -> None:
    door = Door(3)
    with pytest.raises(UnreachableError), connected(door.open, PACE, VirtualClock(NOW)):
        pass
    assert door.knocks == 3


def test_an_error_that_waiting_does_not_mend_is_not_tried_again() -> None:
    door = Door(1, BrokerError)
    with pytest.raises(BrokerError), connected(door.open, PACE, VirtualClock(NOW)):
        pass
    assert door.knocks == 1


def test_what_fails_on_the_connection_is_not_tried_again() -> None:
    door = Door(0)

    def lose_connection() -> None:
        with connected(door.open, PACE, VirtualClock(NOW)):
            raise UnreachableError("lost")

    with pytest.raises(UnreachableError, match="lost"):
        lose_connection()
    assert door.knocks == 1
