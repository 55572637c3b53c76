"""What sizing is asked and what it answers, in ``Decimal``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from rebalplan.core.vocabulary import Reason

__all__ = ["Direction", "Reason", "SizedLine", "Sizing", "SizingLine", "SizingProblem"]

Direction = Literal["both", "buy_only", "sell_only"]


class SizingLine(Struct, frozen=True):
    """One symbol under management: listed in the models, or unlisted and to be sold."""

    symbol: str
    quantity: Decimal
    """Shares held, not negative, at most 4 decimals."""
    price: Decimal
    """USD per share, positive, at most 6 decimals."""
    target_usd: Decimal
    """Target value, not negative, at most 10 decimals."""
    band_usd: Decimal
    """The drift that is tolerated; not negative. Under ``total_band_usd`` it counts for nothing."""


class SizingProblem(Struct, frozen=True):
    """One account: its lines, its two constraints and the rules an order must keep."""

    lines: tuple[SizingLine, ...]
    """Sorted by symbol, each symbol once."""
    cash_usd: Decimal
    """Cash before the trades; may be negative."""
    cash_floor_usd: Decimal
    """Least cash after the trades; negative where a model uses margin."""
    cash_target_usd: Decimal
    """Cash that the targets and what is set aside leave; at least the floor unless cash is not settled."""
    cash_band_usd: Decimal
    """How far cash may be from ``cash_target_usd`` before it is invested or raised."""
    cash_slack_usd: Decimal
    """How far cash may end over ``cash_target_usd`` for want of orders of the minimum; at least ``cash_band_usd``."""
    total_band_usd: Decimal | None
    """The sum of all drifts that is tolerated; ``None`` when each line has its own band."""
    held_usd: Decimal
    """Value of positions that are no lines; it counts in exposure."""
    net_liquidation_usd: Decimal
    """Net liquidation value before the trades, positive."""
    max_leverage: Decimal
    """Greatest exposure after the trades, as a multiple of ``net_liquidation_usd``."""
    cost_bps: Decimal
    """Set aside per traded dollar; not negative and below 10,000."""
    min_order_usd: Decimal
    """An order of less value is not sent, unless it closes a target of 0 or cash needs it."""
    allow_fractional: bool
    """Trade in steps of 0.0001 share instead of whole shares."""
    direction: Direction
    """Which side may trade."""


class SizedLine(Struct, frozen=True):
    """What one symbol trades."""

    symbol: str
    trade: Decimal
    """Signed shares: positive buys, negative sells."""
    selected: bool
    """Whether the trigger asks for a trade."""
    wanted: Decimal
    """Signed shares the drift asks for, before cash, leverage, minimum and direction."""
    reason: Reason | None
    """Why nothing is traded, or less than wanted; ``None`` when the drift gets all it asks."""


class Sizing(Struct, frozen=True):
    """The orders of one account, line by line in the order of the problem."""

    lines: tuple[SizedLine, ...]
    floor_unmet: bool
    """Cash stays under its floor, by the minimum order or more, after every sell that is permitted."""
    cap_unmet: bool
    """Exposure stays over the leverage cap after every sell that is permitted."""
