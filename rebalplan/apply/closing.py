"""The sentences about lines and orders that stand in an account's closing record. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from rebalplan.apply.journal.result import AccountResult
from rebalplan.apply.order import LiveOrder
from rebalplan.core.text import count


def unfinished(result: AccountResult) -> list[str]:
    """Return a sentence for each line that is not finished. A buy that cash did not cover is finished."""
    sentences = []
    for line in result.lines:
        name = f"{line.planned.side.lower()} {line.planned.symbol}"
        if line.status == "not_sent":
            sentences.append(f"{name} was not sent")
        elif line.cut is not None and line.cut.is_refusal and not line.orders:
            sentences.append(f"{name} was left out")
        elif line.status == "overfilled":
            sentences.append(
                f"{name} filled {count(line.filled, 'share')}, more than the {line.planned.quantity} planned: look at "
                "the account, then plan again"
            )
        elif line.status not in ("filled", "cut"):
            sentences.append(
                f"{name} is {line.status}, {line.filled} of {line.orders[0].dispatch.quantity} filled"
            )
        elif any(not order.is_priced for order in line.orders):
            sentences.append(f"{name} is filled but the broker has not shown every execution")
    return sentences


def out_of_reach(orders: Iterable[LiveOrder], client_id: int) -> list[str]:
    """Return a sentence for each order that works under a client id from which it cannot be cancelled."""
    return [
        f"{live.reference} works under client id {live.owner}, ours is {client_id}: cancel it in TWS"
        for live in orders
        if not live.order.is_over and live.owner is not None
    ]
