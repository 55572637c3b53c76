"""Which lines may trade, on which side, and how far: the nearest share to the target, never beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from rebalplan.plan.sizing.problem import Direction
from rebalplan.plan.sizing.scaled import ScaledLine


class Candidate(Struct, frozen=True):
    """An order that is allowed, up to ``steps``. Values are in 1e-10 USD."""

    position: int
    """Of its line in the problem."""
    unit: int
    """Value of one step."""
    drift: int
    """Distance to the target, positive."""
    steps: int
    """Steps to the nearest share, or as many as are held; positive but for a tie."""
    tie: bool
    """Whether one step more is exactly as near: only asked of sells, which it gives more cash."""
    closing: bool
    """Whether the minimum order does not apply."""


class Candidates(Struct, frozen=True):
    """The orders that are allowed, in the order of the lines."""

    sells: tuple[Candidate, ...]
    buys: tuple[Candidate, ...]

    def all(self) -> tuple[Candidate, ...]:
        """Return the sells, then the buys."""
        return self.sells + self.buys

    def without(self, positions: Sequence[int]) -> Candidates:
        """Return the candidates but for those of the lines at ``positions``."""
        return Candidates(
            sells=tuple(each for each in self.sells if each.position not in positions),
            buys=tuple(each for each in self.buys if each.position not in positions),
        )


def nearest_steps(drift: int, unit: int) -> int:
    """Return how many whole steps bring a distance of ``drift`` nearest to 0; of two, the fewer."""
    return (2 * drift + unit - 1) // (2 * unit)


def side(line: ScaledLine) -> Literal["buy_only", "sell_only"]:
    """Return the side that corrects the drift, named as the ``direction`` that allows it alone."""
    return "buy_only" if line.drift > 0 else "sell_only"


def find_candidates(lines: Sequence[ScaledLine | None], direction: Direction) -> Candidates:
    """Return the orders that selection and direction allow; a line that is not selected is ``None``."""
    sells: list[Candidate] = []
    buys: list[Candidate] = []
    for position, line in enumerate(lines):
        if line is None or not line.drift or direction not in {"both", side(line)}:
            continue
        if line.drift > 0:
            _add(buys, _buy(position, line))
        else:
            _add(sells, _sell(position, line))
    return Candidates(sells=tuple(sells), buys=tuple(buys))


def _add(orders: list[Candidate], candidate: Candidate) -> None:
    if candidate.steps or candidate.tie:
        orders.append(candidate)


def _buy(position: int, line: ScaledLine) -> Candidate:
    steps = nearest_steps(line.drift, line.unit)
    return Candidate(position, line.unit, line.drift, steps, tie=False, closing=False)


def _sell(position: int, line: ScaledLine) -> Candidate:
    drift = -line.drift
    nearest = nearest_steps(drift, line.unit)
    tie = 2 * drift == (2 * nearest + 1) * line.unit and nearest < line.held_steps
    steps = min(nearest, line.held_steps)
    return Candidate(position, line.unit, drift, steps, tie=tie, closing=line.closing)
