"""One harm at a time: each row of the fault matrix that a hostile reading added, in an otherwise calm world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.simulation.scenario import ACCOUNTS, VARIANTS, Person, Scenario, calm

STOP_SEC = (0.5, 3.0, 20.0)


def _struck(name: str) -> Callable[[Scenario, Random], Scenario]:
    """Let one fault of orders or connections strike half of them."""
    return lambda scenario, rng: replace(scenario, intensity=0.5, only_harm=name)


def _person(scenario: Scenario, rng: Random) -> Scenario:
    person: Person = rng.choice(("buys", "sells", "withdraws"))
    return replace(scenario, person=person, person_at=rng.choice(ACCOUNTS))


def _foreign_client(scenario: Scenario, rng: Random) -> Scenario:
    """Another program has orders with our numbers; the settings name its client id when the run is resumed."""
    return replace(
        scenario,
        intensity=0.5,
        only_harm="slow",
        has_foreign_client=True,
        changes_client_id=True,
        stop_after_sec=rng.choice(STOP_SEC),
        crashes=(rng.randint(20, 120),),
    )


def _wrong_answer(scenario: Scenario, rng: Random) -> Scenario:
    """A person says that an order never existed; it shows again later."""
    del rng
    return replace(scenario, intensity=0.5, only_harm="hides and returns", answers_wrongly=True)


def _clone(scenario: Scenario, rng: Random) -> Scenario:
    return replace(scenario, clone="after INTENT", clone_at=rng.choice(ACCOUNTS))


ROWS: dict[str, Callable[[Scenario, Random], Scenario]] = {
    "fill after the cancel": _struck("fill after the cancel"),
    "order changed by a person": _struck("changed by a person"),
    "commission never reported": _struck("commission never"),
    "refused without a booking": _struck("refused without a booking"),
    "gateway without its broker at the start": _struck("without its broker (2110)"),
    "account values 180 s late": lambda scenario, rng: replace(scenario, cash_lag_sec=180.0),
    "a person trades between sells and buys": _person,
    "our numbers under another client id": _foreign_client,
    "resolved absent, then back": _wrong_answer,
    "two copies of a plan at one moment": _clone,
    "what-if refused for the algo": lambda scenario, rng: replace(scenario, refuses_algo_what_if=True),
}


def draw_row(name: str, seed: int, *, killed: bool = False) -> Scenario:
    """Return a row's scenario for a seed; ``killed`` also kills its first process at some step."""
    rng = Random(f"{seed} {name}")  # noqa: S311  # reproducible, not secret
    scenario = ROWS[name](calm(seed=seed, variant=rng.randrange(VARIANTS)), rng)
    return replace(scenario, crashes=(rng.randint(1, 200),)) if killed else scenario
