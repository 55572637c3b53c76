"""The keys of ``[[handshake]]`` and ``[[fault]]``: what is wrong with connections and answers."""

from __future__ import annotations

from typing import Final, get_args

from rebalplan.sim.faults import CONNECT
from rebalplan.sim.scenario import model
from rebalplan.sim.scenario.keys import Key, KeyTable
from rebalplan.sim.wire.requests import REQUEST_NAMES
from rebalplan.sim.wire.rows import FIELDS

ANY_CLIENT: Final = -1
_DEFAULT_CODE: Final = 321
_DEFAULT_TEXT: Final = "Error validating request.-'sim' : cause - A fault of the scenario."
_FIELD: Final = ('request = "completed_orders"', 'action = "field"', 'field = "filled"', 'value = ""')

HANDSHAKE: Final = KeyTable(
    header="[[handshake]]",
    group="connection",
    about="What a client is told in the very write that ends its handshake.",
    keys=(
        Key(
            name="client_id",
            kind="integer",
            default=ANY_CLIENT,
            low=ANY_CLIENT,
            example="42",
            about="Only this client. Left out: every one.",
        ),
        Key(
            name="occurrence",
            kind="integer",
            default=0,
            example="1",
            about="Only the nth matching handshake since the gateway started.",
        ),
        Key(
            name="in_use",
            kind="flag",
            default=False,
            example="true",
            about="The client id is in use: error 326, then the connection closes.",
        ),
        Key(
            name="before",
            kind="list",
            default=(),
            example='["326"]',
            about="Said before the accounts and the next order id: codes with perhaps a text, orders (openOrder and "
            "orderStatus of the client's own working orders), all_orders.",
        ),
        Key(
            name="after",
            kind="list",
            default=(),
            example='["2110", "orders"]',
            about="The same, said behind the accounts and the next order id.",
        ),
        Key(
            name="later",
            kind="list",
            default=(),
            example='["1102"]',
            about="Codes that every client is told later.",
        ),
        Key(
            name="later_after_sec",
            kind="seconds",
            default="0",
            example='"30"',
            besides=('later = ["1102"]',),
            about="How much later.",
        ),
    ),
)

FAULT: Final = KeyTable(
    header="[[fault]]",
    group="data",
    about="What goes wrong with the answer to a request.",
    keys=(
        Key(
            name="request",
            kind="choice",
            choices=(CONNECT, *REQUEST_NAMES),
            example='"positions"',
            about="The request whose answer is bent.",
        ),
        Key(
            name="action",
            kind="choice",
            choices=get_args(model.FaultAction),
            example='"no_end"',
            about="silent: no answer. no_end: no end marker. empty: the end marker alone. hang_up: the connection "
            "closes. error: code and text instead. notice: code and text before the answer. delay: seconds later. "
            "garbage: an unreadable frame. field: see field. twice: each row comes behind an older one of the same "
            "thing, perhaps with a field spoilt. stray: behind each row comes one of another request, perhaps with "
            "a field spoilt (both: positions_multi, account_updates_multi). connect and start_api know fewer.",
        ),
        Key(
            name="account",
            kind="text",
            default="",
            example='"DU1000001"',
            besides=('request = "positions_multi"',),
            about="Only requests about this account.",
        ),
        Key(
            name="symbol",
            kind="text",
            default="",
            example='"VTI"',
            besides=('request = "market_data"', 'action = "silent"'),
            about="Only requests about this symbol.",
        ),
        Key(
            name="occurrence",
            kind="integer",
            default=0,
            example="1",
            about="Only the nth matching request since the gateway started.",
        ),
        Key(
            name="code",
            kind="integer",
            default=_DEFAULT_CODE,
            low=1,
            example="321",
            besides=('action = "error"',),
            about="The code of the actions error and notice.",
        ),
        Key(
            name="text",
            kind="text",
            default=_DEFAULT_TEXT,
            example='"No data."',
            besides=('action = "error"',),
            about="The text of the actions error and notice.",
        ),
        Key(
            name="seconds",
            kind="seconds",
            default="0",
            example='"3"',
            besides=('action = "delay"',),
            about="How late the answer is with the action delay.",
        ),
        Key(
            name="field",
            kind="choice",
            default="",
            choices=("", *FIELDS),
            example='"quantity"',
            besides=_FIELD,
            about="The field that is spoilt in rows of orders, executions, positions (quantity), account values "
            "(value) and the portfolio (market_value). Only completed orders have filled.",
        ),
        Key(
            name="value",
            kind="text",
            default="",
            example='"1.7976931348623157e+308"',
            besides=_FIELD,
            about="What the spoilt field says: nothing, an unset number, no number.",
        ),
        Key(
            name="row_account",
            kind="text",
            default="",
            example='"DU1000002"',
            besides=_FIELD,
            about="Only rows of this account are spoilt.",
        ),
        Key(
            name="row_symbol",
            kind="text",
            default="",
            example='"VTI"',
            besides=_FIELD,
            about="Only rows of this symbol are spoilt; of account values: of this tag, such as CashBalance:USD.",
        ),
    ),
    base=('request = "positions"', 'action = "no_end"'),
)
