"""Each reason has a plain case, and the first that applies is given."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.plan.sizing import SizedLine, SizingLine, SizingProblem, size_orders


WIDE = Decimal(10**9)
"""A band that no drift leaves."""


def line(symbol: str, held: str, price: str, target: str, *, asked: bool = True) -> SizingLine:
    """Return a line without a band, or one whose band is so wide that its drift does not ask for a trade."""
    band = Decimal(0) if asked else WIDE
    return SizingLine(symbol, Decimal(held), Decimal(price), Decimal(target), band)


def problem(*lines: SizingLine, **changed: Any) -> SizingProblem:
    fields: dict[str, Any] = {
        "cash_usd": Decimal(100_000),
        "cash_floor_usd": Decimal(0),
        "cash_target_usd": Decimal(0),
        "cash_band_usd": WIDE,
        "cash_slack_usd": WIDE,
        "total_band_usd": None,
        "held_usd": Decimal(0),
        "net_liquidation_usd": Decimal(100_000),
        "max_leverage": Decimal("1.5"),
        "cost_bps": Decimal(20),
        "min_order_usd": Decimal(0),
        "allow_fractional": False,
        "direction": "both",
    }
    """Return an account whose cash has no band: only its floor counts."""
    return SizingProblem(lines=lines, **(fields | changed))


def only(asked: SizingProblem) -> SizedLine:
    (sized,) = size_orders(asked).lines
    return sized


def test_a_line_that_is_not_selected_is_within_its_band_and_says_what_its_drift_asks() -> None:
    asked = problem(line("A", "0", "10", "52", selected=False))
    assert only(asked) == SizedLine("A", Decimal(0), Decimal(5), "within_band")


def test_a_full_trade_has_no_reason() -> None:
    assert only(problem(line("A", "0", "10", "52"))) == SizedLine("A", Decimal(5), Decimal(5), None)


def test_less_than_half_a_share_rounds_to_zero() -> None:
    assert only(problem(line("A", "0", "10", "4.99"))).reason == "rounds_to_zero"


def test_a_tie_is_not_traded_when_cash_does_not_need_it() -> None:
    assert only(problem(line("A", "0", "10", "5"))).reason == "rounds_to_zero"
    assert only(problem(line("A", "1", "10", "5"))).reason == "rounds_to_zero"


def test_an_order_below_the_minimum_is_not_sent() -> None:
    asked = problem(line("A", "0", "10", "52"), min_order_usd=Decimal("50.01"))
    assert only(asked) == SizedLine("A", Decimal(0), Decimal(5), "below_min_order")


def test_an_order_of_exactly_the_minimum_is_sent() -> None:
    assert only(problem(line("A", "0", "10", "52"), min_order_usd=Decimal(50))).trade == 5


def test_cash_cuts_a_buy() -> None:
    asked = problem(line("A", "0", "10", "52"), cash_usd=Decimal(41))
    assert only(asked) == SizedLine("A", Decimal(4), Decimal(5), "cash_short")


def test_costs_are_set_aside() -> None:
    assert only(problem(line("A", "0", "10", "52"), cash_usd=Decimal("50.09"))).trade == 4
    assert only(problem(line("A", "0", "10", "52"), cash_usd=Decimal("50.10"))).trade == 5


def test_leverage_cuts_a_buy() -> None:
    asked = problem(line("A", "0", "10", "52"), held_usd=Decimal(149_970))
    assert only(asked) == SizedLine("A", Decimal(3), Decimal(5), "leverage_cap")


@pytest.mark.parametrize(("direction", "held", "target"), [("sell_only", "0", "50"), ("buy_only", "5", "0")])
def test_a_forbidden_side_is_named_also_for_a_target_of_0(direction: str, held: str, target: str) -> None:
    sized = only(problem(line("A", held, "10", target), direction=direction))
    assert sized.trade == 0
    assert sized.reason == "direction"
    assert abs(sized.wanted) == 5


def test_the_fraction_beside_whole_shares_stays() -> None:
    asked = problem(line("A", "2.5", "10", "0"))
    assert only(asked) == SizedLine("A", Decimal(-2), Decimal("-2.5"), "fractional_residue")


def test_less_than_a_share_to_close_stays() -> None:
    asked = problem(line("A", "0.25", "10", "0"))
    assert only(asked) == SizedLine("A", Decimal(0), Decimal("-0.25"), "fractional_residue")


def test_a_fraction_is_closed_where_fractions_trade() -> None:
    asked = problem(line("A", "2.5", "10", "0"), allow_fractional=True, min_order_usd=Decimal(500))
    assert only(asked) == SizedLine("A", Decimal("-2.5"), Decimal("-2.5"), None)


def test_a_closed_line_is_asked_for_nothing() -> None:
    assert only(problem(line("A", "0", "10", "0"))) == SizedLine(
        "A", Decimal(0), Decimal(0), "rounds_to_zero"
    )


def test_a_dropped_sell_leaves_less_cash_for_buys() -> None:
    asked = problem(
        line("A", "10", "10", "60"),
        line("B", "0", "10", "100"),
        cash_usd=Decimal(60),
        cost_bps=Decimal(0),
        min_order_usd=Decimal(50),
    )
    sell, buy = size_orders(asked).lines
    assert sell == SizedLine("A", Decimal(0), Decimal(-4), "below_min_order")
    assert buy == SizedLine("B", Decimal(6), Decimal(10), "cash_short")


@pytest.mark.parametrize(
    ("field", "value"), [("quantity", "0.00001"), ("price", "1.0000001"), ("target_usd", "0.00000000001")]
)
def test_more_decimals_than_sizing_counts_in_are_refused(field: str, value: str) -> None:
    fields: dict[str, Any] = {"quantity": Decimal(1), "price": Decimal(1), "target_usd": Decimal(1)}
    wrong = SizingLine("AAA", **(fields | {field: Decimal(value)}), selected=True)
    with pytest.raises(ValueError, match=r"AAA.*more decimals"):
        size_orders(problem(wrong))
