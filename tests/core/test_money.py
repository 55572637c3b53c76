from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.core.money import (
    CENT,
    HUNDRED,
    MICRO,
    ONE,
    SHARE_STEP,
    ZERO,
    canonical,
    divide,
    exact,
    from_bps,
    from_pct,
    parse_decimal,
    percent_above,
    quantize,
    root,
    usd,
)

D = Decimal
LONG = D("123456789012.345678")
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)


def test_the_constants_are_what_their_names_say() -> None:
    assert [str(each) for each in (ZERO, ONE, HUNDRED)] == ["0", "1", "100"]
    assert [str(each) for each in (CENT, SHARE_STEP, MICRO)] == ["0.01", "0.0001", "0.000001"]


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        ("1.50", "1.5"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("0E+5", "0"),
        ("1E+3", "1000"),
        ("10", "10"),
        ("100", "100"),
        ("0.000001", "0.000001"),
        ("-2.500", "-2.5"),
    ],
)
def test_canonical_form_has_no_exponent_trailing_zero_or_negative_zero(given_text: str, text: str) -> None:
    assert str(canonical(D(given_text))) == text


@settings(derandomize=True, deadline=None)
@given(NUMBERS)
def test_canonical_form_is_the_same_number_and_its_own_canonical_form(value: Decimal) -> None:
    once = canonical(value)
    assert once == value
    assert str(canonical(once)) == str(once)
    assert "E" not in str(once)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.0000005", "0"), ("0.0000015", "0.000002"), ("-0.0000005", "0"), ("1.0000000", "1")],
)
def test_rounding_is_half_to_even_and_canonical(value: str, rounded: str) -> None:
    assert str(quantize(D(value), MICRO)) == rounded


@pytest.mark.parametrize(
    "text", ["1e-18", "1", "-1.5", "+2", "1e3", " 7 ", "0.000001", "999999999999.999999", ".5"]
)
def test_a_plain_number_is_read_exactly(text: str) -> None:
    assert parse_decimal(text) == D(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "abc", "NaN", "sNaN", "-Infinity", "inf", "1_000", "1,000", "1.2.3", "0x10", "1e", "--1"),
        *("\uff11\uff12", "1e13", "1e999", "1e-19", "-1e-999", "1234567890123456789", "1.000000000000000001"),
    ],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    assert parse_decimal(text) is None


@pytest.mark.parametrize(("text", "accepted"), [("9" * 13, True), ("9" * 14, False)])
def test_numbers_end_below_ten_to_the_thirteenth(text: str, accepted: bool) -> None:
    assert (parse_decimal(text) is not None) is accepted


def test_units_convert_without_loss() -> None:
    assert from_bps(D(50)) == D("0.005")
    assert from_pct(D("2.5")) == D("0.025")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("41200", "41,200.00"),
        ("-0.004", "0.00"),
        ("0.005", "0.00"),
        ("0.015", "0.02"),
        ("-1234.5", "-1,234.50"),
    ],
)
def test_dollars_read_as_people_write_them(value: str, shown: str) -> None:
    assert usd(D(value)) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [("1", "100", "1"), ("1.000001", "100", "1.01"), ("1", "3", "33.34")]
)
def test_what_is_over_a_limit_is_never_shown_as_the_limit(part: str, whole: str, shown: str) -> None:
    assert str(percent_above(D(part), D(whole))) == shown


def test_a_percentage_may_have_as_many_digits_as_there_are() -> None:
    assert percent_above(D(10**30), ONE) == 10**32


def test_nothing_depends_on_the_ambient_context() -> None:
    with localcontext(Context(prec=3, rounding=ROUND_CEILING)):
        assert str(canonical(LONG)) == "123456789012.345678"
        assert str(quantize(LONG, D("0.01"))) == "123456789012.35"
        assert usd(LONG) == "123,456,789,012.35"
        assert str(from_pct(LONG)) == "1234567890.12345678"
        assert str(from_bps(LONG)) == "12345678.9012345678"
        assert len(str(divide(D(1), D(3)))) == 62
        assert len(str(root(D(2)))) == 61
        with exact():
            assert str(LONG + D("0.000001")) == "123456789012.345679"


@pytest.mark.parametrize("text", ["0e20", "-0e13", "0e-30", "0." + "0" * 25])
def test_zero_is_zero_however_it_is_written(text: str) -> None:
    assert parse_decimal(text) == 0
