from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.plan.snapshot import mismatch_failure, snapshot_failures
from tests.builders import position, snapshot, unmanaged

D = Decimal


def test_an_ordinary_account_has_no_failures() -> None:
    assert snapshot_failures(snapshot("100", {"VTI": "3", "BND": "2.5"}, unmanaged=(unmanaged(),))) == ()


@pytest.mark.parametrize(
    ("cash", "settled", "is_cash_account", "unsettled"),
    [
        ("100", "30", True, "70"),
        ("100", "30", False, "0"),
        ("100", None, True, "0"),
        ("100", "120", True, "0"),
        ("100", "-20", True, "100"),
        ("-100", "-150", True, "0"),
    ],
)
def test_the_cash_that_is_not_settled(
    cash: str, settled: str | None, is_cash_account: bool, unsettled: str
) -> None:
    found = snapshot(
        cash, settled_cash=None if settled is None else D(settled), is_cash_account=is_cash_account
    )
    assert found.unsettled_usd == D(unsettled)


def test_negative_dollar_cash_is_no_failure() -> None:
    assert snapshot_failures(snapshot("-100", {"VTI": "3"})) == ()


def test_a_short_position_fails_the_account_and_says_what_to_do() -> None:
    assert snapshot_failures(snapshot("900", {"VTI": "-3"})) == (
        "short position -3 VTI: close it or move it to another account",
    )


def test_half_a_share_short_is_short_and_no_share_is_not() -> None:
    assert len(snapshot_failures(snapshot("900", {"VTI": "-0.5", "BND": "0"}))) == 1


def test_a_balance_of_nothing_is_no_debt() -> None:
    assert snapshot_failures(snapshot("900", unmanaged=(unmanaged(quantity="0"),))) == ()


def test_negative_foreign_cash_fails_the_account() -> None:
    debt = unmanaged("CASH", "CAD cash", "CAD", "-0.01")
    (failure,) = snapshot_failures(snapshot("900", unmanaged=(debt,)))
    assert failure.startswith("negative balance -0.01 CAD cash (CAD)")


@pytest.mark.parametrize(
    ("debts", "tolerance", "failing"),
    [
        (["10"], "10", 0),
        (["10.01"], "10", 1),
        (["6", "4"], "10", 0),
        (["6", "4.01"], "10", 2),
        (["0.01"], "0", 1),
        ([None], "1000", 1),
        (["6", None], "10", 1),
    ],
)
def test_debts_in_other_currencies_are_tolerated_together(
    debts: list[str | None], tolerance: str, failing: int
) -> None:
    items = tuple(unmanaged("CASH", f"C{n} cash", f"C{n}", "-5", debt) for n, debt in enumerate(debts))
    found = snapshot_failures(snapshot("900", unmanaged=items), D(tolerance))
    assert len(found) == failing


def test_debts_that_are_too_much_only_together_say_so() -> None:
    items = tuple(unmanaged("CASH", f"C{n} cash", f"C{n}", "-9", "9.90") for n in range(2))
    first, _ = snapshot_failures(snapshot("900", unmanaged=items), D(10))
    assert "9.90 USD, with the others 19.80 USD and over foreign_cash_tolerance_usd, claims cash" in first


def test_a_short_option_is_never_tolerated() -> None:
    option = unmanaged("OPT", "SPY 400 C", "USD", "-1")
    assert len(snapshot_failures(snapshot("900", unmanaged=(option,)), D(1000))) == 1


def test_a_short_derivative_fails_the_account() -> None:
    option = unmanaged("OPT", "SPY 400 C", "USD", "-1")
    (failure,) = snapshot_failures(snapshot("900", unmanaged=(option,)))
    assert failure.startswith("short OPT position -1 SPY 400 C (USD)")


def test_a_long_derivative_is_no_failure() -> None:
    assert snapshot_failures(snapshot("900", unmanaged=(unmanaged("OPT", "SPY 400 C", "USD", "1"),))) == ()


def test_every_failure_is_named_at_once() -> None:
    state = snapshot("900", {"BND": "-1", "VTI": "-3"}, unmanaged=(unmanaged(quantity="-5"),))
    assert len(snapshot_failures(state)) == 3


def test_two_contracts_of_one_symbol_fail_the_account() -> None:
    twice = (position("ABC", "1", 12), position("ABC", "2", 11), position("VTI", "1"))
    assert snapshot_failures(snapshot("900", twice)) == (
        "2 positions are called ABC (contracts 11, 12): write each as ABC@CONID in portfolios.csv, or sell all but one",
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_our_value_may_differ_from_the_brokers_by_the_tolerance_itself(sign: int) -> None:
    state = snapshot(broker_usd=D(10_000))
    assert mismatch_failure(state, D(10_000) + sign * D(100), D(1)) is None


@pytest.mark.parametrize("sign", [1, -1])
def test_our_value_may_not_differ_from_the_brokers_by_more(sign: int) -> None:
    state = snapshot(broker_usd=D(10_000))
    failure = mismatch_failure(state, D(10_000) + sign * D("100.000001"), D(1))
    assert failure is not None
    assert "1.01% apart (nlv_mismatch_pct = 1)" in failure


def test_a_split_between_the_brokers_value_and_our_price_is_named() -> None:
    state = snapshot("0", {"VTI": "100"}, {"VTI": "25"}, broker_usd=D(10_000))
    failure = mismatch_failure(state, D(2_500), D(1))
    assert failure == (
        "cash and positions are worth 2,500.00 USD at the plan's prices but the broker says 10,000.00 USD, 75% apart "
        "(nlv_mismatch_pct = 1): a split, a stale price or a position missing from the answer; look at the account "
        "before planning again"
    )


@pytest.mark.parametrize(("ours", "fails"), [("0", False), ("0.01", True)])
def test_a_broker_value_of_nothing_agrees_only_with_nothing(ours: str, fails: bool) -> None:
    assert (mismatch_failure(snapshot(broker_usd=D(0)), D(ours), D(1)) is not None) is fails


def test_a_tolerance_of_zero_asks_for_equality() -> None:
    state = snapshot(broker_usd=D(10_000))
    assert mismatch_failure(state, D("10000.00"), D(0)) is None
    assert mismatch_failure(state, D("10000.000001"), D(0)) is not None


def test_what_has_no_price_is_taken_off_the_brokers_figure_before_it_is_compared() -> None:
    state = snapshot(broker_usd=D(10_000))
    assert mismatch_failure(state, D(9_000), D(1), D(1_000)) is None
    failure = mismatch_failure(state, D(11_000), D(1), D(1_000))
    assert failure is not None
    assert "the broker says 9,000.00 USD" in failure
