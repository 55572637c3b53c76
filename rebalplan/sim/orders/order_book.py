"""Every order the gateway ever took, its executions and the ledger of what was received.

Pure state, like ``book``: no I/O and no clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from rebalplan.sim.orders.agenda import Part
from rebalplan.sim.orders.order_model import FIRST_VERSION, ZERO, Execution, LedgerEntry, WorkingOrder

FIRST_PERM_ID: Final = 1_500_000_001
_EXECUTION_PREFIX: Final = "0000e0d5"
_FLAGS: Final[dict[Part, tuple[str, ...]]] = {
    "lists": ("is_visible",),
    "position": ("is_position_visible",),
    "values": ("is_value_visible",),
    "all": ("is_visible", "is_position_visible", "is_value_visible"),
}


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """What a state file remembers of orders."""

    orders: tuple[WorkingOrder, ...]
    executions: tuple[Execution, ...]
    ledger: tuple[LedgerEntry, ...]
    next_perm_id: int
    next_execution: int
    epoch: int


class OrderBook:
    """Orders by permId, executions and the ledger, each oldest first."""

    def __init__(self, state: OrderState) -> None:
        self._orders = {order.perm_id: order for order in state.orders}
        self._of_client: dict[tuple[int, int], int] = {}
        for order in state.orders:
            self._index(order)
        self._executions: dict[int, list[Execution]] = defaultdict(list)
        for execution in state.executions:
            self._executions[execution.perm_id].append(execution)
        self._every_execution = list(state.executions)
        self._ledger = list(state.ledger)
        self._next_perm_id = state.next_perm_id
        self._next_execution = state.next_execution
        self.epoch = state.epoch

    def state(self) -> OrderState:
        """Return everything, to be remembered."""
        return OrderState(
            orders=tuple(self._orders.values()),
            executions=tuple(self._every_execution),
            ledger=tuple(self._ledger),
            next_perm_id=self._next_perm_id,
            next_execution=self._next_execution,
            epoch=self.epoch,
        )

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Return the order messages received so far; safe from any thread."""
        return tuple(self._ledger)

    def record(self, entry: LedgerEntry) -> None:
        """Append one received message."""
        self._ledger.append(entry)

    def orders(self) -> tuple[WorkingOrder, ...]:
        """Return every order, done ones included."""
        return tuple(self._orders.values())

    def working(self) -> list[WorkingOrder]:
        """Return the orders that can still fill."""
        return [order for order in self._orders.values() if order.is_working]

    def order(self, perm_id: int) -> WorkingOrder:
        """Return the order of that permId, which exists."""
        return self._orders[perm_id]

    def find(self, client_id: int, order_id: int) -> WorkingOrder | None:
        """Return the last order that this client gave that id, done or working."""
        perm_id = self._of_client.get((client_id, order_id))
        return None if perm_id is None else self._orders[perm_id]

    def find_current(self, client_id: int, order_id: int) -> WorkingOrder | None:
        """Return the order that occupies this id of the client. Ids that were rolled back are free again."""
        order = self.find(client_id, order_id)
        return order if order is not None and order.epoch == self.epoch else None

    def put(self, order: WorkingOrder) -> WorkingOrder:
        """Add an order, or replace the one of that permId, and return it."""
        if order.perm_id not in self._orders:
            self._index(order)
        self._orders[order.perm_id] = order
        return order

    def _index(self, order: WorkingOrder) -> None:
        """Remember the order by client and order id. One entered by hand has no id that a client could name."""
        if not order.is_manual:
            self._of_client[order.client_id, order.order_id] = order.perm_id

    def new_perm_id(self) -> int:
        """Return the next permId."""
        self._next_perm_id += 1
        return self._next_perm_id - 1

    def new_execution_id(self) -> str:
        """Return the next execution id, in its first version."""
        self._next_execution += 1
        return f"{_EXECUTION_PREFIX}.{self._next_execution - 1:08x}.01{FIRST_VERSION}"

    def executions(self, perm_id: int | None = None) -> tuple[Execution, ...]:
        """Return the executions of one order, or all of them; a correction follows what it corrects."""
        return tuple(self._every_execution if perm_id is None else self._executions.get(perm_id, ()))

    def execute(self, execution: Execution) -> None:
        """Append an execution."""
        self._executions[execution.perm_id].append(execution)
        self._every_execution.append(execution)

    def reveal(self, perm_id: int) -> None:
        """Let queries see the order's executions."""
        self._replace(
            perm_id, [msgspec.structs.replace(e, is_visible=True) for e in self._executions[perm_id]]
        )

    def show(self, perm_id: int, fill: str, part: Part, *, is_shown: bool = True) -> None:
        """Let lists, positions or account values show one fill with its corrections, or not show it."""
        flags = dict.fromkeys(_FLAGS[part], is_shown)
        self._replace(
            perm_id,
            [msgspec.structs.replace(e, **flags) if e.fill == fill else e for e in self._executions[perm_id]],
        )

    def unlisted(self, perm_id: int) -> Decimal:
        """Return how many shares of the order executed that no list of executions shows yet."""
        hidden = [e.quantity for e in self.executions(perm_id) if not (e.is_visible or e.is_correction)]
        return sum(hidden, start=ZERO)

    def _replace(self, perm_id: int, executions: list[Execution]) -> None:
        self._executions[perm_id] = executions
        fresh = {execution.exec_id: execution for execution in executions}
        self._every_execution = [fresh.get(e.exec_id, e) for e in self._every_execution]


def corrected_id(exec_id: str) -> str:
    """Return the id of the next correction: only the last part counts up, so that it names the same fill."""
    name, _, version = exec_id.rpartition(".")
    return f"{name}.{int(version) + 1:02d}"


def initial_state(orders: Iterable[WorkingOrder]) -> OrderState:
    """Return what there is before anything happened: the orders of the scenario."""
    orders = tuple(orders)
    return OrderState(
        orders=orders,
        executions=(),
        ledger=(),
        next_perm_id=max([FIRST_PERM_ID, *(order.perm_id + 1 for order in orders)]),
        next_execution=1,
        epoch=0,
    )
