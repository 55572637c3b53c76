"""Lines and accounts in small integers, without costs, bounds or bands unless a test names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rebalplan.plan.sizing.candidates import Candidate, nearest_steps
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine

AMPLE = 10**9


def line(
    drift: int, *, unit: int = 10, held_steps: int = 9, band: int = 0, closing: bool = False
) -> ScaledLine:
    """Return a line by its drift: target less value, so that a positive one is underweight."""
    return ScaledLine(unit, drift, unit * held_steps, held_steps, closing, band)


def account(cash: int = AMPLE, **fields: Any) -> ScaledAccount:
    """Return an account with so much cash over its floor."""
    plain = {
        "spare_cash": cash,
        "spare_exposure": AMPLE,
        "cash_drift": 0,
        "cash_band": AMPLE,
        "cash_slack": AMPLE,
        "total_band": None,
        "min_order": 0,
        "keep": 1,
        "pay": 1,
        "base": 1,
    }
    return ScaledAccount(**(plain | fields))


def buy(position: int, unit: int, drift: int, steps: int | None = None) -> Candidate:
    steps = nearest_steps(drift, unit) if steps is None else steps
    return Candidate(position, unit, drift, steps, steps, closing=False)


def sell(position: int, unit: int, drift: int, steps: int, furthest: int | None = None) -> Candidate:
    return Candidate(position, unit, drift, steps, steps if furthest is None else furthest, closing=False)


def taken(trades: dict[int, int], positions: Iterable[int]) -> list[int]:
    """Return the signed steps of each position, 0 where none is traded."""
    return [trades.get(position, 0) for position in positions]
