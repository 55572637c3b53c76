"""Which lines are asked to trade: by their own drift, by the sum of all drifts, or to invest cash over its band.

The same is asked of the account that the orders would leave, so that a plan is a fixed point: after fills at its own
prices the next plan has no orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine


class State(Struct, frozen=True):
    """An account before or after orders that are filled at their prices. Values are in 1e-10 USD."""

    drifts: tuple[int, ...]
    """Of each line: target less value."""
    cash_drift: int
    """Cash over its target."""


def state_before(account: ScaledAccount, lines: Sequence[ScaledLine]) -> State:
    """Return the account as its snapshot shows it."""
    return State(tuple(line.drift for line in lines), account.cash_drift)


def state_after(account: ScaledAccount, lines: Sequence[ScaledLine], trades: Mapping[int, int]) -> State:
    """Return the account after ``trades``, signed steps by line, filled at their prices and without costs."""
    drifts = [line.drift for line in lines]
    cash_drift = account.cash_drift
    for position, steps in trades.items():
        value = steps * lines[position].unit
        drifts[position] -= value
        cash_drift -= value
    return State(tuple(drifts), cash_drift)


def asked_lines(account: ScaledAccount, lines: Sequence[ScaledLine], state: State) -> set[int]:
    """Return the positions of the lines that their drifts ask to trade, and of those that are always asked."""
    always = {position for position, line in enumerate(lines) if line.is_always_asked}
    return always | asked_by_drift(account, lines, state)


def asked_by_drift(account: ScaledAccount, lines: Sequence[ScaledLine], state: State) -> set[int]:
    """Return the positions of the lines whose drifts are over their bands, or too much together."""
    if account.total_band is not None:
        return set(_largest_beyond(state.drifts, account.total_band))
    return {
        position
        for position, (line, drift) in enumerate(zip(lines, state.drifts, strict=True))
        if not -line.band <= drift <= line.band
    }


def investing_lines(account: ScaledAccount, state: State) -> set[int]:
    """Return the positions of every underweight line when cash is over its band, else none."""
    if state.cash_drift <= account.cash_band:
        return set()
    return {position for position, drift in enumerate(state.drifts) if drift > 0}


def _largest_beyond(drifts: Sequence[int], band: int) -> Iterable[int]:
    """Yield the largest drifts, ties by symbol, until the sum of the rest is within ``band``."""
    rest = sum([abs(drift) for drift in drifts])
    if rest <= band:
        return
    for position in sorted(range(len(drifts)), key=lambda each: (-abs(drifts[each]), each)):
        if rest <= band:
            return
        yield position
        rest -= abs(drifts[position])
