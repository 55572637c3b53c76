"""Changes around a fill at a price of 135: the first line's next share gains 130 per dollar, its last gained 150."""

from __future__ import annotations

import pytest

from rebalplan.plan.sizing.level import Demand, Fill
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
