"""What is due by now: waits of orders that are over, DAY orders whose session is, the agenda."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from rebalplan.sim.faults import Reply
from rebalplan.sim.orders import engine, incidents, late, news, people
from rebalplan.sim.orders.agenda import (
    Charge,
    Effect,
    ExecuteLate,
    Happen,
    Hide,
    Restore,
    Reveal,
    Say,
    TellExecution,
)
from rebalplan.sim.orders.deliveries import Delivery
from rebalplan.sim.orders.floor import Floor

_LONGEST_WAIT_SEC: Final = 3600.0
_MOST_EFFECTS: Final = 10_000
"""At one moment, so that incidents which follow one another without end cannot stop the gateway."""


def resume(floor: Floor) -> list[Reply]:
    """Go on with all that a state file remembers as unfinished, and let the start of the gateway have followers."""
    for entry in floor.book.agenda.entries():
        floor.shared.agenda_due[entry.number] = floor.clock_sec + float(entry.after_sec)
    unfinished = [order for order in floor.book.trading.orders() if order.script]
    incidents.occurred(floor, "start")
    deliveries = [delivery for order in unfinished for delivery in engine.advance(floor, order)]
    is_changed = bool(unfinished or floor.shared.agenda_due)
    return engine.conclude(floor, deliveries) if is_changed else []


def tick(floor: Floor) -> list[Reply]:
    """Do what is due by now, which may be nothing."""
    shared = floor.shared
    floor.book.settle(shared.hours.local(floor.now).date())
    due = [perm_id for perm_id, at_sec in shared.due.items() if at_sec <= floor.clock_sec]
    due = [] if floor.book.lost else due
    deliveries = [d for perm_id in due for d in engine.advance(floor, floor.book.trading.order(perm_id))]
    lapsed = [order for order in floor.book.orders if order.expires and order.expires <= floor.now]
    lapsed = [] if floor.book.lost else lapsed
    deliveries += [delivery for order in lapsed for delivery in engine.cancel(floor, order)]
    effects = _run_agenda(floor)
    deliveries += [delivery for told in effects for delivery in told]
    return engine.conclude(floor, deliveries) if due or lapsed or effects else []


def next_wake_sec(floor: Floor) -> float | None:
    """Return in how many seconds ``tick`` may have something to do, ``None`` for never."""
    waits = [at_sec - floor.clock_sec for at_sec in floor.shared.agenda_due.values()]
    if not floor.book.lost:
        waits += [at_sec - floor.clock_sec for at_sec in floor.shared.due.values()]
        waits += [(o.expires - floor.now).total_seconds() for o in floor.book.orders if o.expires]
    return min(max(min(waits), 0.0), _LONGEST_WAIT_SEC) if waits else None


def _run_agenda(floor: Floor) -> list[list[Delivery]]:
    """Do what is due of the agenda, the earliest first, with what follows from it at once."""
    done: list[list[Delivery]] = []
    due_at = floor.shared.agenda_due
    while len(done) < _MOST_EFFECTS:
        due = [(at_sec, number) for number, at_sec in due_at.items() if at_sec <= floor.clock_sec]
        if not due:
            break
        at_sec, number = min(due)
        del due_at[number]
        then = msgspec.structs.replace(floor, clock_sec=at_sec)
        done.append(_perform(then, floor.book.agenda.pop(number).effect))
    return done


def _perform(floor: Floor, effect: Effect) -> list[Delivery]:  # one case per effect
    match effect:
        case Reveal():
            return late.reveal(floor, effect)
        case ExecuteLate(perm_id, fill):
            return late.execute_late(floor, floor.book.trading.order(perm_id), fill)
        case TellExecution():
            return late.tell_execution(floor, effect)
        case Charge():
            return late.charge(floor, effect)
        case Hide():
            return late.hide(floor, effect)
        case Happen():
            return _happen(floor, effect)
        case Restore():
            return people.restore(floor, effect)
        case Say():
            floor.book.reached[f"{effect.label}.later"] += 1
            words = [notice.partition(" ") for notice in effect.notices]
            return [told for code, _, text in words for told in news.tell_everyone(floor, int(code), text)]
        case _:
            assert_never(effect)


def _happen(floor: Floor, effect: Happen) -> list[Delivery]:
    found = [incident for incident in floor.shared.scenario.incidents if incident.label == effect.label]
    told = people.happen(floor, found[0], effect.perm_id) if found else None
    if told is None:
        return []
    floor.book.reached[effect.label] += 1
    return told
