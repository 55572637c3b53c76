from __future__ import annotations

import pytest

from rebalplan.plan.sizing.candidates import Candidate, find_candidates, nearest_steps, side
from rebalplan.plan.sizing.scaled import ScaledLine


def line(drift: int, *, unit: int = 10, held_steps: int = 9, closing: bool = False) -> ScaledLine:
    return ScaledLine(unit=unit, drift=drift, held=unit * held_steps, held_steps=held_steps, closing=closing)


@pytest.mark.parametrize("unit", range(1, 8))
def test_the_nearest_steps_leave_the_least_distance_and_of_two_are_the_fewer(unit: int) -> None:
    for drift in range(40):
        assert nearest_steps(drift, unit) == min(range(50), key=lambda steps: abs(drift - steps * unit))


@pytest.mark.parametrize(("drift", "direction"), [(1, "buy_only"), (-1, "sell_only")])
def test_the_smallest_drift_has_its_side(drift: int, direction: str) -> None:
    assert side(line(drift)) == direction


def test_a_buy_goes_to_the_nearest_share_and_a_sell_no_further_than_what_is_held() -> None:
    found = find_candidates([line(26), line(-26), line(-26, held_steps=2), line(-14, closing=True)], "both")
    assert found.buys == (Candidate(0, 10, 26, 3, tie=False, closing=False),)
    assert found.sells == (
        Candidate(1, 10, 26, 3, tie=False, closing=False),
        Candidate(2, 10, 26, 2, tie=False, closing=False),
        Candidate(3, 10, 14, 1, tie=False, closing=True),
    )


@pytest.mark.parametrize(
    ("drift", "held_steps", "steps", "tie"),
    [(-15, 9, 1, True), (-15, 2, 1, True), (-15, 1, 1, False), (-5, 1, 0, True), (-14, 9, 1, False)],
)
def test_a_sell_is_a_tie_when_one_held_share_more_is_as_near(
    drift: int, held_steps: int, steps: int, tie: bool
) -> None:
    assert find_candidates([line(drift, held_steps=held_steps)], "both").sells == (
        Candidate(0, 10, -drift, steps, tie=tie, closing=False),
    )


def test_a_buy_is_never_a_tie() -> None:
    assert find_candidates([line(5)], "both").buys == ()
    assert find_candidates([line(15)], "both").buys == (Candidate(0, 10, 15, 1, tie=False, closing=False),)


def test_what_is_not_selected_without_drift_or_on_the_other_side_is_no_candidate() -> None:
    lines = [None, line(0), line(30), line(-30)]
    found = find_candidates(lines, "buy_only")
    assert ([each.position for each in found.buys], found.sells) == ([2], ())
    found = find_candidates(lines, "sell_only")
    assert ([each.position for each in found.sells], found.buys) == ([3], ())


def test_candidates_without_some_lines_keep_the_others_in_order() -> None:
    found = find_candidates([line(30), line(-30), line(40), line(-40)], "both").without([0, 1])
    assert [each.position for each in found.all()] == [3, 2]
