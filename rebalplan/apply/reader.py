"""Reads an account that was begun, until the broker has booked our fills or waiting would not help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from rebalplan.apply.booking import Booking, compare_bookings, shares_in_flight
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.timing import Timing
from rebalplan.core.errors import RefusedError
from rebalplan.core.ports import Clock, TradingConnection
from rebalplan.core.vocabulary import AccountSnapshot


class AccountReader:
    """Reads one account over one connection; ``listen`` takes in the broker's messages meanwhile."""

    def __init__(
        self,
        link: TradingConnection,
        orders: LiveOrders,
        journal: Journal,
        clock: Clock,
        timing: Timing,
        *,
        listen: Callable[[], None],
        stop: Callable[[], bool],
    ) -> None:
        self._link = link
        self._orders = orders
        self._journal = journal
        self._clock = clock
        self._timing = timing
        self._listen = listen
        self._stop = stop

    def compare(self, snapshot: AccountSnapshot) -> Booking:
        """Compare the account with its holdings by our fills."""
        return compare_bookings(
            self._journal.result_of(self._orders.account), snapshot, shares_in_flight(self._orders.results())
        )

    def read(self, seconds: float) -> tuple[AccountSnapshot, Booking]:
        """Return the account once our fills are booked, or after so many seconds, or after a stop."""
        return self._read_until(seconds, lambda booking: booking.is_complete)

    def _read_until(
        self, seconds: float, is_enough: Callable[[Booking], bool]
    ) -> tuple[AccountSnapshot, Booking]:
        until = self._clock.now() + timedelta(seconds=seconds)
        plan = self._journal.result_of(self._orders.account).plan
        while True:
            snapshot = plan.with_names(self._link.read_account(self._orders.account))
            self._listen()
            booking = self.compare(snapshot)
            if is_enough(booking) or self._clock.now() >= until or self._stop():
                return snapshot, booking
            self._clock.sleep(min(self._timing.poll_sec, seconds))

    def read_positions(self, seconds: float) -> tuple[AccountSnapshot, Booking]:
        """Return the account once its positions are those that our fills explain. It does not wait for cash."""
        return self._read_until(seconds, lambda booking: bool(booking.unexplained) or not booking.late)

    def require_booked(self) -> tuple[AccountSnapshot, Booking]:
        """Return the account with our fills booked; raises ``RefusedError`` when positions still lack them."""
        snapshot, booking = self.read(self._timing.booking_sec)
        if booking.late and not booking.unexplained:
            raise RefusedError(
                f"the broker has not booked all of our fills yet ({'; '.join(booking.late)}): nothing more was sent, "
                "--resume again in a few minutes",
                code="RB615",
            )
        return snapshot, booking
