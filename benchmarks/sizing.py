"""Quality and speed of sizing beside the proven optimum of HiGHS. Run: ``python benchmarks/sizing.py``.

Seeded accounts of 8 to 60 symbols, none with a band, no minimum order, cash binding and not. HiGHS
(``scipy.optimize.milp``) gets the same problem, sells and buys, cash and leverage, with one 0/1 variable
per share around the continuous solution, sells up to one share past the one that reaches the target.
Only accounts that it proves optimal count, and only if no line ends at the edge of its window. Quality is
the ratio of the roots of the sum of (value - target)^2; times are those of ``size_orders`` whole, Decimal
conversions included, and of the ``milp`` call alone.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
from msgspec import Struct
from scipy.optimize import Bounds, LinearConstraint, milp
from tabulate import tabulate

from rebalplan.plan.sizing import SizingLine, SizingProblem, size_orders

SYMBOLS = (8, 15, 30, 60)
NET_LIQUIDATIONS = (30_000, 250_000, 2_000_000)
SPENT_SHARES = {"binding": (0.02, 0.3, 0.7, 0.97), "slack": (1.2,)}
"""Cash for buys after the sells, as a share of what all buys to the targets take."""
WINDOW = 8
"""Shares on each side of the continuous solution that HiGHS may choose from."""
HIGHS_LIMIT_SEC = 10.0
TINY_USD = 1e-6


class Case(Struct, frozen=True):
    """One account and how its cash stands."""

    problem: SizingProblem
    kind: str


class Steps(Struct, frozen=True):
    """The shares of one line that HiGHS may trade: ``first`` to ``last``, unsigned, ``sign`` the side."""

    sign: int
    price: float
    drift: float
    first: int
    last: int
    cut_low: bool
    cut_high: bool


class Result(Struct, frozen=True):
    """One account solved by both."""

    symbols: int
    kind: str
    ratio: float
    excess_bps: float
    """What the distance to the targets exceeds the optimum by, in bps of NLV."""
    sizing_sec: float
    highs_sec: float


def make_case(rng: random.Random, symbols: int, net_liquidation: int, kind: str, spent: float) -> Case:
    """Return an account whose weights and holdings are scattered, with cash for ``spent`` of its buys."""
    weights = [rng.uniform(0.2, 1.0) for _ in range(symbols)]
    lines = []
    sells = buys = 0.0
    for index, weight in enumerate(weights):
        target = net_liquidation * weight / sum(weights)
        price = round(10 ** rng.uniform(1.3, 2.8), 2)
        quantity = int(target * rng.uniform(0.5, 1.3) / price)
        drift = target - quantity * price
        buys += max(0.0, drift)
        sells += max(0.0, -drift)
        lines.append(
            SizingLine(
                f"S{index:02}",
                Decimal(quantity),
                Decimal(str(price)),
                Decimal(f"{target:.4f}"),
                band_usd=Decimal(0),
            )
        )
    problem = SizingProblem(
        lines=tuple(lines),
        cash_usd=Decimal(f"{spent * buys - sells:.2f}"),
        cash_floor_usd=Decimal(0),
        cash_target_usd=Decimal(0),
        cash_band_usd=Decimal(net_liquidation) * 2,
        cash_slack_usd=Decimal(net_liquidation) * 2,
        total_band_usd=None,
        held_usd=Decimal(0),
        net_liquidation_usd=Decimal(net_liquidation),
        max_leverage=Decimal("1.5"),
        cost_bps=Decimal(20),
        min_order_usd=Decimal(0),
        allow_fractional=False,
        direction="both",
    )
    return Case(problem, kind)


def distance(problem: SizingProblem, trades: list[Decimal]) -> float:
    """Return the root of the sum of (value - target)^2 in USD."""
    return math.sqrt(
        sum(
            float((line.quantity + trade) * line.price - line.target_usd) ** 2
            for line, trade in zip(problem.lines, trades, strict=True)
        )
    )


def continuous_level(drifts: list[float], budget: float) -> float:
    """Return the distance to their targets that a budget leaves to the largest drifts (water-filling)."""
    total = 0.0
    ordered = sorted(drifts, reverse=True)
    for count, drift in enumerate(ordered, 1):
        total += drift
        level = (total - budget) / count
        if count == len(ordered) or level >= ordered[count]:
            return max(0.0, level)
    return 0.0


def windows(problem: SizingProblem) -> list[Steps]:
    """Return the shares of each line that HiGHS may choose from."""
    drifts = [float(line.target_usd - line.quantity * line.price) for line in problem.lines]
    cost = float(problem.cost_bps) / 10_000
    sold = sum(-drift for drift in drifts if drift < 0)
    budget = (float(problem.cash_usd - problem.cash_floor_usd) + sold * (1 - cost)) / (1 + cost)
    level = continuous_level([drift for drift in drifts if drift > 0], max(0.0, budget))
    found = []
    for line, drift in zip(problem.lines, drifts, strict=True):
        price = float(line.price)
        sign = 1 if drift > 0 else -1
        most = math.floor(abs(drift) / price + 0.5) if sign > 0 else math.ceil(abs(drift) / price) + 1
        most = min(most, int(line.quantity)) if sign < 0 else most
        middle = max(0.0, abs(drift) - (level if sign > 0 else 0.0)) / price
        first, last = max(0, math.floor(middle) - WINDOW), min(most, math.ceil(middle) + WINDOW)
        found.append(Steps(sign, price, abs(drift), first, last, cut_low=first > 0, cut_high=last < most))
    return found


def constraints(
    problem: SizingProblem, lines: list[Steps], units: list[tuple[Steps, int]]
) -> LinearConstraint:
    """Return that the shares above ``first`` fit what cash and leverage leave after those below it."""
    cost = float(problem.cost_bps) / 10_000

    def paid(line: Steps) -> float:
        return line.sign * line.price * (1 + line.sign * cost)

    held = sum(float(line.quantity * line.price) for line in problem.lines) + float(problem.held_usd)
    cash_left = float(problem.cash_usd - problem.cash_floor_usd) - sum(
        line.first * paid(line) for line in lines
    )
    exposure_left = float(problem.max_leverage * problem.net_liquidation_usd) - held
    exposure_left -= sum(line.first * line.sign * line.price for line in lines)
    rows = np.array([[paid(line) for line, _ in units], [line.sign * line.price for line, _ in units]])
    return LinearConstraint(rows, -np.inf, [cash_left, exposure_left])


def solve_with_highs(problem: SizingProblem) -> tuple[list[Decimal] | None, float]:
    """Return HiGHS' trades, ``None`` unless proven optimal within the windows, and its seconds."""
    lines = windows(problem)
    units = [(line, step) for line in lines for step in range(line.first + 1, line.last + 1)]
    gains = np.array([(2 * line.drift - (2 * step - 1) * line.price) * line.price for line, step in units])
    began = time.perf_counter()
    answer = milp(
        -gains / max(1.0, float(np.abs(gains).max(initial=1.0))) * 1000,
        integrality=np.ones(len(units)),
        bounds=Bounds(0, 1),
        constraints=constraints(problem, lines, units),
        options={"mip_rel_gap": 0.0, "time_limit": HIGHS_LIMIT_SEC},
    )
    seconds = time.perf_counter() - began
    if answer.status != 0:
        return None, seconds
    chosen = iter(answer.x.round().astype(int))
    counts = [line.first + sum(itertools.islice(chosen, line.last - line.first)) for line in lines]
    for line, count in zip(lines, counts, strict=True):
        if (line.cut_low and count == line.first) or (line.cut_high and count == line.last):
            return None, seconds
    return [Decimal(int(line.sign * count)) for line, count in zip(lines, counts, strict=True)], seconds


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Discard what HiGHS writes to the standard output past Python."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def compare(case: Case) -> Result | None:
    """Return both solutions of one account, or ``None`` when HiGHS proves nothing."""
    began = time.perf_counter()
    sizing = size_orders(case.problem)
    sizing_sec = time.perf_counter() - began
    with silenced():
        best, highs_sec = solve_with_highs(case.problem)
    if best is None:
        return None
    ours = distance(case.problem, [line.trade for line in sizing.lines])
    optimum = distance(case.problem, best)
    return Result(
        symbols=len(case.problem.lines),
        kind=case.kind,
        ratio=(ours + TINY_USD) / (optimum + TINY_USD),
        excess_bps=(ours - optimum) / float(case.problem.net_liquidation_usd) * 10_000,
        sizing_sec=sizing_sec,
        highs_sec=highs_sec,
    )


def row(results: list[Result], symbols: int, kind: str) -> list[str | int]:
    """Return one line of the table."""
    chosen = [result for result in results if result.kind == kind and symbols in {0, result.symbols}]
    ratios = sorted(result.ratio for result in chosen)
    worst = max(chosen, key=lambda result: result.ratio)
    times = sorted(result.sizing_sec for result in chosen)
    return [
        symbols or "all",
        kind,
        len(chosen),
        f"{statistics.median(ratios):.6f}",
        f"{ratios[int(0.95 * len(ratios))]:.6f}",
        f"{worst.ratio:.6f}",
        f"{worst.excess_bps:.4f}",
        f"{statistics.median(times) * 1e3:.2f}",
        f"{times[int(0.95 * len(times))] * 1e3:.2f}",
        f"{times[-1] * 1e3:.2f}",
        f"{statistics.median(result.highs_sec for result in chosen) * 1e3:.1f}",
        f"1/{statistics.median(result.highs_sec / result.sizing_sec for result in chosen):.0f}",
    ]


HEADERS = (
    "symbols",
    "cash",
    "proven",
    "ratio median",
    "p95",
    "worst",
    "worst bps of NLV",
    "ms median",
    "p95",
    "max",
    "HiGHS ms median",
    "of HiGHS' time, median",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=4, help="per size, NLV and cash (default 4)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    cases = [
        make_case(rng, symbols, net_liquidation, kind, spent)
        for symbols in SYMBOLS
        for net_liquidation in NET_LIQUIDATIONS
        for kind, shares in SPENT_SHARES.items()
        for spent in shares
        for _ in range(arguments.accounts)
    ]
    results = [result for case in cases if (result := compare(case)) is not None]
    rows = [row(results, symbols, kind) for kind in SPENT_SHARES for symbols in (*SYMBOLS, 0)]
    print(tabulate(rows, HEADERS, disable_numparse=True))
    print(
        f"{len(cases) - len(results)} of {len(cases)} accounts left out: not proven by HiGHS within "
        f"{HIGHS_LIMIT_SEC:.0f} s and {WINDOW} shares of the continuous solution."
    )


if __name__ == "__main__":
    main()
