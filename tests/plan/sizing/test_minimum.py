from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing.candidates import Candidates, find_candidates
from rebalplan.plan.sizing.minimum import solve_above_minimum
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine
from rebalplan.plan.sizing.solve import Solution, solve


def drop_one_by_one(account: ScaledAccount, candidates: Candidates) -> tuple[Candidates, Solution]:
    """Solve, drop the smallest order below the minimum, the first by symbol among equals, and solve again."""
    while True:
        solution = solve(account, candidates)
        small = [
            (steps * order.unit, order.position)
            for order, steps in zip(candidates.all(), solution.sells + solution.buys, strict=True)
            if steps and steps * order.unit < account.min_order and not order.closing
        ]
        if not small:
            return candidates, solution
        candidates = candidates.without([min(small)[1]])


@st.composite
def lines(draw: st.DrawFn) -> ScaledLine:
    unit = draw(st.integers(1, 30))
    held_steps = draw(st.integers(0, 8))
    drift = draw(st.integers(-unit * held_steps - unit // 2, unit * 8))
    closing = drift < 0 and draw(st.integers(0, 3)) == 0
    return ScaledLine(unit, drift, unit * held_steps, held_steps, closing)


@st.composite
def accounts(draw: st.DrawFn) -> ScaledAccount:
    return ScaledAccount(
        spare_cash=draw(st.integers(-100, 400)),
        spare_exposure=draw(st.sampled_from([10**6, 10**6, 150, 40])),
        min_order=draw(st.integers(0, 120)),
        keep=99,
        pay=101,
        base=100,
    )


@settings(derandomize=True, deadline=None, max_examples=500)
@given(accounts(), st.lists(lines(), min_size=1, max_size=7))
def test_small_orders_are_dropped_as_if_one_by_one(
    account: ScaledAccount, given_lines: list[ScaledLine]
) -> None:
    candidates = find_candidates(given_lines, "both")
    assert solve_above_minimum(account, candidates) == drop_one_by_one(account, candidates)


def buys(*drifts: int) -> Candidates:
    return find_candidates([ScaledLine(10, drift, 0, 0, closing=False) for drift in drifts], "both")


def with_cash(cash: int, min_order: int) -> ScaledAccount:
    return ScaledAccount(spare_cash=cash, spare_exposure=10**6, min_order=min_order, keep=1, pay=1, base=1)


def test_of_orders_of_one_value_the_first_line_s_is_dropped_and_the_rest_gets_its_money() -> None:
    """100 is free: 50 each are below 60, so the second line gets all of it."""
    kept, solution = solve_above_minimum(with_cash(100, 60), buys(100, 100))
    assert ([each.position for each in kept.buys], solution.buys) == ([1], (10,))


def test_an_order_of_exactly_the_minimum_is_kept() -> None:
    kept, solution = solve_above_minimum(with_cash(100, 50), buys(100, 100))
    assert ([each.position for each in kept.buys], solution.buys) == ([0, 1], (5, 5))


def test_when_everything_can_be_paid_all_small_orders_are_dropped() -> None:
    kept, solution = solve_above_minimum(with_cash(1000, 50), buys(40, 50, 20))
    assert ([each.position for each in kept.buys], solution.buys) == ([1], (5,))
