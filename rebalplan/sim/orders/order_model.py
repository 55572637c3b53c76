"""The vocabulary of orders: orders, executions, the ledger of messages, and the settings and behaviours for them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from rebalplan.sim.orders.steps import LateShares, Script

ZERO: Final = Decimal(0)

Side = Literal["BUY", "SELL"]
BehaviourKind = Literal["order", "what_if", "cancel"]
AlgoFilter = Literal["", "adaptive", "none"]
Silence = Literal["", "dropped", "booked"]
CancelOutcome = Literal["", "refused", "crossed"]
MessageKind = Literal["place", "modify", "what_if", "cancel", "global_cancel"]

DEFAULT_SEQUENCE: Final = ("ack", "execution", "commission", "status")
WHAT_IF_SEQUENCE: Final = ("answer",)
FIRST_VERSION: Final = ".01"
"""How the id of an execution ends that corrects none."""
WORKING: Final = frozenset({"Submitted", "PreSubmitted", "PendingSubmit", "PendingCancel"})
"""The statuses of an order that can still fill."""


class WorkingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order and how far it has come.

    ``value`` is the sum of quantity times price over its fills; ``placed`` and ``expires`` are ``None`` for an
    order that was there before the gateway. ``epoch`` counts how often order ids were rolled back before it
    came. ``script`` is what is still to happen to it. Completed orders leave it out until
    ``is_visible``; while it ``is_hidden``, no list shows it or its executions.
    """

    account: str
    con_id: int
    side: Side
    quantity: Decimal
    order_type: str
    limit_price: Decimal
    tif: str
    order_ref: str
    client_id: int
    order_id: int
    perm_id: int
    status: str
    algo: str = ""
    algo_parameters: tuple[tuple[str, str], ...] = ()
    outside_hours: bool = False
    filled: Decimal = ZERO
    value: Decimal = ZERO
    last_price: Decimal = ZERO
    commission: Decimal = ZERO
    why_held: str = ""
    epoch: int = 0
    placed: datetime | None = None
    expires: datetime | None = None
    completed: datetime | None = None
    completed_status: str = ""
    is_visible: bool = True
    is_hidden: bool = False
    behaviour: Behaviour | None = None
    script: Script = ()

    @property
    def remaining(self) -> Decimal:
        """Return what is not filled yet."""
        return self.quantity - self.filled

    @property
    def average_price(self) -> Decimal:
        """Return the mean price of the fills, 0 without any."""
        return self.value / self.filled if self.filled else ZERO

    @property
    def is_manual(self) -> bool:
        """Tell whether a person entered the order by hand in TWS."""
        return self.order_id == 0 and self.client_id == 0

    @property
    def is_working(self) -> bool:
        """Tell whether the order can still fill."""
        return self.status in WORKING


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill, or the correction of one; ``time_text`` is its time as the wire has it.

    ``cash_change`` is what it did to the balance in the instrument's currency. Three flags tell whether the lists of
    executions, the positions and the account values show it by now.
    """

    exec_id: str
    perm_id: int
    order_id: int
    client_id: int
    account: str
    con_id: int
    side: Side
    quantity: Decimal
    price: Decimal
    cumulative: Decimal
    average_price: Decimal
    order_ref: str
    commission: Decimal
    realized: Decimal
    time: datetime
    time_text: str
    is_visible: bool = True
    is_position_visible: bool = True
    is_value_visible: bool = True
    cash_change: Decimal = ZERO

    @property
    def fill(self) -> str:
        """Return what the ids of this fill and of its corrections have in common."""
        return self.exec_id.rpartition(".")[0]

    @property
    def is_correction(self) -> bool:
        """Tell whether this replaces an earlier execution: their ids differ in the last part only."""
        return not self.exec_id.endswith(FIRST_VERSION)


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One order message as the gateway received it, whatever became of it.

    An order has the terms as the client wrote them. A cancel has the terms of its order, if there is one.
    ``outcome`` begins with ``accepted``, ``refused`` (with the error code), ``dropped`` or ``unreadable``;
    ``perm_id`` is 0 for what was not booked.
    """

    time: datetime
    client_id: int
    kind: MessageKind
    order_id: int
    outcome: str
    perm_id: int = 0
    account: str = ""
    symbol: str = ""
    con_id: int = 0
    side: str = ""
    quantity: Decimal = ZERO
    order_type: str = ""
    limit_price: Decimal = ZERO
    algo: str = ""
    tif: str = ""
    order_ref: str = ""


class OrderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every order costs and how prices move, unless a behaviour says otherwise.

    Basis points are of the price; the commission is per share with a minimum per order, in the instrument's
    currency.
    """

    slippage_bps: Decimal
    market_impact_bps: Decimal
    commission_per_share: Decimal
    commission_minimum: Decimal
    master_client_id: int
    roll_back_ids: bool
    commission_after_sec: Decimal
    no_commission: bool
    positions_after_sec: Decimal
    values_after_sec: Decimal


class Behaviour(LateShares, frozen=True, kw_only=True):
    """The deviation of some orders from an immediate, complete fill; ``keys_of_orders`` describes each field.

    The first six fields choose the messages it applies to (empty: any). ``occurrence`` counts the matching ones
    over the life of the server from 1; 0 means every one. ``code`` 0 means that nothing is refused. ``label`` is its
    table in the scenario, empty for what orders do without one.
    """

    on: BehaviourKind
    account: str
    symbol: str
    side: str
    algo: AlgoFilter
    occurrence: int
    code: int
    text: str
    silence: Silence
    sequence: tuple[str, ...]
    parts: int
    fills: int
    after_sec: Decimal
    commission_after_sec: Decimal
    no_commission: bool
    visible_after_sec: Decimal
    positions_after_sec: Decimal
    values_after_sec: Decimal
    hidden_after_sec: Decimal
    hidden_for_sec: Decimal
    slippage_bps: Decimal
    commission_per_share: Decimal
    commission_minimum: Decimal
    correction_bps: Decimal
    time_zone_text: str
    hang_up_after: int
    cancel: CancelOutcome
