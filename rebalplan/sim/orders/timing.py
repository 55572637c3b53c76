"""Do what is due by now: waits that are over, DAY orders whose session has ended, the agenda."""

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
from rebalplan.sim.orders.instant import Instant

_LONGEST_WAIT_SEC: Final = 3600.0
_MOST_EFFECTS: Final = 10_000
"""The limit at one moment: incidents that follow one another without end cannot stop the gateway."""


def resume(instant: Instant) -> list[Reply]:
    """Go on with what the state file has as unfinished, and schedule the incidents for the start."""
    for entry in instant.book.agenda.entries():
        instant.shared.agenda_due[entry.number] = instant.clock_sec + float(entry.after_sec)
    unfinished = [order for order in instant.book.trading.orders() if order.script]
    incidents.occurred(instant, "start")
    deliveries = [delivery for order in unfinished for delivery in engine.advance(instant, order)]
    is_changed = bool(unfinished or instant.shared.agenda_due)
    return engine.conclude(instant, deliveries) if is_changed else []


def tick(instant: Instant) -> list[Reply]:
    """Do what is due by now. While the broker is lost, orders stand still."""
    shared = instant.shared
    instant.book.settle(shared.hours.local(instant.now).date())
    due = [perm_id for perm_id, at_sec in shared.due.items() if at_sec <= instant.clock_sec]
    due = [] if instant.book.lost else due
    deliveries = [d for perm_id in due for d in engine.advance(instant, instant.book.trading.order(perm_id))]
    lapsed = [order for order in instant.book.orders if order.expires and order.expires <= instant.now]
    lapsed = [] if instant.book.lost else lapsed
    deliveries += [delivery for order in lapsed for delivery in engine.cancel(instant, order)]
    effects = _run_agenda(instant)
    deliveries += [delivery for told in effects for delivery in told]
    return engine.conclude(instant, deliveries) if due or lapsed or effects else []


def next_wake_sec(instant: Instant) -> float | None:
    """Return in how many seconds ``tick`` may have something to do, ``None`` for never."""
    waits = [at_sec - instant.clock_sec for at_sec in instant.shared.agenda_due.values()]
    if not instant.book.lost:
        waits += [at_sec - instant.clock_sec for at_sec in instant.shared.due.values()]
        waits += [(o.expires - instant.now).total_seconds() for o in instant.book.orders if o.expires]
    return min(max(min(waits), 0.0), _LONGEST_WAIT_SEC) if waits else None


def _run_agenda(instant: Instant) -> list[list[Delivery]]:
    """Do the due effects of the agenda, the earliest first, with those that they add."""
    done: list[list[Delivery]] = []
    due_at = instant.shared.agenda_due
    while len(done) < _MOST_EFFECTS:
        due = [(at_sec, number) for number, at_sec in due_at.items() if at_sec <= instant.clock_sec]
        if not due:
            break
        at_sec, number = min(due)
        del due_at[number]
        then = msgspec.structs.replace(instant, clock_sec=at_sec)
        done.append(_perform(then, instant.book.agenda.pop(number).effect))
    return done


def _perform(instant: Instant, effect: Effect) -> list[Delivery]:  # one case per effect
    match effect:
        case Reveal():
            return late.reveal(instant, effect)
        case ExecuteLate(perm_id, fill):
            return late.execute_late(instant, instant.book.trading.order(perm_id), fill)
        case TellExecution():
            return late.tell_execution(instant, effect)
        case Charge():
            return late.charge(instant, effect)
        case Hide():
            return late.hide(instant, effect)
        case Happen():
            return _happen(instant, effect)
        case Restore():
            return people.restore(instant, effect)
        case Say():
            instant.book.reached[f"{effect.label}.later"] += 1
            words = [notice.partition(" ") for notice in effect.notices]
            return [told for code, _, text in words for told in news.tell_everyone(instant, int(code), text)]
        case _:
            assert_never(effect)


def _happen(instant: Instant, effect: Happen) -> list[Delivery]:
    found = [incident for incident in instant.shared.scenario.incidents if incident.label == effect.label]
    told = people.happen(instant, found[0], effect.perm_id) if found else None
    if told is None:
        return []
    instant.book.reached[effect.label] += 1
    return told
