"""Changes around a fill, and the best set of them.

That of ``FILL`` has a price of 135: the first line's next share gains 130 per dollar, its last gained 150.
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing.level import Demand, Fill, fill
from rebalplan.plan.sizing.ration import rank
from rebalplan.plan.sizing.search import best_within, cheapest_changes, moves_within

DEMANDS = [Demand(10, 100, 5), Demand(20, 70, 3), Demand(5, 90, 2)]
FILL = Fill(steps=[3, 0, 2], price=135, left=0)


def test_the_cheapest_change_of_a_line_is_one_share_more_or_less_where_it_can() -> None:
    """Up 10 · 5 or down 10 · 15; only up 20 · 15; only down 5 · 30."""
    assert cheapest_changes(DEMANDS, FILL) == [(50, 0), (150, 2), (300, 1)]


@pytest.mark.parametrize(
    ("limit", "most", "steps", "costs"),
    [
        (49, 9, (0,), (0,)),
        (50, 9, (0, 1), (0, 50)),
        (299, 9, (0, 1, -1), (0, 50, 150)),
        (300, 9, (0, 1, -1, 2), (0, 50, 150, 300)),
        (10_000, 9, (0, 1, -1, 2, -2, -3), (0, 50, 150, 300, 500, 1050)),
        (10_000, 1, (0, 1, -1), (0, 50, 150)),
    ],
)
def test_each_further_share_costs_twice_the_square_of_its_value_more(
    limit: int, most: int, steps: tuple[int, ...], costs: tuple[int, ...]
) -> None:
    """Up 50, then 50 + 200 more; down 150, 350 and 550."""
    moves = moves_within(DEMANDS, 0, FILL, limit, most)
    assert (moves.index, moves.steps, moves.costs) == (0, steps, costs)


def test_a_line_at_its_end_moves_one_way() -> None:
    assert moves_within(DEMANDS, 1, FILL, 10_000, 9).steps == (0, 1, 2, 3)
    assert moves_within(DEMANDS, 2, FILL, 10_000, 9).steps == (0, -1, -2)


def test_without_a_line_that_may_move_the_fill_is_best() -> None:
    assert best_within(DEMANDS, FILL, [], 0, 1) == [3, 0, 2]


def test_the_best_exchange_within_the_budget_is_found() -> None:
    """With nothing left every exchange costs more than none; with 10 left the first line gets one share more."""
    assert best_within(DEMANDS, FILL, [0, 1, 2], 10_000, 100) == [3, 0, 2]
    assert best_within(DEMANDS, Fill([3, 0, 2], 135, 10), [0, 1, 2], 10_000, 100) == [4, 0, 2]


def test_more_sets_than_allowed_are_given_up() -> None:
    assert best_within(DEMANDS, FILL, [0], 10_000, 5) is None
    assert best_within(DEMANDS, FILL, [0], 10_000, 6) == [3, 0, 2]


def test_sets_that_cost_more_than_the_limit_do_not_count() -> None:
    """The second line's change costs 300, the first line's 50, 150 and 300: together five sets cost at most 300."""
    assert best_within(DEMANDS, FILL, [1, 2, 0], 300, 5) == [3, 0, 2]
    assert best_within(DEMANDS, FILL, [1, 2, 0], 300, 4) is None


BACK = Demand(10, 35, 3, rate=9, weight=11, sold=5)
NEW = Demand(10, 35, 3, rate=11, weight=9)


def test_changes_of_shares_bought_back_cost_by_their_own_rate() -> None:
    """Of the first line's gains 660, 440 and 220, of the second's 540, 360 and 180: the price is 400."""
    demands, start = [BACK, NEW], Fill([2, 1], 400, 0)
    assert [BACK.gain(step) for step in (1, 2, 3)] == [660, 440, 220]
    assert [NEW.gain(step) for step in (1, 2, 3)] == [540, 360, 180]
    assert cheapest_changes(demands, start) == [(90 * 40, 0), (110 * 40, 1)]
    assert moves_within(demands, 0, start, 10**6, 9).costs == (0, 90 * 40, 90 * 180, 90 * (40 + 260))
    assert moves_within(demands, 1, start, 10**6, 9).costs == (0, 110 * 40, 110 * 140, 110 * (40 + 220))


def test_of_equal_squares_the_fewer_orders_count_and_what_is_bought_back_whole_is_none() -> None:
    """One share for either line, 50 from its target: back is no order at all, new is a second one."""
    back = Demand(100, 150, 1, sold=1)
    new = Demand(100, 150, 1)
    for demands in ([back, new], [new, back]):
        found = best_within(demands, fill(demands, 100), [0, 1], 10**9, 100)
        assert found == [int(each is back) for each in demands]


@st.composite
def shared_budgets(draw: st.DrawFn) -> tuple[list[Demand], int]:
    """Return up to four demands, mixed buys and shares to buy back, and a budget short of what they take."""
    pay, keep = draw(st.sampled_from([(1, 1), (11, 9), (501, 499)]))
    demands = []
    for _ in range(draw(st.integers(1, 4))):
        unit, most = draw(st.integers(2, 12)), draw(st.integers(1, 4))
        drift = unit * most + draw(st.integers(0, unit // 2))
        if draw(st.booleans()):
            demands.append(Demand(unit, drift, most, pay, keep))
        else:
            demands.append(Demand(unit, drift, most, keep, pay, sold=most + draw(st.integers(0, 2))))
    return demands, draw(st.integers(1, sum(each.cost * each.most for each in demands) - 1))


@settings(derandomize=True, deadline=None, max_examples=400)
@given(shared_budgets())
def test_without_a_limit_the_best_set_of_changes_is_the_best_of_all_steps(
    case: tuple[list[Demand], int],
) -> None:
    demands, budget = case
    start = fill(demands, budget)
    steps = product(*(range(each.most + 1) for each in demands))
    fitting = [
        list(counts)
        for counts in steps
        if sum(each.cost * count for each, count in zip(demands, counts, strict=True)) <= budget
    ]
    best = min(fitting, key=lambda counts: rank(demands, counts))
    assert best_within(demands, start, range(len(demands)), 10**15, 1000) == best
