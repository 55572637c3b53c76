"""What stands beside an account's orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rebalplan.render.warnings import account_notes
from tests.builders import account, plan

D = Decimal
HALF = {"AA": "50", "BB": "50"}


def notes(**fields: Any) -> tuple[str, ...]:
    made = plan(account(**({"weights": HALF} | fields)))
    return account_notes(made.accounts[0], made)


def test_cash_under_its_floor_by_less_than_the_minimum_is_noted() -> None:
    fields: dict[str, Any] = {"holdings": {"AA": "50", "BB": "50"}, "per_holding_band_bps": D(500)}
    floor: dict[str, Any] = {"cash_buffer_type": "abs", "cash_buffer_abs": D(100), "min_order_usd": D(500)}
    assert notes(cash="95", **fields, **floor) == (
        "cash after the orders is 5.00 USD under its floor of 100.00 USD: less than min_order_usd, so nothing is sold "
        "for it",
    )
    assert notes(cash="100", **fields, **floor) == ()


def test_cash_under_its_floor_by_the_minimum_or_more_is_unmet() -> None:
    (note,) = notes(cash="-500", holdings={"AA": "50", "BB": "50"}, direction="buy_only")
    assert note.startswith("floor_unmet: cash after the orders is -500.00 USD, below its floor of 0.00 USD")


def test_a_plan_whose_orders_would_all_be_too_small_says_so() -> None:
    small: dict[str, Any] = {"cash": "0", "holdings": {"AA": "54", "BB": "46"}, "min_order_usd": D(500)}
    assert notes(**small) == ("every order would be below min_order_usd = 500, so there is none",)
    assert notes(**(small | {"min_order_usd": D(400)})) == ()
