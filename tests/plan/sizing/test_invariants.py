"""What must hold for accounts of any size, where no enumeration can check the optimum."""

from __future__ import annotations

import decimal
import random
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from rebalplan.plan.sizing import Sizing, SizingLine, SizingProblem, size_orders
from tests.sweep import quick_first

from .reference import Trades, best_order_set, objective, permitted_trades, violations

_SEEDS = quick_first(range(60), 12)


def large_problem(seed: int) -> SizingProblem:
    """Return an account of up to 60 lines; its cash, floor, cap and rules vary from ample to broken."""
    rng = random.Random(seed)  # noqa: S311  # reproducible cases
    net_liquidation = 10 ** rng.randint(4, 7)
    count = rng.choice((6, 12, 30, 60))
    return SizingProblem(
        lines=tuple(large_line(rng, f"S{index:02}", net_liquidation / count) for index in range(count)),
        cash_usd=Decimal(rng.randint(-net_liquidation // 5, net_liquidation // 5)),
        cash_floor_usd=Decimal(rng.randint(-net_liquidation // 10, net_liquidation // 20)),
        held_usd=Decimal(rng.choice((0, net_liquidation // 10))),
        net_liquidation_usd=Decimal(net_liquidation),
        max_leverage=Decimal(rng.choice(("0.9", "1", "1.5", "2"))),
        cost_bps=Decimal(rng.choice((0, 20, 75))),
        min_order_usd=Decimal(rng.choice((0, 0, 50, 500))),
        allow_fractional=rng.random() < 0.3,
        direction=rng.choice(("both", "both", "both", "buy_only", "sell_only")),
    )


def large_line(rng: random.Random, symbol: str, typical_usd: float) -> SizingLine:
    price = Decimal(f"{10 ** rng.uniform(0, 3):.{rng.choice((0, 2, 4))}f}")
    target = Decimal(f"{typical_usd * rng.choice((0, 0.3, 1, 1, 1, 1.7)):.6f}")
    quantity = Decimal(f"{typical_usd * rng.uniform(0, 2) / float(price):.{rng.choice((0, 0, 4))}f}")
    return SizingLine(symbol, quantity, price, target, selected=rng.random() < 0.8)


def trades_of(sizing: Sizing) -> Trades:
    return tuple(Fraction(line.trade) for line in sizing.lines)


@pytest.mark.parametrize("seed", _SEEDS)
def test_every_trade_is_permitted_and_every_other_line_says_why(seed: int) -> None:
    problem = large_problem(seed)
    for line, sized in zip(problem.lines, size_orders(problem).lines, strict=True):
        step = Decimal("0.0001") if problem.allow_fractional else Decimal(1)
        assert sized.symbol == line.symbol
        assert sized.trade % step == 0
        assert line.quantity + sized.trade >= 0
        if sized.trade:
            assert line.selected
            assert problem.direction in {"both", "buy_only" if sized.trade > 0 else "sell_only"}
            before = line.quantity * line.price - line.target_usd
            after = (line.quantity + sized.trade) * line.price - line.target_usd
            assert before * sized.trade < 0
            assert abs(after) <= max(abs(before), line.price * step / 2)
            assert before * after >= 0 or abs(after) <= line.price * step / 2
        assert sized.reason is not None or sized.trade
        assert (
            sized.reason is None
            or abs(sized.trade) < abs(sized.wanted)
            or sized.wanted == sized.trade == 0
            or (sized.reason == "within_band")
        )


@pytest.mark.parametrize("seed", _SEEDS)
def test_cash_and_leverage_hold_unless_no_sell_can_restore_them(seed: int) -> None:
    problem = large_problem(seed)
    sizing = size_orders(problem)
    floor_short, cap_excess = violations(problem, trades_of(sizing))
    assert (sizing.floor_unmet, sizing.cap_unmet) == (floor_short > 0, cap_excess > 0)
    if sizing.floor_unmet or sizing.cap_unmet:
        assert all(line.trade <= 0 for line in sizing.lines)
        for line, sized in zip(problem.lines, sizing.lines, strict=True):
            furthest = sized.trade <= sized.wanted or sized.reason == "fractional_residue"
            kept_back = {"within_band", "below_min_order", "direction"}
            assert furthest or sized.wanted > 0 or sized.reason in kept_back, line


@pytest.mark.parametrize("seed", _SEEDS)
def test_orders_below_the_minimum_only_close(seed: int) -> None:
    problem = large_problem(seed)
    for line, sized in zip(problem.lines, size_orders(problem).lines, strict=True):
        assert (
            not sized.trade or not line.target_usd or abs(sized.trade) * line.price >= problem.min_order_usd
        )


@pytest.mark.slow
@pytest.mark.parametrize("seed", _SEEDS)
def test_dropping_one_order_at_a_time_by_hand_comes_to_the_same(seed: int) -> None:
    problem = msgspec.structs.replace(large_problem(seed), min_order_usd=Decimal(500))
    by_hand = msgspec.structs.replace(problem, min_order_usd=Decimal(0))
    while small := small_orders(problem, trades_of(size_orders(by_hand))):
        _, index = min(small)
        dropped = msgspec.structs.replace(by_hand.lines[index], selected=False)
        by_hand = msgspec.structs.replace(
            by_hand, lines=(*by_hand.lines[:index], dropped, *by_hand.lines[index + 1 :])
        )
    assert trades_of(size_orders(problem)) == trades_of(size_orders(by_hand))


def small_orders(problem: SizingProblem, trades: Trades) -> list[tuple[Fraction, int]]:
    return [
        (abs(trade) * Fraction(line.price), index)
        for index, (line, trade) in enumerate(zip(problem.lines, trades, strict=True))
        if trade and line.target_usd and abs(trade) * Fraction(line.price) < Fraction(problem.min_order_usd)
    ]


@pytest.mark.parametrize("seed", quick_first(range(12), 2))
def test_no_exchange_of_two_shares_is_better(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # reproducible cases
    base = large_problem(seed)
    lines = tuple(large_line(rng, f"S{index:02}", 20_000) for index in range(12))
    problem = msgspec.structs.replace(
        base, lines=lines, min_order_usd=Decimal(0), allow_fractional=False, direction="both"
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
        SizingLine(f"S{index}", Decimal(0), Decimal(price), Decimal(9_000), selected=True)
        for index, price in enumerate(("1500", "1700.5"))
    ]
    dearest = SizingLine("S9", Decimal(0), Decimal(dear), 2 * Decimal(dear), selected=True)
    problem = SizingProblem(
        lines=(*cheap, dearest),
        cash_usd=Decimal(dear) + 10_000,
        cash_floor_usd=Decimal(0),
        held_usd=Decimal(0),
        net_liquidation_usd=Decimal(10_000_000),
        max_leverage=Decimal(1),
        cost_bps=Decimal(0),
        min_order_usd=Decimal(0),
        allow_fractional=False,
        direction="both",
    )
    assert trades_of(size_orders(problem)) == best_order_set(problem)[0]
