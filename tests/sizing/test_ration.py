"""The sharing of a budget equals the best share of all, found by a slow table of every sum that can be spent."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sizing import SIZING_VERSION, search, solve
from rebalplan.sizing import ration as rationing
from rebalplan.sizing.candidates import Candidate, nearest_steps
from rebalplan.sizing.level import Demand
from rebalplan.sizing.ration import ranges, ration

Steps = tuple[int, ...]


def buy(position: int, unit: int, drift: int) -> Candidate:
    return Candidate(position, unit, drift, nearest_steps(drift, unit), tie=False, closing=False)


def best_share(buys: Sequence[Candidate], budget: int) -> Steps:
    """Return the best steps: least squares, fewest orders, least spent, then most of the first line."""
    best: dict[int, tuple[int, int, Steps]] = {0: (0, 0, ())}
    for each in buys:
        further: dict[int, tuple[int, int, Steps]] = {}
        for spent, (squares, orders, negated) in best.items():
            for count in range(min(each.steps, (budget - spent) // each.unit) + 1):
                left = each.drift - count * each.unit
                found = (squares + left * left, orders + (count > 0), (*negated, -count))
                total = spent + count * each.unit
                if total not in further or found < further[total]:
                    further[total] = found
        best = further
    least = min((squares, orders, spent, negated) for spent, (squares, orders, negated) in best.items())
    return tuple(-count for count in least[3])


@st.composite
def shortages(draw: st.DrawFn, lines: tuple[int, int], most_steps: int) -> tuple[list[Candidate], int]:
    """Return buys and a budget that is mostly less than all of them take."""
    count = draw(st.integers(*lines))
    units = draw(st.lists(st.integers(1, 60), min_size=count, max_size=count))
    buys = [
        buy(index, unit, draw(st.integers(unit // 2 + 1, unit * most_steps)))
        for index, unit in enumerate(units)
    ]
    everything = sum(each.unit * each.steps for each in buys)
    return buys, draw(st.integers(1, everything + 1))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(shortages((1, 6), 12))
def test_up_to_six_lines_share_a_budget_best(case: tuple[list[Candidate], int]) -> None:
    buys, budget = case
    assert ration(buys, budget) == best_share(buys, budget)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(shortages((7, 10), 10))
def test_seven_to_ten_lines_share_a_budget_best(case: tuple[list[Candidate], int]) -> None:
    buys, budget = case
    assert ration(buys, budget) == best_share(buys, budget)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(shortages((1, 8), 10))
def test_the_best_share_lies_within_the_ranges(case: tuple[list[Candidate], int]) -> None:
    buys, budget = case
    if budget >= sum(each.unit * each.steps for each in buys):
        return
    for each, count, (fewest, most) in zip(buys, best_share(buys, budget), ranges(buys, budget), strict=True):
        assert 0 <= fewest <= count <= most <= each.steps


def test_a_line_that_only_a_loss_could_move_has_a_range_of_one() -> None:
    """The tenth share of the first line gains 210 per dollar, its eleventh 190, the second line's first 198."""
    buys = [buy(0, 10, 200), buy(1, 10, 104)]
    assert ration(buys, 100) == (10, 0)
    assert ranges(buys, 100) == [(10, 10), (0, 1)]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.integers(1, 30), st.integers(0, 2000), st.integers(0, 10**6))
def test_the_reach_is_how_many_steps_a_cost_pays_for(unit: int, first: int, excess: int) -> None:
    steps, paid = 0, first
    while paid <= excess:
        steps += 1
        paid += first + 2 * steps * unit * unit
    assert Demand(unit, 1, 1).reach(first, excess) == steps


def test_the_counts_that_end_a_search_belong_to_the_sizing_version() -> None:
    """With other counts the same plan may have other orders, so whoever changes one changes the version too."""
    assert SIZING_VERSION == "1"
    assert (rationing._MOST_SETS, rationing._MOST_SETS_BEFORE_SPLIT, rationing._MOST_SPLITS) == (
        800,
        2000,
        100,
    )
    assert (rationing._SPLIT_LINES, rationing._FIRST_CHANGES) == (6, 6)
    assert (rationing._NOT_WORTH_SPLITTING, rationing._CLOSE_ENOUGH) == (1_000_000_000, 10_000_000)
    assert (search._ORDER_BITS, search._MOST_TRIED, solve._ALL_TIE_CHOICES) == (16, 8, 5)
