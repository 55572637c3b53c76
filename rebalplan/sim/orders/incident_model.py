"""What happens beside the answers: a person who trades in TWS, a lost broker, a handshake with notices."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.sim.orders.order_model import AlgoFilter
from rebalplan.sim.orders.steps import LateShares

When = Literal["start", "connected", "placed", "execution", "filled", "cancelled"]
Deed = Literal["change", "cancel", "buy", "sell", "deposit", "withdraw", "lose"]
LostAnswers = Literal["silent", "cached"]
Restored = Literal["1101", "1102"]


class Incident(LateShares, frozen=True, kw_only=True):
    """Something that happens some time after an event; ``keys_of_incidents`` describes each field.

    ``when`` with the four fields behind it chooses the events, and ``occurrence`` counts the matching ones over the
    life of the server (0: every one). ``times`` limits how often it happens as long as the state is remembered (0: no
    limit).
    ``label`` is its table in the scenario.
    """

    when: When
    account: str
    symbol: str
    side: str
    algo: AlgoFilter
    occurrence: int
    times: int
    after_sec: Decimal
    does: Deed
    quantity: Decimal
    limit_price: Decimal
    told: bool
    what: str
    amount: Decimal
    currency: str
    for_sec: Decimal
    restored: Restored
    answers: LostAnswers


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """What some clients are told in the very write that ends the handshake; ``client_id`` -1 means any client.

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
