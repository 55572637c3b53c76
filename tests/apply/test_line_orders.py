"""What is sent of each line: the rest of a dead order, and nothing that the send gate refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulation.market import Disturbance
from tests.simulation.support import Script, planned_orders

D = Decimal
SOLD, BOUGHT = 2, 3
"""A line of DU1 with enough shares to fill in parts, of each side."""


@pytest.mark.parametrize(("number", "side"), [(SOLD, "SELL"), (BOUGHT, "BUY")])
def test_a_fallback_is_for_what_the_dead_order_left(number: int, side: str) -> None:
    script = Script()
    script.order("DU1", number, fills=((1.0, 0.4),), on_cancel="cross")
    assert script.apply().problems == ()
    line = script.line("DU1", number)
    first, second = line.orders
    assert (line.planned.side, first.status) == (side, "cancelled")
    assert 0 < first.filled < line.planned.quantity
    assert second.dispatch.quantity == line.planned.quantity - first.filled


def test_an_order_that_the_send_gate_refuses_does_not_leave() -> None:
    script = Script(disturbances=(Disturbance("QQQ", 40.0, half_spread=D("0.05")),))
    for number, order in enumerate(planned_orders(script.world, "DU1"), start=1):
        if order.side == "SELL":
            script.order("DU1", number, fills=((100.0, 1.0),))
    script.apply()
    lines = {line.planned.symbol: line for line in script.account("DU1").lines}
    assert [order.status for order in lines["VXUS"].orders] == ["filled"]
    assert lines["QQQ"].orders == ()
    assert "max_spread_bps" in script.account("DU1").closed_error


def dearer(*, paid_in: str = "0") -> Script:
    """Apply when the buys of DU1 cost 1.5% more than planned, after somebody paid cash in."""
    script = Script(disturbances=tuple(Disturbance(s, 0.0, factor=D("1.015")) for s in ("QQQ", "VXUS")))
    script.world.ledger.cash["DU1"] += D(paid_in)
    script.world.run(resume=False)
    return script


def test_buys_that_became_dearer_are_cut_and_the_floor_stays() -> None:
    script = dearer()
    lines, summary = script.account("DU1").lines, script.account("DU1").plan.summary
    assert summary is not None
    cash, _ = script.world.ledger.of("DU1", script.world.clock.now())
    assert any(line.cut is not None for line in lines)
    assert cash >= summary.cash_floor_usd - 10


def test_cash_that_was_paid_in_since_the_plan_is_not_spent() -> None:
    plain, richer = dearer(), dearer(paid_in="5000")
    assert [line.filled for line in richer.account("DU1").lines] == [
        line.filled for line in plain.account("DU1").lines
    ]
