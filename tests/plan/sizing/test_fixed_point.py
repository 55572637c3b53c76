"""Apply, then plan, says no changes: fills at a plan's own prices leave an account that asks for no orders."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from msgspec import structs

from rebalplan.plan.sizing import SizingLine, SizingProblem, size_orders

from .accounts import BPS, after

QUICK = range(300)
MANY = range(300, 4_300)
PER_TEST = 50
BY_UNSPENT_COSTS = {260, 1271}
"""Accounts in which costs that are set aside, and not spent when fills cost nothing, buy one more share afterwards."""


def random_account(seed: int) -> SizingProblem:
    """Return an account of 2 to 25 lines near its targets or far from them, at times after a deposit or a debit."""
    rng = random.Random(seed)  # noqa: S311  # reproducible cases
    count = rng.choice((2, 3, 5, 8, 12, 25))
    size = rng.choice((5_000, 20_000, 50_000, 250_000, 1_000_000))
    noise = rng.choice((0.02, 0.1, 0.4))
    cash_pct = rng.choice((0, 0, 0, 5, -20))
    weights = [rng.random() for _ in range(count)]
    if rng.random() < 0.2:
        weights[0] = 0
    whole = sum(weights)
    weights = [weight / whole * (100 - cash_pct) / 100 for weight in weights]
    lines = [random_line(rng, f"S{index:02}", weight * size, noise) for index, weight in enumerate(weights)]
    exposure = sum((line.quantity * line.price for line in lines), Decimal(0))
    cash = max(Decimal(size) - exposure, -exposure / 4) + Decimal(rng.choice((0, 0, 0, 5, -5)) * size) / 100
    return with_bands(rng, lines, weights, cash, cash_pct)


def random_line(rng: random.Random, symbol: str, target: float, noise: float) -> SizingLine:
    price = round(rng.lognormvariate(4, 1), 2)
    held = round(target / price * (1 + rng.uniform(-noise, noise))) if rng.random() > 0.1 else 0
    held = held if target else rng.randrange(20)
    return SizingLine(symbol, Decimal(held), Decimal(str(price)), Decimal(0), Decimal(0))


def with_bands(
    rng: random.Random, lines: list[SizingLine], weights: list[float], cash: Decimal, cash_pct: int
) -> SizingProblem:
    net_liquidation = cash + sum(line.quantity * line.price for line in lines)
    buffer = rng.choice((Decimal(0), Decimal("0.01"))) * net_liquidation
    investable = net_liquidation - buffer
    band = investable * rng.choice((50, 100, 200, 500)) / BPS
    cash_target = investable * cash_pct / 100
    return SizingProblem(
        lines=tuple(
            structs.replace(
                line,
                target_usd=(Decimal(str(round(weight, 6))) * investable).quantize(Decimal("1e-10")),
                band_usd=band,
            )
            for line, weight in zip(lines, weights, strict=True)
        ),
        cash_usd=cash,
        cash_floor_usd=buffer + min(Decimal(0), cash_target),
        cash_target_usd=buffer + cash_target,
        cash_band_usd=band,
        cash_slack_usd=band,
        total_band_usd=2 * band if rng.random() < 0.5 else None,
        held_usd=Decimal(0),
        net_liquidation_usd=net_liquidation,
        max_leverage=Decimal("1.5"),
        cost_bps=Decimal(20),
        min_order_usd=Decimal(rng.choice((0, 100, 500, 500))),
        allow_fractional=False,
        direction="both",
    )


def next_trades(problem: SizingProblem) -> dict[str, Decimal]:
    """Return what is traded after the orders of ``problem`` are filled at their prices, without costs."""
    filled = after(problem, size_orders(problem))
    return {line.symbol: line.trade for line in size_orders(filled).lines if line.trade}


def moving(seeds: range) -> dict[int, dict[str, Decimal]]:
    """Return the accounts whose next plan has orders, by seed."""
    found = {seed: next_trades(random_account(seed)) for seed in seeds}
    return {seed: trades for seed, trades in found.items() if trades}


def test_the_accounts_are_of_both_modes_and_most_of_them_trade() -> None:
    accounts = [random_account(seed) for seed in QUICK]
    assert all(each.net_liquidation_usd > 0 for each in accounts)
    assert 100 < sum(each.total_band_usd is None for each in accounts) < 200
    assert sum(any(line.trade for line in size_orders(each).lines) for each in accounts) > 200


@pytest.mark.parametrize("first", QUICK[::PER_TEST])
def test_apply_then_plan_says_no_changes(first: int) -> None:
    seeds = range(first, first + PER_TEST)
    assert moving(seeds).keys() == BY_UNSPENT_COSTS.intersection(seeds)


@pytest.mark.slow
@pytest.mark.parametrize("first", MANY[::PER_TEST])
def test_apply_then_plan_says_no_changes_for_thousands(first: int) -> None:
    seeds = range(first, first + PER_TEST)
    assert moving(seeds).keys() == BY_UNSPENT_COSTS.intersection(seeds)


@pytest.mark.parametrize("seed", sorted(BY_UNSPENT_COSTS))
def test_where_unspent_costs_buy_a_share_none_is_bought_without_costs(seed: int) -> None:
    assert next_trades(structs.replace(random_account(seed), cost_bps=Decimal(0))) == {}


@pytest.mark.parametrize("seed", [576, 905, 1166, 2205, 3366, 4391, 4886, 5180, 5235, 6739, 7338, 7928, 8360])
def test_what_the_next_plan_would_trade_of_asked_and_of_dropped_lines_is_in_this_one(seed: int) -> None:
    """A line that is asked trades again, or two that the minimum drops one by one would be traded together."""
    assert next_trades(random_account(seed)) == {}


def two_plans_trade_together() -> SizingProblem:
    """Return the account of seed 1166: S15 and S17 are below 100 USD, and one pays for the other."""
    return random_account(1166)


def test_lines_that_come_back_together_are_traded_below_the_minimum() -> None:
    problem = two_plans_trade_together()
    sizing = size_orders(problem)
    small = {
        sized.symbol
        for line, sized in zip(problem.lines, sizing.lines, strict=True)
        if sized.trade and abs(sized.trade) * line.price < problem.min_order_usd
    }
    assert {"S15", "S17"} <= small
