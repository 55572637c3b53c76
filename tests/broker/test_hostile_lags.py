"""Cash, positions and commissions that the broker shows late or never: waited for, or said; never "plan again"."""

from __future__ import annotations

import time
from decimal import Decimal

import msgspec
import pytest

from rebalplan.apply.reports.after import After
from tests.broker.driving import ACCOUNTS, FAST, Undisturbed, assert_others_untouched, first_line, trial
from tests.broker.hostile import FIRST_SELL, FLOOR, bought, cash, error_of, killed_after, table
from tests.cli import Workspace
from tests.scenarios import scenario_text

pytestmark = pytest.mark.slow

LAG, LONG, NEVER = "0.08", "0.8", "60"
"""Real seconds. An apply looks at the account two hundred times for its cash, which takes much longer than LAG."""

HELD = {ACCOUNTS[0]: 130, ACCOUNTS[1]: 40, ACCOUNTS[2]: 420}
"""Shares of what is sold first, before."""

SELLS = {ACCOUNTS[0]: 4, ACCOUNTS[1]: 3, ACCOUNTS[2]: 2}


CASH_AT_FIRST = {
    ACCOUNTS[0]: Decimal("18240.55"),
    ACCOUNTS[1]: Decimal("912.40"),
    ACCOUNTS[2]: Decimal("7310.20"),
}


def is_bought(row: dict[str, str]) -> bool:
    return row["action"] == "buy" and bool(row["exec_value_usd"])


@pytest.fixture(autouse=True)
def _looks_often(planned: Workspace) -> None:
    look_every(1, planned)


def look_every(seconds: float, workspace: Workspace) -> None:
    workspace.timing = msgspec.structs.replace(FAST, poll_sec=seconds)


def lagging(account: str, **keys: str | bool) -> str:
    """All orders of an account are shown late somewhere."""
    return table("behaviour", account=account, **keys)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_cash_and_positions_that_lag_are_waited_for_before_the_buys(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    late = lagging(disturbed, side="SELL", values_after_sec=LAG, positions_after_sec=LAG)
    late += lagging(disturbed, side="BUY", values_after_sec=LAG)
    with trial(planned, scenario_text(extra=late)) as it:
        result = it.apply()
        assert it.sent(disturbed) == undisturbed.orders[disturbed], result
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (0, "done")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_cash_that_never_comes_is_not_spent(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    look_every(20, planned)
    late = lagging(disturbed, side="SELL", values_after_sec=NEVER)
    with trial(planned, scenario_text(extra=late)) as it:
        result = it.apply()
        spent = sum(Decimal(row["exec_value_usd"]) for row in it.report(disturbed).values() if is_bought(row))
        assert 0 < spent <= CASH_AT_FIRST[disturbed] - FLOOR[disturbed], result
        assert len(bought(it, disturbed)) < len(it.lines(disturbed, "BUY"))
        cut = [row["notes"] for row in it.report(disturbed).values() if row["status"] == "cut"]
        assert cut
        assert all("cash_short" in note for note in cut)
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_commissions_that_never_come_are_blank_and_the_run_is_done(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    with trial(planned, scenario_text(extra=lagging(disturbed, no_commission=True))) as it:
        result = it.apply()
        assert it.sent(disturbed) == undisturbed.orders[disturbed], result
        rows = [row for row in it.report(disturbed).values() if row["exec_qty_shares"]]
        assert [row["commission_usd"] for row in rows] == [""] * len(it.lines(disturbed))
        assert '"COMMISSION"' not in "".join(it.records(disturbed))
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (0, "done")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_resume_during_the_lag_waits_and_sends_what_is_left(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    late = lagging(disturbed, side="SELL", values_after_sec=LAG, positions_after_sec=LAG)
    late += lagging(disturbed, side="BUY", values_after_sec=NEVER)
    with trial(planned, scenario_text(extra=late)) as it:
        with killed_after("place", disturbed, nth=SELLS[disturbed]):
            it.apply()
        result = it.apply("--resume")
        assert it.sent(disturbed) == undisturbed.orders[disturbed], result
        assert "plan again" not in result.out + error_of(it, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (0, "done")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_resume_that_has_waited_in_vain_says_to_resume_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    look_every(20, planned)
    late = lagging(disturbed, side="SELL", values_after_sec=NEVER, positions_after_sec=NEVER)
    with trial(planned, scenario_text(extra=late)) as it:
        with killed_after("place", disturbed, nth=SELLS[disturbed]):
            it.apply()
        result = it.apply("--resume")
        assert bought(it, disturbed) == [], result
        (symbol, quantity) = FIRST_SELL[disturbed]
        assert f"{symbol} shows {HELD[disturbed]} shares, our fills make it {HELD[disturbed] - quantity}" in (
            error_of(it, disturbed)
        )
        assert "plan again" not in result.out + error_of(it, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_positions_late_at_the_close_are_said_and_a_later_resume_is_done(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    buy = first_line(planned, disturbed, "BUY")
    late = lagging(disturbed, side="BUY", symbol=buy.symbol, positions_after_sec=LONG)
    with trial(planned, scenario_text(extra=late)) as it:
        result = it.apply()
        assert it.sent(disturbed) == undisturbed.orders[disturbed], result
        assert f"{buy.symbol} shows 0 shares, our fills make it" in error_of(it, disturbed)
        assert "it may be behind, look again with --resume" in error_of(it, disturbed)
        assert "plan again" not in result.out + error_of(it, disturbed)
        assert_others_untouched(it, disturbed, undisturbed)
        assert (result.code, it.summary()[disturbed]["status"]) == (4, "incomplete")
        time.sleep(float(LONG))
        assert it.apply("--resume").code == 0
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert it.summary()[disturbed]["status"] == "done"
        assert cash(it, disturbed) > 0


needs_marks = pytest.mark.skipif(not hasattr(After, "doubts"), reason="the reports do not mark doubts yet")


@needs_marks
@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_cash_that_lags_at_the_close_is_reported_as_reckoned_and_marked(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    late = lagging(disturbed, side="BUY", values_after_sec=NEVER)
    with trial(planned, scenario_text(extra=late)) as it:
        result = it.apply()
        row = it.report(disturbed)["CASH"]
        assert Decimal(row["new_qty_shares"]) == cash(it, disturbed), result
        assert f"{cash(it, disturbed):,.2f} USD is reckoned" in row["notes"]
        assert_others_untouched(it, disturbed, undisturbed)


@needs_marks
@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_position_that_lags_at_the_close_is_marked(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    buy = first_line(planned, disturbed, "BUY")
    late = lagging(disturbed, side="BUY", symbol=buy.symbol, positions_after_sec=NEVER)
    with trial(planned, scenario_text(extra=late)) as it:
        result = it.apply()
        shown = it.report(disturbed)[buy.symbol]["notes"]
        assert f"0 {buy.symbol} at the close, but {buy.quantity} is reckoned" in shown, result
        assert_others_untouched(it, disturbed, undisturbed)
