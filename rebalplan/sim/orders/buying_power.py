"""Decide whether an account can afford an order, and answer whatIf orders. Simple on purpose.

A cash account pays in full from settled cash of all currencies together and cannot go short. A margin account
needs half of the new exposure (Regulation T) within its available funds. Money for working buys is set aside. An order
that makes a position smaller is always allowed.
"""

from __future__ import annotations

from decimal import Decimal

from rebalplan.sim.accounts import valuation
from rebalplan.sim.accounts.book import Book
from rebalplan.sim.orders import fills
from rebalplan.sim.orders.order_model import Behaviour, WorkingOrder
from rebalplan.sim.orders.order_texts import EQUITY_TEXT, SETTLED_CASH_TEXT, SHORT_TEXT
from rebalplan.sim.scenario.model import ZERO, Instrument
from rebalplan.sim.wire.order_layout import Margins


def refusal(book: Book, order: WorkingOrder, behaviour: Behaviour) -> str:
    """Return why the account cannot have the order, empty when it can."""
    if book.account(order.account).kind == "cash" and _goes_short(book, order):
        return SHORT_TEXT
    instrument = book.instruments[order.con_id]
    growth = _growth(book, order) * _price(order, instrument) * instrument.multiplier
    growth *= book.rate(instrument.currency, book.account(order.account).base)
    if growth <= 0:
        return ""
    cost = growth + _commission(book, order, behaviour)
    if book.account(order.account).kind == "cash":
        return _cash_refusal(book, order, cost)
    return _margin_refusal(book, order, growth)


def _cash_refusal(book: Book, order: WorkingOrder, cost: Decimal) -> str:
    available = valuation.settled_cash(book, order.account)
    needed = cost + _reserved(book, order)
    return "" if needed <= available else SETTLED_CASH_TEXT.format(f"{available:.2f}", f"{needed:.2f}")


def _goes_short(book: Book, order: WorkingOrder) -> bool:
    """Tell whether a sale is for more than is held and not offered by another order yet."""
    if order.side == "BUY":
        return False
    offered = sum(
        (
            other.remaining
            for other in book.orders
            if (other.account, other.con_id, other.side) == (order.account, order.con_id, order.side)
            and other.perm_id != order.perm_id
        ),
        start=ZERO,
    )
    return order.remaining + offered > book.held(order.account, order.con_id).quantity


def _margin_refusal(book: Book, order: WorkingOrder, growth: Decimal) -> str:
    account, now = book.account(order.account), valuation.margins(book, order.account)
    rate, _ = valuation.margin_rates(account)
    initial = now.initial + (growth + _reserved(book, order)) * rate
    if initial <= now.equity_with_loan:
        return ""
    return EQUITY_TEXT.format(f"{now.equity_with_loan:.2f}", account.base, f"{initial:.2f}", account.base)


def what_if(book: Book, order: WorkingOrder, behaviour: Behaviour) -> Margins:
    """Return the margins of the account without and with the order, at the price it would fill at now."""
    instrument = book.instruments[order.con_id]
    account = book.account(order.account)
    growth = _growth(book, order, signed=True) * _price(order, instrument) * instrument.multiplier
    growth *= book.rate(instrument.currency, account.base)
    commission = _commission(book, order, behaviour)
    before = valuation.margins(book, order.account)
    initial, maintenance = valuation.margin_rates(account)
    return Margins(
        initial_before=before.initial,
        maintenance_before=before.maintenance,
        equity_before=before.equity_with_loan,
        initial_after=before.initial + growth * initial,
        maintenance_after=before.maintenance + growth * maintenance,
        equity_after=before.equity_with_loan - commission,
        commission=commission,
        currency=account.base,
    )


def _growth(book: Book, order: WorkingOrder, *, signed: bool = False) -> Decimal:
    """Return by how many shares the order makes the position larger, long or short (``signed``: or smaller)."""
    held = book.held(order.account, order.con_id).quantity
    after = held + (order.remaining if order.side == "BUY" else -order.remaining)
    growth = abs(after) - abs(held)
    return growth if signed else max(growth, ZERO)


def _price(order: WorkingOrder, instrument: Instrument) -> Decimal:
    if order.order_type == "LMT":
        return order.limit_price
    return fills.touch(instrument.quote, order.side) or ZERO


def _reserved(book: Book, order: WorkingOrder) -> Decimal:
    """Return what the account's other working buys will take, in its base currency."""
    total, base = ZERO, book.account(order.account).base
    for other in book.orders:
        if other.account == order.account and other.side == "BUY" and other.perm_id != order.perm_id:
            instrument = book.instruments[other.con_id]
            value = other.remaining * _price(other, instrument) * instrument.multiplier
            total += value * book.rate(instrument.currency, base)
    return total


def _commission(book: Book, order: WorkingOrder, behaviour: Behaviour) -> Decimal:
    instrument = book.instruments[order.con_id]
    value = order.remaining * _price(order, instrument) * instrument.multiplier
    cost = fills.commission_on(behaviour, order.remaining, value)
    return cost * book.rate(instrument.currency, book.account(order.account).base)
