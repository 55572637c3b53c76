"""The codes and texts of errors and notices about orders, as the real gateway words them where that is known."""

from __future__ import annotations

import enum
from typing import Final


class OrderCode(enum.IntEnum):
    """Codes of errors and notices about orders."""

    DUPLICATE_ID = 103
    MODIFY_FILLED = 104
    MODIFY_MISMATCH = 105
    PRICE_TICK = 110
    NOT_CANCELLABLE = 161
    NO_SECURITY = 200
    REJECTED = 201
    CANCELLED = 202
    INVALID = 321
    ORDER_TYPE = 387
    ORDER_MESSAGE = 399
    HELD = 404
    ZERO_SIZE = 434
    NO_ACCOUNT = 435
    ALGO_UNKNOWN = 439
    ALGO_VALUE = 441
    ALGO_NOT_ALLOWED = 442
    ALGO_ATTRIBUTE = 443
    CONNECTION_LOST = 1100
    DATA_LOST = 1101
    DATA_MAINTAINED = 1102
    OUTSIDE_HOURS_IGNORED = 2109
    CANCEL_UNKNOWN = 10147
    CANCEL_REFUSED = 10148
    FRACTIONAL = 10243
    TIF_SET = 10349


TEXTS: Final[dict[int, str]] = {
    103: "Duplicate order id",
    104: "Can't modify a filled order.",
    105: "Order being modified does not match original order.",
    110: "The price does not conform to the minimum price variation for this contract.",
    161: "Cancel attempted when order is not in a cancellable state. Order permId = {}",
    200: "No security definition has been found for the request",
    201: "Order rejected - reason:{}",
    202: "Order Canceled - reason:{}",
    383: 'The following order "{}" size exceeds the Size Limit of {}.',
    387: "Unsupported order type for this exchange and security type.",
    399: "Order Message:\n{}\nWarning: your order will not be placed at the exchange until {}",
    404: "Order held while securities are located.",
    434: "The order size cannot be zero.",
    435: "You must specify an account.",
    439: "The order processing failed. Algorithm definition not found.",
    441: "Algo attributes validation failed:{}",
    442: "The specified algorithm is not allowed for this order.",
    443: "Order processing failed. Unknown algo attribute.",
    451: 'The following order "{}" value estimate of {} exceeds the Total Value Limit of {}.',
    460: "No trading permissions.",
    1100: "Connectivity between IB and Trader Workstation has been lost.",
    1101: "Connectivity between IB and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IB and Trader Workstation has been restored - data maintained.",
    2109: (
        "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
        "destination. PlaceOrder is now being processed."
    ),
    10147: "OrderId {} that needs to be cancelled is not found.",
    10148: "OrderId {} that needs to be cancelled cannot be cancelled, state: {}.",
    10243: "Fractional-sized order cannot be placed via API. Please use desktop version to place this order.",
    10268: "The 'EtradeOnly' order attribute is not supported.",
    10349: "Order TIF was set to DAY based on order preset.",
}
"""Code -> text, with the places that the order fills in."""

CONNECTIVITY: Final = frozenset({1100, 1101, 1102})
"""Notices about the gateway's connection to the broker: every client gets them, without a request id."""
BOOKED_REFUSALS: Final = frozenset({201, 203, 439, 441, 442, 443})
"""Refusals of an order that was booked first: it has a permId and ends as Inactive."""

SIDE_TEXT: Final = "Error validating request.-'bW' : cause - Invalid side '{}'."
TIF_TEXT: Final = "Error validating request.-'bW' : cause - Invalid time in force '{}'."
COMBINATION_TEXT: Final = (
    "Error validating request.-'bW' : cause - The simulated gateway does not support {}."
)
SETTLED_CASH_TEXT: Final = "CASH AVAILABLE: {}; CASH NEEDED FOR THIS ORDER AND OTHER PENDING ORDERS: {}"
EQUITY_TEXT: Final = (
    "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [{} {}] "
    "MUST EXCEED THE INITIAL MARGIN [{} {}]"
)
SHORT_TEXT: Final = "SHORT STOCK POSITIONS CAN ONLY BE HELD IN A MARGIN ACCOUNT."


def text_of(code: int, *values: object) -> str:
    """Return the usual text of a code with its places filled; a missing value leaves its place empty."""
    text = TEXTS.get(code, f"Error {code} of the scenario.")
    return text.format(*values, *[""] * text.count("{}"))
