"""One small account on its way through an apply: quotes, tickets, a book on a disk in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebalplan.apply.deadlines import Deadlines
from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.reconcile import Lists, conclude
from rebalplan.apply.timing import Timing
from rebalplan.core.orders import CompletedOrder, Execution, OpenOrder, OrderTicket, StatusReported
from rebalplan.core.policy import ExecutionPolicy, LimitsPolicy
from rebalplan.core.ports import Clock
from rebalplan.core.vocabulary import Quote
from tests.apply.journal.support import PLAN, SELL, dispatch
from tests.builders import NOW, con_id_of, policy, quote
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import SimDisk

D = Decimal
AT = NOW + timedelta(minutes=5)
CLIENT_ID = 42
AGREE_SEC = 5.0


def limits(**keys: Any) -> LimitsPolicy:
    return policy(**keys).limits


def market_quote(symbol: str = "BND", bid: str = "99.95", ask: str = "100.05", **fields: Any) -> Quote:
    return quote(symbol, "100", bid=bid, ask=ask, close="100", **fields)


def ticket(reference: str = SELL, quantity: str = "40", **fields: Any) -> OrderTicket:
    values: dict[str, Any] = {
        "reference": reference,
        "account": "DU1",
        "symbol": "BND",
        "con_id": con_id_of("BND"),
        "side": "SELL",
        "quantity": D(quantity),
        "algo": "adaptive",
    }
    return OrderTicket(**(values | fields))


def new_orders() -> tuple[LiveOrders, Journal]:
    journal = Journal(SimDisk(), Path("plans/p.journal.jsonl"), PLAN)
    return orders_on(journal, VirtualClock(AT)), journal


def orders_on(journal: Journal, clock: Clock, deadlines: Deadlines | None = None) -> LiveOrders:
    """Return a book without orders that writes to this journal."""
    deadlines = deadlines or Deadlines(clock, ExecutionPolicy(), Timing())
    return LiveOrders("DU1", CLIENT_ID, journal, clock, deadlines)


def sent_orders(*references: str) -> tuple[LiveOrders, Journal]:
    """Return a book in which orders for 40 shares have been dispatched, SELL by default."""
    orders, journal = new_orders()
    for reference in references or (SELL,):
        orders.dispatch(dispatch(reference))
    return orders, journal


def shown(reference: str = SELL, perm_id: int = 70, **fields: Any) -> OpenOrder:
    values: dict[str, Any] = {
        "reference": reference,
        "perm_id": perm_id,
        "order_id": 7,
        "client_id": CLIENT_ID,
        "account": "DU1",
        "symbol": "BND",
        "con_id": con_id_of("BND"),
        "side": "SELL",
        "quantity": D(40),
        "order_type": "MKT",
        "status": "Submitted",
    }
    return OpenOrder(**(values | fields))


def execution(exec_id: str, quantity: str, price: str = "100", **fields: Any) -> Execution:
    values: dict[str, Any] = {
        "exec_id": exec_id,
        "reference": SELL,
        "perm_id": 70,
        "account": "DU1",
        "con_id": con_id_of("BND"),
        "side": "SELL",
        "quantity": D(quantity),
        "price": D(price),
        "at": AT,
    }
    return Execution(**(values | fields))


def status(name: str, filled: str = "0", *, perm_id: int = 70, order_id: int = 7) -> StatusReported:
    return StatusReported(order_id=order_id, perm_id=perm_id, status=name, filled=D(filled))


def lists(
    completed: Sequence[CompletedOrder] = (),
    still_open: Sequence[OpenOrder] = (),
    *,
    after_sec: float = AGREE_SEC,
) -> Lists:
    """Return complete lists, asked so long after the moment of everything else here."""
    return Lists(AT + timedelta(seconds=after_sec), tuple(completed), tuple(still_open))


def confirm(orders: LiveOrders, *rows: CompletedOrder, after_sec: float = AGREE_SEC) -> str:
    """Ask the lists about the order of SELL, nothing being open any more."""
    found = lists(rows, after_sec=after_sec)
    return conclude(orders, orders.by_reference[SELL], found, is_last=False, agree_sec=AGREE_SEC)


def completed(name: str = "Filled", filled: str | None = "40", perm_id: int = 70) -> CompletedOrder:
    return CompletedOrder(
        reference=SELL,
        perm_id=perm_id,
        account="DU1",
        con_id=con_id_of("BND"),
        status=name,
        filled=None if filled is None else D(filled),
    )
