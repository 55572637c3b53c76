"""How long an apply waits for what, in seconds. Arguments, so that tests need not wait."""

from __future__ import annotations

import msgspec


class Timing(msgspec.Struct, frozen=True):
    """Waits that are no settings: they follow from how the broker behaves.

    ``ack_sec`` from a send to any sign of the order; ``cancel_sec`` from a cancel to its evidence; ``notice_sec``
    from an error about an order, or from an answer that settled nothing, to asking again; ``settle_sec`` is how
    long the lists are asked about one order before that is given up; ``link_sec`` how long the gateway may be
    without its broker; ``quiet_sec`` the wait before a resume asks at all, so that what was on its way has
    arrived; ``fresh_sec`` how long what-ifs may take before the account is checked anew; ``quote_sec`` the age at
    which quotes are asked for again; ``tick_sec`` the longest wait for one event, and so for noticing a stop;
    ``reread_sec`` how long the broker may take to show positions that our fills explain. ``agree_sec`` from the first
    word of an order's end with a rest to the lists that must agree on how much was filled: an execution that crossed
    the end is seconds behind it. ``booking_sec`` is how long cash may lag behind our fills (account values come every
    three minutes), ``poll_sec`` how often it is looked at meanwhile. ``what_if_sec`` is how long the answers to
    what-ifs stand while a person thinks.
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
