"""What must hold for accounts of any size, where no enumeration can check the optimum."""

from __future__ import annotations

import decimal
import random
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from rebalplan.plan.sizing import Sizing, SizingLine, SizingProblem, size_orders
from rebalplan.plan.sizing.minimum import drop_small, settle_above_minimum
from rebalplan.plan.sizing.rounds import Round, Terms, prepare, settle
from rebalplan.plan.sizing.scaled import scale_account, scale_line
from tests.sweep import quick_first

from .reference import Trades, best_order_set, objective, permitted_trades, violations
from .strategies import NONE, WIDE
from .test_minimum import drop_one_by_one, ends, with_floor_of_buys

_SEEDS = quick_first(range(60), 12)


def large_problem(seed: int) -> SizingProblem:
    """Return an account of up to 60 lines; its cash, floor, cap and rules vary from ample to broken."""
    rng = random.Random(seed)  # noqa: S311  # reproducible cases
    net_liquidation = 10 ** rng.randint(4, 7)
    count = rng.choice((6, 12, 30, 60))
    floor = rng.randint(-net_liquidation // 10, net_liquidation // 20)
    band = net_liquidation // rng.choice((50, 200))
    bands = (Decimal(0), Decimal(band))
    return SizingProblem(
        lines=tuple(
            large_line(rng, f"S{index:02}", net_liquidation / count, rng.choice(bands))
            for index in range(count)
        ),
        cash_usd=Decimal(rng.randint(-net_liquidation // 5, net_liquidation // 5)),
        cash_floor_usd=Decimal(floor),
        cash_target_usd=Decimal(floor + rng.choice((0, net_liquidation // 20))),
        cash_band_usd=Decimal(band),
        cash_slack_usd=Decimal(band + rng.choice((0, 500))),
        total_band_usd=Decimal(band) if rng.random() < 0.3 else None,
        held_usd=Decimal(rng.choice((0, net_liquidation // 10))),
        net_liquidation_usd=Decimal(net_liquidation),
        max_leverage=Decimal(rng.choice(("0.9", "1", "1.5", "2"))),
        cost_bps=Decimal(rng.choice((0, 20, 75))),
        min_order_usd=Decimal(rng.choice((0, 0, 50, 500))),
        allow_fractional=rng.random() < 0.3,
        direction=rng.choice(("both", "both", "both", "buy_only", "sell_only")),
    )


def large_line(rng: random.Random, symbol: str, typical_usd: float, band: Decimal) -> SizingLine:
    price = Decimal(f"{10 ** rng.uniform(0, 3):.{rng.choice((0, 2, 4))}f}")
    target = Decimal(f"{typical_usd * rng.choice((0, 0.3, 1, 1, 1, 1.7)):.6f}")
    quantity = Decimal(f"{typical_usd * rng.uniform(0, 2) / float(price):.{rng.choice((0, 0, 4))}f}")
    return SizingLine(symbol, quantity, price, target, band)


def trades_of(sizing: Sizing) -> Trades:
    return tuple(Fraction(line.trade) for line in sizing.lines)


@pytest.mark.parametrize("seed", _SEEDS)
def test_every_trade_is_permitted_and_every_other_line_says_why(seed: int) -> None:
    problem = large_problem(seed)
    for line, sized in zip(problem.lines, size_orders(problem).lines, strict=True):
        assert sized.symbol == line.symbol
        if sized.trade:
            assert sized.selected
            assert is_permitted(problem, line, sized.trade)
        assert sized.reason is not None or sized.trade
        assert (
            sized.reason is None
            or abs(sized.trade) < abs(sized.wanted)
            or sized.wanted == sized.trade == 0
            or (sized.reason == "within_band")
        )


def is_permitted(problem: SizingProblem, line: SizingLine, trade: Decimal) -> bool:
    """Tell what ``permitted_trades`` lists, without listing it."""
    step = Decimal("0.0001") if problem.allow_fractional else Decimal(1)
    over = line.quantity * line.price - line.target_usd
    left = over + trade * line.price
    assert trade % step == 0
    assert line.quantity + trade >= 0
    assert problem.direction in {"both", "buy_only" if trade > 0 else "sell_only"}
    if trade > 0:
        return over < 0 and 2 * left <= line.price * step
    return over > 0 and left > -2 * line.price * step


@pytest.mark.parametrize("seed", _SEEDS)
def test_a_holding_within_its_band_is_sold_for_money_that_is_needed_and_not_past_its_nearest_share(
    seed: int,
) -> None:
    """One share further is for the floor and the cap alone."""
    problem = large_problem(seed)
    if problem.total_band_usd is not None:
        problem = msgspec.structs.replace(problem, total_band_usd=None)
    sizing = size_orders(problem)
    step = Decimal("0.0001") if problem.allow_fractional else Decimal(1)
    after = problem.cash_usd - sum(
        line.price * sized.trade for line, sized in zip(problem.lines, sizing.lines, strict=True)
    )
    for line, sized in zip(problem.lines, sizing.lines, strict=True):
        over = line.quantity * line.price - line.target_usd
        if not (sized.trade < 0 and line.target_usd and over <= line.band_usd):
            continue
        assert 2 * (over + sized.trade * line.price) >= -3 * line.price * step
        bought = any(each.trade > 0 for each in sizing.lines)
        needed = problem.cash_usd < problem.cash_floor_usd or over_cap(problem)
        assert bought or needed or after < problem.cash_target_usd - problem.cash_band_usd + line.price, line


def over_cap(problem: SizingProblem) -> bool:
    exposure = problem.held_usd + sum(line.quantity * line.price for line in problem.lines)
    return exposure > problem.max_leverage * problem.net_liquidation_usd


@pytest.mark.parametrize("seed", _SEEDS)
def test_cash_and_leverage_hold_unless_no_sell_can_restore_them(seed: int) -> None:
    problem = large_problem(seed)
    sizing = size_orders(problem)
    floor_short, cap_excess = violations(problem, trades_of(sizing))
    assert sizing.cap_unmet is (cap_excess > 0)
    assert sizing.floor_unmet is (floor_short > 0 and floor_short >= problem.min_order_usd)
    if floor_short or cap_excess:
        assert all(line.trade <= 0 for line in sizing.lines)
    if sizing.floor_unmet or sizing.cap_unmet:
        for line, sized in zip(problem.lines, sizing.lines, strict=True):
            furthest = sized.trade <= sized.wanted or sized.reason == "fractional_residue"
            kept_back = sized.reason in {"below_min_order", "direction"} or problem.direction == "buy_only"
            assert furthest or sized.wanted > 0 or kept_back, line


@pytest.mark.parametrize("seed", _SEEDS)
def test_an_order_below_the_minimum_closes_or_cash_or_leverage_need_it(seed: int) -> None:
    """Without it one bound is further away: the floor, either end of CASH's band, or the cap.

    Cash under its floor is left out: there other buys may take what a dropped one leaves, further from the band.
    """
    problem = large_problem(seed)
    if problem.cash_usd < problem.cash_floor_usd:
        problem = msgspec.structs.replace(problem, cash_floor_usd=problem.cash_usd)
    trades = trades_of(size_orders(problem))
    stated = with_floor_of_buys(problem)
    for index, (line, trade) in enumerate(zip(problem.lines, trades, strict=True)):
        if not trade or not line.target_usd or abs(trade) * Fraction(line.price) >= problem.min_order_usd:
            continue
        without = (*trades[:index], Fraction(0), *trades[index + 1 :])
        assert not ends(stated, without).is_no_further_than(ends(stated, trades)), line


@pytest.mark.slow
@pytest.mark.parametrize("seed", _SEEDS)
def test_dropping_one_order_at_a_time_by_hand_comes_to_the_same(seed: int) -> None:
    problem = msgspec.structs.replace(large_problem(seed), min_order_usd=Decimal(500))
    lines = [scale_line(line, allow_fractional=problem.allow_fractional) for line in problem.lines]
    prepared = prepare(scale_account(problem, sum(line.held for line in lines)), lines)
    step = Fraction(1, 10_000) if problem.allow_fractional else Fraction(1)

    def solved(_: SizingProblem, barred: set[int]) -> Trades:
        found = settle(prepared, Terms(problem.direction, frozenset(barred))).trades
        return tuple(found.get(index, 0) * step for index in range(len(lines)))

    def traded(found: Round) -> Trades:
        return tuple(found.trades.get(index, 0) * step for index in range(len(lines)))

    found, dropped = drop_small(prepared, Terms(problem.direction), at_once=False)
    assert (traded(found), set(dropped)) == drop_one_by_one(problem, solved)
    at_once, _ = settle_above_minimum(prepared, Terms(problem.direction))
    assert ends(problem, traded(at_once)).is_no_further_than(ends(problem, traded(found)))


@pytest.mark.parametrize("seed", quick_first(range(12), 2))
def test_no_exchange_of_two_shares_is_better(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # reproducible cases
    base = large_problem(seed)
    lines = tuple(large_line(rng, f"S{index:02}", 20_000, NONE) for index in range(12))
    problem = msgspec.structs.replace(
        base,
        lines=lines,
        cash_band_usd=WIDE,
        total_band_usd=None,
        min_order_usd=Decimal(0),
        allow_fractional=False,
        direction="both",
    )
    trades = trades_of(size_orders(problem))
    best = (*violations(problem, trades), objective(problem, trades))
    permitted = [list(permitted_trades(problem, line)) for line in lines]
    for one in range(len(lines)):
        for other in range(one):
            for steps in ((1, -1), (-1, 1), (1, 0), (0, 1), (1, 1)):
                changed = list(trades)
                changed[one] += steps[0]
                changed[other] += steps[1]
                if changed[one] in permitted[one] and changed[other] in permitted[other]:
                    assert (*violations(problem, changed), objective(problem, changed)) >= best


@pytest.mark.slow
@pytest.mark.parametrize("seed", _SEEDS)
def test_the_decimal_context_and_a_second_run_change_nothing(seed: int) -> None:
    problem = large_problem(seed)
    encoded = msgspec.json.encode(size_orders(problem))
    narrow = decimal.Context(prec=3, rounding=decimal.ROUND_UP, Emax=20, Emin=-20)
    with decimal.localcontext(narrow):
        assert msgspec.json.encode(size_orders(problem)) == encoded
    assert msgspec.json.encode(size_orders(problem)) == encoded


def test_other_symbols_in_another_order_give_the_same_trades_where_there_is_one_optimum() -> None:
    problem = large_problem(1)
    renamed = tuple(
        msgspec.structs.replace(line, symbol=f"T{index:02}")
        for index, line in enumerate(reversed(problem.lines))
    )
    reversed_trades = trades_of(size_orders(msgspec.structs.replace(problem, lines=renamed)))
    assert tuple(reversed(reversed_trades)) == trades_of(size_orders(problem))


@pytest.mark.parametrize("dear", ["700000", "65000.01"])
def test_one_share_far_dearer_than_the_others_is_still_exact(dear: str) -> None:
    cheap = [
        SizingLine(f"S{index}", Decimal(0), Decimal(price), Decimal(9_000), NONE)
        for index, price in enumerate(("1500", "1700.5"))
    ]
    dearest = SizingLine("S9", Decimal(0), Decimal(dear), 2 * Decimal(dear), NONE)
    problem = SizingProblem(
        lines=(*cheap, dearest),
        cash_usd=Decimal(dear) + 10_000,
        cash_floor_usd=Decimal(0),
        cash_target_usd=Decimal(0),
        cash_band_usd=WIDE,
        cash_slack_usd=WIDE,
        total_band_usd=None,
        held_usd=Decimal(0),
        net_liquidation_usd=Decimal(10_000_000),
        max_leverage=Decimal(1),
        cost_bps=Decimal(0),
        min_order_usd=Decimal(0),
        allow_fractional=False,
        direction="both",
    )
    assert trades_of(size_orders(problem)) == best_order_set(problem, range(3))[0]
