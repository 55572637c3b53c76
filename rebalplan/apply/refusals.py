"""Errors with which the gateway refuses an order before the broker books it. No list shows such an order."""

from __future__ import annotations

from typing import Final

NOT_BOOKED: Final[dict[int, str]] = {
    200: "the gateway knows no such contract",
    383: "the gateway's own limit on the size of an order stopped it",
    451: "the gateway's own limit on the value of an order stopped it",
    460: "the account has no permission to trade it",
    10243: "the gateway takes no order for a fraction of a share",
    10268: "the gateway does not take an attribute of the order",
    10270: "the gateway does not take an attribute of the order",
}
"""Error code -> reason. The gateway itself refuses the order and does not hand it to the broker.

Source: Message Codes page of the TWS API reference; 383 and 451 are the order precautions of the gateway's settings
(Presets), which ask a person and refuse the API. An error proves nothing on its own: a code of this table lets a person
answer sooner, it never ends an order. 201 and 439-443 are not here, because the broker books such an order as Inactive.
103, 161, 321, 10147 and 10148 are not, because orders that got them were seen to live on.
"""
