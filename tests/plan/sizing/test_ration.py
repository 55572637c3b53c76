"""The sharing of a budget equals the best share of all, found by a slow table of every sum that can be spent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing import SIZING_VERSION, fixed_point, level, search, solve
from rebalplan.plan.sizing import ration as rationing
from rebalplan.plan.sizing.candidates import nearest_steps
from rebalplan.plan.sizing.level import Demand
from rebalplan.plan.sizing.ration import ration

Steps = tuple[int, ...]


def buy(unit: int, drift: int) -> Demand:
    return Demand(unit, drift, nearest_steps(drift, unit))


def best_share(demands: Sequence[Demand], budget: int) -> Steps:
    """Return the best steps: least squares, fewest orders, least turnover, then most of the first line."""
    best: dict[int, tuple[int, int, int, Steps, Steps]] = {0: (0, 0, 0, (), ())}
    for each in demands:
        further: dict[int, tuple[int, int, int, Steps, Steps]] = {}
        for spent, (squares, orders, turnover, negated, steps) in best.items():
            for count in range(min(each.most, (budget - spent) // each.cost) + 1):
                left = each.drift - count * each.unit
                traded = each.sold - count if each.sold else count
                found = (
                    squares + left * left,
                    orders + (traded > 0),
                    turnover + traded * each.unit,
                    (*negated, -traded),
                    (*steps, count),
                )
                total = spent + count * each.cost
                if total not in further or found < further[total]:
                    further[total] = found
        best = further
    return min(best.values())[4]


def best_by_trying(buys: Sequence[Demand], budget: int) -> Steps:
    """Return the best steps where ``best_share`` would have too many sums: all steps of all lines but the cheapest.

    Every step up to the nearest share brings a line nearer, so the cheapest takes whatever the others leave.
    """
    cheapest = min(range(len(buys)), key=lambda index: buys[index].unit)
    rest_of, found = buys[cheapest], []
    others = [*buys[:cheapest], *buys[cheapest + 1 :]]
    for counts in product(*(range(min(each.most, budget // each.unit) + 1) for each in others)):
        left = budget - sum(each.unit * count for each, count in zip(others, counts, strict=True))
        if left < 0:
            continue
        steps = (
            *counts[:cheapest],
            min(rest_of.most, left // rest_of.unit),
            *counts[cheapest:],
        )
        squares = sum((each.drift - each.unit * count) ** 2 for each, count in zip(buys, steps, strict=True))
        spent = sum(each.unit * count for each, count in zip(buys, steps, strict=True))
        orders = sum(count > 0 for count in steps)
        found.append((squares, orders, spent, tuple(-count for count in steps)))
    return tuple(-count for count in min(found)[3])


def lines(*units_and_drifts: tuple[int, int]) -> list[Demand]:
    return [buy(unit, drift) for unit, drift in units_and_drifts]


@st.composite
def shortages(draw: st.DrawFn, lines: tuple[int, int], most_steps: int) -> tuple[list[Demand], int]:
    """Return buys and a budget that is mostly less than all of them take."""
    count = draw(st.integers(*lines))
    units = draw(st.lists(st.integers(1, 60), min_size=count, max_size=count))
    buys = [buy(unit, draw(st.integers(unit // 2 + 1, unit * most_steps))) for unit in units]
    everything = sum(each.unit * each.most for each in buys)
    return buys, draw(st.integers(1, everything + 1))


@st.composite
def mixed_shortages(draw: st.DrawFn, lines: tuple[int, int], most_steps: int) -> tuple[list[Demand], int]:
    """Return buys, sells that one or two shares may be bought back of, and a budget as tight."""
    pay, keep = draw(st.sampled_from([(1, 1), (11, 10), (21, 19), (3, 1)]))
    demands = []
    for _ in range(draw(st.integers(*lines))):
        unit = draw(st.integers(1, 30))
        if draw(st.booleans()):
            wanted = buy(unit, draw(st.integers(unit // 2 + 1, unit * most_steps)))
            demands.append(Demand(unit, wanted.drift, wanted.most, pay, keep))
        else:
            most = draw(st.integers(1, 2))
            past = unit * most + draw(st.integers(-(unit // 2), (unit - 1) // 2))
            demands.append(Demand(unit, past, most, keep, pay, sold=most + draw(st.integers(0, 3))))
    everything = sum(each.cost * each.most for each in demands)
    return demands, draw(st.integers(1, everything + 1))


@settings(derandomize=True, deadline=None, max_examples=400)
@given(mixed_shortages((1, 6), 8))
def test_buys_and_shares_to_buy_back_share_a_budget_best(case: tuple[list[Demand], int]) -> None:
    demands, budget = case
    if sum(each.cost * each.most for each in demands) > budget:
        assert ration(demands, budget) == best_share(demands, budget)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(mixed_shortages((7, 9), 5))
def test_seven_to_nine_buys_and_shares_to_buy_back_share_a_budget_best(
    case: tuple[list[Demand], int],
) -> None:
    demands, budget = case
    if sum(each.cost * each.most for each in demands) > budget:
        assert ration(demands, budget) == best_share(demands, budget)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(shortages((1, 6), 12))
def test_up_to_six_lines_share_a_budget_best(case: tuple[list[Demand], int]) -> None:
    buys, budget = case
    assert ration(buys, budget) == best_share(buys, budget)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(shortages((7, 10), 10))
def test_seven_to_ten_lines_share_a_budget_best(case: tuple[list[Demand], int]) -> None:
    buys, budget = case
    assert ration(buys, budget) == best_share(buys, budget)


DEARER_THAN_THE_BUDGET = ((9096, 9096), (8898, 8898), (7982, 7982), (9443, 9443))


@pytest.mark.parametrize(
    ("buys", "budget"),
    [
        (lines((1, 6042), (26, 2073), (13526, 9873)), 13526),
        (lines((1, 6042), (26, 2073), (13526, 9873)), 13525),
        (lines((37, 3408), (5735, 4936), (2, 4514)), 7172),
        (lines((2, 14385), (16508, 12944), (15, 24170)), 25019),
    ],
)
def test_few_lines_share_a_budget_best_beside_a_very_dear_share(buys: list[Demand], budget: int) -> None:
    assert ration(buys, budget) == best_by_trying(buys, budget)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("buys", "budget"),
    [
        (lines((13, 1911), (6, 1409), (1, 1309), (1, 1498), (590, 758)), 1953),
        (lines((25, 1878), (30, 1118), (1, 437), (2, 550), (871, 1796), (2, 1231)), 4145),
    ],
)
def test_five_and_six_lines_share_a_budget_best_beside_a_very_dear_share(
    buys: list[Demand], budget: int
) -> None:
    assert ration(buys, budget) == best_share(buys, budget)


def test_lines_dearer_than_the_budget_do_not_keep_the_others_from_the_best_share() -> None:
    few = ((37, 3408), (5735, 4936), (2, 4514))
    found = ration(lines(*few, *DEARER_THAN_THE_BUDGET), 7172)
    assert found == (*best_by_trying(lines(*few), 7172), 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("most_splits", "steps"),
    [(0, (339, 16412, 1)), (1, (346, 16250, 1)), (2, (0, 7127, 2)), (3, (0, 7127, 2))],
)
def test_so_many_steps_of_the_dearest_share_are_tried_as_there_are_splits_left(
    most_splits: int, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search found one dear share; the first split is the best beside one, the second beside two."""
    monkeypatch.setattr(rationing, "_MOST_SPLITS", most_splits)
    buys = lines((26, 9159), (1, 16412), (18119, 32254))
    beside_one = best_by_trying(buys[:2], 43365 - 18119)
    assert ration(buys, 43365) == steps
    assert (*beside_one, 1) == (346, 16250, 1)
    assert best_by_trying(buys, 43365) == (0, 7127, 2)


def test_few_lines_are_not_split_within_one_part_in_a_billion_of_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Targets a billion away make the objective so large that one dear share instead of the budget is nothing."""
    far = 10**9
    buys = lines((1, 6042 + far), (26, 2073 + far), (13526, 9873 + far))
    found, best = ration(buys, 13526), (0, 0, 1)
    assert found == (13526, 0, 0)
    squares = [
        sum((each.drift - each.unit * count) ** 2 for each, count in zip(buys, steps, strict=True))
        for steps in (found, best)
    ]
    assert 0 < (squares[0] - squares[1]) * 10**9 < squares[0]
    monkeypatch.setattr(rationing, "_NOT_WORTH_SPLITTING", 10**30)
    assert ration(buys, 13526) == best_by_trying(buys, 13526) == best


def test_few_lines_are_searched_to_the_best_however_near_their_bound() -> None:
    buys = lines((50, 100000064), (12, 100000583), (15, 100000579))
    assert ration(buys, 1668) == best_share(buys, 1668) == (3, 64, 50)


def test_many_lines_are_not_searched_further_within_one_part_in_ten_millions_of_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far = 10**6
    buys = lines(
        *((163, 2178 + far), (246, 734 + far), (141, 2568 + far), (150, 2045 + far), (241, 1386 + far)),
        *((207, 737 + far), (76, 365 + far), (58, 2014 + far), (194, 1115 + far)),
    )
    assert ration(buys, 16882) == (16, 4, 20, 16, 8, 6, 12, 42, 8)
    monkeypatch.setattr(rationing, "_CLOSE_ENOUGH", 10**30)
    assert ration(buys, 16882) == (16, 5, 20, 16, 8, 6, 8, 43, 8)


UNEVEN_LINES = lines(
    (123, 9336),
    (79, 68941),
    (14750, 39742),
    (69139, 126886),
    (100, 786),
    (695, 9627),
    (776, 24241),
    (38737, 103997),
    (110, 82747),
)
MANY_LINES = lines(
    (3923, 28487),
    (9403, 5013681),
    (1398, 944262),
    (2949, 2231090),
    (3805, 8920363),
    (7681, 653920),
    (8832, 5957968),
    (6489, 809291),
    (4664, 8823204),
    (5634, 61415),
    (7471, 98282),
    (8657, 903715),
)


@pytest.mark.parametrize(
    ("buys", "budget", "steps"),
    [
        (UNEVEN_LINES, 78404, (0, 3, 0, 1, 0, 0, 0, 0, 82)),
        (MANY_LINES, 20944012, (0, 320, 0, 79, 1819, 0, 448, 0, 1463, 0, 0, 0)),
    ],
)
def test_what_a_search_of_many_lines_gives_where_it_ends_belongs_to_the_sizing_version(
    buys: list[Demand], budget: int, steps: Steps
) -> None:
    """The same plan has the same orders on every machine: a change here is a change of the version."""
    assert SIZING_VERSION == "2"
    assert ration(buys, budget) == steps
    assert sum(each.unit * count for each, count in zip(buys, steps, strict=True)) <= budget


def test_the_counts_that_end_a_search_belong_to_the_sizing_version() -> None:
    """With other counts the same plan may have other orders, so whoever changes one changes the version too."""
    assert SIZING_VERSION == "2"
    assert (rationing._MOST_SETS, rationing._MOST_SETS_BEFORE_SPLIT, rationing._MOST_SPLITS) == (
        800,
        2000,
        100,
    )
    assert (rationing._SPLIT_LINES, rationing._FIRST_CHANGES) == (6, 6)
    assert (rationing._NOT_WORTH_SPLITTING, rationing._CLOSE_ENOUGH) == (1_000_000_000, 10_000_000)
    assert (search._ORDER_BITS, search._MOST_TRIED, solve._MOST_SELL_CHOICES) == (16, 8, 243)
    assert (level._WALK, fixed_point._MOST_LOOKS) == (16, 6)
