"""A person changes our working order in TWS: it is noticed, and over the plan is never a success."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.broker.driving import ACCOUNTS, Trial, Undisturbed, assert_others_untouched, behaviour, trial
from tests.broker.hostile import (
    FIRST_SELL,
    bought,
    error_of,
    executed,
    fallbacks,
    first_sell,
    incident,
    killed_after,
    working,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

RAISED = {ACCOUNTS[0]: Decimal(100), ACCOUNTS[1]: Decimal(20), ACCOUNTS[2]: Decimal(235)}
LOWERED = {ACCOUNTS[0]: Decimal(40), ACCOUNTS[1]: Decimal(7), ACCOUNTS[2]: Decimal(90)}


def changed(account: str, *, fills_after_sec: str = "0.4", **change: str | bool) -> str:
    """A person changes the first sell as soon as it was placed; it fills a good while after that."""
    symbol, _ = FIRST_SELL[account]
    return behaviour(account=account, symbol=symbol, after_sec=fills_after_sec) + incident(
        when="placed", account=account, symbol=symbol, side="SELL", after_sec="0.02", does="change", **change
    )


def changes(it: Trial, account: str) -> list[tuple[str, str]]:
    """Return quantity and order type of the changes that the journal knows of."""
    records = [json.loads(text) for text in it.records(account)]
    return [(r["quantity"], r["order_type"]) for r in records if r["record"] == "CHANGED"]


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_raised_order_that_fills_is_overfilled_and_no_buy_follows(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    more = RAISED[disturbed]
    with trial(planned, scenario_text(extra=changed(disturbed, quantity=str(more)))) as it:
        line = first_sell(it, disturbed)
        result = it.apply()
        assert executed(it, disturbed, symbol) == more, result
        assert changes(it, disturbed) == [(str(more), "MKT")]
        row = it.report(disturbed)[symbol]
        assert (row["exec_qty_shares"], row["status"]) == (str(more), "overfilled")
        assert f"sell {symbol} filled {more} shares, more than the {quantity} planned" in error_of(
            it, disturbed
        )
        assert (
            f"somebody changed {it.prefix}{line.reference} at the broker from {quantity} to {more} shares"
            in error_of(it, disturbed)
        )
        assert (bought(it, disturbed), fallbacks(it, disturbed)) == ([], [])
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")
        before = it.sent(disturbed)
        assert (it.apply("--resume").code, it.sent(disturbed)) == (4, before)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_raised_order_of_which_nothing_is_told_is_overfilled_too(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    more = RAISED[disturbed]
    with trial(planned, scenario_text(extra=changed(disturbed, quantity=str(more), told=False))) as it:
        result = it.apply()
        assert executed(it, disturbed, symbol) == more, result
        assert it.report(disturbed)[symbol]["exec_qty_shares"] == str(more)
        assert f"{more} shares, more than the {quantity} planned" in error_of(it, disturbed)
        assert bought(it, disturbed) == []
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("told", [True, False])
def test_a_lowered_order_is_partial_and_the_buys_are_what_it_paid_for(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, told: bool
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    less = LOWERED[disturbed]
    with trial(planned, scenario_text(extra=changed(disturbed, quantity=str(less), told=told))) as it:
        result = it.apply()
        assert (executed(it, disturbed, symbol), fallbacks(it, disturbed)) == (less, []), result
        row = it.report(disturbed)[symbol]
        assert (row["exec_qty_shares"], row["status"]) == (str(less), "partial")
        assert f"sell {symbol} is partial, {less} of {quantity} filled" in error_of(it, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_an_order_that_was_made_a_limit_order_is_noted_and_still_followed(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    with trial(planned, scenario_text(extra=changed(disturbed, limit_price="5.00"))) as it:
        result = it.apply()
        assert changes(it, disturbed) == [(str(quantity), "LMT")], result
        assert executed(it, disturbed, symbol) == quantity
        assert it.report(disturbed)[symbol]["status"] == "filled"
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_killed_before_a_person_raised_the_order_a_resume_buys_nothing(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    more = RAISED[disturbed]
    # It fills long before the resume would give it up and cancel it.
    raised = changed(disturbed, fills_after_sec="0.1", quantity=str(more))
    with trial(planned, scenario_text(extra=raised)) as it:
        with killed_after("place", disturbed):
            it.apply()
        result = it.apply("--resume")
        assert (executed(it, disturbed, symbol), working(it, disturbed)) == (more, []), result
        assert [s.symbol for s in it.sent(disturbed)] == [symbol]
        assert it.report(disturbed)[symbol]["status"] == "overfilled"
        assert f"{more} shares, more than the {quantity} planned" in error_of(it, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4
