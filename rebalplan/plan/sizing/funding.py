"""Sells of holdings within their bands, each no further than the money that is needed, the largest drift first.

Money is needed for cash under its floor by the minimum order or more, for cash under its band, for leverage over its
cap, and for the buys that drift asks for and cash cannot pay. With ``sell_only`` nothing but the floor and the cap
counts, and it bounds every sell.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rebalplan.plan.sizing.candidates import Candidate, Candidates, Orders
from rebalplan.plan.sizing.scaled import ScaledAccount


class _Need(Struct):
    """What is missing: cash after costs, in 1e-10 USD times the account's base; exposure to shed, in 1e-10 USD."""

    cash: int
    exposure: int

    @property
    def is_met(self) -> bool:
        """Whether nothing is missing."""
        return self.cash <= 0 and self.exposure <= 0

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


def sources(orders: Orders) -> tuple[Candidate, ...]:
    """Return the sells, the largest drift first, ties by symbol."""
    return tuple(sorted(orders.sells.values(), key=lambda sell: (-sell.drift, sell.position)))


def sell_limits(
    account: ScaledAccount,
    spare: Sequence[Candidate],
    traded: Traded,
    most_sold: int,
    *,
    is_only_for_bounds: bool,
) -> dict[int, int]:
    """Return how many steps of which ``spare`` lines are sold for money alone, by position.

    ``spare`` has the order of ``sources``. ``traded`` is what the others want to trade, and ``most_sold`` what
    these can sell at most. ``is_only_for_bounds`` leaves CASH's band out of account.
    """
    need = _need(account, traded, is_only_for_bounds=is_only_for_bounds)
    cash, exposure, sold = need.cash, need.exposure, most_sold
    limits: dict[int, int] = {}
    for sell in spare:
        if cash <= 0 and exposure <= 0:
            break
        if sell.steps:
            covering = max(-(-cash // (sell.unit * account.keep)), -(-exposure // sell.unit))
            steps = limits[sell.position] = min(sell.steps, covering)
            value = steps * sell.unit
            cash -= value * account.keep
            exposure -= value
            sold += value
    bare = _bare_need(account, sold)
    if not bare.is_met:
        _go_further(account, limits, spare, bare)
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
    account: ScaledAccount, limits: dict[int, int], spare: Sequence[Candidate], need: _Need
) -> None:
    """Sell one share further of a line after the other while floor or cap need it, what adds least first.

    A share that a later one makes needless is not sold, what adds most first.
    """

    def adds(sell: Candidate) -> tuple[int, int]:
        steps = limits.get(sell.position, 0)
        return sell.unit * ((2 * steps + 1) * sell.unit - 2 * sell.drift), sell.position

    further: list[Candidate] = []
    for sell in sorted(spare, key=adds):
        if need.is_met:
            break
        steps = limits.get(sell.position, 0)
        if steps < sell.furthest:
            limits[sell.position] = steps + 1
            need.sell(account, sell.unit)
            further.append(sell)
    for sell in reversed(further):
        if need.cash + sell.unit * account.keep <= 0 and need.exposure + sell.unit <= 0:
            limits[sell.position] -= 1
            need.sell(account, -sell.unit)
            if not limits[sell.position]:
                del limits[sell.position]
