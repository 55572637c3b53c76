"""What must hold after every run, judged by the broker's own books."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from itertools import product

from rebalplan.journal.result import AccountResult, ApplyResult, LineResult, OrderResult
from tests.simulation.ledger import Booked, Ledger
from tests.simulation.world import World


def judge(world: World, result: ApplyResult) -> list[str]:
    """Return a sentence for everything that does not hold."""
    found = [*_strangers(world, result)]
    for account in result.accounts:
        for line in account.lines:
            found += _line(world.ledger, account, line)
        found += _cash(world, account)
        found += _ending(world, account)
    return found


def _strangers(world: World, result: ApplyResult) -> Iterable[str]:
    """Every order at the broker is in the journal, of the right account."""
    known = {
        order.dispatch.reference: account.account
        for account in result.accounts
        for line in account.lines
        for order in line.orders
    }
    for booked in world.ledger.orders:
        ticket = booked.ticket
        if ticket.reference.startswith("rb-") and known.get(ticket.reference) != ticket.account:
            yield f"LOST {ticket.reference} is at the broker in {ticket.account}, the journal does not know it"
    for reference in world.attempts:
        if reference not in known:
            yield f"LOST {reference} was sent and is not in the journal"


def _line(ledger: Ledger, account: AccountResult, line: LineResult) -> Iterable[str]:
    """The broker never did more than the line says, and the journal says what the broker did."""
    references = (line.reference, f"{line.reference}-f")
    booked = [o for o in ledger.orders if o.ticket.reference in references]
    filled = sum((ledger.filled(r) for r in references), Decimal(0))
    if filled > line.planned.quantity:
        yield f"{line.reference} filled {filled} of {line.planned.quantity} planned"
    for order in booked:
        ticket, planned = order.ticket, line.planned
        what = (ticket.account, ticket.symbol, ticket.con_id, ticket.side)
        if what != (account.account, planned.symbol, planned.con_id, planned.side):
            yield f"{line.reference} went out as {ticket}"
    if line.status in ("not_sent", "cut") and booked:
        yield f"LOST {line.reference} is {line.status} but at the broker"
    if line.status in ("working", "dispatched") and not any(o.is_working for o in booked):
        yield f"{line.reference} is {line.status} after the last resume but not working at the broker"
    for order_result in line.orders:
        yield from _order(ledger, account, order_result)


def _order(ledger: Ledger, account: AccountResult, order: OrderResult) -> Iterable[str]:
    reference = order.dispatch.reference
    if not order.is_over:
        return
    if order.filled != ledger.filled(reference):
        yield f"LOST {reference} is {order.status} with {order.filled}, the broker has {ledger.filled(reference)}"
    elif order.is_priced and not _is_value(order.value_usd, _values(ledger, account, reference)):
        yield f"{reference} came to {order.value_usd}, the broker says {ledger.value(reference)}"
    if any(o.is_working for o in ledger.orders if o.ticket.reference == reference):
        yield f"LOST {reference} is {order.status} but working at the broker"


def _is_value(value: Decimal, values: set[Decimal]) -> bool:
    """Tell whether it is one of these, but for the rounding of an average price that a person gave."""
    return any(abs(value - other) < Decimal("0.001") for other in values)


def _values(ledger: Ledger, account: AccountResult, reference: str) -> set[Decimal]:
    """Return what an order came to, with and without corrections that came too late or that no list shows."""
    choices: dict[str, set[Decimal]] = {}
    is_hidden = any(o.fate.hidden_sec for o in ledger.orders if o.ticket.reference == reference)
    seen_until = account.closed.at - timedelta(seconds=60) if account.closed else None
    for deal in ledger.deals:
        dealt = deal.execution
        if dealt.reference != reference:
            continue
        came_late = is_hidden or (seen_until is not None and dealt.at > seen_until)
        kept = choices.get(deal.root, set()) if came_late else set()
        choices[deal.root] = kept | {dealt.quantity * dealt.price}
    return {sum(chosen, Decimal(0)) for chosen in product(*choices.values())}


def _cash(world: World, account: AccountResult) -> Iterable[str]:
    """Buys never take more than the floor leaves, but for what costs and slippage explain."""
    summary = account.plan.summary
    orders = [order for line in account.lines for order in line.orders]
    if summary is None or not any(line.planned.side == "BUY" and line.filled for line in account.lines):
        return
    cash, _ = world.ledger.of(account.account, world.clock.now())
    excuse = Decimal("0.01")
    for order in orders:
        for deal in (d for d in world.ledger.deals if d.execution.reference == order.dispatch.reference):
            dealt = deal.execution
            adverse = (
                dealt.price - order.dispatch.quote
                if dealt.side == "BUY"
                else order.dispatch.quote - dealt.price
            )
            excuse += deal.commission + max(Decimal(0), adverse) * dealt.quantity
    if cash < summary.cash_floor_usd - excuse:
        yield f"{account.account} has {cash} USD, its floor is {summary.cash_floor_usd}, explained {excuse}"


def _ending(world: World, account: AccountResult) -> Iterable[str]:
    """A closed account says what it is; one that may not be traded was not."""
    if account.account in world.must_refuse() and account.intents:
        yield f"{account.account} was begun although {world.must_refuse()[account.account]}"
    statuses = {line.status for line in account.lines}
    if account.closed is not None and account.closed.status == "done" and statuses - {"filled", "cut"}:
        yield f"{account.account} is done with {sorted(statuses)}"
    if world.scenario.profile == "calm" and statuses != {"filled"}:
        yield f"{account.account} is calm and ends with {sorted(statuses)}"


def working(ledger: Ledger) -> list[Booked]:
    """Return our orders that still work at the broker."""
    return [o for o in ledger.orders if o.is_working and o.ticket.reference.startswith("rb-")]
