"""Sells of holdings within their bands, each no further than the money that is needed, the largest drift first.

Money is needed for cash under its floor by the minimum order or more, for cash under its band, for leverage over its
cap, and for the buys that drift asks for and cash cannot pay. With ``sell_only`` nothing but the floor and the cap
counts, and it bounds every sell.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rebalplan.plan.sizing.candidates import Candidates, nearest_steps
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine


class _Need(Struct):
    """What is missing: cash after costs, in 1e-10 USD times the account's base; exposure to shed, in 1e-10 USD."""

    cash: int
    exposure: int

    @property
    def is_met(self) -> bool:
        """Whether nothing is missing."""
        return self.cash <= 0 and self.exposure <= 0

    def steps(self, account: ScaledAccount, unit: int) -> int:
        """Return the fewest steps of a line whose sale covers it all."""
        return max(0, -(-self.cash // (unit * account.keep)), -(-self.exposure // unit))

    def sell(self, account: ScaledAccount, value: int) -> None:
        """Take off what a sale brings."""
        self.cash -= value * account.keep
        self.exposure -= value


class Traded(Struct, frozen=True):
    """What the lines that trade for their own reasons sell and buy, in 1e-10 USD."""

    sold: int
    bought: int


def wanted_trades(candidates: Candidates) -> Traded:
    """Return what the candidates trade when each goes to the nearest share."""
    return Traded(
        sum(sell.unit * sell.steps for sell in candidates.sells),
        sum(buy.unit * buy.steps for buy in candidates.buys),
    )


def sources(lines: Sequence[ScaledLine]) -> tuple[int, ...]:
    """Return the positions of the overweight lines, the largest drift first, ties by symbol."""
    drifts = sorted((line.drift, position) for position, line in enumerate(lines) if line.drift < 0)
    return tuple(position for _, position in drifts)


def sell_limits(
    account: ScaledAccount,
    lines: Sequence[ScaledLine],
    spare: Sequence[int],
    traded: Traded,
    most_sold: int,
    *,
    is_only_for_bounds: bool,
) -> dict[int, int]:
    """Return how many steps of which ``spare`` lines are sold for money alone, by position.

    ``spare`` has the order of ``sources``. ``traded`` is what the others want to trade, and ``most_sold`` what
    these can sell at most.
    ``is_only_for_bounds`` leaves CASH's band out of account.
    """
    need = _need(account, traded, is_only_for_bounds=is_only_for_bounds)
    limits: dict[int, int] = {}
    for position in [] if need.is_met else spare:
        line = lines[position]
        most = min(nearest_steps(-line.drift, line.unit), line.held_steps)
        if not most:
            continue
        steps = min(most, need.steps(account, line.unit))
        limits[position] = steps
        need.sell(account, steps * line.unit)
        if need.is_met:
            break
    sold = most_sold + sum([lines[position].unit * steps for position, steps in limits.items()])
    bare = _bare_need(account, sold)
    if not bare.is_met:
        _go_further(account, lines, limits, spare, bare)
    return limits


def _need(account: ScaledAccount, traded: Traded, *, is_only_for_bounds: bool) -> _Need:
    change = traded.sold * account.keep - traded.bought * account.pay
    is_noted_only = -account.spare_cash < max(1, account.min_order)
    cash = -(account.spare_cash * account.base + change) if traded.bought or not is_noted_only else 0
    after = account.cash_drift + traded.sold - traded.bought
    if not is_only_for_bounds and after < -account.cash_band:
        cash = max(cash, -((account.cash_drift + account.cash_band) * account.base + change))
    return _Need(cash, traded.bought - traded.sold - account.spare_exposure)


def _bare_need(account: ScaledAccount, sold: int) -> _Need:
    """Return what floor and cap miss when ``sold`` is sold and nothing is bought."""
    is_noted_only = -account.spare_cash < max(1, account.min_order)
    cash = 0 if is_noted_only else -(account.spare_cash * account.base + sold * account.keep)
    return _Need(cash, -(account.spare_exposure + sold))


def _go_further(
    account: ScaledAccount,
    lines: Sequence[ScaledLine],
    limits: dict[int, int],
    spare: Sequence[int],
    need: _Need,
) -> None:
    """Sell one share further of a line after the other while floor or cap need it, what adds least first.

    A share that a later one makes needless is not sold, what adds most first.
    """

    def adds(position: int) -> tuple[int, int]:
        line, steps = lines[position], limits.get(position, 0)
        return line.unit * ((2 * steps + 1) * line.unit + 2 * line.drift), position

    further: list[int] = []
    for position in sorted(spare, key=adds):
        if need.cash <= 0 and need.exposure <= 0:
            break
        if limits.get(position, 0) < lines[position].held_steps:
            limits[position] = limits.get(position, 0) + 1
            need.sell(account, lines[position].unit)
            further.append(position)
    for position in reversed(further):
        unit = lines[position].unit
        if need.cash + unit * account.keep <= 0 and need.exposure + unit <= 0:
            limits[position] -= 1
            need.sell(account, -unit)
            if not limits[position]:
                del limits[position]
