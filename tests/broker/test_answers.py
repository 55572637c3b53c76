"""Whatever the gateway says of an order, and in whatever order: what fills is filled once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    trial,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

WORD = ["ack", "execution", "commission", "status"]

HARMLESS: dict[str, dict[str, str | int | list[str]]] = {
    "10349, TIF set to DAY": {"sequence": ["ack", "10349", "wait 0.2", *WORD[1:]]},
    "399, held until the open": {"sequence": ["ack", "399", "wait 0.2", *WORD[1:]]},
    "404, held while securities are located": {"sequence": ["ack", "404", "wait 0.2", *WORD[1:]]},
    "everything twice": {"sequence": [word for word in WORD for _ in (1, 2)]},
    "the fill before the acknowledgement": {"sequence": ["execution", "commission", "ack", "status"]},
    "Filled before the execution": {"sequence": ["ack", "status", "wait 0.05", "execution", "commission"]},
    "no status at all": {"sequence": ["ack", "execution", "commission"]},
    "the execution alone": {"sequence": ["execution", "commission"]},
    "it fills and nothing is said": {"silence": "booked"},
    "it fills in three parts": {"parts": 3, "after_sec": "0.02"},
    "an unknown time zone": {"time_zone_text": "Mars/Olympus"},
    "a late commission": {"commission_after_sec": "0.05"},
}
"""Behaviours of an order that all mean: it is filled, once."""


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("case", HARMLESS)
def test_whatever_the_messages_an_order_that_fills_is_filled_once(
    planned: Workspace, undisturbed: Undisturbed, case: str, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    with trial(
        planned, scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, **HARMLESS[case]))
    ) as it:
        result = it.apply()
        assert result.code == 0, result
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert it.cancels() == 0
        row = it.report(disturbed)[line.symbol]
        assert (Decimal(row["exec_qty_shares"]), row["status"]) == (line.quantity, "filled")
        assert Decimal(row["commission_usd"]) > 0
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_the_last_correction_of_an_execution_counts(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    with trial(
        planned, scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, correction_bps="50"))
    ) as it:
        assert it.apply().code == 0
        row = it.report(disturbed)[line.symbol]
        assert Decimal(row["exec_qty_shares"]) == line.quantity
        assert Decimal("0.9945") < Decimal(row["exec_price"]) / Decimal(row["est_price"]) < Decimal("0.9955")
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_an_order_that_is_never_answered_is_unknown_and_never_sent_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, silence="dropped"))
    with trial(planned, text) as it:
        assert it.apply().code == 4
        assert it.of(disturbed, line.symbol) == undisturbed.orders[disturbed][:1]
        assert it.report(disturbed)[line.symbol]["status"] == "unknown"
        assert not [s for s in it.sent(disturbed) if s.side == "BUY"]
        assert it.summary()[disturbed]["status"] == "incomplete"
        assert_others_untouched(it, disturbed, undisturbed)
        before = len(it.gateway.ledger)
        assert it.apply().code != 0
        assert it.apply("--resume").code != 0
        assert len(it.gateway.ledger) == before


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("code", [103, 10243])
def test_an_error_alone_proves_nothing_and_gets_no_new_id(
    planned: Workspace, undisturbed: Undisturbed, code: int, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    with trial(
        planned, scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, code=code))
    ) as it:
        assert it.apply().code == 4
        assert len(it.of(disturbed, line.symbol)) == 1
        row = it.report(disturbed)[line.symbol]
        assert row["status"] in ("unknown", "rejected")
        assert not row["exec_qty_shares"] or Decimal(row["exec_qty_shares"]) == 0
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_rejected_sell_shrinks_the_buys_it_was_to_pay_for(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    text = scenario_text(extra=behaviour(account=disturbed, side="SELL", code=201))
    with trial(planned, text) as it:
        result = it.apply()
        assert result.code == 4
        sells = [s for s in it.sent(disturbed) if s.side == "SELL"]
        assert len(sells) == 2 * len(it.lines(disturbed, "SELL"))
        asked = sum(s.quantity for s in undisturbed.orders[disturbed] if s.side == "BUY")
        assert sum(s.quantity for s in it.sent(disturbed) if s.side == "BUY") < asked
        rows = it.report(disturbed)
        assert {rows[s.symbol]["status"] for s in sells} == {"rejected"}
        assert Decimal(rows["CASH"]["new_qty_shares"]) >= 0
        assert it.summary()[disturbed]["status"] == "incomplete"
        assert_others_untouched(it, disturbed, undisturbed)
