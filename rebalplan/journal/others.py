"""Orders of other plans whose end nobody knows yet: their account is traded by no plan until they are settled."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rebalplan.errors import JournalError
from rebalplan.journal.chain import read_any_chain
from rebalplan.journal.fold import orders_of
from rebalplan.journal.records import RunEnded


class OpenElsewhere(msgspec.Struct, frozen=True):
    """An order of another plan; ``is_unknown``: only a person can say what became of it."""

    plan_id: str
    account: str
    reference: str
    is_unknown: bool

    @property
    def sentence(self) -> str:
        """Return what it means for its account, and the way out."""
        way_out = (
            f"rebal resolve {self.reference}" if self.is_unknown else f"rebal apply {self.plan_id} --resume"
        )
        return (
            f"what became of {self.reference} of plan {self.plan_id} is not known: settle it with `{way_out}` before "
            "anything else is sent"
        )


def open_orders(plan_id: str, journal: bytes) -> tuple[OpenElsewhere, ...]:
    """Return the orders in a journal that have no end; it needs no plan. Raises ``JournalError``."""
    try:
        records = [r for r in read_any_chain(journal).records if not isinstance(r, RunEnded)]
    except JournalError as error:
        raise JournalError(
            f"the journal of plan {plan_id} cannot be read, so nobody knows whether orders of it are under way: {error}"
        ) from error
    return tuple(
        OpenElsewhere(plan_id, order.dispatch.account, order.dispatch.reference, order.status == "unknown")
        for order in orders_of(records)
        if not order.is_over
    )


def by_account(found: Iterable[OpenElsewhere]) -> dict[str, str]:
    """Return a sentence for each account that has such orders: the first one's."""
    sentences: dict[str, str] = {}
    for order in found:
        sentences.setdefault(order.account, order.sentence)
    return sentences
