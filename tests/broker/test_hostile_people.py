"""Somebody trades the account or moves its cash between our sells and our buys: it is read again before the buys."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.broker.driving import ACCOUNTS, Sent, Trial, Undisturbed, assert_others_untouched, trial
from tests.broker.hostile import (
    FLOOR,
    NOT_PLANNED,
    bought,
    cash,
    error_of,
    executed,
    incident,
    intents,
    killed_after,
)
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

LAST_SELL = {ACCOUNTS[0]: "VTI", ACCOUNTS[1]: "VEA", ACCOUNTS[2]: "VNQ"}
HELD = {ACCOUNTS[0]: 1100, ACCOUNTS[1]: 20, ACCOUNTS[2]: 60}
"""Shares of the fund that is not in the plan."""

WITHDRAWN = {ACCOUNTS[0]: Decimal(60_000), ACCOUNTS[1]: Decimal(2_500), ACCOUNTS[2]: Decimal(15_000)}
TOO_MUCH = {ACCOUNTS[0]: Decimal(105_110), ACCOUNTS[1]: Decimal(4_290), ACCOUNTS[2]: Decimal(21_890)}
"""More than the proceeds of all sells: beside them about 150 USD under the floor or over nothing are left."""


def after_the_sells(account: str, **deed: str) -> str:
    """A person does something the moment the account's last sell is filled."""
    return incident(when="filled", account=account, symbol=LAST_SELL[account], side="SELL", **deed)


def planned_sells(undisturbed: Undisturbed, account: str) -> list[Sent]:
    return [s for s in undisturbed.orders[account] if s.side == "SELL"]


@pytest.mark.parametrize("disturbed", ACCOUNTS)
@pytest.mark.parametrize(("does", "by"), [("buy", 7), ("sell", -7)])
def test_after_a_person_traded_the_account_no_buy_goes_out(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str, does: str, by: int
) -> None:
    symbol = NOT_PLANNED[disturbed]
    extra = after_the_sells(disturbed, does=does, quantity="7", what=symbol)
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert bought(it, disturbed) == [], result
        held = HELD[disturbed]
        assert (
            f"somebody else trades the account: the account has {held + by} {symbol}, our fills make it {held}"
            in error_of(it, disturbed)
        )
        assert it.sent(disturbed) == planned_sells(undisturbed, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")


def assert_reckoned_and_marked(it: Trial, account: str, withdrawn: Decimal) -> None:
    """Find the cash that the fills leave in the report, and the broker's own figure beside it."""
    row, now = it.report(account)["CASH"], cash(it, account)
    assert Decimal(row["new_qty_shares"]) == now + withdrawn
    assert f"{now:,.2f} USD" in row["notes"]


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_after_a_withdrawal_the_buys_shrink_to_what_is_there(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    extra = after_the_sells(disturbed, does="withdraw", amount=str(WITHDRAWN[disturbed]), currency="USD")
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        spent = sum(s.quantity for s in it.sent(disturbed) if s.side == "BUY")
        assert 0 < spent < sum(s.quantity for s in undisturbed.orders[disturbed] if s.side == "BUY"), result
        now = cash(it, disturbed)
        assert now >= FLOOR[disturbed]
        assert_reckoned_and_marked(it, disturbed, WITHDRAWN[disturbed])
        assert "USD less cash than our fills leave" in error_of(it, disturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")
        cut = [row["notes"] for row in it.report(disturbed).values() if row["status"] == "cut"]
        assert cut
        assert all("cash_short" in note for note in cut)
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_after_all_was_withdrawn_nothing_is_bought(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    extra = after_the_sells(disturbed, does="withdraw", amount=str(TOO_MUCH[disturbed]), currency="USD")
    with trial(planned, scenario_text(extra=extra)) as it:
        result = it.apply()
        assert bought(it, disturbed) == [], result
        assert it.sent(disturbed) == planned_sells(undisturbed, disturbed)
        lines = [row for row in it.report(disturbed).values() if row["action"] == "buy"]
        assert {row["status"] for row in lines} == {"cut"}
        assert_reckoned_and_marked(it, disturbed, TOO_MUCH[disturbed])
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_killed_before_a_person_traded_the_account_a_resume_sends_nothing_more(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    symbol, sells = NOT_PLANNED[disturbed], len(planned_sells(undisturbed, disturbed))
    extra = after_the_sells(disturbed, does="buy", quantity="7", what=symbol)
    with trial(planned, scenario_text(extra=extra)) as it:
        with killed_after("place", disturbed, nth=sells):
            it.apply()
        result = it.apply("--resume")
        assert bought(it, disturbed) == [], result
        held = HELD[disturbed]
        assert f"the account has {held + 7}" in error_of(it, disturbed)
        assert (intents(it, disturbed), executed(it, disturbed, LAST_SELL[disturbed]) > 0) == (1, True)
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_killed_before_a_withdrawal_a_resume_names_both_figures_and_buys_nothing(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    sells = len(planned_sells(undisturbed, disturbed))
    extra = after_the_sells(disturbed, does="withdraw", amount=str(WITHDRAWN[disturbed]), currency="USD")
    with trial(planned, scenario_text(extra=extra)) as it:
        with killed_after("place", disturbed, nth=sells):
            it.apply()
        result = it.apply("--resume")
        assert it.sent(disturbed) == planned_sells(undisturbed, disturbed), result
        now = cash(it, disturbed)
        assert f"RB505 cash was {now + WITHDRAWN[disturbed]:,.2f} and is {now:,.2f} USD" in error_of(
            it, disturbed
        )
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")
