"""Speed and size of plans of many accounts. Run: ``python benchmarks/plan.py [accounts ...]``.

Seeded accounts that hold 60 symbols about their targets, a third of them far enough away to trade, and less cash
than they should. Each size is measured in a process of its own, so that the peak of memory is that of its plan
alone: building the inputs, the plan, its bytes and hash, and reading them back.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from tabulate import tabulate

from rebalplan.core.money import HUNDRED, ZERO, quantize
from rebalplan.core.policy import LimitsPolicy, Policy, RebalancePolicy
from rebalplan.core.vocabulary import AccountSnapshot, Position, Quote, Session, Targets, TargetWeight
from rebalplan.plan.account import AccountInput
from rebalplan.plan.build import build_plan
from rebalplan.plan.codec import check_readable, decode, encode

Result = TypeVar("Result")

ACCOUNTS = (10, 100, 1000)
SYMBOLS = 60
SEED = 20_261
CREATED_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SESSION = Session(CREATED_AT + timedelta(hours=23, minutes=30), CREATED_AT + timedelta(hours=30))
POLICY = Policy(
    rebalance=RebalancePolicy(per_holding_band_bps=Decimal(5)), limits=LimitsPolicy(max_orders=SYMBOLS)
)


class Measured(Struct, frozen=True):
    """One size: seconds, bytes of the file, orders in it, and the peaks of resident memory in bytes."""

    accounts: int
    build: float
    encode: float
    decode: float
    size: int
    orders: int
    peak_written: int
    peak_read: int


def quotes() -> tuple[Quote, ...]:
    """Return a quote for each symbol."""
    chance = random.Random(SEED)
    return tuple(_quote(f"S{index:02d}", index + 1, chance) for index in range(SYMBOLS))


def _quote(symbol: str, con_id: int, chance: random.Random) -> Quote:
    price = Decimal(chance.randrange(1_000, 60_000)) / HUNDRED
    cent = Decimal("0.01")
    return Quote(
        symbol=symbol,
        con_id=con_id,
        bid=quantize(price - cent),
        ask=quantize(price + cent),
        last=quantize(price),
        close=quantize(price),
        last_at=CREATED_AT - timedelta(seconds=5),
        received_at=CREATED_AT,
        delayed=False,
        closed=False,
        halted=False,
        problem=None,
    )


def accounts(count: int, market: tuple[Quote, ...]) -> tuple[AccountInput, ...]:
    """Return accounts of 100,000 to 3,000,000 USD with 1% cash and targets of their own."""
    chance = random.Random(SEED + count)
    return tuple(_account(f"DU{index:07d}", market, chance) for index in range(count))


def _account(name: str, market: tuple[Quote, ...], chance: random.Random) -> AccountInput:
    worth = Decimal(chance.randrange(100_000, 3_000_000))
    weights = _weights(chance)
    positions = tuple(
        Position(q.symbol, q.con_id, _held(worth * pct / HUNDRED, q.last or ZERO, chance))
        for q, pct in zip(market, weights, strict=True)
    )
    cash = quantize(worth / HUNDRED / 2)
    value = cash + sum((p.quantity * (q.last or ZERO) for p, q in zip(positions, market, strict=True)), ZERO)
    targets = tuple(TargetWeight(q.symbol, pct) for q, pct in zip(market, weights, strict=True))
    return AccountInput(name, 42, POLICY, Targets(targets, ZERO), _snapshot(cash, value, positions))


def _weights(chance: random.Random) -> list[Decimal]:
    parts = [chance.randrange(1, 100) for _ in range(SYMBOLS)]
    weights = [quantize(Decimal(part) * HUNDRED / sum(parts), Decimal("0.01")) for part in parts]
    return [quantize(weights[0] + HUNDRED - sum(weights)), *weights[1:]]


def _held(target_usd: Decimal, price: Decimal, chance: random.Random) -> Decimal:
    off = Decimal(chance.randrange(60, 140) if chance.random() < 1 / 3 else 100) / HUNDRED
    return quantize(target_usd * off / price, Decimal(1))


def _snapshot(cash: Decimal, value: Decimal, positions: tuple[Position, ...]) -> AccountSnapshot:
    worth = quantize(value)
    return AccountSnapshot("INDIVIDUAL", "USD", worth, worth, cash, cash, positions, (), ())


def measure(count: int) -> Measured:
    """Return what a plan of ``count`` accounts takes."""
    market = quotes()
    given = accounts(count, market)
    build, plan = _timed(
        lambda: build_plan(
            given, market, mode="paper", session=SESSION, created_at=CREATED_AT, tool_version="benchmark"
        )
    )
    encoding, (envelope, data) = _timed(lambda: encode(plan))
    check_readable(envelope, data)
    peak_written = _peak()
    decoding, _ = _timed(lambda: decode(data))
    orders = sum(len(account.orders) for account in plan.accounts)
    return Measured(count, build, encoding, decoding, len(data), orders, peak_written, _peak())


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _row(m: Measured) -> tuple[str, ...]:
    seconds = [f"{s:.3f} s ({1000 * s / m.accounts:.2f})" for s in (m.build, m.encode, m.decode)]
    megabytes = f"{m.size / 1e6:.2f} MB ({m.size / 1000 / m.accounts:.1f})"
    return (
        f"{m.accounts:,}",
        f"{m.orders:,}",
        *seconds,
        megabytes,
        f"{m.peak_written / 1e6:.0f} MB",
        f"{m.peak_read / 1e6:.0f} MB",
    )


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description="Time plans of many accounts with 60 symbols each.")
    parser.add_argument("accounts", type=int, nargs="*", default=list(ACCOUNTS))
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        rows = [_row(m) for m in pool.imap(measure, parser.parse_args().accounts)]
    headers = [
        "accounts",
        "orders",
        "build (ms each)",
        "encode + hash (ms each)",
        "decode (ms each)",
        "file (kB each)",
        "peak after writing",
        "after reading",
    ]
    print(tabulate(rows, headers, stralign="right", disable_numparse=True))


if __name__ == "__main__":
    main()
