"""Incidents and handshakes of a scenario: a person trades in TWS, the broker is lost, notices at a connect."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal, get_args

import msgspec

from rebalplan.sim.orders.order_model import AlgoFilter
from rebalplan.sim.orders.steps import LateShares

When = Literal["start", "connected", "placed", "execution", "filled", "cancelled"]
LostAnswers = Literal["silent", "cached"]
OrderWord = Literal["orders", "all_orders"]
Restored = Literal["1101", "1102"]


class Change(msgspec.Struct, frozen=True, kw_only=True, tag_field="does", tag="change"):
    """A person gives the order of the event another size or price; 0 leaves it as it is."""

    quantity: Decimal
    limit_price: Decimal
    told: bool


class CancelByHand(LateShares, frozen=True, kw_only=True, tag_field="does", tag="cancel"):
    """A person cancels the order of the event."""

    told: bool


class Trade(msgspec.Struct, frozen=True, kw_only=True, tag_field="does"):
    """A person trades by hand; without ``what``, what the order of the event is for."""

    account: str
    what: str
    quantity: Decimal


class Buy(Trade, frozen=True, kw_only=True, tag="buy"):
    """A purchase."""


class Sell(Trade, frozen=True, kw_only=True, tag="sell"):
    """A sale."""


class Payment(msgspec.Struct, frozen=True, kw_only=True, tag_field="does"):
    """Cash comes or goes."""

    account: str
    amount: Decimal
    currency: str


class Deposit(Payment, frozen=True, kw_only=True, tag="deposit"):
    """Cash is paid in."""


class Withdraw(Payment, frozen=True, kw_only=True, tag="withdraw"):
    """Cash is paid out."""


class Lose(msgspec.Struct, frozen=True, kw_only=True, tag_field="does", tag="lose"):
    """The gateway loses the broker for so many seconds, -1 for ever; ``restored`` is the notice at the end."""

    label: str
    for_sec: Decimal
    restored: Restored


Deed = Change | CancelByHand | Buy | Sell | Deposit | Withdraw | Lose
DEEDS: Final[tuple[str, ...]] = tuple(deed.__struct_config__.tag for deed in get_args(Deed))
"""What a scenario may write behind ``does``."""


class Incident(LateShares, frozen=True, kw_only=True):
    """Something that happens some time after an event; ``keys_of_incidents`` describes each field.

    ``when`` with the four fields behind it chooses the events, and ``occurrence`` counts the matching ones over the
    life of the server (0: every one). ``times`` limits how often it happens as long as the state is remembered (0: no
    limit). ``label`` is its table in the scenario.
    """

    when: When
    account: str
    symbol: str
    side: str
    algo: AlgoFilter
    occurrence: int
    times: int
    after_sec: Decimal
    does: str
    quantity: Decimal
    limit_price: Decimal
    told: bool
    what: str
    amount: Decimal
    currency: str
    for_sec: Decimal
    restored: Restored
    answers: LostAnswers

    @property
    def deed(self) -> Deed:
        """Return what happens, with the fields that belong to it."""
        deed: Deed = msgspec.convert(msgspec.structs.asdict(self), Deed)
        return deed


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """Messages for some clients in the write that ends their handshake; ``client_id`` -1 means any client.

    ``before`` and ``after`` are codes with perhaps a text, ``orders`` and ``all_orders``. ``label`` is its table in the
    scenario.
    """

    client_id: int
    occurrence: int
    in_use: bool
    before: tuple[str, ...]
    after: tuple[str, ...]
    later: tuple[str, ...]
    later_after_sec: Decimal
    label: str = ""
