"""The vocabulary of a simulated gateway: what a scenario file describes.

Money, prices, rates and quantities are ``Decimal``. A price may be any decimal, NaN and -1 among them,
because odd quotes are part of what a scenario is for.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.sim.orders.incident_model import Handshake, Incident
from rebalplan.sim.orders.order_model import Behaviour, OrderSettings, WorkingOrder

ZERO = Decimal(0)

DataKind = Literal["live", "delayed", "none", "halted"]
HoursKind = Literal["always", "weekly", "list"]
AccountKind = Literal["margin", "cash"]
Settlement = Literal["same_day", "next_day"]
FaultAction = Literal[
    "silent", "no_end", "hang_up", "error", "notice", "delay", "empty", "garbage", "field", "twice", "stray"
]


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The prices of an instrument; ``None`` means that no such tick is sent.

    ``last_age_sec`` is how many seconds before now (or the close) the last trade was, unless ``last_at`` says when:
    ``YYYY-MM-DD HH:MM``, local to the market. ``outside_hours`` shows bid and ask outside liquid hours too.
    """

    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None
    close: Decimal | None
    data: DataKind
    last_age_sec: int
    last_at: str = ""
    outside_hours: bool = False

    def mark(self) -> Decimal:
        """Return the price that values a position: last, else close, else bid, else 0."""
        for price in (self.last, self.close, self.bid):
            if price is not None and price.is_finite() and price > 0:
                return price
        return ZERO


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One contract; the last five fields matter for options only (``multiplier`` is 1 for the others)."""

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    name: str
    min_tick: Decimal
    stock_type: str
    quote: Quote
    local_symbol: str
    trading_class: str
    expiry: str
    strike: Decimal
    right: str
    multiplier: Decimal

    @property
    def multiplier_text(self) -> str:
        """Return the multiplier as the wire has it: empty when it is 1."""
        return "" if self.multiplier == 1 else format(self.multiplier, "f")


class Position(msgspec.Struct, frozen=True):
    """A holding; ``avg_cost`` is per share, for options per contract (price times multiplier)."""

    con_id: int
    quantity: Decimal
    avg_cost: Decimal


class Cash(msgspec.Struct, frozen=True):
    """A balance in one currency."""

    currency: str
    amount: Decimal


class Override(msgspec.Struct, frozen=True):
    """A reported account value that differs from the computed one.

    An empty ``currency`` stands for every row of the tag; an empty ``value`` leaves the row out.
    """

    tag: str
    currency: str
    value: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the scenario starts it; ``account_type`` is the reported structure (INDIVIDUAL).

    ``settlement`` is when the proceeds of a sale count as settled cash.
    """

    id: str
    kind: AccountKind
    account_type: str
    base: str
    cash: tuple[Cash, ...]
    accrued_cash: Decimal
    positions: tuple[Position, ...]
    orders: tuple[WorkingOrder, ...]
    settlement: Settlement
    overrides: tuple[Override, ...]


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """When the market is open; dates are ISO, times are local to ``time_zone``.

    ``early_closes`` pairs a date with the time (``HH:MM``) its liquid hours end. ``sessions`` is for the
    kind ``list``: entries as the wire has them, ``20261123:0930-20261123:1600`` or ``20261124:CLOSED``.
    """

    time_zone: str
    hours: HoursKind
    holidays: tuple[str, ...]
    early_closes: tuple[tuple[str, str], ...]
    sessions: tuple[str, ...]


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits and modes of the gateway itself; ``snapshot_sec`` is how long a market data snapshot takes.

    ``ledger_prefix`` puts ``$LEDGER-`` before the tags of per-currency account values, as newer gateways do.
    ``fractional_orders`` takes orders for fractions of a share, which the API otherwise refuses.
    """

    name: str
    max_version: int
    read_only: bool
    next_valid_id: int
    snapshot_sec: Decimal
    ledger_prefix: bool = False
    fractional_orders: bool = False


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong.

    ``account`` and ``symbol`` narrow the requests it applies to (empty: any). ``occurrence`` counts the
    matching requests over the life of the server from 1; 0 means every one. ``code`` and ``text`` belong
    to the actions ``error`` and ``notice``, ``delay_sec`` to ``delay``, and the four fields behind it to ``field``,
    ``twice`` and ``stray``. ``label`` is its table in the scenario.
    """

    request: str
    action: FaultAction
    account: str
    symbol: str
    occurrence: int
    code: int
    text: str
    delay_sec: Decimal
    field: str = ""
    value: str = ""
    row_account: str = ""
    row_symbol: str = ""
    label: str = ""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole simulated world.

    ``source`` is the file it came from, for messages; ``sha256`` is over its content without comments
    and layout. ``rates`` are what one unit of a currency is worth in USD.
    """

    source: str
    sha256: str
    gateway: GatewaySettings
    market: Market
    rates: tuple[Cash, ...]
    instruments: tuple[Instrument, ...]
    accounts: tuple[Account, ...]
    faults: tuple[Fault, ...]
    orders: OrderSettings
    behaviours: tuple[Behaviour, ...]
    handshakes: tuple[Handshake, ...]
    incidents: tuple[Incident, ...]
