from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.render.html.bars import WIDTH, Scale, axis, bar, scale_about, scale_over, upright
from tests.builders import decimals


def numbers(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


@pytest.mark.parametrize(
    ("values", "low", "high", "ticks"),
    [
        (("32.34", "26.9"), "0", "32.5", ("0", "10", "20", "30")),
        (("100",), "0", "100", ("0", "50", "100")),
        (("79.55", "-25"), "-25", "87.5", ("0", "50")),
        (("154",), "0", "162.5", ("0", "50", "100", "150")),
        (("0.03",), "0", "0.03", ("0", "0.01", "0.02", "0.03")),
        (("-40",), "-40", "5", ("-40", "-20", "0")),
        ((), "0", "0.01", ("0", "0.005", "0.01")),
    ],
)
def test_an_axis_has_few_round_ticks_and_ends_near_the_values(
    values: tuple[str, ...], low: str, high: str, ticks: tuple[str, ...]
) -> None:
    assert scale_over(numbers(*values)) == Scale(Decimal(low), Decimal(high), numbers(*ticks))


@pytest.mark.parametrize(("values", "end"), [(("6.76", "-3"), "8"), (("-0.5",), "0.5"), (("81",), "100")])
def test_an_axis_about_zero_is_as_long_on_both_sides(values: tuple[str, ...], end: str) -> None:
    assert scale_about(numbers(*values)) == Scale(-Decimal(end), Decimal(end), numbers(f"-{end}", "0", end))


@pytest.mark.parametrize("scale_of", [scale_over, scale_about])
@settings(derandomize=True)
@given(values=st.lists(decimals("-500", "500", 6), max_size=9))
def test_every_value_and_zero_lie_on_the_axis(
    scale_of: Callable[[list[Decimal]], Scale], values: list[Decimal]
) -> None:
    scale = scale_of(values)
    assert all(scale.low <= value <= scale.high for value in (*values, Decimal(0)))
    assert Decimal(0) in scale.ticks
    assert 2 <= len(scale.ticks) <= 7


def test_places_are_in_proportion() -> None:
    scale = scale_over(numbers("-25", "75"))
    assert (scale.low, scale.high) == (Decimal(-25), Decimal(75))
    assert [scale.at(value) for value in numbers("-25", "0", "25.04", "75")] == [0, 250, 500, WIDTH]


def test_what_is_beyond_the_axis_is_drawn_at_its_end() -> None:
    assert [scale_about(numbers("1")).at(value) for value in numbers("-9", "9")] == [0, WIDTH]


def test_a_bar_runs_between_its_values_either_way() -> None:
    scale = scale_over(numbers("100"))
    assert bar(scale, Decimal(20), Decimal(50), 6, 10) == "M200 6h300v10h-300z"
    assert bar(scale, Decimal(50), Decimal(20), 6, 10) == "M200 6h300v10h-300z"


def test_a_bar_without_width_is_nothing() -> None:
    assert bar(scale_over(numbers("100")), Decimal(20), Decimal("20.01"), 6, 10) == ""


def test_a_mark_is_a_vertical_line() -> None:
    assert upright(scale_over(numbers("100")), Decimal("33.3"), 3, 16) == "M333 3v16"


def test_labels_are_plain_numbers_at_their_places() -> None:
    assert [(tick.place, tick.label) for tick in axis(scale_over(numbers("-25", "75")))] == [
        ("25%", "0"),
        ("75%", "50"),
    ]
    assert [tick.label for tick in axis(scale_about(numbers("3")), "+")] == ["-3", "0", "+3"]
