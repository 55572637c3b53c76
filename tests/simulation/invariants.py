"""What must hold after every run, judged by the broker's own books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.result import AccountResult, ApplyResult, LineResult
from rebalplan.apply.reports.after import account_after
from rebalplan.core.orders import correction_root
from tests.simulation.ledger import Booked, Deal, Ledger
from tests.simulation.world import CLONE_CLIENT_ID, TIMING, World

LAST_LOOK_SEC = 20
"""How long before its close an account's executions may have been asked for the last time."""


def judge(world: World, result: ApplyResult) -> list[str]:
    """Return a sentence for everything that does not hold."""
    found = [*_strangers(world, result)]
    for account in result.accounts:
        for line in account.lines:
            found += _line(world, account, line)
        found += _cash(world, account)
        found += _books(world, account)
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
        if booked.is_killed_by_us:
            yield f"FOREIGN order {booked.order_id} of client {booked.client_id} was cancelled by us"
        if booked.client_id == CLONE_CLIENT_ID:
            continue
        if ticket.reference.startswith("rb-") and known.get(ticket.reference) != ticket.account:
            yield f"LOST {ticket.reference} is at the broker in {ticket.account}, the journal does not know it"
    for reference in world.attempts:
        if reference not in known:
            yield f"LOST {reference} was sent and is not in the journal"


def _line(world: World, account: AccountResult, line: LineResult) -> Iterable[str]:
    """The broker never did more than the line says unnoticed, and the journal says what the broker did."""
    ledger = world.ledger
    references = (line.reference, f"{line.reference}-f")
    booked = [o for o in ledger.orders if o.ticket.reference in references and o.client_id != CLONE_CLIENT_ID]
    filled = sum((_filled_by(ledger, account, r) for r in references), Decimal(0))
    if filled > line.planned.quantity and _ends_well(account):
        yield f"OVER {line.reference} filled {filled} of {line.planned.quantity} planned, unnoticed"
    if filled > line.planned.quantity and not any(o.fate.fill_after_sec or o.changed_to for o in booked):
        yield f"OVER {line.reference} filled {filled} of {line.planned.quantity} planned"
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
    if not order.is_over or _is_a_hidden_lie(ledger, account, order):
        return
    if order.filled not in _fillings(ledger, account, reference):
        yield f"LOST {reference} is {order.status} with {order.filled}, the broker has {ledger.filled(reference)}"
    elif order.is_priced and not _is_value(order.value_usd, _values(ledger, account, order)):
        yield f"{reference} came to {order.value_usd}, the broker says {ledger.value(reference)}"
    if any(o.is_working for o in ledger.orders if o.ticket.reference == reference):
        yield f"LOST {reference} is {order.status} but working at the broker"


def _fillings(ledger: Ledger, account: AccountResult, reference: str) -> set[Decimal]:
    """Return what an order may be said to have filled: all, or what was shown.

    No list ever showed an order that hides. The wire's word of its end knows of no fill that crossed it, so the
    account must not be done then, only.
    """
    fillings = {_filled_by(ledger, account, reference), ledger.filled(reference)}
    is_hidden = any(o.fate.hidden_sec for o in ledger.orders if o.ticket.reference == reference)
    if is_hidden and not _ends_well(account):
        before = [d for d in ledger.deals_of(reference) if not d.root.endswith(".99")]
        fillings.add(sum((deal.execution.quantity for deal in before), Decimal(0)))
    return fillings


def _filled_by(ledger: Ledger, account: AccountResult, reference: str) -> Decimal:
    """Return what the broker had filled of an order, as far as it showed it when the account was last closed."""
    shown = [deal for deal in ledger.deals_of(reference) if _is_shown(ledger, account, deal)]
    return sum((deal.execution.quantity for deal in shown), Decimal(0))


def _is_shown(ledger: Ledger, account: AccountResult, deal: Deal) -> bool:
    """Tell whether a deal was in the lists when the account was last closed.

    Only one behind an end, or of an order that somebody changed unseen, may not be.
    """
    orders = [o for o in ledger.orders if o.ticket.reference == deal.execution.reference]
    is_surprise = deal.root.endswith(".99") or any(o.changed_to is not None for o in orders)
    if account.closed is None or not account.is_current or not is_surprise:
        return True
    lag = timedelta(seconds=max(o.fate.lag_sec for o in orders) + LAST_LOOK_SEC)
    known = {correction_root(fill.exec_id) for line in account.lines for o in line.orders for fill in o.fills}
    is_listed = all(ledger.is_visible(o, account.closed.at) for o in orders)
    return deal.root in known or (is_listed and deal.execution.at + lag <= account.closed.at)


def _ends_well(account: AccountResult) -> bool:
    return account.closed is not None and account.closed.status == "done" and account.is_current


def _books(world: World, account: AccountResult) -> Iterable[str]:
    """What is reported of a closed account is what the broker's books say, or it is marked; so is "done".

    The books may be without what nobody could know of at the close, see ``_unknowable``.
    """
    after, closed = account_after(account), account.closed
    orders = [o for line in account.lines for o in line.orders]
    if after is None or closed is None or not account.is_current or _is_unclear(world.ledger, orders):
        return
    books = [
        world.ledger.of(account.account, closed.at + timedelta(seconds=s), without=roots)
        for roots in ((), _unknowable(world, account, closed.at))
        for s in (0, 1)
    ]
    if not getattr(after, "doubts", ()):
        if not any(abs(after.cash_usd - cash) < Decimal("0.01") for cash, _ in books):
            yield f"REPORT {account.account} has {books[1][0]} USD, {after.cash_usd} is reported unmarked"
        if not any(_held(after.shares) == _held(held) for _, held in books):
            yield f"REPORT {account.account} holds {books[1][1]}, {after.shares} is reported unmarked"
    reckoned = _reckoned(world, account)
    if closed.status == "done" and all(_held(held) != reckoned for _, held in books):
        yield f"DONE {account.account} holds {books[1][1]}, its fills make it {reckoned}"
    for order in orders:
        yield from _commission(world.ledger, account, order)


def _unknowable(world: World, account: AccountResult, closed_at: datetime) -> frozenset[str]:
    """Return the deals of surprises that no answer up to the close could have in it.

    Lists and positions that lag do not show what crossed an end, or what an order filled that somebody raised unseen.
    Where a process saw such an order work on and closed the account after that, it had to know that more may come.
    """
    ledger, own = world.ledger, account.account
    known = {correction_root(fill.exec_id) for order in account.orders for fill in order.fills}
    roots = set()
    for deal in ledger.deals:
        dealt = deal.execution
        orders = [o for o in ledger.orders if o.ticket.reference == dealt.reference]
        lag_sec = max(o.fate.lag_sec for o in orders)
        lags = lag_sec > 0 and dealt.at + timedelta(seconds=lag_sec + LAST_LOOK_SEC) > closed_at
        is_new = dealt.account == own and dealt.reference.startswith("rb-") and deal.root not in known
        is_surprise = deal.root.endswith(".99") or any(o.changed_to is not None for o in orders)
        if is_new and lags and is_surprise and not world.was_seen_working_on(own, dealt.reference):
            roots.add(deal.root)
    return frozenset(roots)


def _is_unclear(ledger: Ledger, orders: Iterable[OrderResult]) -> bool:
    """Tell whether some order cannot be judged by the books at the close: corrected, hidden, or resolved by hand."""
    references = {o.dispatch.reference: o for o in orders}
    fates = [o.fate for o in ledger.orders if o.ticket.reference in references]
    by_hand = any(o.status in ("resolved", "unknown") or not o.is_over for o in references.values())
    return by_hand or any(f.correction_sec or f.hidden_sec for f in fates)


def _reckoned(world: World, account: AccountResult) -> dict[str, Decimal]:
    holdings = account.reckon()
    return _held({p.symbol: p.quantity for p in holdings.positions})


def _held(positions: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {symbol: quantity for symbol, quantity in positions.items() if quantity}


def _is_a_hidden_lie(ledger: Ledger, account: AccountResult, order: OrderResult) -> bool:
    """Tell whether a person answered wrongly about an order that no list shows yet; "done" it must not be."""
    orders = [o for o in ledger.orders if o.ticket.reference == order.dispatch.reference]
    if order.status != "resolved" or account.closed is None or _ends_well(account):
        return False
    return not any(ledger.is_visible(o, account.closed.at) for o in orders)


def _commission(ledger: Ledger, account: AccountResult, order: OrderResult) -> Iterable[str]:
    reported: Decimal | None = order.commission_usd
    deals = [d for d in ledger.deals_of(order.dispatch.reference) if _is_shown(ledger, account, d)]
    charged = sum((deal.commission for deal in deals), Decimal(0))
    is_free = any(
        not o.fate.is_charged for o in ledger.orders if o.ticket.reference == order.dispatch.reference
    )
    if order.fills and reported is not None and (is_free or reported != charged):
        yield f"REPORT {order.dispatch.reference} cost {charged}, {reported} is reported"


def _is_value(value: Decimal, values: set[Decimal]) -> bool:
    """Tell whether it is one of these, but for the rounding of an average price that a person gave."""
    return any(abs(value - other) < Decimal("0.001") for other in values)


def _values(ledger: Ledger, account: AccountResult, order: OrderResult) -> set[Decimal]:
    """Return what an order came to, with and without corrections that came too late or that no list shows.

    As far as the broker showed it; and where the journal has all shares of the books, by the books: a person who
    answers from the account statement knows of a fill that no list ever showed.
    """
    reference = order.dispatch.reference
    choices: dict[str, set[Decimal]] = {}
    is_hidden = any(o.fate.hidden_sec for o in ledger.orders if o.ticket.reference == reference)
    seen_until = account.closed.at - timedelta(seconds=60) if account.closed else None
    for deal in ledger.deals:
        dealt = deal.execution
        if dealt.reference != reference or not _is_shown(ledger, account, deal):
            continue
        came_late = is_hidden or (seen_until is not None and dealt.at > seen_until)
        kept = choices.get(deal.root, set()) if came_late else set()
        choices[deal.root] = kept | {dealt.quantity * dealt.price}
    by_books = {ledger.value(reference)} if order.filled == ledger.filled(reference) else set()
    return by_books | {sum(chosen, Decimal(0)) for chosen in product(*choices.values())}


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
        excuse += _excess(world, order)
    if world.scenario.person_at == account.account and world.person_has_traded:
        excuse += _not_ours(world, account)
    if cash < summary.cash_floor_usd - excuse:
        yield f"{account.account} has {cash} USD, its floor is {summary.cash_floor_usd}, explained {excuse}"


def _excess(world: World, order: OrderResult) -> Decimal:
    """Return what an order cost that nobody could know of when money was spent.

    A person's change made it buy more than was sent, or a fill came to light after the lists had agreed; with both,
    the dearer explains it.
    """
    reference = order.dispatch.reference
    booked = [o for o in world.ledger.orders if o.ticket.reference == reference]
    hidden = [d for d in world.ledger.deals_of(reference) if d.root.endswith(".99")]
    if reference in world.lied_about:
        return world.ledger.value(reference)
    raised = late = Decimal(0)
    if any(o.changed_to is not None for o in booked):
        excess = world.ledger.filled(reference) - order.dispatch.quantity
        raised = max(Decimal(0), excess) * order.dispatch.quote * 2
    if any(o.fate.fill_after_sec + o.fate.lag_sec > TIMING.agree_sec for o in booked):
        late = sum((d.execution.quantity * d.execution.price for d in hidden), Decimal(0))
    return max(raised, late)


def _not_ours(world: World, account: AccountResult) -> Decimal:
    """Return what the owner took out of the account, unless our buys went out knowingly after it."""
    if account.plan.policy.execution.sequence == "sells_first" and any(
        o.at > world.person_traded_at and o.ticket.side == "BUY" and o.ticket.reference.startswith("rb-")
        for o in world.ledger.orders
        if o.ticket.account == account.account
    ):
        return Decimal(0)
    return Decimal(10_000)


def _ending(world: World, account: AccountResult) -> Iterable[str]:
    """A closed account says what it is; one that may not be traded was not."""
    if account.account in world.must_refuse() and account.intents:
        yield f"{account.account} was begun although {world.must_refuse()[account.account]}"
    statuses = {line.status for line in account.lines}
    if account.closed is not None and account.closed.status == "done" and statuses - {"filled", "cut"}:
        yield f"{account.account} is done with {sorted(statuses)}"
    may_fall_back = account.plan.policy.execution.fallback_plain_market
    is_refused = account.closed is not None and "broker would refuse" in account.closed.error
    is_refused &= account.account not in world.must_refuse()
    if world.scenario.refuses_algo_what_if and may_fall_back and is_refused:
        yield f"REFUSED {account.account} is refused for its algo although a plain order would do"
    if world.scenario.profile == "calm" and statuses != {"filled"}:
        yield f"{account.account} is calm and ends with {sorted(statuses)}"


def working(ledger: Ledger) -> list[Booked]:
    """Return our orders that still work at the broker."""
    return [o for o in ledger.orders if o.is_working and o.ticket.reference.startswith("rb-")]
