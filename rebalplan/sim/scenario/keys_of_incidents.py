"""The keys of ``[[incident]]``: what a person does in TWS, and a broker that is lost."""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from rebalplan.sim.orders import incident_model as model
from rebalplan.sim.scenario.keys import Key, KeyTable
from rebalplan.sim.scenario.keys_of_orders import LATE_KEYS, ORDER_FILTER_KEYS

_CHANGE: Final = ('does = "change"',)
_TRADE: Final = ('does = "buy"', 'quantity = "5"')
_PAYMENT: Final = ('does = "withdraw"', 'amount = "900.00"')
_LOSS: Final = ('when = "start"', 'does = "lose"')
_CANCEL: Final = ('does = "cancel"',)

_PLAIN_ONLY: Final = msgspec.structs.replace(ORDER_FILTER_KEYS[-1], example='"none"')
_WHEN_KEYS: Final = (
    Key(
        name="when",
        kind="choice",
        choices=get_args(model.When),
        example='"filled"',
        about="The event: start of the gateway, a client connected, an order placed, an execution, an order filled or "
        "cancelled. Only orders of API clients count.",
    ),
    *ORDER_FILTER_KEYS[:-1],
    _PLAIN_ONLY,
    Key(
        name="occurrence",
        kind="integer",
        default=0,
        example="2",
        about="Only after the nth matching event since the gateway started.",
    ),
    Key(
        name="times",
        kind="integer",
        default=1,
        example="0",
        about="How often it may happen until a reset, 0: without limit.",
    ),
    Key(name="after_sec", kind="seconds", default="0", example='"2"', about="How long after the event."),
)

_DEED_KEYS: Final = (
    Key(
        name="does",
        kind="choice",
        choices=model.DEEDS,
        example='"cancel"',
        about="A person changes or cancels the order of the event, buys or sells by hand (order id 0, client id 0, no "
        "reference), pays in or out. Or the gateway loses the broker.",
    ),
    Key(
        name="quantity",
        kind="cost",
        default="0",
        example='"25"',
        besides=_CHANGE,
        about="The order's new quantity, or the shares that are bought or sold.",
    ),
    Key(
        name="limit_price",
        kind="cost",
        default="0",
        example='"99.50"',
        besides=_CHANGE,
        about="The changed order is a limit order at this price.",
    ),
    Key(
        name="told",
        kind="flag",
        default=True,
        example="false",
        besides=(*_CHANGE, 'quantity = "25"'),
        about="false: the client that placed the order hears nothing of the change or cancel.",
    ),
    Key(
        name="what",
        kind="text",
        default="",
        example='"BND"',
        besides=_TRADE,
        group="accounts",
        about="The symbol that is bought or sold. Left out: that of the event's order.",
    ),
    Key(
        name="amount",
        kind="cost",
        default="0",
        example='"900.00"',
        besides=_PAYMENT,
        group="accounts",
        about="The cash that is paid in or out.",
    ),
    Key(
        name="currency",
        kind="text",
        default="USD",
        example='"USD"',
        besides=_PAYMENT,
        group="accounts",
        about="The currency of the amount.",
    ),
    *(msgspec.structs.replace(key, besides=(*_CANCEL, *key.besides)) for key in LATE_KEYS),
)

_LOSS_KEYS: Final = (
    Key(
        name="for_sec",
        kind="seconds or never",
        default="-1",
        example='"20"',
        besides=_LOSS,
        group="connection",
        about="How long the broker stays lost. Every client hears 1100, a new one in its handshake. "
        "Orders stand still.",
    ),
    Key(
        name="restored",
        kind="choice",
        default="1102",
        choices=get_args(model.Restored),
        example='"1101"',
        besides=(*_LOSS, 'for_sec = "20"'),
        group="connection",
        about="The notice at the end of the loss: 1101 data lost, 1102 data maintained.",
    ),
    Key(
        name="answers",
        kind="choice",
        default="silent",
        choices=get_args(model.LostAnswers),
        example='"cached"',
        besides=_LOSS,
        group="connection",
        about="silent: while the broker is lost, questions get no answer. cached: they get the gateway's own.",
    ),
)

INCIDENT: Final = KeyTable(
    header="[[incident]]",
    group="orders",
    about="What happens some time after an event: a person in TWS, or the broker lost.",
    keys=(*_WHEN_KEYS, *_DEED_KEYS, *_LOSS_KEYS),
    base=('when = "placed"', 'does = "cancel"'),
)
