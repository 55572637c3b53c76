"""The waits of an apply in seconds. They are arguments, so that tests need not wait."""

from __future__ import annotations

import msgspec


class Timing(msgspec.Struct, frozen=True):
    """Waits that are no settings, because they follow from the broker's behaviour.

    An order: ``ack_sec`` from its send to any sign of it; ``cancel_sec`` from its cancel to the evidence of its end;
    ``notice_sec`` from an error about it, or an answer that settled nothing, to the next question; ``settle_sec`` from
    the first doubt to giving it up. ``agree_sec`` lies between the first report of an end with a rest and the lists
    that must agree on the filled shares, because an execution that crossed the end is seconds behind it.

    The connection: ``link_sec`` is the longest time that the gateway may be without the broker. ``quiet_sec`` passes
    before a resume asks at all, so that messages on their way arrive. ``tick_sec`` is the longest wait for one event,
    and so for noticing a stop.

    The account: ``fresh_sec`` is the time that what-ifs may take before the account is checked anew; ``what_if_sec`` is
    the time that their answers hold while a person thinks; ``quote_sec`` is the age at which quotes are read again.
    ``reread_sec`` is the time for positions to show our fills, ``booking_sec`` the time for cash to do so (account
    values come every three minutes), ``poll_sec`` the time between two looks.
    """

    ack_sec: float = 15
    cancel_sec: float = 15
    notice_sec: float = 3
    settle_sec: float = 60
    link_sec: float = 300
    quiet_sec: float = 10
    fresh_sec: float = 10
    quote_sec: float = 30
    tick_sec: float = 1
    reread_sec: float = 10
    agree_sec: float = 5
    booking_sec: float = 200
    poll_sec: float = 5
    what_if_sec: float = 300
