"""Choose the behaviour for an order message: count the matching ones, as for faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import assert_never

import msgspec

from rebalplan.sim.orders.incident_model import Incident
from rebalplan.sim.orders.order_model import AlgoFilter, Behaviour, BehaviourKind


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of an order message that a behaviour selects by."""

    on: BehaviourKind
    account: str
    symbol: str
    side: str
    algo: str


class BehaviourCounter:
    """The behaviours of a scenario, each with how often it matched over the life of a server."""

    def __init__(self, behaviours: Sequence[Behaviour], reached: Counter[str] | None = None) -> None:
        self._behaviours = tuple(behaviours)
        self._reached = Counter[str]() if reached is None else reached
        self._seen = [0] * len(self._behaviours)

    def choose(self, subject: Subject) -> Behaviour | None:
        """Count one message and return the first behaviour that is for it, or ``None``."""
        chosen = None
        for at, behaviour in enumerate(self._behaviours):
            if behaviour.on != subject.on or not matches(
                behaviour, subject.account, subject.symbol, subject.side, subject.algo
            ):
                continue
            self._seen[at] += 1
            if chosen is None and behaviour.occurrence in (0, self._seen[at]):
                chosen = behaviour
                self._reached[behaviour.label] += 1
        return chosen


def matches(table: Behaviour | Incident, account: str, symbol: str, side: str, algo: str) -> bool:
    """Tell whether a table of the scenario is for such an order."""
    return (
        table.account in ("", account)
        and table.symbol in ("", symbol)
        and table.side in ("", side)
        and _wants(table.algo, is_algo=bool(algo))
    )


def _wants(algo: AlgoFilter, *, is_algo: bool) -> bool:
    match algo:
        case "":
            return True
        case "adaptive":
            return is_algo
        case "none":
            return not is_algo
        case _:
            assert_never(algo)
