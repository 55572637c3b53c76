"""What an account holds after an apply."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.apply.reports.after import After, account_after
from tests.apply.reports.support import AFTER_ALL, AFTER_SELLS, HELD, Story, all_filled, sold

D = Decimal


def after(story: Story) -> After:
    found = account_after(story.result)
    assert found is not None
    return found


def held(found: After) -> dict[str, str]:
    return {symbol: str(quantity) for symbol, quantity in found.shares.items() if quantity}


def test_an_account_that_was_not_begun_is_as_it_was() -> None:
    assert account_after(Story().result) is None
    assert account_after(Story().close("declined").result) is None


def test_exposure_is_the_value_of_all_shares_and_leverage_its_part_of_the_whole() -> None:
    found = After({"A": D(3), "B": D(5)}, {"A": D(10), "B": D(14), "C": D(99)}, D(-20))
    assert (found.value_usd("A"), found.value_usd("B"), found.value_usd("C")) == (D(30), D(70), D(0))
    assert (found.exposure_usd, found.leverage) == (D(100), D("1.25"))


@pytest.mark.parametrize(("cash", "leverage"), [("-100", None), ("-100.01", None), ("-99", D(100))])
def test_an_account_that_is_worth_nothing_has_no_leverage(cash: str, leverage: Decimal | None) -> None:
    assert After({"A": D(10)}, {"A": D(10)}, D(cash)).leverage == leverage


def test_a_share_is_worth_what_it_traded_at_and_else_the_price_of_the_plan() -> None:
    found = after(sold())
    assert found.prices["GLD"] == D("187.3")
    assert round(found.prices["BND"], 6) == D("73.276786")
    assert (found.prices["QQQ"], found.prices["VXUS"]) == (D(402), D("58.2"))


def test_what_both_the_broker_and_the_fills_say_has_no_doubt() -> None:
    found = after(all_filled().close("done", cash="1456.7", **AFTER_ALL))
    assert (held(found), found.cash_usd, found.doubts) == (AFTER_ALL, D("1456.7"), ())


@pytest.mark.parametrize("shown", ["1456.69", "1456.71"])
def test_the_cash_of_the_broker_stands_where_it_is_a_cent_off(shown: str) -> None:
    found = after(all_filled().close("done", cash=shown, **AFTER_ALL))
    assert (found.cash_usd, found.doubts) == (D(shown), ())


@pytest.mark.parametrize("shown", ["1456.689", "1456.711", "3017", "-20000"])
def test_cash_is_reckoned_and_marked_where_the_broker_shows_another(shown: str) -> None:
    found = after(all_filled().close("done", cash=shown, **AFTER_ALL))
    assert found.cash_usd == D("1456.7")
    assert found.doubts == (
        f"the broker showed {D(shown):,.2f} USD of cash at the close, but 1,456.70 USD is reckoned from the fills",
    )


def uncharged(fills: int) -> Story:
    """QQQ was bought for 3,627 USD in so many fills without a commission, which leaves 5,737.75 USD before it."""
    story = sold().send("QQQ", "9", "402.5", 9003)
    for _ in range(fills):
        story.fill("QQQ", str(9 // fills), "403")
    return story.end("QQQ", "filled", "9")


@pytest.mark.parametrize(("fills", "shown"), [(1, "5727.75"), (3, "5707.75"), (1, "5737.75"), (1, "5737.76")])
def test_the_cash_of_the_broker_contains_commissions_of_up_to_10_usd_that_it_has_not_told(
    fills: int, shown: str
) -> None:
    found = after(uncharged(fills).close("done", cash=shown, **AFTER_SELLS | {"QQQ": "24"}))
    assert (found.cash_usd, found.doubts) == (D(shown), ())


@pytest.mark.parametrize(
    ("fills", "shown", "without"),
    [
        (1, "5727.74", "1 fill"),
        (3, "5707.74", "3 fills"),
        (1, "5737.77", "1 fill"),
        (1, "9364.75", "1 fill"),
    ],
)
def test_a_larger_difference_is_no_commission(fills: int, shown: str, without: str) -> None:
    found = after(uncharged(fills).close("done", cash=shown, **AFTER_SELLS | {"QQQ": "24"}))
    assert found.cash_usd == D("5737.75")
    assert found.doubts == (
        f"the broker showed {D(shown):,.2f} USD of cash at the close, but 5,737.75 USD is reckoned from the fills, "
        f"without the commission of {without}",
    )


def test_positions_of_the_broker_are_reported_and_marked_where_the_fills_make_others() -> None:
    shown = {"BND": "100", "GLD": "12", "QQQ": "24", "VXUS": "60", "XYZ": "1200"}
    found = after(all_filled().close("incomplete", cash="1456.7", **shown))
    assert held(found) == shown
    assert found.symbol_doubts == {
        "BND": "the broker showed 100 BND at the close, but 44 is reckoned from the fills",
        "GLD": "the broker showed 12 GLD at the close, but 0 is reckoned from the fills",
        "VTI": "the broker showed 0 VTI at the close, but 57 is reckoned from the fills",
        "XYZ": "the broker showed 1,200 XYZ at the close, but 0 is reckoned from the fills",
    }
    assert found.doubts == tuple(found.symbol_doubts.values())


@pytest.mark.parametrize(("shown", "is_marked"), [("60.5", False), ("61", True), ("59.5", True)])
def test_a_reinvested_dividend_of_under_a_share_is_reported_unmarked(shown: str, is_marked: bool) -> None:
    found = after(sold().close("done", cash="9364.75", **AFTER_SELLS | {"VXUS": shown}))
    assert (found.shares["VXUS"], bool(found.doubts)) == (D(shown), is_marked)


def test_every_contract_of_a_symbol_counts() -> None:
    story = sold().close("done", cash="9364.75", **AFTER_SELLS)
    story.add_contract("VXUS", 99, "7")
    found = after(story)
    assert found.shares["VXUS"] == 67
    assert found.doubts == ("the broker showed 7 VXUS at the close, but 0 is reckoned from the fills",)


def test_a_symbol_of_two_contracts_has_a_doubt_for_each() -> None:
    story = sold().close("done", cash="9364.75", **{s: q for s, q in AFTER_SELLS.items() if s != "VXUS"})
    story.add_contract("VXUS", 99, "60")
    assert after(story).doubts == (
        "the broker showed 60 VXUS at the close, but 0 is reckoned from the fills; "
        "the broker showed 0 VXUS at the close, but 60 is reckoned from the fills",
    )


def test_an_account_that_was_not_closed_is_reckoned_and_says_so() -> None:
    found = after(all_filled())
    assert (held(found), found.cash_usd) == (AFTER_ALL, D("1456.7"))
    assert found.doubts == (
        "the account was not read again, so its cash and positions are reckoned from the fills",
    )


def test_an_account_that_was_closed_without_a_reading_is_reckoned() -> None:
    assert after(all_filled().close("incomplete")) == after(all_filled())


def test_what_was_learnt_after_the_closing_is_not_mixed_with_what_was_read_before() -> None:
    story = Story().begin().send("BND", "56", "73.4").lose("BND", "nobody knows")
    story.close("incomplete", cash="3017", **HELD)
    assert after(story).doubts == ()
    story.resolve("BND", "50", "73.25")
    found = after(story)
    assert (found.shares["BND"], found.cash_usd) == (D(50), D("3017") + 50 * D("73.25"))
    assert found.doubts == (
        "the account was not read again, so its cash and positions are reckoned from the fills, "
        "without the commission of 1 fill",
    )


def executions_missing() -> Story:
    """16 BND and all of GLD were sold at a price that the broker has not told; 40 BND at 73.30."""
    story = Story().begin().send("BND", "56", "73.4", 9001).fill("BND", "40", "73.3", "1.05")
    return story.end("BND", "filled", "56").send("GLD", "12", "187.2", 9002).end("GLD", "filled", "12")


def test_the_cash_of_the_broker_stands_marked_where_executions_are_missing() -> None:
    found = after(executions_missing().close("incomplete", cash="9360", **AFTER_SELLS))
    assert (held(found), found.cash_usd) == (AFTER_SELLS, D(9360))
    assert found.doubts == (
        "the broker has not shown the executions of 16 BND and 12 GLD, so the cash of 9,360.00 USD is its figure "
        "alone",
    )


def test_reckoned_cash_says_what_it_is_without_where_executions_are_missing() -> None:
    found = after(executions_missing())
    assert (held(found), found.cash_usd) == (AFTER_SELLS, D(3017) + 40 * D("73.3") - D("1.05"))
    assert found.doubts == (
        "the account was not read again, so its cash and positions are reckoned from the fills",
        "the broker has not shown the executions of 16 BND and 12 GLD, so the cash is without what they came to",
    )
