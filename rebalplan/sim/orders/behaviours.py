"""Which behaviour of the scenario an order message gets: counts the matching ones, like ``faults``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from rebalplan.sim.orders.order_model import Behaviour, BehaviourKind


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order message behaviours can be tied to."""

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
            if not _matches(behaviour, subject):
                continue
            self._seen[at] += 1
            if chosen is None and behaviour.occurrence in (0, self._seen[at]):
                chosen = behaviour
                self._reached[behaviour.label] += 1
        return chosen


def _matches(behaviour: Behaviour, subject: Subject) -> bool:
    wants_algo = {"": bool(subject.algo), "adaptive": True, "none": False}[behaviour.algo]
    return (
        behaviour.on == subject.on
        and behaviour.account in ("", subject.account)
        and behaviour.symbol in ("", subject.symbol)
        and behaviour.side in ("", subject.side)
        and wants_algo == bool(subject.algo)
    )
