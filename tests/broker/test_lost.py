"""Lost connections: what is reported, what a resume sends, what nobody sends again."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    FACTOR,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    planned_lines,
    trial,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_partial_fill_and_then_a_hang_up_is_reported_and_not_sent_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = [x for x in planned_lines(planned) if x.account == disturbed and x.side == "SELL"][-1]
    once = behaviour(account=disturbed, symbol=line.symbol, parts=2, fills=1, hang_up_after=4)
    with trial(planned, scenario_text(extra=once)) as it:
        result = it.apply()
        assert result.code == 4, result
        assert it.sent(disturbed) == [s for s in undisturbed.orders[disturbed] if s.side == "SELL"]
        row = it.report(disturbed)[line.symbol]
        assert Decimal(row["exec_qty_shares"]) == (line.quantity + 1) // 2
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_after_a_lost_connection_a_resume_finishes_and_sends_each_reference_once(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = [x for x in planned_lines(planned) if x.account == disturbed and x.side == "SELL"][-1]
    once = behaviour(account=disturbed, symbol=line.symbol, occurrence=1, hang_up_after=1)
    with trial(planned, scenario_text(extra=once)) as it:
        assert it.apply().code == 4
        assert it.sent(disturbed) == [s for s in undisturbed.orders[disturbed] if s.side == "SELL"]
        assert it.report(disturbed)[line.symbol]["status"] == "filled"
        for buy in it.lines(disturbed, "BUY"):
            assert f"buy {buy.symbol} was not sent" in it.summary()[disturbed]["error"]
        assert_others_untouched(it, disturbed, undisturbed)
        assert it.apply("--resume").code == 0
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("restored", ["1101", "1102"])
def test_nothing_is_sent_while_the_gateway_has_lost_its_broker(
    planned: Workspace, undisturbed: Undisturbed, restored: str, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    words = ["ack", "1100", "wait 0.3", restored, "execution", "commission", "status"]
    with trial(
        planned, scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, sequence=words))
    ) as it:
        assert it.apply().code == 0
        times = [e.time for e in it.gateway.ledger if e.account == disturbed and e.kind == "place"]
        pauses = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
        assert max(pauses) > 0.3 * FACTOR * 0.9
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_orders_that_a_lost_connection_swallowed_are_not_sent_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    once = behaviour(account=disturbed, symbol=line.symbol, occurrence=1, hang_up_after=0)
    with trial(planned, scenario_text(extra=once)) as it:
        assert it.apply().code == 4
        it.apply("--resume")
        references = [s.reference for s in it.sent(disturbed)]
        assert len(references) == len(set(references))
        wanted = {s.reference: s for s in undisturbed.orders[disturbed]}
        assert all(wanted[s.reference] == s for s in it.sent(disturbed))
        assert it.report(disturbed)[line.symbol]["status"] == "filled"
        assert_others_untouched(it, disturbed, undisturbed)
