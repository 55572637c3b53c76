"""The fill of a budget by gain per dollar, found by walking and by halving."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sizing.level import Demand, _bisect, fill

UNITS = st.integers(2, 10**9)


@st.composite
def shortages(draw: st.DrawFn) -> tuple[list[Demand], int]:
    """Return demands and a positive budget that is less than all of them take."""
    demands = []
    for _ in range(draw(st.integers(1, 6))):
        unit = draw(UNITS)
        most = draw(st.integers(1, 40))
        demands.append(Demand(unit, unit * most + draw(st.integers(0, unit // 2)), most))
    everything = sum(each.unit * each.most for each in demands)
    return demands, draw(st.integers(1, everything - 1))


@settings(derandomize=True, deadline=None, max_examples=400)
@given(shortages())
def test_walking_and_halving_find_the_same_price_and_spend(case: tuple[list[Demand], int]) -> None:
    demands, budget = case
    walked, halved = fill(demands, budget), _bisect(demands, budget)
    assert walked.price == halved.price
    for found in (walked, halved):
        spent = sum(each.unit * count for each, count in zip(demands, found.steps, strict=True))
        assert found.left == budget - spent >= 0
        for each, count in zip(demands, found.steps, strict=True):
            assert 0 <= count <= each.most
            assert count == 0 or each.gain(count) >= found.price
            assert count == each.most or each.gain(count + 1) <= found.price


def test_units_ten_orders_of_magnitude_apart_are_not_walked_one_by_one() -> None:
    dear, cheap = Demand(10**12, 3 * 10**13, 30), Demand(1, 10**14, 10**14)
    found = fill([dear, cheap], 5 * 10**13)
    assert found.left == 5 * 10**13 - found.steps[0] * 10**12 - found.steps[1]
    assert found.left >= 0
