"""The waits of an apply in seconds. They are arguments, so that tests need not wait."""

from __future__ import annotations

import msgspec


class Timing(msgspec.Struct, frozen=True):
    """Waits that are no settings, because they follow from the broker's behaviour."""

    ack_sec: float = 15
    """From a send to any sign of the order."""

    cancel_sec: float = 15
    """From a cancel to the evidence of the order's end."""

    notice_sec: float = 3
    """From an error about an order, or an answer that settled nothing, to the next question."""

    settle_sec: float = 60
    """From the first doubt about an order to giving it up."""

    link_sec: float = 300
    """The longest time that the gateway may be without the broker."""

    quiet_sec: float = 10
    """Before a resume asks at all, so that messages on their way arrive."""

    fresh_sec: float = 10
    """The time that what-ifs may take before the account is checked anew."""

    quote_sec: float = 30
    """The age at which quotes are read again."""

    tick_sec: float = 1
    """The longest wait for one event, and so for noticing a stop."""

    reread_sec: float = 10
    """The time for positions to show our fills."""

    agree_sec: float = 5
    """From the first report of an end with a rest to the lists that must agree on the filled shares.

    An execution that crossed the end arrives seconds behind it.
    """

    booking_sec: float = 200
    """The time for cash to show our fills: account values come every three minutes."""

    poll_sec: float = 5
    """Between two looks at an account that has not booked our fills."""

    what_if_sec: float = 300
    """The time that the answers to what-ifs hold while a person thinks."""
