"""The keys of ``[orders]`` and ``[[behaviour]]``: what happens to orders, and how late the account shows it."""

from __future__ import annotations

from typing import Final, get_args

from rebalplan.sim.orders import order_model as model
from rebalplan.sim.scenario.keys import Key, KeyTable

NO_CLIENT: Final = -1
NEVER_HANG_UP: Final = -1
MAX_PARTS: Final = 1000

LATE_KEYS: Final = (
    Key(
        name="late_shares",
        kind="cost",
        default="0",
        example='"7"',
        about="The order is reported Cancelled with what it filled so far. Later so many more shares execute.",
    ),
    Key(
        name="late_listed_after_sec",
        kind="seconds",
        default="0",
        example='"5"',
        besides=('late_shares = "7"',),
        about="How long after the cancel executions, positions, cash and the filled quantity of the completed order "
        "show these shares.",
    ),
    Key(
        name="late_told_after_sec",
        kind="seconds or never",
        default="0",
        example='"-1"',
        besides=('late_shares = "7"',),
        about="How long after the cancel the execution message of these shares is sent.",
    ),
)

_LAG_KEYS: Final = (
    Key(
        name="commission_after_sec",
        kind="seconds",
        default="0",
        example='"90"',
        group="accounts",
        about="The commission report comes so much later, as the last message.",
    ),
    Key(
        name="no_commission",
        kind="flag",
        default=False,
        example="true",
        group="accounts",
        about="No commission report ever comes, and no list of executions has one. The commission is still paid.",
    ),
    Key(
        name="positions_after_sec",
        kind="seconds",
        default="0",
        example='"4"',
        group="accounts",
        about="Positions show a fill so much later. The lists of executions show it at once.",
    ),
    Key(
        name="values_after_sec",
        kind="seconds",
        default="0",
        example='"180"',
        group="accounts",
        about="Account values, cash among them, show a fill so much later.",
    ),
)
_COST_KEYS: Final = (
    Key(
        name="slippage_bps",
        kind="basis points",
        default="0",
        example='"3"',
        about="Fills are so much worse than bid or ask.",
    ),
    Key(
        name="commission_per_share",
        kind="cost",
        default="0.005",
        example='"0.01"',
        about="Commission per share, at most 1% of the order's value.",
    ),
    Key(
        name="commission_minimum",
        kind="cost",
        default="1.00",
        example='"2.50"',
        about="The least commission of an order.",
    ),
)

ORDERS: Final = KeyTable(
    header="[orders]",
    group="orders",
    about="What holds for every order, unless a [[behaviour]] says otherwise.",
    keys=(
        *_COST_KEYS,
        Key(
            name="market_impact_bps",
            kind="basis points",
            default="0",
            example='"10"',
            about="Bid and ask move so much with every fill.",
        ),
        Key(
            name="master_client_id",
            kind="integer",
            default=NO_CLIENT,
            low=NO_CLIENT,
            example="5",
            about="This client is told of every order too.",
        ),
        Key(
            name="roll_back_ids",
            kind="flag",
            default=False,
            example="true",
            about="A restarted gateway issues order ids from next_valid_id again.",
        ),
        *_LAG_KEYS,
    ),
)

ORDER_FILTER_KEYS: Final = (
    Key(name="account", kind="text", default="", example='"DU1000001"', about="Only orders of this account."),
    Key(name="symbol", kind="text", default="", example='"VTI"', about="Only orders for this symbol."),
    Key(
        name="side",
        kind="choice",
        default="",
        choices=("", "BUY", "SELL"),
        example='"SELL"',
        about="Only orders of this side.",
    ),
    Key(
        name="algo",
        kind="choice",
        default="",
        choices=get_args(model.AlgoFilter),
        example='"adaptive"',
        about="Only Adaptive orders, or only plain ones.",
    ),
)

_FILTER_KEYS: Final = (
    Key(
        name="on",
        kind="choice",
        default="order",
        choices=get_args(model.BehaviourKind),
        example='"cancel"',
        about="Which message the behaviour is for. The first behaviour that matches counts.",
    ),
    *ORDER_FILTER_KEYS,
    Key(
        name="occurrence",
        kind="integer",
        default=0,
        example="2",
        about="Only the nth matching message since the gateway started.",
    ),
)

_ANSWER_KEYS: Final = (
    Key(
        name="code",
        kind="integer",
        default=0,
        example="201",
        about="The message is refused with this error. 201, 203, 439 and 441 to 443 book the order as Inactive first. "
        "With any other code, such as 451, the order is not booked: the error is all that is ever said of it. On a "
        "what-if of an Adaptive order, 442 refuses the algo alone.",
    ),
    Key(
        name="text",
        kind="text",
        default="",
        example='"Order rejected - reason:No."',
        besides=("code = 201",),
        about="The text of the error or of the broker's cancel. Known codes have their usual text.",
    ),
    Key(
        name="silence",
        kind="choice",
        default="",
        choices=get_args(model.Silence),
        example='"dropped"',
        about="dropped: the message never arrived, a what-if gets no answer. booked: the order fills, and no message "
        "tells of it.",
    ),
    Key(
        name="sequence",
        kind="list",
        default=(),
        example='["ack", "404", "wait 0.5", "execution", "commission", "status"]',
        about="The messages of an order, in this order: ack, execution, commission, status, open, hang_up, cancel (by "
        "the broker), a code, a wait in seconds. Of a what-if: codes, waits and answer.",
    ),
    Key(
        name="hang_up_after",
        kind="integer",
        default=NEVER_HANG_UP,
        low=NEVER_HANG_UP,
        example="1",
        about="The connection closes behind the nth message about the order, 0: before the first.",
    ),
)

_FILL_KEYS: Final = (
    Key(
        name="parts",
        kind="integer",
        default=1,
        low=1,
        high=MAX_PARTS,
        example="3",
        about="The order fills in so many parts.",
    ),
    Key(
        name="fills",
        kind="integer",
        default=MAX_PARTS,
        high=MAX_PARTS,
        example="0",
        about="Only the first parts fill. With 0 the order stays working.",
    ),
    Key(
        name="after_sec",
        kind="seconds",
        default="0",
        example='"5"',
        about="The wait before each part, or until a cancel takes effect.",
    ),
    Key(
        name="correction_bps",
        kind="basis points",
        default="0",
        example='"5"',
        about="The price of the last execution is corrected by so much.",
    ),
    Key(
        name="time_zone_text",
        kind="text",
        default="",
        example='"Mars/Olympus"',
        about="The time zone that executions are stamped with, known or not.",
    ),
    Key(
        name="cancel",
        kind="choice",
        default="",
        choices=get_args(model.CancelOutcome),
        example='"crossed"',
        besides=('on = "cancel"',),
        about="crossed: the first fills of parts execute before the cancel does. refused: the error of code instead.",
    ),
)

_HIDING_KEYS: Final = (
    Key(
        name="visible_after_sec",
        kind="seconds",
        default="0",
        example='"10"',
        about="Executions, positions and completed orders do not show a fill for so long.",
    ),
    Key(
        name="hidden_for_sec",
        kind="seconds",
        default="0",
        example='"20"',
        about="No list shows the order for so long, working or filled: open orders, completed orders, executions, "
        "positions. Then it shows again.",
    ),
    Key(
        name="hidden_after_sec",
        kind="seconds",
        default="0",
        example='"3"',
        besides=('hidden_for_sec = "20"',),
        about="How long after its placing the order is hidden.",
    ),
)

BEHAVIOUR: Final = KeyTable(
    header="[[behaviour]]",
    group="orders",
    about="What happens to some orders instead of a whole fill at once.",
    keys=(*_FILTER_KEYS, *_ANSWER_KEYS, *_FILL_KEYS, *_COST_KEYS, *LATE_KEYS, *_HIDING_KEYS, *_LAG_KEYS),
)
