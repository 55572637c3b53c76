"""Fractions of a share: where no order for them can be sent, and what no order sells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.core.vocabulary import Mode
from rebalplan.plan.build import derive_again
from rebalplan.plan.fractions import Residue, residues
from rebalplan.render.fractions import render_fractions
from tests.builders import account, plan

RESIDUE: dict[str, Any] = {
    "cash": "0",
    "holdings": {"OLD": "1.5", "VTI": "98.5"},
    "weights": {"VTI": "100", "OLD": "0"},
}


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_an_order_for_a_fraction_blocks_an_account_at_tws(mode: Mode) -> None:
    made = plan(account(cash="50", allow_fractional=True), mode=mode)
    (blocked,) = made.accounts
    assert (blocked.status, blocked.reasons) == (
        "blocked",
        (
            "the API of TWS and IB Gateway refuses orders for fractions of a share (error 10243): buy 0.5 VTI. "
            "Set allow_fractional = false and plan again",
        ),
    )
    assert derive_again(made) == made


def test_whole_shares_are_planned_although_fractions_are_allowed() -> None:
    made = plan(account(cash="500", allow_fractional=True), mode="live")
    assert [(a.status, [o.quantity for o in a.orders]) for a in made.accounts] == [("planned", [Decimal(5)])]


def test_the_built_in_gateway_is_asked_for_fractions() -> None:
    assert plan(account(cash="50", allow_fractional=True), mode="sim").accounts[0].status == "planned"


def test_an_account_that_is_blocked_for_fractions_counts_in_no_total() -> None:
    first = account("DU1", cash="50", allow_fractional=True, max_total_turnover_usd=Decimal(500))
    second = account("DU2", cash="500", max_total_turnover_usd=Decimal(500))
    assert [a.status for a in plan(first, second).accounts] == ["blocked", "planned"]


def test_the_fraction_that_no_order_sells_is_listed_with_its_value() -> None:
    made = plan(account(**RESIDUE))
    assert residues(made.accounts[0]) == (Residue("OLD", Decimal("0.5"), Decimal(50)),)
    assert render_fractions(made.accounts) == (
        f"{made.accounts[0].account}: fractions that rebal cannot sell stay: 0.5 OLD (about 50.00 USD). "
        "Sell them in TWS."
    )


def test_nothing_is_said_where_everything_is_sold() -> None:
    assert render_fractions(plan(account(cash="50")).accounts) == ""
