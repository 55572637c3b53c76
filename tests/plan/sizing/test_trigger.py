"""Which lines are asked to trade, in small integers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine
from rebalplan.plan.sizing.trigger import State, asked_lines, investing_lines, state_after, state_before

from .integers import account, line


def asked(found: ScaledAccount, *lines: ScaledLine) -> set[int]:
    return asked_lines(found, lines, state_before(found, lines))


def investing(found: ScaledAccount, *lines: ScaledLine) -> set[int]:
    return investing_lines(found, state_before(found, lines))


@pytest.mark.parametrize(
    ("drift", "is_asked"), [(20, False), (21, True), (-20, False), (-21, True), (0, False)]
)
def test_a_drift_over_its_band_asks_and_one_of_just_its_band_does_not(drift: int, is_asked: bool) -> None:
    assert asked(account(), line(drift, band=20)) == ({0} if is_asked else set())


def test_each_line_has_a_band_of_its_own() -> None:
    assert asked(account(), line(25, band=20), line(25, band=30), line(-25, band=24)) == {0, 2}


def test_a_holding_with_target_0_and_a_target_with_no_holding_are_asked_in_either_mode() -> None:
    lines = (
        line(-20, held_steps=2, band=99, closing=True),
        line(20, held_steps=0, band=99),
        line(5, band=99),
    )
    assert asked(account(), *lines) == {0, 1}
    assert asked(account(total_band=1_000), *lines) == {0, 1}


def test_what_is_neither_held_nor_wanted_is_not_asked() -> None:
    assert asked(account(), line(0, held_steps=0, closing=True)) == set()


@pytest.mark.parametrize(
    ("band", "positions"),
    [(150, set()), (149, {2}), (90, {2}), (89, {2, 0}), (50, {2, 0}), (49, {2, 0, 1}), (0, {2, 0, 1, 3})],
)
def test_total_drift_asks_the_largest_until_the_rest_is_within_the_band(
    band: int, positions: set[int]
) -> None:
    """Drifts of 60, 40, 40 and 10 are 150; of the two of 40 the first by symbol is asked first."""
    lines = (line(-40, band=0), line(40, band=0), line(60, band=999), line(-10, band=0))
    assert asked(account(total_band=band), *lines) == positions


@given(st.lists(st.integers(-80, 80), max_size=8), st.integers(0, 300))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_total_drift_leaves_a_rest_within_the_band_and_asks_no_line_too_many(
    drifts: list[int], band: int
) -> None:
    lines = [line(drift) for drift in drifts]
    found = asked(account(total_band=band), *lines)
    rest = [abs(drift) for position, drift in enumerate(drifts) if position not in found]
    assert sum(rest) <= band
    least = min((abs(drifts[position]) for position in found), default=0)
    assert all(drift <= least for drift in rest) or not found
    assert not found or sum(rest) + least > band


@pytest.mark.parametrize(("cash_drift", "positions"), [(30, set()), (31, {0, 3}), (-31, set())])
def test_cash_over_its_band_asks_every_underweight(cash_drift: int, positions: set[int]) -> None:
    lines = (line(5, band=99), line(-5, band=99), line(0, band=99), line(1, band=99))
    assert investing(account(cash_drift=cash_drift, cash_band=30), *lines) == positions


def test_orders_move_drifts_and_cash_by_their_value() -> None:
    lines = (line(25), line(-25, unit=7), line(4))
    found = account(cash_drift=12)
    assert state_before(found, lines) == State((25, -25, 4), 12)
    assert state_after(found, lines, {0: 2, 1: -3}) == State((5, -4, 4), 12 - 20 + 21)


def test_what_the_orders_leave_is_asked_by_the_drifts_it_has() -> None:
    lines = (line(25, band=10), line(-25, band=10))
    found = account()
    assert asked_lines(found, lines, state_after(found, lines, {0: 2})) == {1}
    assert asked_lines(found, lines, state_after(found, lines, {0: 4, 1: -2})) == {0}
