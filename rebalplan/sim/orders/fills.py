"""At what price an order fills, what that costs, and what it does to the account."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import msgspec

from rebalplan.sim.accounts.book import Book, Price, Unsettled
from rebalplan.sim.orders.order_book import corrected_id
from rebalplan.sim.orders.order_model import Behaviour, Execution, OrderSettings, WorkingOrder
from rebalplan.sim.scenario.model import ZERO, Instrument, Position, Quote

_BASIS: Final = Decimal(10_000)
_PRICE_DIGITS: Final = Decimal("0.0001")
_CENT: Final = Decimal("0.01")
_MAX_COMMISSION_SHARE: Final = Decimal("0.01")
_SATURDAY: Final = 5


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When and how an order fills: the gateway's time, as text for the wire too, and its local date."""

    behaviour: Behaviour
    now: datetime
    time_text: str
    today: date


def _usable(price: Decimal | None) -> bool:
    return price is not None and price.is_finite() and price > 0


def touch(quote: Quote, side: str) -> Decimal | None:
    """Return the price a market order meets: ask for a buy, bid for a sale, else last, else close."""
    first = quote.ask if side == "BUY" else quote.bid
    return next((price for price in (first, quote.last, quote.close) if _usable(price)), None)


def shifted(price: Decimal, side: str, bps: Decimal) -> Decimal:
    """Return the price moved against the order: up for a buy, down for a sale."""
    if not bps:
        return price
    factor = 1 + (bps if side == "BUY" else -bps) / _BASIS
    return (price * factor).quantize(_PRICE_DIGITS)


def fill_price(order: WorkingOrder, instrument: Instrument, slippage_bps: Decimal) -> Decimal | None:
    """Return the price the order fills at now, ``None`` when it does not.

    A halted instrument and one without any price fill nothing. A limit order fills when the market is at its limit
    or better, never beyond it; a MIDPRICE order fills in the middle, rounded to the tick in the order's favour.
    """
    market = touch(instrument.quote, order.side)
    if market is None or instrument.quote.data == "halted":
        return None
    if order.order_type == "MIDPRICE":
        market = _middle(instrument, order.side) or market
    if not order.limit_price or order.order_type == "MKT":
        return shifted(market, order.side, slippage_bps)
    is_buy = order.side == "BUY"
    if (market > order.limit_price) if is_buy else (market < order.limit_price):
        return None
    price = shifted(market, order.side, slippage_bps)
    return min(price, order.limit_price) if is_buy else max(price, order.limit_price)


def _middle(instrument: Instrument, side: str) -> Decimal | None:
    bid, ask = instrument.quote.bid, instrument.quote.ask
    if bid is None or ask is None or not _usable(bid) or not _usable(ask):
        return None
    rounding = ROUND_FLOOR if side == "BUY" else ROUND_CEILING
    tick = instrument.min_tick if instrument.min_tick > 0 else _PRICE_DIGITS
    return ((bid + ask) / 2 / tick).to_integral_value(rounding) * tick


def commission_on(behaviour: Behaviour, quantity: Decimal, value: Decimal) -> Decimal:
    """Return what an order of that size and worth costs in all.

    Per share with a minimum, but at most 1% of the value, as Interactive Brokers' fixed pricing for US stocks.
    """
    cost = max(behaviour.commission_minimum, behaviour.commission_per_share * quantity)
    return min(cost, value * _MAX_COMMISSION_SHARE).quantize(_CENT)


def fill(book: Book, order: WorkingOrder, quantity: Decimal, price: Decimal, moment: Moment) -> WorkingOrder:
    """Execute a part of the order: shares, cash and commission move; return the order as it is now."""
    instrument = book.instruments[order.con_id]
    filled, value = order.filled + quantity, order.value + quantity * price
    # The commission is that of the whole order so far, less what was charged: the minimum is paid once per order.
    costs = commission_on(moment.behaviour, filled, value * instrument.multiplier)
    commission = max(costs - order.commission, ZERO)
    signed = quantity if order.side == "BUY" else -quantity
    realized = _trade(book, order.account, instrument, signed, price)
    proceeds = -signed * price * instrument.multiplier
    _pay(book, order, proceeds, commission, moment)
    is_done = filled >= order.quantity
    is_hidden = moment.behaviour.visible_after_sec > 0
    after = msgspec.structs.replace(
        order,
        filled=filled,
        value=value,
        last_price=price,
        commission=order.commission + commission,
        status="Filled" if is_done else "Submitted",
        why_held="",
        completed=moment.now if is_done else None,
        completed_status=f"Filled Size: {filled.normalize():f}" if is_done else "",
        is_visible=not (is_hidden and is_done),
    )
    # A fill that closes nothing realizes nothing: the wire then has an unset number, no negative commission.
    profit = realized - commission if realized else ZERO
    execution = _execution(book, after, moment, quantity=quantity, commission=commission, realized=profit)
    book.trading.execute(msgspec.structs.replace(execution, cash_change=proceeds - commission))
    return book.trading.put(after)


def fill_late(
    book: Book, order: WorkingOrder, quantity: Decimal, price: Decimal, moment: Moment, *, is_listed: bool
) -> WorkingOrder:
    """Execute a part of an order that is over: its status stays; without ``is_listed`` nothing shows it yet."""
    after = fill(book, order, quantity, price, moment)
    execution = book.trading.executions(order.perm_id)[-1]
    book.trading.show(order.perm_id, execution.fill, "all", is_shown=is_listed)
    return book.trading.put(
        msgspec.structs.replace(
            after,
            status=order.status,
            completed=order.completed,
            completed_status=order.completed_status,
            is_visible=order.is_visible,
        )
    )


def _execution(
    book: Book,
    order: WorkingOrder,
    moment: Moment,
    *,
    quantity: Decimal,
    commission: Decimal,
    realized: Decimal,
) -> Execution:
    """Return the execution that made the order what it is."""
    return Execution(
        exec_id=book.trading.new_execution_id(),
        perm_id=order.perm_id,
        order_id=order.order_id,
        client_id=order.client_id,
        account=order.account,
        con_id=order.con_id,
        side=order.side,
        quantity=quantity,
        price=order.last_price,
        cumulative=order.filled,
        average_price=order.average_price,
        order_ref=order.order_ref,
        commission=commission,
        realized=realized,
        time=moment.now,
        time_text=moment.time_text,
        is_visible=not moment.behaviour.visible_after_sec,
        is_position_visible=not moment.behaviour.positions_after_sec,
        is_value_visible=not moment.behaviour.values_after_sec,
    )


def _trade(book: Book, account: str, instrument: Instrument, signed: Decimal, price: Decimal) -> Decimal:
    """Change the holding by ``signed`` shares and return the profit this realizes, costs aside."""
    held = book.held(account, instrument.con_id)
    cost = price * instrument.multiplier
    quantity = held.quantity + signed
    if held.quantity * signed >= 0:
        average = (held.quantity * held.avg_cost + signed * cost) / quantity
        closed = ZERO
    else:
        closed = min(abs(signed), abs(held.quantity)) * (1 if held.quantity > 0 else -1)
        average = held.avg_cost if held.quantity * quantity > 0 else (cost if quantity else ZERO)
    book.hold(account, Position(instrument.con_id, quantity, average))
    return closed * (cost - held.avg_cost)


def _pay(book: Book, order: WorkingOrder, amount: Decimal, commission: Decimal, moment: Moment) -> None:
    currency = book.instruments[order.con_id].currency
    book.pay(order.account, currency, amount - commission)
    if amount > 0 and book.account(order.account).settlement == "next_day":
        book.defer(order.account, Unsettled(currency, amount, _next_weekday(moment.today)))


def _next_weekday(day: date) -> date:
    after = day + timedelta(days=1)
    while after.weekday() >= _SATURDAY:
        after += timedelta(days=1)
    return after


def correct(book: Book, order: WorkingOrder, bps: Decimal) -> WorkingOrder:
    """Correct the price of the order's last execution, with the cash, and return the order as it is now."""
    executions = book.trading.executions(order.perm_id)
    if not executions:
        return order
    wrong = executions[-1]
    price = shifted(wrong.price, order.side, bps)
    change = (price - wrong.price) * wrong.quantity
    value = order.value + change
    instrument = book.instruments[order.con_id]
    sign = -1 if order.side == "BUY" else 1
    book.pay(order.account, instrument.currency, sign * change * instrument.multiplier)
    right = msgspec.structs.replace(
        wrong,
        exec_id=corrected_id(wrong.exec_id),
        price=price,
        average_price=value / order.filled,
        cash_change=sign * change * instrument.multiplier,
    )
    book.trading.execute(right)
    return book.trading.put(msgspec.structs.replace(order, value=value, last_price=price))


def move_market(book: Book, order: WorkingOrder, settings: OrderSettings, price: Decimal) -> None:
    """Move the quote in the direction of a fill by the scenario's market impact; nothing when that is 0."""
    bps = settings.market_impact_bps
    if not bps:
        return
    instrument = book.instruments[order.con_id]
    moved = [
        shifted(side, order.side, bps) if side is not None and side.is_finite() else side
        for side in (instrument.quote.bid, instrument.quote.ask)
    ]
    book.move_price(Price(con_id=order.con_id, bid=moved[0], ask=moved[1], last=price))
