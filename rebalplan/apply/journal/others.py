"""Journals of other plans. While an order in one may be under way, no plan trades its account. Pure.

Such a journal is read leniently, for this question alone. Line ends that git converted change nothing. A journal with
other damage blocks each account whose records do not show that all its orders came to their end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from rebalplan.apply.journal.chain import Chain, named_plan, read_chain
from rebalplan.apply.journal.damaged import first_damage, read_remains
from rebalplan.apply.journal.fold import orders_of
from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.records import RunStarted
from rebalplan.core.errors import JournalError
from rebalplan.plan.store import JOURNAL_SUFFIX


class OtherPlan(msgspec.Struct, frozen=True):
    """Another plan of the folder: its id, the path of its journal, and a function for the accounts it has orders in.

    ``planned`` returns ``None`` when the plan file is gone or cannot be read.
    """

    plan_id: str
    journal: str
    planned: Callable[[], tuple[str, ...] | None]

    @property
    def digits(self) -> str:
        """Return the first digits of the plan's hash."""
        return self.plan_id.partition("-")[2]

    @property
    def way_out(self) -> str:
        """Return what to do about a journal that cannot be read."""
        return (
            f"Restore it from git. If the account statement shows that no order of plan {self.plan_id} works any more, "
            f"rename it to {self.plan_id}{JOURNAL_SUFFIX}.aside"
        )


class Elsewhere(msgspec.Struct, frozen=True):
    """The accounts that must not be traded, each with a sentence that says why.

    ``others`` is the sentence for every account that is not named; empty when nothing blocks those.
    """

    accounts: Mapping[str, str]
    others: str = ""

    def of(self, account: str) -> str:
        """Return the sentence for one account, empty when nothing blocks it."""
        return self.accounts.get(account, self.others)


def read_other(other: OtherPlan, journal: bytes) -> Elsewhere:
    """Return which accounts the journal of another plan blocks, and why."""
    try:
        return _read_whole(other, journal)
    except JournalError as error:
        return _read_damaged(other, journal, error)


def unreadable(other: OtherPlan, what: str) -> Elsewhere:
    """Return what an unreadable journal blocks: the accounts of its plan, or all when the plan is gone.

    ``what`` is the clause that says what is wrong with the journal.
    """
    planned = other.planned()
    if planned is None:
        return Elsewhere({}, f"{what}, and its plan is gone, so it may hide an open order. {other.way_out}")
    return Elsewhere({a: f"{what}, so it may hide an open order of {a}. {other.way_out}" for a in planned})


def _read_whole(other: OtherPlan, journal: bytes) -> Elsewhere:
    """Read a journal whose lines follow one another, with LF or with the CRLF that git made of it."""
    is_converted = b"\r\n" in journal
    chain = _chain(journal.replace(b"\r\n", b"\n"), other)
    open_orders = [
        order
        for order in orders_of(r for r in chain.records if not isinstance(r, RunStarted))
        if not order.is_over
    ]
    sentences: dict[str, str] = {}
    for order in open_orders:
        sentences.setdefault(order.dispatch.account, _settle(other, order, is_converted=is_converted))
    return Elsewhere(sentences)


def _chain(journal: bytes, other: OtherPlan) -> Chain:
    plan = named_plan(journal)
    if plan and not plan.startswith(other.digits):
        raise JournalError(f"it is the journal of another plan, {plan[:12]}…")
    return read_chain(journal, plan)


def _settle(other: OtherPlan, order: OrderResult, *, is_converted: bool) -> str:
    """Return what an order without an end means for its account, and the command that settles it."""
    reference = order.dispatch.reference
    by_person = order.status == "unknown" or other.planned() is None
    command = f"rebal resolve {reference}" if by_person else f"rebal apply {other.plan_id} --resume"
    first = f"convert the line ends of {other.journal} to LF, then " if is_converted else ""
    return (
        f"what became of {reference} of plan {other.plan_id} is not known: {first}settle it with `{command}` before "
        "anything else is sent"
    )


def _read_damaged(other: OtherPlan, journal: bytes, error: JournalError) -> Elsewhere:
    """Block each account whose readable records do not show that all its orders came to their end."""
    number, why = first_damage(error)
    place = (
        f"{other.journal} is damaged: line {number} {why}" if number else f"{other.journal} is damaged: {why}"
    )
    remains = read_remains(journal, other.digits)
    if not remains.records:
        return unreadable(other, f"{place}, and no other line can be read")
    planned = other.planned()
    sentences: dict[str, str] = {}
    for account in dict.fromkeys((*remains.accounts, *(planned or ()))):
        reference = remains.open_order(account)
        if reference:
            sentences[account] = (
                f"{place}, and order {reference} of {account} has no end in it. {other.way_out}"
            )
        elif remains.may_hide(account):
            sentences[account] = f"{place}, so it may hide an open order of {account}. {other.way_out}"
    if planned is None and any(gap.size > 1 for gap in remains.gaps):
        sentences |= {a: "" for a in remains.accounts if a not in sentences}
        return Elsewhere(
            sentences, f"{place}, and its plan is gone, so it may hide an open order. {other.way_out}"
        )
    return Elsewhere(sentences)
