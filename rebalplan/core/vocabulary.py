"""The vocabulary of all packages: accounts, positions, quotes and sessions.

Quantities are shares, prices and money US dollars unless a field says otherwise; every ``*_pct`` is in
percent. Everything is frozen.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

from rebalplan.core.money import ZERO

Side = Literal["SELL", "BUY"]
Mode = Literal["sim", "paper", "live"]
PriceSource = Literal["last", "close", "bid", "ask", "mid"]


class ConfirmMode(StrEnum):
    """Whether apply asks before each account, or once for all of them."""

    PER_ACCOUNT = "per_account"
    GLOBAL = "global"


class Endpoint(msgspec.Struct, frozen=True):
    """The gateway or TWS of an account."""

    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 42


SESSION_MIN = 390
"""Minutes of a full regular session of the US exchanges, 9:30 to 16:00."""

CASH = "CASH"
"""The name of cash among symbols."""

Reason = Literal[
    "within_band",
    "below_min_order",
    "rounds_to_zero",
    "cash_short",
    "leverage_cap",
    "direction",
    "held_unlisted",
    "fractional_residue",
]
"""The reason why a symbol is not traded, or by less than its drift."""


class TargetWeight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weight one symbol should have in an account's investable value; 0 means to be closed."""

    symbol: str
    target_pct: Decimal


class Targets(msgspec.Struct, frozen=True):
    """All target weights of an account, by symbol, and the weight of CASH (negative: margin)."""

    weights: tuple[TargetWeight, ...]
    cash_pct: Decimal


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A managed holding: a stock or ETF in US dollars. ``quantity`` is negative when short."""

    symbol: str
    con_id: int
    quantity: Decimal


class UnmanagedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something in the account that is never valued and never traded.

    ``quantity`` counts contracts or shares, for ``CASH`` units of ``currency``. ``debt_usd`` is what a negative balance
    is worth at the broker's own rate, as a positive amount; ``None`` for everything else, and without a rate.
    """

    kind: str
    description: str
    currency: str
    quantity: Decimal
    debt_usd: Decimal | None = None


class BrokerValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the broker says a holding is worth that has no price here; ``None`` when it was asked and does not say."""

    symbol: str
    con_id: int
    value_usd: Decimal | None


class WorkingOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order that was open at the broker when the snapshot was taken, whoever placed it."""

    symbol: str
    con_id: int
    side: str
    quantity: Decimal
    order_ref: str
    perm_id: int

    @property
    def reference(self) -> str:
        """Return its order reference, empty for an order that has none."""
        return self.order_ref


class AccountSnapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account was at the broker at one moment.

    ``net_liquidation`` is the broker's own figure in ``base_currency``; ``broker_usd`` the broker's value of
    what is managed here (US dollar cash and stocks). ``working_orders`` is ``None`` when the gateway
    would not tell, as a read-only API does not. ``settled_cash`` is what the broker says of it, in a cash account
    without that of other currencies. ``broker_values`` are of unlisted holdings that could not be priced, and of
    nothing else.
    """

    account_type: str
    base_currency: str
    net_liquidation: Decimal
    broker_usd: Decimal
    cash_usd: Decimal
    settled_cash: Decimal | None
    positions: tuple[Position, ...]
    unmanaged: tuple[UnmanagedItem, ...]
    working_orders: tuple[WorkingOrder, ...] | None
    is_cash_account: bool = False
    broker_values: tuple[BrokerValue, ...] = ()

    @property
    def unsettled_usd(self) -> Decimal:
        """Return the part of the cash that pays for nothing yet: in a cash account only settled cash does."""
        if not self.is_cash_account or self.settled_cash is None:
            return ZERO
        return max(ZERO, min(self.cash_usd, self.cash_usd - self.settled_cash))


class Quote(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the broker said about one symbol: every price it gave, and which of them can be trusted.

    ``con_id`` is 0 and ``problem`` says why when the symbol has no contract or no market data. ``closed``
    means that ``received_at`` lies outside the contract's regular session. ``notice`` is what the broker said of data
    that is missing beside the prices it gave. ``close_unknown`` means that the ticks do not tell the close of the
    session that ended last: ``close`` is ``None`` then. A plan leaves out both where they say nothing.
    """

    symbol: str
    con_id: int
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None
    close: Decimal | None
    last_at: datetime | None
    received_at: datetime
    delayed: bool
    closed: bool
    halted: bool
    problem: str | None
    notice: str | None = None
    close_unknown: bool = False


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One regular trading session, in UTC."""

    opens_at: datetime
    closes_at: datetime


def is_paper(account: str) -> bool:
    """Tell whether an account is a paper account: at Interactive Brokers their ids begin with D (DU, DF)."""
    return account.startswith("D")
