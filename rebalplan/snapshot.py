"""What makes a snapshot unusable, whatever the targets are."""

from __future__ import annotations

from decimal import Decimal

from rebalplan.model import AccountSnapshot
from rebalplan.money import HUNDRED, canonical, divide, quantize, usd


def snapshot_failures(snapshot: AccountSnapshot) -> tuple[str, ...]:
    """Return why this account must not be planned: whatever claims the cash that sizing would spend."""
    shorts = [
        f"short position {position.quantity} {position.symbol}: close it or move it to another account"
        for position in snapshot.positions
        if position.quantity < 0
    ]
    debts = [
        f"{_unmanaged_debt(item.kind)} {item.quantity} {item.description} ({item.currency}) claims cash "
        "that is not managed here: settle it first"
        for item in snapshot.unmanaged
        if item.quantity < 0
    ]
    return (*shorts, *debts)


def _unmanaged_debt(kind: str) -> str:
    return "negative balance" if kind == "CASH" else f"short {kind} position"


def mismatch_failure(
    snapshot: AccountSnapshot, net_liquidation_usd: Decimal, tolerance_pct: Decimal
) -> str | None:
    """Compare our valuation (USD) with the broker's of the same things; ``None`` within the tolerance.

    The tolerance is percent of the broker's figure.
    """
    difference = abs(net_liquidation_usd - snapshot.broker_usd)
    if difference * HUNDRED <= tolerance_pct * abs(snapshot.broker_usd):
        return None
    shown = (
        f"{quantize(divide(difference * HUNDRED, abs(snapshot.broker_usd)), Decimal('0.01'))}%"
        if snapshot.broker_usd
        else "all"
    )
    return (
        f"cash and positions are worth {usd(net_liquidation_usd)} USD at the plan's prices but the broker says "
        f"{usd(snapshot.broker_usd)} USD, {shown} apart (nlv_mismatch_pct = {canonical(tolerance_pct)}): "
        "a split, a stale price or a position missing from the answer; look at the account before planning again"
    )
