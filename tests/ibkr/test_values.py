from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalplan.core.errors import AccountError
from rebalplan.ibkr.values import money, price_or_none, quantity

UNSET = 1.7976931348623157e308


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, UNSET, -5.25, 1e-9, 1e300])
def test_what_is_no_price_is_none(value: float) -> None:
    assert price_or_none(value) is None


@pytest.mark.parametrize(
    ("value", "price"), [(312.4, "312.4"), (0.0001, "0.0001"), (58.225, "58.225"), (604.0, "604")]
)
def test_a_price_is_what_the_gateway_wrote(value: float, price: str) -> None:
    assert str(price_or_none(value)) == price


@given(st.decimals(min_value="0.0001", max_value="99999", places=4))
def test_every_price_in_ten_thousandths_survives_the_wire(price: Decimal) -> None:
    assert price_or_none(float(str(price))) == price


@given(st.decimals(min_value=-1_000_000, max_value=1_000_000, places=4))
def test_every_quantity_in_ten_thousandths_survives_the_wire(shares: Decimal) -> None:
    assert quantity(float(str(shares)), "position in VTI") == shares


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, UNSET, -UNSET])
def test_a_quantity_that_is_no_number_fails_with_its_field(value: float) -> None:
    with pytest.raises(AccountError, match=r"^the broker's position in VTI is .*, not a number"):
        quantity(value, "position in VTI")


@pytest.mark.parametrize("text", ["", "NaN", "inf", "1,000.00", "1e999", "--", "1_000", "٣", str(UNSET)])
def test_an_amount_that_is_no_number_fails_with_its_field(text: str) -> None:
    with pytest.raises(AccountError, match=r"^the broker's CashBalance is .*, not a number"):
        money(text, "CashBalance")


@pytest.mark.parametrize(
    ("text", "amount"), [("0.00", "0"), ("-12.50", "-12.5"), ("1E3", "1000"), ("0.1234567", "0.123457")]
)
def test_an_amount_is_canonical(text: str, amount: str) -> None:
    assert str(money(text, "CashBalance")) == amount
