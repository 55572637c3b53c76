"""Trigger and sizing in rounds, in small integers: what is added to the lines that ask first."""

from __future__ import annotations

from typing import Any

from rebalplan.plan.sizing.rounds import Round, Terms, prepare, settle
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine

from .integers import account, line, taken


def settled(found: ScaledAccount, *lines: ScaledLine, **terms: Any) -> Round:
    return settle(prepare(found, lines), Terms(**({"direction": "both"} | terms)))


def trades(found: ScaledAccount, *lines: ScaledLine, **terms: Any) -> list[int]:
    return taken(settled(found, *lines, **terms).trades, range(len(lines)))


def test_nothing_within_its_band_is_traded_without_a_need() -> None:
    found = settled(account(50), line(-30, band=30), line(30, band=30))
    assert found.trades == {}
    assert found.asked == frozenset()


def test_a_buy_is_funded_by_the_largest_drift_within_its_band_no_further_than_needed() -> None:
    lines = (line(-30, band=50), line(-40, band=50), line(60, band=50))
    assert trades(account(25), *lines) == [0, -4, 6]
    assert trades(account(5), *lines) == [-2, -4, 6]
    assert settled(account(25), *lines).asked == {2}


def test_a_source_does_not_pass_its_nearest_share_and_the_buy_has_what_there_is() -> None:
    assert trades(account(0), line(-34, band=50), line(80, band=50)) == [-3, 3]


def test_a_sell_that_is_asked_pays_before_any_that_is_not() -> None:
    lines = (line(-40, band=50), line(-60, band=50), line(60, band=50))
    assert trades(account(0), *lines) == [0, -6, 6]


def test_proceeds_over_the_band_of_cash_are_invested_in_every_underweight() -> None:
    """The sell takes CASH to 60 over its target, more than 30: both underweights are bought although in their bands."""
    lines = (line(-60, band=50), line(30, band=50), line(30, band=50))
    found = settled(account(0, cash_drift=0, cash_band=30), *lines)
    assert taken(found.trades, range(3)) == [-6, 3, 3]
    assert found.asked == {0, 1, 2}
    assert found.cash_drift == 0


def test_proceeds_within_the_band_of_cash_stay_cash() -> None:
    lines = (line(-60, band=50), line(30, band=50), line(30, band=50))
    found = settled(account(0, cash_drift=0, cash_band=60), *lines)
    assert taken(found.trades, range(3)) == [-6, 0, 0]
    assert found.asked == {0}


def test_cash_over_its_band_is_invested_and_sells_nothing_within_its_band_for_that() -> None:
    """40 are over: they buy 4 of the 6 that are wanted."""
    lines = (line(-20, band=50), line(30, band=50), line(30, band=50))
    assert trades(account(40, cash_drift=40, cash_band=30), *lines) == [0, 2, 2]


def test_cash_under_its_band_is_raised_to_its_edge_by_the_largest_drift() -> None:
    lines = (line(-30, band=50), line(-40, band=50), line(10, band=50))
    found = settled(account(90, cash_drift=-60, cash_band=30), *lines)
    assert taken(found.trades, range(3)) == [0, -3, 0]
    assert found.cash_drift == -30


def test_a_floor_is_raised_by_no_more_than_is_needed() -> None:
    lines = (line(-30, band=50), line(-40, band=50))
    assert trades(account(-35, min_order=20), *lines) == [0, -4]
    assert trades(account(-15, min_order=20), *lines) == [0, 0]
    assert trades(account(-55, min_order=20), *lines) == [-2, -4]


def test_the_floor_takes_one_share_more_where_nearest_shares_are_not_enough() -> None:
    lines = (line(-34, band=50), line(-31, band=50))
    assert trades(account(-61), *lines) == [-4, -3]
    assert trades(account(-71), *lines) == [-4, -4]
    assert settled(account(-81), *lines).solution.cash_budget == -1


def test_leverage_over_its_cap_is_sold_off_by_the_largest_drift() -> None:
    lines = (line(-30, band=50), line(-40, band=50))
    assert trades(account(spare_exposure=-25), *lines) == [0, -3]


def test_total_drift_asks_again_until_what_is_left_is_within_the_band() -> None:
    """60 and 50 of 180 are asked, and 70 may stay. Where cash is 40 short, 30 are left to buy with (a sell
    of 70 passes its target by a share): 90 would be left of the others, so the 40 is asked as well and shares them.
    """
    lines = (line(-60), line(50), line(40), line(30))
    rich = settled(account(100, total_band=70), *lines)
    assert rich.asked == {0, 1}
    assert taken(rich.trades, range(4)) == [-6, 5, 0, 0]
    found = settled(account(-40, total_band=70), *lines)
    assert found.asked == {0, 1, 2}
    assert taken(found.trades, range(4)) == [-7, 2, 1, 0]


def test_sell_only_sells_for_the_floor_and_the_cap_and_no_further() -> None:
    lines = (line(-60, band=0), line(-40, band=50), line(50, band=0))
    assert trades(account(100), *lines, direction="sell_only") == [0, 0, 0]
    assert trades(account(-25), *lines, direction="sell_only") == [-3, 0, 0]
    assert trades(account(spare_exposure=-75), *lines, direction="sell_only") == [-6, -2, 0]
    assert trades(account(cash_drift=-90, cash_band=30), *lines, direction="sell_only") == [0, 0, 0]


def test_buy_only_sells_nothing_and_buys_what_cash_pays() -> None:
    lines = (line(-60, band=0), line(50, band=0))
    assert trades(account(20), *lines, direction="buy_only") == [0, 2]
    assert trades(account(-20), *lines, direction="buy_only") == [0, 0]


def test_a_barred_line_neither_trades_nor_pays() -> None:
    lines = (line(-40, band=50), line(-30, band=50), line(60, band=50))
    assert trades(account(0), *lines, barred=frozenset({0})) == [0, -3, 3]
    assert trades(account(0), *lines, barred=frozenset({2})) == [0, 0, 0]


def test_a_forced_line_trades_as_if_its_drift_asked() -> None:
    lines = (line(-40, band=50), line(30, band=50))
    assert trades(account(0), *lines, forced=frozenset({0})) == [-4, 0]
    assert trades(account(0), *lines, forced=frozenset({1})) == [-3, 3]


def test_an_unpassed_line_is_sold_to_its_nearest_share_alone() -> None:
    """A is 24 over: a third share of it would pay for the third of B."""
    lines = (line(-24), line(30))
    assert trades(account(0), *lines) == [-3, 3]
    assert trades(account(0), *lines, unpassed=frozenset({0})) == [-2, 2]


def test_what_comes_first_is_bought_to_its_nearest_share_and_the_others_share_the_rest() -> None:
    lines = (line(50), line(30))
    assert trades(account(40), *lines) == [3, 1]
    assert trades(account(40), *lines, first=frozenset({1})) == [1, 3]
    assert trades(account(20), *lines, first=frozenset({1})) == [2, 0]


def test_a_share_that_is_not_bought_after_all_needs_no_money() -> None:
    """Two shares of 30 are wanted; the source has 40 and cash nothing: one is bought and 3 of 4 are enough."""
    lines = (line(-40, band=50), line(60, unit=30, held_steps=3, band=50))
    assert trades(account(0), *lines) == [-3, 1]
