"""Prices of the simulated market: they stand still but for what a scenario says."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from rebalplan.core.money import CENT, quantize
from rebalplan.core.vocabulary import Quote, Session
from tests.builders import con_id_of

HALF_SPREAD = Decimal("0.0002")


class Disturbance(msgspec.Struct, frozen=True):
    """From ``after_sec`` on: the price times ``factor``, halted or not, this much of it on each side of the mid."""

    symbol: str
    after_sec: float
    factor: Decimal = Decimal(1)
    is_halted: bool = False
    half_spread: Decimal = HALF_SPREAD
    is_unquoted: bool = False


class Market:
    """What every symbol costs at a time; ``open_session`` is the session the simulation starts in."""

    def __init__(
        self,
        prices: dict[str, Decimal],
        start: datetime,
        open_session: Session,
        next_session: Session,
        disturbances: tuple[Disturbance, ...] = (),
    ) -> None:
        self._prices = prices
        self._start = start
        self.open_session = open_session
        self.next_session = next_session
        self.disturbances = disturbances

    def price(self, symbol: str, now: datetime) -> Decimal:
        return quantize(self._prices[symbol] * self._state(symbol, now).factor, CENT)

    def _state(self, symbol: str, now: datetime) -> Disturbance:
        state = Disturbance(symbol, 0)
        for disturbance in self.disturbances:
            if disturbance.symbol == symbol and now - self._start >= timedelta(seconds=disturbance.after_sec):
                state = disturbance
        return state

    def is_open(self, now: datetime) -> bool:
        return self.open_session.opens_at <= now < self.open_session.closes_at

    def quote(self, symbol: str, now: datetime) -> Quote:
        state, price = self._state(symbol, now), self.price(symbol, now)
        side = quantize(price * state.half_spread, CENT)
        at = now.replace(microsecond=0)
        return Quote(
            symbol=symbol,
            con_id=con_id_of(symbol),
            bid=None if state.is_unquoted else price - side,
            ask=None if state.is_unquoted else price + side,
            last=None if state.is_unquoted else price,
            close=price,
            last_at=at,
            received_at=at,
            delayed=False,
            closed=not self.is_open(now),
            halted=state.is_halted,
            problem=None,
        )
