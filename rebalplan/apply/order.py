"""One order of a run: what its records make of it, and what was heard of it since the last of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import Said
from rebalplan.core.money import ZERO
from rebalplan.core.orders import ALGO_REFUSED, Execution

REJECTIONS = (201, *ALGO_REFUSED)
"""Error codes that come with an order the broker did not take (Message Codes page of the TWS API reference)."""

MOST_SAID = 8
"""More different errors about one order are not kept in the record that gives it up."""


@dataclass
class LiveOrder:
    """An order that was dispatched; the book alone writes it.

    ``order`` is what the journal says and changes with each record. The rest was heard on the wire and is not recorded
    yet, or counts for this process only. ``order_id`` is what the present connection knows the order by: ids are
    issued again after a gateway restart, so it is ``None`` until this connection sent the order or showed it; ``owner``
    is the client id it works under when that is not ours, so that we cannot cancel it.

    ``end_status`` is the wire's last word, empty while the order may still fill. The first word of an end does not know
    of a fill that crossed it, so an end with a rest is evidenced by lists only, asked some time after ``ended_at``.
    ``is_end_counted`` tells that a word of the end said how much was filled: ``end_filled``. ``inactive_filled`` is
    what was filled when the wire called the order inactive: dead, or only held. ``seen`` are the executions of an
    order that a person has resolved. ``is_left_working``: the order still worked at its deadline.
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
        """Tell whether nobody can say what became of it; after an end that was heard since it is followed."""
        return self.order.status == "unknown" and (self.order.is_doubled or not self.end_status)

    @property
    def is_resolved(self) -> bool:
        """Tell whether a person said what became of it."""
        return self.order.status == "resolved"

    @property
    def is_followed(self) -> bool:
        """Tell whether its end is waited for."""
        return not self.order.is_over and not self.is_unknown and not self.is_left_working

    @property
    def is_rejected(self) -> bool:
        """Tell whether the broker said that it did not take the order."""
        return any(code in REJECTIONS for code in self.notices)

    @property
    def said(self) -> tuple[Said, ...]:
        """Return what the broker said about it, the latest of very much."""
        return tuple(Said(code, text) for code, text in self.notices.items())[-MOST_SAID:]

    @property
    def note(self) -> str:
        """Return what the broker said about it."""
        return "; ".join(f"{text} ({code})" for code, text in self.notices.items())
