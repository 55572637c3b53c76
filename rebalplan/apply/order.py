"""One order of a run: its result by the journal, and the broker's messages since its last record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import Said
from rebalplan.core.money import ZERO
from rebalplan.core.orders import ALGO_REFUSED, Execution

REJECTIONS = (201, *ALGO_REFUSED)
"""Error codes of an order that the broker rejected (Message Codes page of the TWS API reference)."""

MOST_SAID = 8
"""The most errors about one order that its UNKNOWN record keeps."""


@dataclass
class LiveOrder:
    """An order that was dispatched. Only ``LiveOrders`` and its ``OrderRecords`` write it.

    ``order`` is its result by the journal; each record changes it. The other fields come from messages that are not
    recorded yet, or count for this process only. ``order_id`` belongs to the present connection, because a restarted
    gateway issues ids again: it is ``None`` until this connection has sent or shown the order. ``owner`` is the client
    id that the order works under when it is not ours; rebal cannot cancel such an order.

    ``end_status`` is the last status that means an end; it is empty while the order may still fill. The first report of
    an end does not count a fill that crossed it. So only lists that were read some time after ``ended_at`` are evidence
    of an end with a rest. ``is_end_counted``: a report of the end gave a number of filled shares, ``end_filled``.
    ``inactive_filled`` is the number of filled shares when the broker called the order inactive, which is either its
    end or a hold. ``seen`` are the executions of an order that a person has resolved. ``is_left_working``: the order
    still worked at its deadline.
    """

    order: OrderResult
    since: datetime
    order_id: int | None = None
    owner: int | None = None
    end_status: str = ""
    end_filled: Decimal = ZERO
    ended_at: datetime | None = None
    is_end_counted: bool = False
    inactive_filled: Decimal | None = None
    is_cancel_asked: bool = False
    is_left_working: bool = False
    seen: dict[str, Execution] = field(default_factory=dict)
    notices: dict[int, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """Return the reference that the order carries at the broker."""
        return self.order.reference

    @property
    def is_unknown(self) -> bool:
        """Tell whether it is unknown. Once an end was reported since, it is followed instead."""
        return self.order.status == "unknown" and (self.order.is_doubled or not self.end_status)

    @property
    def is_resolved(self) -> bool:
        """Tell whether a person has resolved it."""
        return self.order.status == "resolved"

    @property
    def is_followed(self) -> bool:
        """Tell whether its end is waited for."""
        return not self.order.is_over and not self.is_unknown and not self.is_left_working

    @property
    def is_rejected(self) -> bool:
        """Tell whether the broker rejected the order with an error."""
        return any(code in REJECTIONS for code in self.notices)

    @property
    def said(self) -> tuple[Said, ...]:
        """Return the broker's errors about it, the latest when there are many."""
        return tuple(Said(code, text) for code, text in self.notices.items())[-MOST_SAID:]

    @property
    def note(self) -> str:
        """Return the broker's errors about it in one line."""
        return "; ".join(f"{text} ({code})" for code, text in self.notices.items())
