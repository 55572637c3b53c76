"""Other programs and other copies of the plan: nothing of theirs is touched, and nothing is sent beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from rebalplan.apply.journal.journal import Journal
from rebalplan.apply.journal.records import AnyRecord, Intent
from rebalplan.core.orders import OrderTicket
from rebalplan.ibkr.broker import IbkrConnection
from tests.broker.driving import (
    ACCOUNTS,
    Line,
    Trial,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    trial,
)
from tests.broker.hostile import (
    FIRST_SELL,
    NOT_PLANNED,
    OTHER_CLIENT,
    cancelled,
    error_of,
    executed,
    fallbacks,
    first_sell,
    intents,
    killed_after,
    place_as_another,
    table,
    with_order,
    working,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

AFTER = dict(zip(ACCOUNTS, (*ACCOUNTS[1:], ACCOUNTS[0]), strict=True))
"""Another account for each, where another program works."""


def number_of(it: Trial, line: Line) -> int:
    """Return the order id under which a line went out."""
    (found,) = [
        e.order_id
        for e in it.gateway.ledger
        if (e.kind, e.order_ref) == ("place", f"{it.prefix}{line.reference}")
    ]
    return found


def name_other_client(workspace: Workspace) -> None:
    workspace.edit("settings.ini", ";client_id = 42", f"client_id = {OTHER_CLIENT}")


def stay_working(account: str) -> str:
    """The account's first sell, and the other program's order in another account, stay working."""
    symbol, _ = FIRST_SELL[account]
    return behaviour(account=account, symbol=symbol, algo="adaptive", fills=0) + behaviour(
        account=AFTER[account], symbol=NOT_PLANNED[AFTER[account]], algo="none", fills=0
    )


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_resume_under_another_client_id_cancels_ours_and_not_the_number_of_another_client(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    other, theirs = AFTER[disturbed], NOT_PLANNED[AFTER[disturbed]]
    with trial(planned, scenario_text(extra=stay_working(disturbed))) as it:
        line = first_sell(it, disturbed)
        with killed_after("place", disturbed):
            it.apply()
        number = number_of(it, line)
        stranger = Line(other, "SELL", theirs, Decimal(5), "")
        place_as_another(it, stranger, order_id=number, reference="theirs")
        assert working(it, disturbed) == [(symbol, 42, quantity)]
        name_other_client(planned)
        planned.write("STOP", "")
        assert it.apply("--resume").code == 130
        assert cancelled(it) == [(42, line.reference)]
        assert (working(it, disturbed), working(it, other)) == ([], [(theirs, OTHER_CLIENT, Decimal(5))])
        assert {e.client_id for e in it.gateway.ledger if e.order_ref != "theirs"} == {42}
        (planned.folder / "STOP").unlink()
        assert it.apply("--resume").code == 0
        assert fallbacks(it, disturbed) == [(symbol, quantity)]
        assert executed(it, disturbed, symbol) == quantity
        assert working(it, other) == [(theirs, OTHER_CLIENT, Decimal(5))]
        assert [s for s in it.sent(other) if s.reference != "theirs"] == undisturbed.orders[other]


@contextmanager
def another_program_uses_our_number(it: Trial, line: Line, theirs: Line) -> Iterator[None]:
    """Let another program place an order under the very number that a line of ours is about to have."""
    place = IbkrConnection.place

    def placing(self: IbkrConnection, order_id: int, ticket: OrderTicket) -> None:
        if ticket.reference == f"{it.prefix}{line.reference}":
            place_as_another(it, theirs, order_id=order_id, reference="theirs")
        place(self, order_id, ticket)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IbkrConnection, "place", placing)
        yield


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_cancel_of_ours_leaves_the_same_number_of_another_client_working(
    planned: Workspace, disturbed: str
) -> None:
    other, symbol = AFTER[disturbed], NOT_PLANNED[AFTER[disturbed]]
    with trial(planned, scenario_text(extra=stay_working(disturbed))) as it:
        line = first_sell(it, disturbed)
        with another_program_uses_our_number(it, line, Line(other, "SELL", symbol, Decimal(5), "")):
            result = it.apply("--account", disturbed)
        numbers = {e.order_id for e in it.gateway.ledger if e.order_ref == "theirs"}
        assert numbers == {number_of(it, line)}, result
        assert cancelled(it) == [(42, line.reference)]
        assert working(it, other) == [(symbol, OTHER_CLIENT, Decimal(5))]
        assert fallbacks(it, disturbed) == [FIRST_SELL[disturbed]]
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_an_order_of_ours_under_another_client_id_is_named_and_not_cancelled_by_its_number(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    extra = behaviour(account=disturbed, symbol=symbol, silence="dropped", occurrence=1)
    extra += behaviour(account=disturbed, symbol=symbol, fills=0)
    with trial(planned, scenario_text(extra=extra)) as it:
        line = first_sell(it, disturbed)
        assert it.apply().code == 4
        place_as_another(it, line)
        cancels = it.cancels()
        planned.write("STOP", "")
        result = it.apply("--resume")
        assert (result.code, it.cancels()) == (130, cancels), result
        assert working(it, disturbed) == [(symbol, OTHER_CLIENT, quantity)]
        assert (
            f"{it.prefix}{line.reference} works under client id 43, ours is 42: cancel it in TWS"
            in error_of(it, disturbed)
        )
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_an_order_id_near_the_last_one_of_another_client_does_not_break_ours(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    text = with_order(
        scenario_text(), disturbed, NOT_PLANNED[disturbed], order_id=2**31 - 2, limit_price="1.00"
    )
    text += table("handshake", after=["all_orders"])
    with trial(planned, text) as it:
        result = it.apply()
        assert result.code == 0, result
        assert {account: it.sent(account) for account in ACCOUNTS} == undisturbed.orders
        assert max(e.order_id for e in it.gateway.ledger) < 10_000
        assert working(it, disturbed) == [(NOT_PLANNED[disturbed], OTHER_CLIENT, Decimal(1))]


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_the_reference_of_another_copy_refuses_the_account_before_its_intent(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    extra = behaviour(account=disturbed, symbol=symbol, algo="none", fills=0)
    with trial(planned, scenario_text(extra=extra)) as it:
        line = first_sell(it, disturbed)
        place_as_another(it, line)
        result = it.apply()
        assert [s.reference for s in it.sent(disturbed)] == [line.reference], result
        assert f"RB510 the broker has {it.prefix}{line.reference} of this plan" in error_of(it, disturbed)
        assert (intents(it, disturbed), it.summary()[disturbed]["status"]) == (0, "refused")
        assert working(it, disturbed) == [(symbol, OTHER_CLIENT, quantity)]
        assert (it.cancels(), result.code) == (0, 4)
        assert_others_untouched(it, disturbed, undisturbed)


@contextmanager
def another_copy_is_faster(it: Trial, line: Line) -> Iterator[None]:
    """Let another copy of the plan send a line between our INTENT and our first send."""
    append = Journal.append

    def appending(self: Journal, record: AnyRecord) -> None:
        append(self, record)
        if isinstance(record, Intent) and record.account == line.account:
            place_as_another(it, line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "append", appending)
        yield


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("side", ["SELL", "BUY"])
def test_the_reference_of_a_copy_that_was_faster_is_found_before_the_first_send(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, side: str
) -> None:
    line = first_line(planned, disturbed, side)
    with trial(planned, scenario_text()) as it:
        with another_copy_is_faster(it, line):
            result = it.apply()
        placed = [e for e in it.gateway.ledger if (e.account, e.kind) == (disturbed, "place")]
        assert [(e.client_id, e.order_ref) for e in placed] == [
            (OTHER_CLIENT, f"{it.prefix}{line.reference}")
        ], result
        assert f"RB510 the broker has {it.prefix}{line.reference} of this plan" in error_of(it, disturbed)
        assert (intents(it, disturbed), it.summary()[disturbed]["submitted"]) == (1, "0")
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4
        before = list(it.gateway.ledger)
        assert it.apply("--resume").code == 4
        assert list(it.gateway.ledger) == before
