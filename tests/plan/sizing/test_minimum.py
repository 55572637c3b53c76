"""The minimum order: the smallest goes first, and none that the floor, the cap or the band of CASH needs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from rebalplan.plan.sizing import SizingProblem
from rebalplan.plan.sizing.minimum import settle_above_minimum
from rebalplan.plan.sizing.rounds import Terms, prepare
from rebalplan.plan.sizing.scaled import ScaledAccount, ScaledLine, scale_account, scale_line

from .integers import account, line, taken
from .reference import Trades, best_order_set, violations
from .strategies import NONE, small_problems, usd


class Ends(Struct, frozen=True):
    """By how much orders miss the floor, either end of CASH's band, and the cap, in USD."""

    floor: Fraction
    over_band: Fraction
    under_band: Fraction
    cap: Fraction

    def is_no_further_than(self, other: Ends) -> bool:
        return all(
            one <= more for one, more in zip(structs.astuple(self), structs.astuple(other), strict=True)
        )


def ends(problem: SizingProblem, trades: Trades) -> Ends:
    short, excess = violations(problem, trades)
    prices = [Fraction(line.price) for line in problem.lines]
    spent = sum((price * trade for price, trade in zip(prices, trades, strict=True)), Fraction(0))
    drift = Fraction(problem.cash_usd) - spent - Fraction(problem.cash_target_usd)
    nothing = Fraction(0)
    return Ends(
        short,
        max(nothing, drift - Fraction(problem.cash_slack_usd)),
        max(nothing, -drift - Fraction(problem.cash_band_usd)),
        excess,
    )


def with_floor_of_buys(problem: SizingProblem) -> SizingProblem:
    """Return the problem with a floor that keeps buys from taking CASH under its band, or further under."""
    if problem.cash_usd < problem.cash_floor_usd or problem.direction == "buy_only":
        return problem
    lowest = min(problem.cash_usd, problem.cash_target_usd - problem.cash_band_usd)
    return structs.replace(problem, cash_floor_usd=max(problem.cash_floor_usd, lowest))


def enumerated(problem: SizingProblem, barred: set[int]) -> Trades:
    return best_order_set(problem, set(range(len(problem.lines))) - barred)[0]


def smallest(problem: SizingProblem, trades: Trades, kept: set[int]) -> int | None:
    values = [
        (abs(trade) * Fraction(line.price), index)
        for index, (line, trade) in enumerate(zip(problem.lines, trades, strict=True))
        if trade and line.target_usd and index not in kept
    ]
    small = [each for each in values if each[0] < Fraction(problem.min_order_usd)]
    return min(small)[1] if small else None


def is_needed(problem: SizingProblem, stated: SizingProblem, trades: Trades, index: int) -> bool:
    """Tell whether a bound is missed when all sells but this one are filled and nothing is bought."""
    if trades[index] > 0:
        return False
    others = tuple(
        Fraction(0) if each == index else min(trade, Fraction(0)) for each, trade in enumerate(trades)
    )
    found = ends(stated, others)
    return bool(found.floor or found.cap or found.under_band)


def drop_one_by_one(
    stated: SizingProblem, solved: Callable[[SizingProblem, set[int]], Trades]
) -> tuple[Trades, set[int]]:
    """Drop the smallest order that may go, solve again, look at all again; then let back in what is missed together."""
    problem = with_floor_of_buys(stated)
    dropped: set[int] = set()
    kept: set[int] = set()
    is_second_time = False
    trades = solved(problem, dropped)
    while True:
        while (index := smallest(problem, trades, kept)) is not None:
            without = solved(problem, dropped | {index})
            worse = not ends(problem, without).is_no_further_than(ends(problem, trades))
            if worse or is_needed(problem, stated, trades, index):
                kept = kept | {index}
                continue
            dropped, trades = dropped | {index}, without
            kept = kept if is_second_time else set()
        found = ends(problem, trades)
        back = {
            index
            for index in dropped
            if ((found.floor or found.under_band or found.cap) and is_overweight(problem, index))
            or (found.over_band and not is_overweight(problem, index))
        }
        if is_second_time or not back:
            return trades, dropped
        is_second_time, dropped, kept = True, dropped - back, kept | back
        trades = solved(problem, dropped)


def is_overweight(problem: SizingProblem, index: int) -> bool:
    line = problem.lines[index]
    return line.quantity * line.price > line.target_usd


def settled(problem: SizingProblem) -> tuple[Trades, set[int]]:
    lines = [scale_line(line, allow_fractional=False) for line in problem.lines]
    prepared = prepare(scale_account(problem, sum(line.held for line in lines)), lines)
    found, dropped = settle_above_minimum(prepared, Terms(problem.direction))
    trades = found.trades
    return tuple(Fraction(trades.get(index, 0)) for index in range(len(lines))), set(dropped)


BANDS = st.sampled_from((Decimal(20), Decimal(60), Decimal(200), Decimal(10**6)))


@given(
    small_problems(
        bands=[NONE],
        min_order_usd=usd(0, 120),
        cash_target_usd=usd(-20, 200),
        cash_band_usd=BANDS,
        cash_slack_usd=BANDS,
        direction=st.sampled_from(("both", "both", "buy_only")),
    )
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_small_orders_are_dropped_one_by_one_as_far_as_cash_and_exposure_allow(
    problem: SizingProblem,
) -> None:
    """Every line is asked, so that orders come of nothing but the targets."""
    problem = structs.replace(
        problem,
        cash_floor_usd=min(problem.cash_floor_usd, problem.cash_target_usd),
        cash_slack_usd=max(problem.cash_slack_usd, problem.cash_band_usd),
    )
    assert settled(problem) == drop_one_by_one(problem, enumerated)


def settle(found: ScaledAccount, *lines: ScaledLine) -> tuple[list[int], set[int]]:
    """Return the signed steps of each line, and the lines that are dropped for their size."""
    settled, dropped = settle_above_minimum(prepare(found, lines), Terms("both"))
    return taken(settled.trades, range(len(lines))), set(dropped)


def buys(*drifts: int) -> list[ScaledLine]:
    return [line(drift, held_steps=1) for drift in drifts]


def test_of_orders_of_one_value_the_first_line_s_is_dropped_and_the_rest_gets_its_money() -> None:
    """100 is free: 50 each are below 60, so the second line gets all of it."""
    assert settle(account(100, min_order=60), *buys(100, 100)) == ([0, 10], {0})


def test_an_order_of_exactly_the_minimum_is_kept() -> None:
    assert settle(account(100, min_order=50), *buys(100, 100)) == ([5, 5], set())


def test_when_everything_can_be_paid_all_small_orders_are_dropped() -> None:
    assert settle(account(1000, min_order=50), *buys(40, 50, 20)) == ([0, 5, 0], {0, 2})


def test_a_closing_is_kept_whatever_its_size() -> None:
    assert settle(account(min_order=50), line(-20, held_steps=2, closing=True)) == ([-2], set())


def test_a_small_sell_that_the_floor_needs_is_kept() -> None:
    """The line is outside its band, so its sell is asked for; 20 under the floor keep it although it is 30."""
    assert settle(account(0, min_order=50), line(-30)) == ([0], {0})
    assert settle(account(-20, min_order=50), line(-30)) == ([-3], set())


def test_of_two_small_sells_the_smaller_goes_where_the_other_is_enough_for_the_floor() -> None:
    assert settle(account(-40, min_order=50), line(-30), line(-40)) == ([0, -4], {0})
    assert settle(account(-41, min_order=50), line(-30), line(-40)) == ([-3, -4], set())


def test_a_small_sell_that_the_cap_needs_is_kept() -> None:
    assert settle(account(spare_exposure=-1, min_order=50), line(-30)) == ([-3], set())
    assert settle(account(spare_exposure=0, min_order=50), line(-30)) == ([0], {0})


def test_a_small_sell_that_brings_cash_into_its_band_is_kept() -> None:
    """CASH is 40 under its target with a band of 10: it ends there with the sell, not without."""
    assert settle(account(100, cash_drift=-40, cash_band=10, min_order=50), line(-30)) == ([-3], set())
    assert settle(account(100, cash_drift=-10, cash_band=10, min_order=50), line(-30)) == ([0], {0})


def test_a_small_buy_is_kept_where_cash_would_end_over_its_slack() -> None:
    cash = account(100, cash_drift=60, cash_band=20, cash_slack=30, min_order=50)
    assert settle(cash, line(30, held_steps=1)) == ([3], set())
    assert settle(structs.replace(cash, cash_slack=60), line(30, held_steps=1)) == ([0], {0})


def test_a_small_buy_that_stays_for_cash_is_the_largest_of_them() -> None:
    """80 is over the target and 30 may stay: 40 and 20 of the three are enough, 40 alone is not."""
    cash = account(100, cash_drift=80, cash_band=20, cash_slack=30, min_order=50)
    trades, dropped = settle(cash, *buys(10, 20, 40))
    assert (trades, dropped) == ([0, 2, 4], {0})
