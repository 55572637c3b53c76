from __future__ import annotations

import pytest

from rebalplan.plan.sizing.candidates import (
    Candidate,
    Candidates,
    find_candidates,
    nearest_steps,
    reaching_steps,
    side,
    whole_orders,
)
from rebalplan.plan.sizing.problem import Direction
from rebalplan.plan.sizing.scaled import ScaledLine

from .integers import line


def candidates(*lines: ScaledLine, direction: Direction = "both") -> Candidates:
    """Return the candidates where every line is asked."""
    return find_candidates(whole_orders(lines), set(range(len(lines))), {}, direction)


@pytest.mark.parametrize("unit", range(1, 8))
def test_the_nearest_steps_leave_the_least_distance_and_of_two_are_the_fewer(unit: int) -> None:
    for drift in range(40):
        assert nearest_steps(drift, unit) == min(range(50), key=lambda steps: abs(drift - steps * unit))


@pytest.mark.parametrize("unit", range(1, 8))
def test_the_reaching_steps_are_the_fewest_that_come_to_the_target_or_past_it(unit: int) -> None:
    for drift in range(40):
        assert reaching_steps(drift, unit) == min(steps for steps in range(50) if steps * unit >= drift)


@pytest.mark.parametrize(("drift", "direction"), [(1, "buy_only"), (-1, "sell_only")])
def test_the_smallest_drift_has_its_side(drift: int, direction: str) -> None:
    assert side(line(drift)) == direction


def test_a_buy_goes_to_the_nearest_share_and_a_sell_no_further_than_what_is_held() -> None:
    found = candidates(line(26), line(-26), line(-26, held_steps=2), line(-14, held_steps=1, closing=True))
    assert found.buys == (Candidate(0, 10, 26, 3, 3, closing=False),)
    assert found.sells == (
        Candidate(1, 10, 26, 3, 4, closing=False),
        Candidate(2, 10, 26, 2, 2, closing=False),
        Candidate(3, 10, 14, 1, 1, closing=True),
    )
    assert found.all() == found.sells + found.buys


@pytest.mark.parametrize(
    ("drift", "held_steps", "steps", "furthest"),
    [
        (-1, 9, 0, 2),
        (-14, 9, 1, 3),
        (-15, 9, 1, 3),
        (-16, 9, 2, 3),
        (-20, 9, 2, 3),
        (-21, 9, 2, 4),
        (-15, 2, 1, 2),
        (-15, 1, 1, 1),
        (-5, 1, 0, 1),
    ],
)
def test_a_sell_may_go_one_held_share_past_the_one_that_reaches_its_target(
    drift: int, held_steps: int, steps: int, furthest: int
) -> None:
    assert candidates(line(drift, held_steps=held_steps)).sells == (
        Candidate(0, 10, -drift, steps, furthest, closing=False),
    )


def test_a_buy_never_passes_its_nearest_share() -> None:
    assert candidates(line(5)).buys == ()
    assert candidates(line(15)).buys == (Candidate(0, 10, 15, 1, 1, closing=False),)


def test_an_unpassed_line_is_sold_to_its_nearest_share_and_no_further() -> None:
    found = find_candidates(
        whole_orders([line(-15), line(-15), line(-4)]), {0, 1, 2}, {}, "both", unpassed={1, 2}
    )
    assert found.sells == (
        Candidate(0, 10, 15, 1, 3, closing=False),
        Candidate(1, 10, 15, 1, 1, closing=False),
    )


def test_a_limit_bounds_a_sell_whether_its_line_is_asked_or_not() -> None:
    """The limits are 2 and 9 steps; of the second line only 3 are held."""
    lines = [line(-34), line(-34, held_steps=3), line(-34)]
    found = find_candidates(whole_orders(lines), {0}, {0: 2, 1: 9}, "both")
    assert found.sells == (
        Candidate(0, 10, 34, 2, 2, closing=False),
        Candidate(1, 10, 34, 3, 3, closing=False),
    )


def test_a_limit_of_no_step_is_no_candidate() -> None:
    assert find_candidates(whole_orders([line(-34)]), set(), {0: 0}, "both").sells == ()


def test_what_is_not_asked_without_drift_or_on_the_other_side_is_no_candidate() -> None:
    lines = [line(30), line(0), line(30), line(-30)]
    found = find_candidates(whole_orders(lines), {1, 2, 3}, {}, "buy_only")
    assert ([each.position for each in found.buys], found.sells) == ([2], ())
    found = find_candidates(whole_orders(lines), {1, 2, 3}, {}, "sell_only")
    assert ([each.position for each in found.sells], found.buys) == ([3], ())


def test_candidates_are_in_the_order_of_their_lines() -> None:
    found = find_candidates(
        whole_orders([line(30), line(-30), line(40), line(-40), line(50)]), {4, 3, 0}, {1: 1}, "both"
    )
    assert [each.position for each in found.all()] == [1, 3, 0, 4]
