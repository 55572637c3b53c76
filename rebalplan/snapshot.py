"""What makes a snapshot unusable, whatever the targets are."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.model import AccountSnapshot, Position
from rebalplan.money import HUNDRED, canonical, percent_above, usd


def snapshot_failures(snapshot: AccountSnapshot) -> tuple[str, ...]:
    """Return why this account must not be planned.

    That is whatever claims the cash that sizing would spend, and two contracts that one target cannot mean.
    """
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
    return (*shorts, *debts, *_shared_symbols(snapshot.positions))


def _shared_symbols(positions: Iterable[Position]) -> Iterable[str]:
    contracts: dict[str, list[int]] = {}
    for position in positions:
        contracts.setdefault(position.symbol, []).append(position.con_id)
    for symbol, ids in sorted(contracts.items()):
        if len(ids) > 1:
            yield (
                f"{len(ids)} positions are called {symbol} (contracts {', '.join(map(str, sorted(ids)))}): "
                "sell all but one or move them to another account"
            )


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
    shown = f"{percent_above(difference, abs(snapshot.broker_usd))}%" if snapshot.broker_usd else "all"
    return (
        f"cash and positions are worth {usd(net_liquidation_usd)} USD at the plan's prices but the broker says "
        f"{usd(snapshot.broker_usd)} USD, {shown} apart (nlv_mismatch_pct = {canonical(tolerance_pct)}): "
        "a split, a stale price or a position missing from the answer; look at the account before planning again"
    )
