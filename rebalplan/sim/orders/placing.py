"""Handle placeOrder: a new order, a change, a whatIf, or a refusal."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import msgspec

from rebalplan.sim.answers import Caller
from rebalplan.sim.orders import buying_power, engine, incidents, late, order_checks, script
from rebalplan.sim.orders.behaviours import Subject
from rebalplan.sim.orders.deliveries import Delivery, Event, Notice, WhatIf
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.orders.order_checks import Refusal, Target
from rebalplan.sim.orders.order_model import WHAT_IF_SEQUENCE, Behaviour, Side, WorkingOrder
from rebalplan.sim.orders.order_texts import BOOKED_REFUSALS, OrderCode, text_of
from rebalplan.sim.orders.outcomes import ACCEPTED, DROPPED, Outcome, refusal_text, refused
from rebalplan.sim.orders.steps import SendNotice, Wait
from rebalplan.sim.scenario.scenario_behaviours import plain_behaviour
from rebalplan.sim.wire.requests import PlaceOrder

_DEFAULT_TIF = "DAY"
MAX_ORDER_ID = 2**31 - 1


def place(caller: Caller, instant: Instant, request: PlaceOrder) -> Outcome:
    """Place, change or refuse an order, with everything that follows at once.

    An invalid order is refused before its behaviour is chosen: it counts for no behaviour.
    """
    existing = instant.book.trading.find_current(caller.client_id, request.order_id)
    existing = None if request.is_what_if else existing
    target = order_checks.find_target(instant.book, request)
    if isinstance(target, Refusal):
        return refused(caller, request.order_id, target.code, target.text)
    problem = order_checks.check_terms(
        request, target.instrument, takes_fractions=instant.shared.scenario.gateway.fractional_orders
    )
    if problem is None and existing is not None:
        problem = order_checks.check_change(existing, request, target)
    if problem is not None:
        return refused(caller, request.order_id, problem.code, problem.text)
    if existing is not None:
        return _change(caller, instant, existing, request)
    return _take_in(caller, instant, request, target)


def _take_in(caller: Caller, instant: Instant, request: PlaceOrder, target: Target) -> Outcome:
    chosen = _choose(instant, request, target)
    if chosen is not None and chosen.silence == "dropped":
        return Outcome(text=DROPPED)
    behaviour = chosen or plain_behaviour(instant.shared.scenario.orders)
    order = _draft(caller, instant, request, target, chosen)
    problem = _refusal(instant, order, behaviour)
    if request.is_what_if:
        return _answer_what_if(caller, instant, order, behaviour, problem)
    if problem is not None and problem.code not in BOOKED_REFUSALS:
        return refused(caller, request.order_id, problem.code, problem.text)
    order = msgspec.structs.replace(order, perm_id=instant.book.trading.new_perm_id())
    instant.book.next_order_id = min(max(instant.book.next_order_id, request.order_id + 1), MAX_ORDER_ID)
    if problem is not None:
        return _book_refused(instant, order, behaviour, problem)
    steps = script.build_script(behaviour, order.quantity, 0, _notices(instant, order, request))
    order = late.schedule_hiding(instant, order, behaviour)
    incidents.occurred(instant, "placed", order)
    told = engine.restart(instant, msgspec.structs.replace(order, script=steps))
    return Outcome(text=ACCEPTED, deliveries=tuple(told), perm_id=order.perm_id)


def _answer_what_if(
    caller: Caller, instant: Instant, order: WorkingOrder, behaviour: Behaviour, problem: Refusal | None
) -> Outcome:
    """Return what is said about a whatIf: notices and waits of the behaviour, and margins or the refusal."""
    instrument = instant.book.instruments[order.con_id]
    answer: Event = WhatIf(order, instrument, buying_power.what_if(instant.book, order, behaviour))
    if problem is not None:
        answer = Notice(order.order_id, problem.code, problem.text)
    told, after_sec = [], 0.0
    for word in behaviour.sequence if behaviour.on == "what_if" else WHAT_IF_SEQUENCE:
        match script.read_word(word):
            case Wait(sec):
                after_sec += float(sec)
            case SendNotice(code, text):
                told.append(Delivery(caller.connection, Notice(order.order_id, code, text), after_sec))
            case _:  # the reader of a scenario lets no other word through but "answer"
                told.append(Delivery(caller.connection, answer, after_sec))
    outcome = ACCEPTED if problem is None else refusal_text(problem.code, problem.text)
    return Outcome(text=outcome, deliveries=tuple(told))


def _choose(instant: Instant, request: PlaceOrder, target: Target) -> Behaviour | None:
    subject = Subject(
        on="what_if" if request.is_what_if else "order",
        account=target.account,
        symbol=target.instrument.symbol,
        side=request.side,
        algo=request.algo,
    )
    return instant.shared.behaviours.choose(subject)


def _refusal(instant: Instant, order: WorkingOrder, behaviour: Behaviour) -> Refusal | None:
    if behaviour.code:
        return Refusal(behaviour.code, behaviour.text)
    reason = buying_power.refusal(instant.book, order, behaviour)
    return Refusal(OrderCode.REJECTED, text_of(OrderCode.REJECTED, reason)) if reason else None


def _draft(
    caller: Caller, instant: Instant, request: PlaceOrder, target: Target, behaviour: Behaviour | None
) -> WorkingOrder:
    """Return the order before it has a permId."""
    tif = request.tif or _DEFAULT_TIF
    order = WorkingOrder(
        account=target.account,
        con_id=target.instrument.con_id,
        side=cast(Side, request.side),
        quantity=request.quantity,
        order_type=request.order_type,
        limit_price=request.limit_price if request.order_type != "MKT" else Decimal(0),
        tif=tif,
        order_ref=request.order_ref,
        client_id=caller.client_id,
        order_id=request.order_id,
        perm_id=0,
        status="Submitted",
        algo=request.algo,
        algo_parameters=request.algo_parameters,
        outside_hours=request.outside_hours,
        epoch=instant.book.trading.epoch,
        placed=instant.now,
        expires=instant.shared.hours.session_end(instant.now) if tif == _DEFAULT_TIF else None,
        behaviour=behaviour,
    )
    is_waiting = engine.is_held(instant, order) or target.instrument.quote.data == "halted"
    return msgspec.structs.replace(order, status="PreSubmitted") if is_waiting else order


def _notices(instant: Instant, order: WorkingOrder, request: PlaceOrder) -> list[SendNotice]:
    """Return the notices about an order that the gateway changed or holds. The order stays alive with each."""
    steps = []
    if not request.tif:
        steps.append(script.notice(OrderCode.TIF_SET))
    if order.outside_hours and order.order_type != "LMT":
        steps.append(script.notice(OrderCode.OUTSIDE_HOURS_IGNORED))
    if engine.is_held(instant, order):
        instrument = instant.book.instruments[order.con_id]
        opening = instant.shared.hours.next_open(instant.now)
        zone = instant.shared.scenario.market.time_zone
        when = f"{opening:%Y-%m-%d %H:%M:%S} {zone}" if opening else "the next session"
        terms = f"{order.side} {order.quantity:f} {instrument.symbol} {instrument.primary_exchange}"
        text = text_of(OrderCode.ORDER_MESSAGE, terms, when)
        steps.append(script.notice(OrderCode.ORDER_MESSAGE, text))
    return steps


def _book_refused(instant: Instant, order: WorkingOrder, behaviour: Behaviour, problem: Refusal) -> Outcome:
    """Keep an order that was booked and then refused."""
    ended = msgspec.structs.replace(
        order,
        status="Inactive",
        completed=instant.now,
        completed_status=problem.text,
        script=script.refusing(behaviour, problem.code, problem.text),
    )
    told = engine.restart(instant, ended)
    return Outcome(
        text=refusal_text(problem.code, problem.text), deliveries=tuple(told), perm_id=order.perm_id
    )


def _change(caller: Caller, instant: Instant, existing: WorkingOrder, request: PlaceOrder) -> Outcome:
    """Give a working order another size or price; it begins anew with what is left."""
    behaviour = existing.behaviour or plain_behaviour(instant.shared.scenario.orders)
    order = msgspec.structs.replace(
        existing,
        quantity=request.quantity,
        order_type=request.order_type,
        limit_price=request.limit_price if request.order_type != "MKT" else Decimal(0),
        order_ref=request.order_ref,
    )
    reason = buying_power.refusal(instant.book, order, behaviour)
    if reason:
        text = text_of(OrderCode.REJECTED, reason)
        return refused(caller, request.order_id, OrderCode.REJECTED, text, existing.perm_id)
    executions = len(instant.book.trading.executions(existing.perm_id))
    steps = script.build_script(behaviour, order.remaining, executions)
    told = engine.restart(instant, msgspec.structs.replace(order, script=steps))
    return Outcome(text=ACCEPTED, deliveries=tuple(told), perm_id=order.perm_id, is_change=True)
