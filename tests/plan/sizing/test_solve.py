"""Order sets worked out by hand: sells that go further, minimum orders beside them, a budget spent in fractions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.plan.sizing import Sizing, SizingLine, size_orders

from .test_reasons import line, problem


def sized(*lines: SizingLine, **changed: Any) -> Sizing:
    fields = {"cash_usd": Decimal(0), "cost_bps": Decimal(0)} | {
        key: Decimal(value) if isinstance(value, str) else value for key, value in changed.items()
    }
    return size_orders(problem(*lines, **fields))


def trades(found: Sizing) -> list[str]:
    return [str(each.trade) for each in found.lines]


def test_a_budget_in_fractions_is_spent_to_the_last_cent_that_brings_the_targets_nearer() -> None:
    """152.18 USD are free: 55.97 and 96.21 leave 23.78 and 23.79 to two targets; the third is nearer than both."""
    lines = (
        line("A", "9", "7.25", "145"),
        line("B", "9", "10", "210"),
        line("C", "1", "7.25", "18.125"),
    )
    found = sized(
        *lines,
        cash_usd="162.18",
        cash_floor_usd="10",
        net_liquidation_usd="325.68",
        max_leverage="1",
        allow_fractional=True,
    )
    assert trades(found) == ["7.72", "9.621", "0"]


def tied(symbol: str, price: str = "10") -> SizingLine:
    """A holding of four shares that is as near to its target with three as with two."""
    return line(symbol, "4", price, str(Decimal(price) * Decimal("2.5")))


def test_of_six_ties_only_as_many_go_further_as_the_buy_needs_and_no_other_sell_does() -> None:
    """One share of each tie brings 60 USD and the two of S 2: five shares of Z need four ties more."""
    found = sized(
        *(tied(f"A{index}") for index in range(6)), line("S", "4", "1", "2"), line("Z", "0", "20", "100")
    )
    assert trades(found) == ["-2", "-2", "-2", "-2", "-1", "-1", "-2", "5"]
    assert not found.floor_unmet


def test_sells_that_tie_go_further_before_those_that_would_pass_their_targets() -> None:
    """60 USD and six times 2 are 72: five shares of Z need three ties more, which add nothing to the squares."""
    whole = [line(f"S{index}", "4", "1", "2") for index in range(6)]
    found = sized(*(tied(f"A{index}") for index in range(6)), *whole, line("Z", "0", "20", "100"))
    assert trades(found) == ["-2"] * 3 + ["-1"] * 3 + ["-2"] * 6 + ["5"]


def test_of_two_ties_one_goes_further_when_one_is_enough_the_first_by_symbol() -> None:
    found = sized(tied("A"), tied("B"), line("Z", "0", "10", "30"))
    assert trades(found) == ["-2", "-1", "3"]


def test_of_five_ties_those_go_further_that_bring_just_what_is_missing() -> None:
    """Nearest shares bring 10, 20, 30, 40 and 50; 200 are wanted, so 50 more: 50 alone or 10 + 40, 20 + 30."""
    ties = [tied(f"A{price}", str(price)) for price in (10, 20, 30, 40, 50)]
    found = sized(*ties, line("Z", "0", "100", "200"))
    assert trades(found) == ["-2", "-1", "-1", "-2", "-1", "2"]


def test_of_ties_that_free_the_same_money_the_fewer_orders_count() -> None:
    """A and B would free 10 each, C 20 in one order."""
    ties = (line("A", "1", "10", "5"), line("B", "1", "10", "5"), line("C", "1", "20", "10"))
    assert trades(sized(*ties, line("Z", "0", "20", "20"))) == ["0", "0", "-1", "1"]


def test_of_six_ties_the_cheapest_go_further_first() -> None:
    """Nearest shares bring 75 USD, five shares of Z take 90: 5, 5 and 5 more are enough."""
    prices = ("20", "5", "20", "5", "20", "5")
    found = sized(
        *(tied(f"A{index}", price) for index, price in enumerate(prices)), line("Z", "0", "18", "90")
    )
    assert trades(found) == ["-1", "-2", "-1", "-2", "-1", "-2", "5"]


def test_a_sell_passes_its_target_where_the_buy_gains_more() -> None:
    """Z has 90 of 100 USD; the third share of A takes 225 - 25 onto the squares, the fifth of Z 20^2 - 0 off."""
    found = sized(tied("A"), line("Z", "0", "20", "100"), cash_usd="70")
    assert trades(found) == ["-3", "5"]


def test_a_sell_does_not_pass_its_target_where_the_buy_gains_less() -> None:
    """The fifth share of Z would take 14^2 - 6^2 = 160 off and the third of A 200 on."""
    found = sized(tied("A"), line("Z", "0", "20", "94"), cash_usd="70")
    assert trades(found) == ["-1", "4"]


def test_no_tie_goes_further_when_the_nearest_shares_pay_for_everything() -> None:
    found = sized(*(tied(f"A{index}") for index in range(6)), line("Z", "0", "20", "60"))
    assert trades(found) == ["-1"] * 6 + ["3"]


def test_all_of_six_sells_go_as_far_as_they_may_when_cash_stays_under_its_floor() -> None:
    """Two shares of each reach the target, a third is the last: 180 USD."""
    found = sized(*(tied(f"A{index}") for index in range(6)), line("Z", "0", "20", "60"), cash_usd="-181")
    assert trades(found) == ["-3"] * 6 + ["0"]
    assert found.floor_unmet


def test_all_of_six_sells_bring_cash_exactly_to_its_floor() -> None:
    found = sized(*(tied(f"A{index}") for index in range(6)), line("Z", "0", "20", "60"), cash_usd="-180")
    assert trades(found) == ["-3"] * 6 + ["0"]
    assert not found.floor_unmet


def test_ties_bring_cash_to_its_floor_before_any_sell_passes_its_target() -> None:
    """Two shares of each bring 120, and 121 need one more, the first by symbol."""
    ties = [tied(f"A{index}") for index in range(6)]
    assert trades(sized(*ties, cash_usd="-120")) == ["-2"] * 6
    assert trades(sized(*ties, cash_usd="-121")) == ["-3"] + ["-2"] * 5


def test_sells_of_a_tie_and_past_a_target_pay_together_for_buys_over_the_minimum_order() -> None:
    """T sells 100 or 200, U 50 or 100: with 300 USD both buys end 100 short, with 250 and U at its target 125 each."""
    lines = (
        line("B", "0", "10", "300"),
        line("C", "0", "10", "200"),
        line("T", "4", "100", "250"),
        line("U", "3", "50", "100"),
    )
    assert trades(sized(*lines, min_order_usd="50")) == ["20", "10", "-2", "-2"]


def test_a_tie_that_sells_nothing_at_first_may_still_pay_when_a_small_sell_is_dropped() -> None:
    """60 USD and the 40 of S would pay for B; S is below 50, and T gives its share for 100 at no loss."""
    lines = (line("B", "0", "10", "100"), line("S", "10", "10", "60"), line("T", "1", "100", "50"))
    assert trades(sized(*lines, cash_usd="60")) == ["10", "-4", "0"]
    assert trades(sized(*lines, cash_usd="60", min_order_usd="50")) == ["10", "0", "-1"]


@pytest.mark.parametrize(("cash", "trade"), [("0", "-2"), ("8", "-2"), ("9", "-1"), ("10", "0")])
def test_a_tie_is_sold_only_while_cash_is_under_its_floor(cash: str, trade: str) -> None:
    found = sized(line("A", "15", "1", "14.5"), cash_usd=cash, cash_floor_usd="10")
    assert trades(found) == [trade]
    assert found.lines[0].reason == (None if trade != "0" else "rounds_to_zero")
    assert found.floor_unmet is (cash == "0")


def test_cash_is_the_reason_where_cash_and_leverage_leave_the_same() -> None:
    found = sized(line("A", "0", "10", "52"), cash_usd="20", net_liquidation_usd="20", max_leverage="1")
    assert (trades(found), found.lines[0].reason) == (["2"], "cash_short")


@pytest.mark.parametrize(
    ("cash", "floor", "cap"),
    [("0", False, False), ("-0.01", True, False), ("-0.0000000001", True, False), ("0.01", False, False)],
)
def test_cash_at_its_floor_is_not_under_it(cash: str, floor: bool, cap: bool) -> None:
    found = sized(line("A", "1", "10", "10", asked=False), cash_usd=cash)
    assert (found.floor_unmet, found.cap_unmet) == (floor, cap)


@pytest.mark.parametrize(("held", "unmet"), [("140", False), ("140.01", True), ("140.0000000001", True)])
def test_exposure_at_its_cap_is_not_over_it(held: str, unmet: bool) -> None:
    found = sized(
        line("A", "1", "10", "10", asked=False), held_usd=held, net_liquidation_usd="100", cash_usd="9"
    )
    assert (found.floor_unmet, found.cap_unmet) == (False, unmet)
