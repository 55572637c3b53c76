"""The fill of a budget by gain per dollar, found by walking and by halving."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing.level import Demand, Fill, _bisect, _level, fill, top_up

UNITS = st.integers(2, 10**9)
RATES = ((1, 1), (501, 499), (20, 19), (3, 1))
"""What a bought dollar and one bought back take from the budget."""


@st.composite
def shortages(draw: st.DrawFn) -> tuple[list[Demand], int]:
    """Return demands, some of shares that are bought back, and a positive budget that is less than they take."""
    demands = []
    pay, keep = draw(st.sampled_from(RATES))
    for _ in range(draw(st.integers(1, 6))):
        unit = draw(UNITS)
        most = draw(st.integers(1, 40))
        drift = unit * most + draw(st.integers(0, unit // 2))
        if draw(st.booleans()):
            demands.append(Demand(unit, drift, most, pay, keep))
        else:
            demands.append(Demand(unit, drift, most, keep, pay, sold=most + draw(st.integers(0, 5))))
    everything = sum(each.cost * each.most for each in demands)
    return demands, draw(st.integers(1, everything - 1))


@settings(derandomize=True, deadline=None, max_examples=600)
@given(shortages())
def test_walking_and_halving_find_the_same_price_and_spend(case: tuple[list[Demand], int]) -> None:
    demands, budget = case
    walked, halved = fill(demands, budget), _bisect(demands, budget)
    assert walked.price == halved.price
    for found in (walked, halved):
        spent = sum(each.cost * count for each, count in zip(demands, found.steps, strict=True))
        assert found.left == budget - spent >= 0
        for each, count in zip(demands, found.steps, strict=True):
            assert 0 <= count <= each.most
            assert count == 0 or each.gain(count) >= found.price
            assert count == each.most or each.gain(count + 1) <= found.price
        assert any(
            each.gain(count + 1) == found.price and each.cost > found.left
            for each, count in zip(demands, found.steps, strict=True)
            if count < each.most
        )


@settings(derandomize=True, deadline=None, max_examples=300)
@given(shortages())
def test_a_gain_is_what_a_step_takes_off_the_squares_for_each_unit_of_budget(
    case: tuple[list[Demand], int],
) -> None:
    demands, _ = case
    scale = demands[0].rate * demands[0].weight
    for each in demands:
        assert each.rate * each.weight == scale
        for step in (1, each.most):
            before, after = each.drift - (step - 1) * each.unit, each.drift - step * each.unit
            assert each.gain(step) * each.cost == scale * (before**2 - after**2)
        for price in (each.gain(each.most) - 1, each.gain(1) - 1, each.gain(1), each.gain(each.most)):
            above = [step for step in range(1, each.most + 1) if each.gain(step) > price]
            assert each.steps_above(price) == len(above)


def test_a_dollar_bought_back_takes_less_so_it_is_bought_first() -> None:
    """Both gain 100 on the squares; back is 9 of the budget instead of 11."""
    new, back = Demand(1, 51, 50, 11, 9), Demand(1, 51, 50, 9, 11, sold=50)
    assert (new.cost, back.cost) == (11, 9)
    assert (new.gain(1), back.gain(1)) == (9 * 101, 11 * 101)
    found = fill([new, back], 9)
    assert found == Fill([0, 1], 11 * 99, 0)
    assert fill([new, back], 8) == Fill([0, 0], 11 * 101, 8)


def test_units_ten_orders_of_magnitude_apart_are_not_walked_one_by_one() -> None:
    dear, cheap = Demand(10**12, 3 * 10**13, 30), Demand(1, 10**14, 10**14)
    found = fill([dear, cheap], 5 * 10**13)
    assert found.left == 5 * 10**13 - found.steps[0] * 10**12 - found.steps[1]
    assert found.left >= 0


def test_a_dear_share_that_rounds_up_gives_back_more_cheap_ones_than_are_walked() -> None:
    """The dear line's third share gains 2.4 million per dollar and does not fit after the cheap ones above that."""
    dear, cheap = Demand(1_000_000, 3_700_000, 4), Demand(1, 3_000_000, 3_000_000)
    assert fill([dear, cheap], 4_500_000) == Fill([2, 1_800_000], 2_400_000, 700_000)


def test_what_is_left_is_spent_on_the_dearest_gain_first() -> None:
    """35 are left: the dear line's next share gains most and costs 30, then one cheap share fits."""
    dear, cheap, full = Demand(30, 100, 3), Demand(4, 60, 9), Demand(1, 5, 2)
    assert top_up([dear, cheap, full], Fill([1, 2, 2], 0, 35)) == [2, 3, 2]
    assert top_up([dear, cheap, full], Fill([1, 2, 2], 0, 29)) == [1, 9, 2]


def test_the_dearest_gain_is_that_of_the_next_share() -> None:
    """The second dear share would gain 110 per dollar, the third cheap one 120."""
    dear, cheap = Demand(30, 100, 3), Demand(4, 70, 9)
    assert top_up([dear, cheap], Fill([1, 2], 0, 35)) == [1, 9]


def test_what_is_left_pays_for_steps_at_their_own_rates() -> None:
    """40 pay for one step of the first, which gains more and takes 33, but not for another; 4 for one step back."""
    new, back = Demand(3, 60, 9, 11, 9), Demand(1, 10, 6, 9, 11, sold=6)
    assert top_up([new, back], Fill([1, 0], 0, 42)) == [2, 1]
    assert top_up([new, back], Fill([1, 0], 0, 32)) == [1, 3]


@pytest.mark.parametrize(
    ("budget", "level"),
    [(3, 7), (4, 6), (5, 5), (9, 3), (10, 3), (11, 2), (13, 2), (18, 0), (19, 0), (30, 0)],
)
def test_the_level_is_the_distance_that_a_budget_leaves_to_the_largest_drifts(
    budget: int, level: int
) -> None:
    """Of 6, 10 and 3: a budget of 4 brings 10 down to 6; 10 brings both to 3; 19 brings all three to 0."""
    assert _level([6, 10, 3], budget) == level


def test_a_line_that_has_all_its_steps_takes_no_more_at_the_price() -> None:
    """Both a third step of the first line and the first of the second would gain 150 per dollar."""
    lines = [Demand(10, 100, 2), Demand(20, 85, 4)]
    for found in (fill(lines, 30), _bisect(lines, 30)):
        assert found == Fill([2, 0], 150, 10)


def test_halving_takes_steps_at_the_price_in_the_order_of_the_lines_up_to_the_first_that_does_not_fit() -> (
    None
):
    """Each first step gains 150 per dollar; after the second there are 4 left, and the third costs 6."""
    lines = [Demand(10, 80, 3), Demand(8, 79, 3), Demand(6, 78, 3), Demand(4, 77, 3)]
    assert _bisect(lines, 22) == Fill([1, 1, 0, 0], 150, 4)
    assert _bisect(lines, 18) == Fill([1, 1, 0, 0], 150, 0)


def test_a_step_that_takes_exactly_what_is_left_is_taken() -> None:
    """33 steps of 2 and 11 of 5 are 121; the last gain 8 and 17 per dollar, the next would gain 4 and 7."""
    assert fill([Demand(2, 69, 34), Demand(5, 61, 12)], 121) == Fill([33, 11], 7, 0)
