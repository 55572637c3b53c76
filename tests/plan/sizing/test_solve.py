"""Order sets worked out by hand where sells tie, minimum orders meet ties, or a budget is spent in fractions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rebalplan.plan.sizing import Sizing, SizingLine, size_orders
from rebalplan.plan.sizing.candidates import Candidate, Candidates
from rebalplan.plan.sizing.scaled import ScaledAccount
from rebalplan.plan.sizing.solve import buy_ranges

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


def test_sells_that_do_not_tie_never_go_further_however_many_they_are() -> None:
    """60 USD and six times 2 are 72: five shares of Z need three ties more."""
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


def test_no_tie_goes_further_when_the_nearest_shares_pay_for_everything() -> None:
    found = sized(*(tied(f"A{index}") for index in range(6)), line("Z", "0", "20", "60"))
    assert trades(found) == ["-1"] * 6 + ["3"]


def test_all_of_six_ties_go_further_when_cash_stays_under_its_floor() -> None:
    found = sized(*(tied(f"A{index}") for index in range(6)), line("Z", "0", "20", "60"), cash_usd="-121")
    assert trades(found) == ["-2"] * 6 + ["0"]
    assert found.floor_unmet


def test_all_of_six_ties_bring_cash_exactly_to_its_floor() -> None:
    found = sized(*(tied(f"A{index}") for index in range(6)), line("Z", "0", "20", "60"), cash_usd="-120")
    assert trades(found) == ["-2"] * 6 + ["0"]
    assert not found.floor_unmet


def test_ties_and_whole_sells_decide_together_what_is_below_the_minimum_order() -> None:
    """T may sell 100 or 200 and U sells 50: with 250 USD both buys are over 50 USD, with 150 one is not."""
    lines = (
        line("B", "0", "10", "300"),
        line("C", "0", "10", "200"),
        line("T", "4", "100", "250"),
        line("U", "3", "50", "100"),
    )
    assert trades(sized(*lines, min_order_usd="50")) == ["18", "7", "-2", "-1"]


def test_a_tie_that_sells_nothing_at_first_may_still_pay_when_a_small_sell_is_dropped() -> None:
    """60 USD and the 40 of S would pay for B; S is below 50, and T gives its share for 100 at no loss."""
    lines = (line("B", "0", "10", "100"), line("S", "10", "10", "60"), line("T", "1", "100", "50"))
    assert trades(sized(*lines, cash_usd="60")) == ["10", "-4", "0"]
    assert trades(sized(*lines, cash_usd="60", min_order_usd="50")) == ["10", "0", "-1"]


@pytest.mark.parametrize(("cash", "trade"), [("0", "-1"), ("9", "-1"), ("10", "0")])
def test_a_tie_is_sold_only_while_cash_is_under_its_floor(cash: str, trade: str) -> None:
    found = sized(line("A", "15", "1", "14.5"), cash_usd=cash, cash_floor_usd="10")
    assert trades(found) == [trade]
    assert found.lines[0].reason == (None if trade == "-1" else "rounds_to_zero")
    assert found.floor_unmet is (cash == "0")


def test_cash_is_the_reason_where_cash_and_leverage_leave_the_same() -> None:
    found = sized(line("A", "0", "10", "52"), cash_usd="20", net_liquidation_usd="20", max_leverage="1")
    assert (trades(found), found.lines[0].reason) == (["2"], "cash_short")


@pytest.mark.parametrize(
    ("cash", "floor", "cap"),
    [("0", False, False), ("-0.01", True, False), ("-0.0000000001", True, False), ("0.01", False, False)],
)
def test_cash_at_its_floor_is_not_under_it(cash: str, floor: bool, cap: bool) -> None:
    found = sized(line("A", "1", "10", "10", selected=False), cash_usd=cash)
    assert (found.floor_unmet, found.cap_unmet) == (floor, cap)


@pytest.mark.parametrize(("held", "unmet"), [("140", False), ("140.01", True), ("140.0000000001", True)])
def test_exposure_at_its_cap_is_not_over_it(held: str, unmet: bool) -> None:
    found = sized(
        line("A", "1", "10", "10", selected=False), held_usd=held, net_liquidation_usd="100", cash_usd="9"
    )
    assert (found.floor_unmet, found.cap_unmet) == (False, unmet)


def ranges_of(
    *buys: Candidate, budget: int, sells: tuple[Candidate, ...] = ()
) -> list[tuple[int, int]] | None:
    """Return the ranges of buys for a budget in cash, without costs; leverage leaves more."""
    account = ScaledAccount(spare_cash=budget, spare_exposure=10**6, min_order=50, keep=1, pay=1, base=1)
    return buy_ranges(account, Candidates(sells, buys))


def candidate(position: int, unit: int, steps: int, *, tie: bool = False) -> Candidate:
    return Candidate(position, unit, unit * steps, steps, tie=tie, closing=False)


@pytest.mark.parametrize("budget", [-1, 0])
def test_without_a_budget_there_are_no_ranges_of_buys(budget: int) -> None:
    assert ranges_of(candidate(0, 10, 3), budget=budget) is None


def test_the_least_budget_has_ranges() -> None:
    """One unit of value buys one of three steps, and nothing of the line that takes ten."""
    assert ranges_of(candidate(0, 1, 3), candidate(1, 10, 1), budget=1) == [(0, 1), (0, 1)]


@pytest.mark.parametrize(("budget", "is_short"), [(29, True), (30, False), (31, False)])
def test_a_budget_for_everything_has_no_ranges_of_buys(budget: int, is_short: bool) -> None:
    found = ranges_of(candidate(0, 10, 2), candidate(1, 5, 2), budget=budget)
    assert (found is not None) is is_short


def test_what_the_sells_bring_is_part_of_the_budget() -> None:
    sell = candidate(1, 10, 2)
    assert ranges_of(candidate(0, 10, 3), budget=0, sells=(sell,)) is not None
    assert ranges_of(candidate(0, 10, 2), budget=0, sells=(sell,)) is None


def test_a_tie_among_the_sells_leaves_the_ranges_open() -> None:
    sells = (candidate(1, 10, 2), candidate(2, 10, 0, tie=True))
    assert ranges_of(candidate(0, 10, 3), budget=0, sells=sells) is None
