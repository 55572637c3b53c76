"""Check the account, the contract and the terms of an order. ``buying_power`` checks its cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from rebalplan.sim.accounts.book import Book
from rebalplan.sim.answers import AMBIGUOUS_TEXT, INVALID_ACCOUNT_TEXT
from rebalplan.sim.orders.order_model import WORKING, WorkingOrder
from rebalplan.sim.orders.order_texts import COMBINATION_TEXT, SIDE_TEXT, TIF_TEXT, OrderCode, text_of
from rebalplan.sim.scenario.model import Instrument
from rebalplan.sim.wire.requests import PlaceOrder

ORDER_TYPES: Final = ("MKT", "LMT", "MIDPRICE")
TIMES_IN_FORCE: Final = ("", "DAY", "GTC")
ADAPTIVE: Final = "Adaptive"
_ADAPTIVE_TYPES: Final = ("MKT", "LMT")
_PRIORITY: Final = "adaptivePriority"
_PRIORITIES: Final = ("Patient", "Normal", "Urgent")


class Refusal(msgspec.Struct, frozen=True):
    """An error instead of an order."""

    code: int
    text: str


class Target(msgspec.Struct, frozen=True):
    """What an order is for: an account and an instrument that exist."""

    account: str
    instrument: Instrument


def refuse(code: OrderCode, *values: object) -> Refusal:
    """Return the refusal with that code and its usual text."""
    return Refusal(code, text_of(code, *values))


def find_target(book: Book, request: PlaceOrder) -> Target | Refusal:
    """Return account and instrument of an order, or what is wrong with them.

    An order without an account goes to the only one there is; with several it is refused.
    """
    if request.contract.sec_type == "BAG":
        return Refusal(OrderCode.INVALID, COMBINATION_TEXT.format("combinations"))
    found = book.find(request.contract)
    if len(found) != 1:
        text = AMBIGUOUS_TEXT.format(request.contract.symbol) if found else text_of(OrderCode.NO_SECURITY)
        return Refusal(OrderCode.NO_SECURITY, text)
    account = request.account or (book.account_ids[0] if len(book.account_ids) == 1 else "")
    if not account:
        return refuse(OrderCode.NO_ACCOUNT)
    if account not in book.accounts:
        return Refusal(OrderCode.INVALID, INVALID_ACCOUNT_TEXT.format(account))
    return Target(account, found[0])


def check_terms(
    request: PlaceOrder, instrument: Instrument, *, takes_fractions: bool = False
) -> Refusal | None:
    """Return what is wrong with the order's own terms, ``None`` when nothing is."""
    for check in _CHECKS if takes_fractions else (*_CHECKS, _check_fraction):
        refusal = check(request, instrument)
        if refusal is not None:
            return refusal
    return None


def _check_kind(request: PlaceOrder, _instrument: Instrument) -> Refusal | None:
    if request.side not in ("BUY", "SELL"):
        return Refusal(OrderCode.INVALID, SIDE_TEXT.format(request.side))
    if request.order_type not in ORDER_TYPES:
        return refuse(OrderCode.ORDER_TYPE)
    if request.tif not in TIMES_IN_FORCE:
        return Refusal(OrderCode.INVALID, TIF_TEXT.format(request.tif))
    if not request.is_transmitted or request.parent_id:
        what = "child orders" if request.parent_id else "orders that are not transmitted"
        return Refusal(OrderCode.INVALID, COMBINATION_TEXT.format(what))
    return None


def _check_quantity(request: PlaceOrder, _instrument: Instrument) -> Refusal | None:
    if request.quantity <= 0:
        return refuse(OrderCode.ZERO_SIZE)
    return None


def _check_fraction(request: PlaceOrder, _instrument: Instrument) -> Refusal | None:
    if request.quantity != request.quantity.to_integral_value():
        return refuse(OrderCode.FRACTIONAL)
    return None


def _check_price(request: PlaceOrder, instrument: Instrument) -> Refusal | None:
    needs_limit = request.order_type == "LMT"
    if request.order_type == "MKT" or (not request.limit_price and not needs_limit):
        return None
    tick = instrument.min_tick
    if request.limit_price <= 0 or (tick > 0 and request.limit_price % tick):
        return refuse(OrderCode.PRICE_TICK)
    return None


def _check_algo(request: PlaceOrder, _instrument: Instrument) -> Refusal | None:
    if not request.algo:
        return None
    if request.algo != ADAPTIVE:
        return refuse(OrderCode.ALGO_UNKNOWN)
    if request.order_type not in _ADAPTIVE_TYPES:
        return refuse(OrderCode.ALGO_NOT_ALLOWED)
    for name, value in request.algo_parameters:
        if name != _PRIORITY:
            return refuse(OrderCode.ALGO_ATTRIBUTE)
        if value not in _PRIORITIES:
            return refuse(OrderCode.ALGO_VALUE, f"{name}={value}")
    return None


_CHECKS: Final[tuple[Callable[[PlaceOrder, Instrument], Refusal | None], ...]] = (
    _check_kind,
    _check_quantity,
    _check_price,
    _check_algo,
)


def check_change(existing: WorkingOrder, request: PlaceOrder, target: Target) -> Refusal | None:
    """Return why an order cannot take the place of the one with its id, ``None`` when it can."""
    if existing.status == "Filled":
        return refuse(OrderCode.MODIFY_FILLED)
    if existing.status not in WORKING:
        return refuse(OrderCode.DUPLICATE_ID)
    before = (existing.account, existing.con_id, existing.side, existing.algo)
    after = (target.account, target.instrument.con_id, request.side, request.algo)
    if before != after or request.quantity <= existing.filled:
        return refuse(OrderCode.MODIFY_MISMATCH)
    return None
