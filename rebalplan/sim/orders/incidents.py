"""Schedule the incidents that a scenario lets follow an event."""

from __future__ import annotations

from rebalplan.sim.orders.agenda import Happen
from rebalplan.sim.orders.incident_model import When
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.orders.order_model import WorkingOrder

NO_ORDER = 0


def occurred(instant: Instant, when: When, order: WorkingOrder | None = None) -> None:
    """Schedule the incidents for an event. Orders that a person placed by hand cause none."""
    if order is not None and order.is_manual:
        return
    symbol = instant.book.instruments[order.con_id].symbol if order is not None else ""
    perm_id = order.perm_id if order is not None else NO_ORDER
    for incident in instant.shared.incidents.choose(when, order, symbol):
        # Those that wait count as well, or an incident would happen more often than ``times``.
        waiting = [effect for effect in instant.book.agenda.effects() if isinstance(effect, Happen)]
        used = instant.book.reached[incident.label] + sum(
            effect.label == incident.label for effect in waiting
        )
        if not incident.times or used < incident.times:
            instant.schedule(incident.after_sec, Happen(incident.label, perm_id))
