"""What makes a snapshot unusable, whatever the targets are."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rebalplan.core.money import HUNDRED, ZERO, canonical, percent_above, usd
from rebalplan.core.vocabulary import AccountSnapshot, Position, UnmanagedItem


def snapshot_failures(
    snapshot: AccountSnapshot, foreign_cash_tolerance_usd: Decimal = ZERO
) -> tuple[str, ...]:
    """Return why this account must not be planned.

    A short position or a debt claims the cash that sizing would spend. Two contracts under one symbol cannot share one
    target. Debts in other currencies are tolerated up to ``foreign_cash_tolerance_usd`` together.
    """
    shorts = [
        f"short position {position.quantity} {position.symbol}: close it or move it to another account"
        for position in snapshot.positions
        if position.quantity < 0
    ]
    tolerated = tolerated_debts(snapshot, foreign_cash_tolerance_usd)
    together = sum(item.debt_usd is not None for item in snapshot.unmanaged) > 1
    total = _known_debts_usd(snapshot)
    debts = [
        f"{_unmanaged_debt(item.kind)} {item.quantity} {item.description} ({item.currency})"
        f"{_worth(item, total if together else None)} claims cash "
        "that is not managed here: settle it first"
        for item in snapshot.unmanaged
        if item.quantity < 0 and item not in tolerated
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
                f"write each as {symbol}@CONID in portfolios.csv, or sell all but one"
            )


def tolerated_debts(snapshot: AccountSnapshot, tolerance_usd: Decimal) -> tuple[UnmanagedItem, ...]:
    """Return the debts in other currencies that are left alone: all whose value is known, or none of them.

    They are added up, so that no number of small ones claims more than the tolerance.
    """
    known = [item for item in snapshot.unmanaged if item.debt_usd is not None]
    return tuple(known) if _known_debts_usd(snapshot) <= tolerance_usd else ()


def _known_debts_usd(snapshot: AccountSnapshot) -> Decimal:
    return sum((item.debt_usd for item in snapshot.unmanaged if item.debt_usd is not None), ZERO)


def _worth(item: UnmanagedItem, total_usd: Decimal | None) -> str:
    """Say what a debt is worth, and the sum when there are several: the tolerance is for the sum."""
    if item.kind != "CASH":
        return ""
    if item.debt_usd is None:
        return ", of unknown value in USD for want of the broker's ExchangeRate,"
    if total_usd is not None:
        return f", {usd(item.debt_usd)} USD, with the others {usd(total_usd)} USD and over foreign_cash_tolerance_usd,"
    return f", {usd(item.debt_usd)} USD and over foreign_cash_tolerance_usd,"


def _unmanaged_debt(kind: str) -> str:
    return "negative balance" if kind == "CASH" else f"short {kind} position"


def mismatch_failure(
    snapshot: AccountSnapshot,
    net_liquidation_usd: Decimal,
    tolerance_pct: Decimal,
    left_out_usd: Decimal = ZERO,
    *,
    is_closed: bool = False,
) -> str | None:
    """Compare our valuation (USD) with the broker's of the same things; ``None`` within the tolerance.

    The tolerance is percent of the broker's figure. ``left_out_usd`` is the part of that figure for holdings without a
    price. ``is_closed`` tells that a price is from outside the session: then the close tick is the likeliest cause.
    """
    broker_usd = snapshot.broker_usd - left_out_usd
    difference = abs(net_liquidation_usd - broker_usd)
    if difference * HUNDRED <= tolerance_pct * abs(broker_usd):
        return None
    closed = (
        "the market is closed, and the close that the broker sends may still be the day before's "
        "(plan in the session), or "
    )
    shown = f"{percent_above(difference, abs(broker_usd))}%" if broker_usd else "all"
    return (
        f"cash and positions are worth {usd(net_liquidation_usd)} USD at the plan's prices but the broker says "
        f"{usd(broker_usd)} USD, {shown} apart (nlv_mismatch_pct = {canonical(tolerance_pct)}): "
        f"{closed if is_closed else ''}a split, a stale price or a position missing from the answer; "
        "look at the account before planning again"
    )
