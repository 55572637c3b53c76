"""Choose the incidents for an event and the table for a handshake: count the matching ones, as for faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rebalplan.sim.orders.behaviours import matches
from rebalplan.sim.orders.incident_model import Handshake, Incident, When
from rebalplan.sim.orders.order_model import WorkingOrder

ANY_CLIENT = -1


class IncidentCounter:
    """The incidents of a scenario, each with how many of its events there were over the life of a server."""

    def __init__(self, incidents: Sequence[Incident]) -> None:
        self._incidents = tuple(incidents)
        self._seen = [0] * len(self._incidents)

    def choose(self, when: When, order: WorkingOrder | None, symbol: str) -> list[Incident]:
        """Count one event and return every incident that follows it."""
        chosen = []
        for at, incident in enumerate(self._incidents):
            if incident.when != when:
                continue
            if order is not None and not matches(incident, order.account, symbol, order.side, order.algo):
                continue
            self._seen[at] += 1
            if incident.occurrence in (0, self._seen[at]):
                chosen.append(incident)
        return chosen


class HandshakeCounter:
    """The handshakes of a scenario, each with how many matching ones there were over the life of a server."""

    def __init__(self, handshakes: Sequence[Handshake], reached: Counter[str]) -> None:
        self._handshakes = tuple(handshakes)
        self._seen = [0] * len(self._handshakes)
        self._reached = reached

    def choose(self, client_id: int) -> Handshake | None:
        """Count one handshake and return the first table that is for it, or ``None``."""
        chosen = None
        for at, handshake in enumerate(self._handshakes):
            if handshake.client_id not in (ANY_CLIENT, client_id):
                continue
            self._seen[at] += 1
            if chosen is None and handshake.occurrence in (0, self._seen[at]):
                chosen = handshake
                self._reached[handshake.label] += 1
        return chosen
