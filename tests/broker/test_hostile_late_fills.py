"""Shares that execute after an order's end was reported: never more is sold than planned, and what is, is said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.broker.driving import (
    ACCOUNTS,
    Trial,
    Undisturbed,
    assert_others_untouched,
    behaviour,
    first_line,
    trial,
)
from tests.broker.hostile import (
    FIRST_SELL,
    FLOOR,
    be_patient,
    bought,
    cancelled,
    cash,
    error_of,
    executed,
    fallbacks,
    first_sell,
    killed_after,
    working,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

LATE = {ACCOUNTS[0]: Decimal(20), ACCOUNTS[1]: Decimal(4), ACCOUNTS[2]: Decimal(100)}
AT_ONCE, SOON, AFTER_THE_AGREEMENT, NEVER = "0.02", "0.2", "0.9", "-1"
"""Real seconds after the cancel: 0.4, 4 and 18 of the clock that the run goes by. Lists must agree after 8."""


FILL_TIMEOUT_SEC = 14
"""When a plain order is cancelled that nothing is wrong with."""


def seconds_until_cancelled(it: Trial, reference: str) -> float:
    """Return how long an order was out, by the clock that the run goes by."""
    placed, cancel = [e.time for e in it.gateway.ledger if e.order_ref == f"{it.prefix}{reference}"]
    return (cancel - placed).total_seconds()


@pytest.fixture(autouse=True)
def _patient(planned: Workspace) -> None:
    be_patient(planned)


def crossing(account: str, listed: str, told: str) -> str:
    """The first sell works until it is cancelled; of it some shares execute after the end was reported."""
    symbol, _ = FIRST_SELL[account]
    return behaviour(account=account, symbol=symbol, algo="adaptive", fills=0) + behaviour(
        on="cancel",
        account=account,
        symbol=symbol,
        algo="adaptive",
        late_shares=str(LATE[account]),
        late_listed_after_sec=listed,
        late_told_after_sec=told,
    )


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize(
    ("listed", "told"),
    [(SOON, NEVER), (AT_ONCE, AT_ONCE), (AT_ONCE, AFTER_THE_AGREEMENT), (SOON, AT_ONCE)],
)
def test_a_fill_behind_our_cancel_leaves_only_the_rest_to_the_fallback(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, listed: str, told: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    with trial(planned, scenario_text(extra=crossing(disturbed, listed, told))) as it:
        result = it.apply()
        assert fallbacks(it, disturbed) == [(symbol, quantity - LATE[disturbed])], result
        assert executed(it, disturbed, symbol) == quantity
        assert it.report(disturbed)[symbol]["exec_qty_shares"] == str(quantity)
        assert it.report(disturbed)[symbol]["status"] == "filled"
        assert [order for order in it.sent(disturbed) if order.side == "BUY"] == [
            order for order in undisturbed.orders[disturbed] if order.side == "BUY"
        ]
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_fill_listed_after_the_agreement_cancels_the_working_fallback(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    late, extra = LATE[disturbed], crossing(disturbed, "0.7", "0.7")
    extra += behaviour(account=disturbed, symbol=symbol, algo="none", fills=0)
    with trial(planned, scenario_text(extra=extra)) as it:
        line = first_sell(it, disturbed)
        result = it.apply()
        assert fallbacks(it, disturbed) == [(symbol, quantity)], result
        assert cancelled(it) == [(42, line.reference), (42, f"{line.reference}-f")]
        assert seconds_until_cancelled(it, f"{line.reference}-f") < FILL_TIMEOUT_SEC
        assert (executed(it, disturbed, symbol), working(it, disturbed)) == (late, [])
        assert it.report(disturbed)[symbol]["exec_qty_shares"] == str(late)
        assert it.report(disturbed)[symbol]["status"] == "partial"
        assert bought(it, disturbed) == []
        assert (
            f"{it.prefix}{line.reference} filled {late} shares of {symbol}, the broker had said that it ended with 0"
            in error_of(it, disturbed)
        )
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_fill_told_after_the_fallback_filled_is_overfilled_and_both_figures_are_named(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    sold, buy = quantity + LATE[disturbed], first_line(planned, disturbed, "BUY")
    extra = crossing(disturbed, AFTER_THE_AGREEMENT, AFTER_THE_AGREEMENT)
    extra += behaviour(account=disturbed, symbol=buy.symbol, side="BUY", fills=0)
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert fallbacks(it, disturbed) == [(symbol, quantity)], result
        assert executed(it, disturbed, symbol) == sold
        assert it.report(disturbed)[symbol]["exec_qty_shares"] == str(sold)
        assert it.report(disturbed)[symbol]["status"] == "overfilled"
        assert f"sell {symbol} filled {sold} shares, more than the {quantity} planned" in error_of(
            it, disturbed
        )
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")
        before = it.sent(disturbed)
        assert (it.apply("--resume").code, it.sent(disturbed)) == (4, before)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize("listed", [SOON, AT_ONCE])
def test_killed_after_the_cancel_left_a_resume_counts_the_fill_behind_it(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, listed: str
) -> None:
    symbol, quantity = FIRST_SELL[disturbed]
    with trial(planned, scenario_text(extra=crossing(disturbed, listed, NEVER))) as it:
        with killed_after("cancel", disturbed):
            it.apply()
        result = it.apply("--resume")
        late, sold = LATE[disturbed], executed(it, disturbed, symbol)
        assert (sold, fallbacks(it, disturbed)) == (late, []), result
        assert it.report(disturbed)[symbol]["exec_qty_shares"] == str(late)
        assert f"sell {symbol} is partial, {late} of {quantity} filled" in error_of(it, disturbed)
        assert cash(it, disturbed) >= FLOOR[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 4
