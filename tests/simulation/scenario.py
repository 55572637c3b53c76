"""One seeded scenario: a plan of three accounts, the world it meets, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any, Literal

from rebalplan.core.money import CENT, quantize
from rebalplan.core.vocabulary import Quote, Session
from rebalplan.plan.account import AccountInput
from rebalplan.plan.build import build_plan
from rebalplan.plan.codec import Envelope, encode
from rebalplan.plan.document import Plan
from tests.builders import NOW, SESSION, account, quote
from tests.simulation.market import Disturbance

ACCOUNTS = ("DU1", "DU2", "DU3")
SYMBOLS = ("BND", "QQQ", "VTI", "VXUS")
VARIANTS = 24
PLAIN = VARIANTS
"""The variant in which every account trades by the default settings."""
START = NOW + timedelta(minutes=5)

Profile = Literal["calm", "one", "chaos"]
Change = Literal["", "foreign order", "split", "sold elsewhere", "cash gone", "what if refused"]
Person = Literal["", "buys", "sells", "withdraws"]
Clone = Literal["", "before INTENT", "after INTENT"]


@dataclass(frozen=True)
class Scenario:
    """Everything that a run follows from. ``crashes`` are the steps at which successive processes die."""

    seed: int
    variant: int
    profile: Profile
    intensity: float
    only: str
    crashes: tuple[int, ...]
    power_fails: bool
    disk_fails_at: int
    disk_tears: float
    stop_after_sec: float
    disturbances: tuple[Disturbance, ...]
    changes: tuple[Change, ...]
    session_left_min: int
    global_confirm: bool
    cash_lag_sec: float
    person: Person = ""
    person_at: str = ""
    clone: Clone = ""
    clone_at: str = ""
    has_foreign_client: bool = False
    changes_client_id: bool = False
    answers_wrongly: bool = False
    refuses_algo_what_if: bool = False
    only_harm: str = ""


def calm(**changes: Any) -> Scenario:
    """Return the scenario in which nothing goes wrong, but for ``changes``."""
    plain = Scenario(
        seed=0,
        variant=PLAIN,
        profile="chaos",
        intensity=0.0,
        only="",
        crashes=(),
        power_fails=False,
        disk_fails_at=0,
        disk_tears=0.0,
        stop_after_sec=0.0,
        disturbances=(),
        changes=("", "", ""),
        session_left_min=300,
        global_confirm=False,
        cash_lag_sec=0.0,
    )
    return replace(plain, **changes)


def draw(seed: int) -> Scenario:
    """Return the scenario of a seed: one in ten is calm, two have a fault in one account, the rest is chaos."""
    rng = Random(seed)  # noqa: S311  # reproducible, not secret
    profile: Profile = rng.choices(("calm", "one", "chaos"), (1, 2, 7))[0]
    chaotic = profile == "chaos"
    hostile = Random(f"{seed} hostile")  # noqa: S311
    harms = _harms(hostile) if chaotic else {}
    changes = _changes(rng) if chaotic and rng.random() < 0.2 else ("", "", "")
    is_disturbed = chaotic and not any(changes) and rng.random() < 0.3
    return Scenario(
        seed=seed,
        variant=rng.randrange(VARIANTS),
        profile=profile,
        intensity={"calm": 0.0, "one": 0.2, "chaos": rng.choice((0.02, 0.06, 0.15))}[profile],
        only=rng.choice(ACCOUNTS) if profile == "one" else "",
        crashes=tuple(rng.randint(1, 260) for _ in range(rng.choice((0, 1, 1, 2, 3)))) if chaotic else (),
        power_fails=rng.random() < 0.5,
        disk_fails_at=rng.randint(1, 40) if chaotic and rng.random() < 0.1 else 0,
        disk_tears=rng.choice((0.0, 0.5, 1.0)),
        stop_after_sec=rng.choice((0.5, 3.0, 20.0, 200.0)) if chaotic and rng.random() < 0.1 else 0,
        disturbances=_disturbances(rng) if is_disturbed else (),
        changes=changes,
        session_left_min=rng.choice((16, 18)) if chaotic and rng.random() < 0.1 else 300,
        global_confirm=rng.random() < 0.5,
        cash_lag_sec=rng.choice((0.0, 0.0, hostile.choice((100.0, 180.0)))) if chaotic else 0.0,
        **harms,
    )


def _harms(rng: Random) -> dict[str, Any]:
    """Return what people and other programs do meanwhile; most runs have none of each."""
    person: Person = rng.choice(("buys", "sells", "withdraws")) if rng.random() < 0.1 else ""
    clone: Clone = rng.choice(("before INTENT", "after INTENT")) if rng.random() < 0.05 else ""
    return {
        "person": person,
        "person_at": rng.choice(ACCOUNTS),
        "clone": clone,
        "clone_at": rng.choice(ACCOUNTS),
        "has_foreign_client": rng.random() < 0.3,
        "changes_client_id": rng.random() < 0.3,
        "answers_wrongly": rng.random() < 0.3,
        "refuses_algo_what_if": rng.random() < 0.1,
    }


def _disturbances(rng: Random) -> tuple[Disturbance, ...]:
    made = []
    for _ in range(rng.randint(1, 3)):
        symbol, after = rng.choice(SYMBOLS), rng.choice((0.0, 2.0, 40.0, 310.0))
        made.append(
            rng.choice(
                (
                    Disturbance(symbol, after, factor=Decimal(rng.choice(("0.9", "0.985", "1.015", "1.05")))),
                    Disturbance(symbol, after, is_halted=True),
                    Disturbance(symbol, after, half_spread=Decimal("0.02")),
                    Disturbance(symbol, after, is_unquoted=True),
                )
            )
        )
    return tuple(sorted(made, key=lambda d: d.after_sec))


def _changes(rng: Random) -> tuple[Change, ...]:
    kinds: tuple[Change, ...] = ("foreign order", "split", "sold elsewhere", "cash gone", "what if refused")
    hit = rng.randrange(3)
    return tuple(rng.choice(kinds) if index == hit else "" for index in range(3))


@lru_cache(maxsize=VARIANTS + 1)
def plan_of(variant: int) -> Envelope:
    """Return a plan whose accounts sell and buy, buy with what they sell, and only buy."""
    rng = Random(1000 + variant)  # noqa: S311
    prices = prices_of(variant)
    keys: dict[str, Any] | None = {} if variant == PLAIN else None
    quotes = tuple(_quote(symbol, prices[symbol]) for symbol in SYMBOLS)
    inputs = (
        _account(rng, prices, "DU1", {"VTI": 6, "BND": 3, "QQQ": 1}, cash=2000, keys=keys),
        _account(rng, prices, "DU2", {"VTI": 9, "VXUS": 1}, cash=120, keys=keys),
        _account(rng, prices, "DU3", {"BND": 1}, cash=9000, keys=keys),
    )
    return encode(_build(inputs, quotes))[0]


def _build(inputs: tuple[AccountInput, ...], quotes: tuple[Quote, ...]) -> Plan:
    return build_plan(inputs, quotes, mode="paper", session=SESSION, created_at=NOW, tool_version="0.1.0")


def prices_of(variant: int) -> dict[str, Decimal]:
    """Return what each symbol costs in a variant."""
    rng = Random(2000 + variant)  # noqa: S311
    return {symbol: quantize(Decimal(rng.randint(2000, 30000)) / 100, CENT) for symbol in SYMBOLS}


def _quote(symbol: str, price: Decimal) -> Quote:
    return quote(symbol, str(price), bid=str(price), ask=str(price), close=str(price))


def _account(
    rng: Random,
    prices: dict[str, Decimal],
    name: str,
    shares: dict[str, int],
    *,
    cash: int,
    keys: dict[str, Any] | None,
) -> AccountInput:
    """Hold about 1,000 USD a part of ``shares``; the targets are even over all symbols."""
    keys = _drawn_keys(rng) if keys is None else keys
    holdings = {s: str(int(1000 * parts / prices[s]) + rng.randint(0, 3)) for s, parts in shares.items()}
    return account(
        name,
        cash=str(cash + rng.randint(0, 50)),
        holdings=holdings,
        weights=dict.fromkeys(SYMBOLS, "25"),
        prices={symbol: str(price) for symbol, price in prices.items()},
        cost_bps=Decimal(20),
        max_turnover_pct=Decimal(200),
        **keys,
    )


def _drawn_keys(rng: Random) -> dict[str, Any]:
    """Return policy keys that decide how an account is traded."""
    return {
        "cash_buffer_pct": rng.choice((Decimal("0.01"), Decimal(0))),
        "algo_preference": rng.choice(("adaptive", "adaptive", "none")),
        "fallback_plain_market": rng.random() < 0.8,
        "batch_orders": rng.random() < 0.8,
        "sequence": rng.choice(("sells_first", "sells_first", "together")),
        "min_order_usd": rng.choice((Decimal(0), Decimal(100))),
        "plan_ttl_min": rng.choice((None, None, None, 15)),
    }


def session_of(scenario: Scenario) -> Session:
    """Return the session that is open when the scenario starts."""
    return Session(START - timedelta(minutes=90), START + timedelta(minutes=scenario.session_left_min))
