"""Sells for money alone: of what, how far, and for which need."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing.candidates import Candidates, nearest_steps, whole_orders
from rebalplan.plan.sizing.funding import Traded, sell_limits, sources, wanted_trades
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine

from .integers import AMPLE, account, buy, line, sell


def limits(
    found: ScaledAccount,
    *lines: ScaledLine,
    sold: int = 0,
    bought: int = 0,
    most_sold: int | None = None,
    is_only_for_bounds: bool = False,
) -> dict[int, int]:
    """Return the limits where every line is a source."""
    most = sold if most_sold is None else most_sold
    return sell_limits(
        found, sources(whole_orders(lines)), Traded(sold, bought), most, is_only_for_bounds=is_only_for_bounds
    )


def test_what_is_wanted_is_every_order_at_its_nearest_share() -> None:
    candidates = Candidates((sell(0, 10, 24, 2, 4), sell(1, 7, 20, 3, 3)), (buy(2, 5, 31, 6),))
    assert wanted_trades(candidates) == Traded(41, 30)


def test_without_a_need_nothing_is_sold() -> None:
    assert limits(account(0), line(-50), line(-30)) == {}
    assert limits(account(60), line(-50), bought=60) == {}
    assert limits(account(20), line(-50), sold=40, bought=60) == {}


def test_the_largest_drift_is_sold_first_ties_by_symbol() -> None:
    lines = (line(-30), line(-50), line(-30))
    assert limits(account(0), *lines, bought=40) == {1: 4}
    assert limits(account(0), *lines, bought=70) == {1: 5, 0: 2}
    assert limits(account(0), *lines, bought=100) == {1: 5, 0: 3, 2: 2}


@pytest.mark.parametrize(("bought", "steps"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_it_is_sold_no_further_than_the_money_that_is_needed_rounded_up_to_a_share(
    bought: int, steps: int
) -> None:
    assert limits(account(0), line(-50), bought=bought) == {0: steps}


@pytest.mark.parametrize(("drift", "steps"), [(-24, 2), (-25, 2), (-26, 3), (-4, None)])
def test_no_line_goes_past_its_nearest_share_for_funding(drift: int, steps: int | None) -> None:
    assert limits(account(0), line(drift), bought=500) == ({} if steps is None else {0: steps})


def test_no_more_is_sold_than_is_held() -> None:
    assert limits(account(0), line(-50, held_steps=3), bought=500) == {0: 3}


def test_costs_are_part_of_the_need() -> None:
    """100 bought take 102; a share of 10 brings 9.8, so ten bring 98 and an eleventh is needed."""
    found = account(0, keep=98, pay=102, base=100)
    assert limits(found, line(-200, held_steps=20), bought=100) == {0: 11}
    assert limits(account(4, keep=98, pay=102, base=100), line(-200, held_steps=20), bought=100) == {0: 10}


def test_cash_under_its_floor_by_the_minimum_order_or_more_is_raised_to_it() -> None:
    assert limits(account(-49, min_order=50), line(-80)) == {}
    assert limits(account(-50, min_order=50), line(-80)) == {0: 5}
    assert limits(account(-51, min_order=50), line(-80)) == {0: 6}
    assert limits(account(-1, min_order=0), line(-80)) == {0: 1}


def test_a_buy_waits_until_cash_is_over_its_floor_however_little_is_missing() -> None:
    """49 under the floor are noted only, but a buy of 20 needs 69."""
    assert limits(account(-49, min_order=50), line(-80), bought=20) == {0: 7}


@pytest.mark.parametrize(("cash_drift", "steps"), [(-30, None), (-31, 1), (-40, 1), (-41, 2)])
def test_cash_under_its_band_is_raised_to_its_edge(cash_drift: int, steps: int | None) -> None:
    found = account(cash_drift=cash_drift, cash_band=30)
    assert limits(found, line(-80)) == ({} if steps is None else {0: steps})


def test_buys_that_would_take_cash_under_its_band_are_funded_to_its_edge() -> None:
    """20 over the target with a band of 30: a buy of 60 leaves 40 under, so a share is sold."""
    assert limits(account(cash_drift=20, cash_band=30), line(-80), bought=60) == {0: 1}
    assert limits(account(cash_drift=20, cash_band=30), line(-80), bought=50) == {}


def test_with_sell_only_the_band_of_cash_does_not_count() -> None:
    found = account(cash_drift=-70, cash_band=30)
    assert limits(found, line(-80)) == {0: 4}
    assert limits(found, line(-80), is_only_for_bounds=True) == {}
    below = account(-20, cash_drift=-70, cash_band=30)
    assert limits(below, line(-80), is_only_for_bounds=True) == {0: 2}


@pytest.mark.parametrize(("spare", "steps"), [(0, None), (-1, 1), (-10, 1), (-11, 2)])
def test_leverage_over_its_cap_is_sold_off(spare: int, steps: int | None) -> None:
    assert limits(account(spare_exposure=spare), line(-80)) == ({} if steps is None else {0: steps})


def test_what_the_other_lines_sell_is_needed_no_more() -> None:
    assert limits(account(-50), line(-80), sold=30) == {0: 2}
    assert limits(account(spare_exposure=-50), line(-80), sold=30) == {0: 2}


def test_while_the_floor_needs_it_sells_go_one_share_further_the_one_that_adds_least_first() -> None:
    """Nearest shares bring 20 + 20 + 20 of 70 or 85. A third share adds 10^2 less twice what is left of the drift."""
    lines = (line(-21), line(-24), line(-22))
    assert limits(account(-60), *lines) == {0: 2, 1: 2, 2: 2}
    assert limits(account(-70), *lines) == {0: 2, 1: 3, 2: 2}
    assert limits(account(-75), *lines) == {0: 2, 1: 3, 2: 3}
    assert limits(account(-90), *lines) == {0: 3, 1: 3, 2: 3}
    assert limits(account(-500), *lines) == {0: 3, 1: 3, 2: 3}


def test_one_share_further_is_for_the_floor_and_the_cap_and_not_for_buys_or_the_band_of_cash() -> None:
    assert limits(account(0), line(-22), bought=30) == {0: 2}
    assert limits(account(cash_drift=-60, cash_band=30), line(-22)) == {0: 2}
    assert limits(account(-30), line(-22)) == {0: 3}
    assert limits(account(spare_exposure=-30), line(-22)) == {0: 3}


def test_a_line_of_which_nothing_more_is_held_does_not_go_further() -> None:
    assert limits(account(-50), line(-22, held_steps=2), line(-21)) == {0: 2, 1: 3}


def test_the_lines_that_are_asked_go_further_before_any_that_is_not() -> None:
    """They sell 20 at the nearest share and 30 at most: of 40 the source gives 2, of 50 it goes no further."""
    assert limits(account(-40), line(-22), sold=20, most_sold=30) == {0: 2}
    assert limits(account(-50), line(-22), sold=20, most_sold=30) == {0: 2}
    assert limits(account(-51), line(-22), sold=20, most_sold=30) == {0: 3}


@given(
    st.integers(-150, 60),
    st.integers(0, 120),
    st.lists(st.tuples(st.integers(-60, -1), st.integers(1, 9)), min_size=1, max_size=4),
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_the_last_line_sold_is_needed_and_lines_before_it_are_at_their_nearest(
    cash: int, bought: int, sources: list[tuple[int, int]]
) -> None:
    lines = [line(drift, held_steps=held) for drift, held in sources]
    found = limits(account(cash), *lines, bought=bought)
    nearest = [min(nearest_steps(-each.drift, each.unit), each.held_steps) for each in lines]
    missing = bought - cash
    brings = sum(steps * 10 for steps in found.values())
    if cash >= 0:
        assert all(steps <= nearest[position] for position, steps in found.items())
    assert all(steps <= nearest[position] + 1 for position, steps in found.items())
    assert brings < max(missing, 0) + 10 or not found
    if brings < missing:
        assert all(found.get(position, 0) >= most for position, most in enumerate(nearest))
    largest_first = sorted(range(len(lines)), key=lambda each: (lines[each].drift, each))
    short_of_nearest = [each for each in largest_first if found.get(each, 0) < nearest[each]]
    if short_of_nearest:
        later = largest_first[largest_first.index(short_of_nearest[0]) + 1 :]
        assert not any(each in found for each in later)


def test_an_account_with_ample_cash_and_cap_is_ample() -> None:
    assert account().spare_cash == account().spare_exposure == AMPLE


def test_a_share_further_that_a_later_one_makes_needless_is_not_sold() -> None:
    """Nothing is over by half a share. The small share adds less and comes first; the dear one alone is enough."""
    small, dear = line(-4), line(-40, unit=100)
    assert limits(account(-10), small, dear) == {0: 1}
    assert limits(account(-50), small, dear) == {1: 1}
    assert limits(account(-100), small, dear) == {1: 1}
    assert limits(account(-101), small, dear) == {0: 1, 1: 1}
    assert limits(account(spare_exposure=-50), small, dear) == {1: 1}
