"""Each reason has a plain case, and the first that applies is given."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.plan.sizing import Reason, SizedLine, SizingLine, SizingProblem, size_orders

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


def sized(
    symbol: str, trade: int | str, wanted: int | str, reason: Reason | None, *, selected: bool = True
) -> SizedLine:
    return SizedLine(symbol, Decimal(trade), selected, Decimal(wanted), reason)


def only(asked: SizingProblem) -> SizedLine:
    (line_of_it,) = size_orders(asked).lines
    return line_of_it


def test_a_line_that_is_not_selected_is_within_its_band_and_says_what_its_drift_asks() -> None:
    asked = problem(line("A", "1", "10", "62", asked=False))
    assert only(asked) == sized("A", 0, 5, "within_band", selected=False)


def test_a_full_trade_has_no_reason() -> None:
    assert only(problem(line("A", "0", "10", "52"))) == sized("A", 5, 5, None)


def test_less_than_half_a_share_rounds_to_zero() -> None:
    assert only(problem(line("A", "0", "10", "4.99"))).reason == "rounds_to_zero"


def test_a_tie_is_not_traded_when_cash_does_not_need_it() -> None:
    assert only(problem(line("A", "0", "10", "5"))).reason == "rounds_to_zero"
    assert only(problem(line("A", "1", "10", "5"))).reason == "rounds_to_zero"


def test_an_order_below_the_minimum_is_not_sent() -> None:
    asked = problem(line("A", "0", "10", "52"), min_order_usd=Decimal("50.01"))
    assert only(asked) == sized("A", 0, 5, "below_min_order")


def test_an_order_of_exactly_the_minimum_is_sent() -> None:
    assert only(problem(line("A", "0", "10", "52"), min_order_usd=Decimal(50))).trade == 5


def test_cash_cuts_a_buy() -> None:
    asked = problem(line("A", "0", "10", "52"), cash_usd=Decimal(41))
    assert only(asked) == sized("A", 4, 5, "cash_short")


def test_costs_are_set_aside() -> None:
    assert only(problem(line("A", "0", "10", "52"), cash_usd=Decimal("50.09"))).trade == 4
    assert only(problem(line("A", "0", "10", "52"), cash_usd=Decimal("50.10"))).trade == 5


def test_leverage_cuts_a_buy() -> None:
    asked = problem(line("A", "0", "10", "52"), held_usd=Decimal(149_970))
    assert only(asked) == sized("A", 3, 5, "leverage_cap")


@pytest.mark.parametrize(("direction", "held", "target"), [("sell_only", "0", "50"), ("buy_only", "5", "0")])
def test_a_forbidden_side_is_named_also_for_a_target_of_0(direction: str, held: str, target: str) -> None:
    found = only(problem(line("A", held, "10", target), direction=direction))
    assert found.trade == 0
    assert found.reason == "direction"
    assert abs(found.wanted) == 5


def test_the_fraction_beside_whole_shares_stays() -> None:
    asked = problem(line("A", "2.5", "10", "0"))
    assert only(asked) == sized("A", -2, "-2.5", "fractional_residue")


def test_less_than_a_share_to_close_stays() -> None:
    asked = problem(line("A", "0.25", "10", "0"))
    assert only(asked) == sized("A", 0, "-0.25", "fractional_residue")


def test_a_fraction_is_closed_where_fractions_trade() -> None:
    asked = problem(line("A", "2.5", "10", "0"), allow_fractional=True, min_order_usd=Decimal(500))
    assert only(asked) == sized("A", "-2.5", "-2.5", None)


def test_a_closed_line_is_asked_for_nothing() -> None:
    """It has no drift, so the trigger does not ask for it either."""
    assert only(problem(line("A", "0", "10", "0"))) == sized("A", 0, 0, "within_band", selected=False)


def test_a_dropped_sell_leaves_less_cash_for_buys() -> None:
    asked = problem(
        line("A", "10", "10", "60"),
        line("B", "0", "10", "100"),
        cash_usd=Decimal(60),
        cost_bps=Decimal(0),
        min_order_usd=Decimal(50),
    )
    sell, buy = size_orders(asked).lines
    assert sell == sized("A", 0, -4, "below_min_order")
    assert buy == sized("B", 6, 10, "cash_short")


@pytest.mark.parametrize(
    ("field", "value"), [("quantity", "0.00001"), ("price", "1.0000001"), ("target_usd", "0.00000000001")]
)
def test_more_decimals_than_sizing_counts_in_are_refused(field: str, value: str) -> None:
    names = ("quantity", "price", "target_usd", "band_usd")
    fields: dict[str, Any] = dict.fromkeys(names, Decimal(1))
    wrong = SizingLine("AAA", **(fields | {field: Decimal(value)}))
    with pytest.raises(ValueError, match=r"AAA.*more decimals"):
        size_orders(problem(wrong))


def test_a_band_of_more_decimals_than_sizing_counts_in_is_rounded_down() -> None:
    """A drift of exactly 2 is not over a band of 2 and a breath, and over one a breath under 2."""
    assert only(problem(in_band("2.00000000001"))).selected is False
    assert only(problem(in_band("1.99999999999"))).selected is True


def in_band(band: str) -> SizingLine:
    return SizingLine("A", Decimal(1), Decimal(10), Decimal(12), Decimal(band))


def test_a_sell_for_money_within_its_band_is_selected_for_nothing_but_traded() -> None:
    """B wants 100 USD, of which cash has 60; A gives the 40 of the 100 that it is over its target."""
    over, under = size_orders(
        problem(
            line("A", "20", "10", "100", asked=False),
            line("B", "5", "10", "150"),
            cash_usd=Decimal(60),
            cost_bps=Decimal(0),
        )
    ).lines
    assert over == sized("A", -4, -10, "within_band")
    assert under == sized("B", 10, 10, None)


def test_with_sell_only_a_sell_goes_no_further_than_the_floor_needs() -> None:
    asked = problem(
        line("A", "20", "10", "100"), cash_usd=Decimal(-25), cost_bps=Decimal(0), direction="sell_only"
    )
    assert only(asked) == sized("A", -3, -10, "direction", selected=True)


@pytest.mark.parametrize("cost_bps", [0, 20, 500])
@pytest.mark.parametrize(("cash", "unmet"), [("-9.99", False), ("-10", True)])
def test_a_floor_missed_by_less_than_the_minimum_order_is_not_unmet(
    cash: str, unmet: bool, cost_bps: int
) -> None:
    """What is missing is cash, and not what that cash would buy after costs."""
    asked = problem(
        line("A", "1", "100", "100"),
        cash_usd=Decimal(cash),
        min_order_usd=Decimal(10),
        cost_bps=Decimal(cost_bps),
    )
    assert size_orders(asked).floor_unmet is unmet


def test_one_share_past_its_target_is_no_less_than_wanted() -> None:
    """A wants to sell 2.4 shares, B to buy 3 of which two are paid for by 2 of A: a third of A pays for it."""
    over, under = size_orders(
        problem(
            line("A", "10", "10", "76"), line("B", "0", "10", "30"), cash_usd=Decimal(0), cost_bps=Decimal(0)
        )
    ).lines
    assert over == sized("A", -3, -2, None)
    assert under == sized("B", 3, 3, None)
