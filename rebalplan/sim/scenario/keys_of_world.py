"""The keys of ``[gateway]``, ``[[account.order]]`` and quotes that a fault can be made of."""

from __future__ import annotations

from typing import Final, get_args

from rebalplan.sim.scenario import model
from rebalplan.sim.scenario.keys import Key, KeyTable
from rebalplan.sim.wire.messages import MAX_VERSION, MIN_VERSION

LARGEST_ORDER_ID: Final = 2**31 - 1
_ODD: Final = ("con_id = 999", 'symbol = "ODD"')

GATEWAY: Final = KeyTable(
    header="[gateway]",
    group="connection",
    about="Limits and modes of the gateway.",
    keys=(
        Key(
            name="max_version",
            kind="integer",
            default=MAX_VERSION,
            low=MIN_VERSION,
            high=MAX_VERSION,
            example="157",
            about="The newest version of the protocol that it speaks.",
        ),
        Key(
            name="read_only",
            kind="flag",
            default=False,
            example="true",
            about="Orders and lists of orders are refused with error 321.",
        ),
        Key(
            name="next_valid_id",
            kind="integer",
            default=1,
            low=1,
            example="12",
            about="The first order id given to clients.",
        ),
        Key(
            name="snapshot_sec",
            kind="seconds",
            default="0",
            example='"8"',
            about="How long a market data snapshot takes.",
        ),
        Key(
            name="ledger_prefix",
            kind="flag",
            default=False,
            example="true",
            group="accounts",
            about="Account values per currency have $LEDGER- before their tags, as newer gateways send them.",
        ),
        Key(
            name="fractional_orders",
            kind="flag",
            default=False,
            example="true",
            about="Orders for fractions of a share are taken; otherwise they are refused with error 10243.",
        ),
    ),
)

ACCOUNT_ORDER: Final = KeyTable(
    header="[[account.order]]",
    group="accounts",
    about="A working order that is there before any client: by hand, or of another client. It stands behind its "
    "[[account]].",
    base=('symbol = "VTI"', 'side = "BUY"', 'quantity = "3"', "client_id = 43", "order_id = 12"),
    keys=(
        Key(name="side", kind="choice", choices=("BUY", "SELL"), example='"SELL"', about="The order's side."),
        Key(name="quantity", kind="number", example='"3"', about="The order's quantity."),
        Key(
            name="order_type",
            kind="choice",
            default="MKT",
            choices=("MKT", "LMT"),
            example='"LMT"',
            besides=('limit_price = "74.50"',),
            about="Market or limit order.",
        ),
        Key(name="limit_price", kind="number", default="0", example='"74.50"', about="The limit."),
        Key(
            name="tif",
            kind="choice",
            default="DAY",
            choices=("DAY", "GTC"),
            example='"GTC"',
            about="How long the order is valid.",
        ),
        Key(name="order_ref", kind="text", default="", example='"theirs"', about="The order's reference."),
        Key(
            name="client_id",
            kind="integer",
            default=0,
            example="43",
            about="The client that placed it. That client's cancelOrder of the order id ends it, no other's does.",
        ),
        Key(
            name="order_id",
            kind="integer",
            default=1,
            low=-LARGEST_ORDER_ID,
            high=LARGEST_ORDER_ID,
            example="2147483646",
            about="Its number. An order by hand has order id 0 and client id 0, no client can cancel it.",
        ),
        Key(
            name="status",
            kind="choice",
            default="Submitted",
            choices=("Submitted", "PreSubmitted", "PendingSubmit"),
            example='"PreSubmitted"',
            about="Its status.",
        ),
    ),
)

QUOTE: Final = KeyTable(
    header="[[instrument]]",
    group="data",
    about="The quote of an instrument. A price may be any number, left out: no such tick.",
    base=_ODD,
    keys=(
        *(
            Key(name=name, kind="price", default="", example=example, about=about)
            for name, example, about in (
                ("bid", '"NaN"', "The bid."),
                ("ask", '"-1"', "The ask."),
                ("last", '"0"', "The last price."),
                ("close", '"5.10"', "The last close."),
            )
        ),
        Key(
            name="data",
            kind="choice",
            default="live",
            choices=get_args(model.DataKind),
            example='"halted"',
            about="delayed: only for clients that ask for delayed data. none: not subscribed. halted: no fills.",
        ),
        Key(
            name="last_age_sec",
            kind="integer",
            default=1,
            example="86400",
            about="How many seconds ago the last trade was.",
        ),
        Key(
            name="last_at",
            kind="text",
            default="",
            example='"2026-11-23 17:45"',
            about="When the last trade was instead, in the market's time zone: also after the close.",
        ),
        Key(
            name="outside_hours",
            kind="flag",
            default=False,
            example="true",
            about="Bid and ask are shown outside liquid hours too.",
        ),
    ),
)
