"""What a reviewer must see of a plan before anything else. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.core.policy import policy_values
from rebalplan.core.vocabulary import Reason, UnmanagedItem, WorkingOrder
from rebalplan.plan.document import AccountPlan, Action, DriftRow, Plan, Status

LARGE_TURNOVER_PCT = Decimal(20)
"""An account that trades more than this percentage of its net liquidation value deserves a look."""

_FEWEST_TO_COMPARE = 3
"""With fewer accounts nobody is an outlier."""


class NotPlanned(msgspec.Struct, frozen=True):
    """A blocked or failed account."""

    account: str
    status: Status
    reasons: tuple[str, ...]


class Turnover(msgspec.Struct, frozen=True):
    """What an account trades, in percent of its net liquidation value."""

    account: str
    turnover_pct: Decimal


class OppositeSides(msgspec.Struct, frozen=True):
    """One symbol that some accounts buy and others sell."""

    symbol: str
    buyers: tuple[str, ...]
    sellers: tuple[str, ...]


class SymbolsIn(msgspec.Struct, frozen=True):
    """Symbols that the same accounts have in common."""

    symbols: tuple[str, ...]
    accounts: tuple[str, ...]


class Unmanaged(msgspec.Struct, frozen=True):
    """What an account holds that is never valued and never traded."""

    account: str
    items: tuple[UnmanagedItem, ...]


class Working(msgspec.Struct, frozen=True):
    """Orders that were open at the broker on symbols the account's orders trade: apply stops at them."""

    account: str
    orders: tuple[WorkingOrder, ...]


class Difference(msgspec.Struct, frozen=True):
    """What one account does with a symbol and what most do; ``None`` is nothing.

    ``reason`` says why the one that does nothing does nothing, if the plan knows.
    """

    symbol: str
    action: Action | None
    others: Action | None
    reason: Reason | None


class InputDifference(msgspec.Struct, frozen=True):
    """A target weight (a symbol or CASH) or a setting in which an account differs from most."""

    kind: Literal["target", "setting"]
    what: str
    value: str
    others: str


class Outlier(msgspec.Struct, frozen=True):
    """An account that does not do what most do; without ``inputs`` its holdings are the reason."""

    account: str
    inputs: tuple[InputDifference, ...]
    differences: tuple[Difference, ...]


class Common(msgspec.Struct, frozen=True):
    """The accounts that trade the same symbols in the same direction, and those that do not."""

    accounts: tuple[str, ...]
    outliers: tuple[Outlier, ...]


class Review(msgspec.Struct, frozen=True):
    """The exceptions of a plan. ``common`` is ``None`` where no majority of accounts does the same."""

    not_planned: tuple[NotPlanned, ...]
    floor_unmet: tuple[str, ...]
    cap_unmet: tuple[str, ...]
    large_turnover: tuple[Turnover, ...]
    opposite_sides: tuple[OppositeSides, ...]
    closed: tuple[SymbolsIn, ...]
    unlisted: tuple[SymbolsIn, ...]
    opened: tuple[SymbolsIn, ...]
    delayed_prices: tuple[str, ...]
    closed_prices: tuple[str, ...]
    evening_prices: tuple[str, ...]
    unmanaged: tuple[Unmanaged, ...]
    working: tuple[Working, ...]
    common: Common | None

    @property
    def exceptional(self) -> frozenset[str]:
        """Return the accounts that need a look of their own.

        What is common, such as closing a holding, does not count.
        """
        return frozenset(
            (
                *(found.account for found in self.not_planned),
                *(found.account for found in self.unmanaged),
                *(found.account for found in self.working),
                *(found.account for found in (self.common.outliers if self.common else ())),
                *self.floor_unmet,
                *self.cap_unmet,
            )
        )


def review_plan(plan: Plan) -> Review:
    """Return what stands out in a plan, each kind in the order of its accounts; turnover the largest first.

    Orders of blocked accounts are never sent, so nothing is said of them.
    """
    accounts = plan.accounts
    traded = [account for account in accounts if account.status == "planned"]
    known = {quote.symbol: quote for quote in plan.volatile.quotes}
    used = {quote.symbol for account in accounts for quote in account.quotes_of(known)}
    quotes = [quote for quote in plan.volatile.quotes if quote.symbol in used]
    return Review(
        not_planned=tuple(
            NotPlanned(a.account, a.status, a.reasons) for a in accounts if a.status in ("blocked", "failed")
        ),
        floor_unmet=tuple(a.account for a in accounts if a.summary and a.summary.floor_unmet),
        cap_unmet=tuple(a.account for a in accounts if a.summary and a.summary.cap_unmet),
        large_turnover=_large_turnover(traded),
        opposite_sides=tuple(_opposite_sides(traded)),
        closed=_symbols_in(traded, lambda a: [o.symbol for o in a.orders if o.closes]),
        unlisted=_symbols_in(accounts, lambda a: [row.symbol for row in a.drift if row.target_pct is None]),
        opened=_symbols_in(traded, _opened),
        delayed_prices=tuple(q.symbol for q in quotes if q.delayed),
        closed_prices=tuple(q.symbol for q in quotes if q.closed and not q.close_unknown),
        evening_prices=tuple(q.symbol for q in quotes if q.close_unknown),
        unmanaged=tuple(Unmanaged(a.account, items) for a in accounts if (items := _unmanaged(a))),
        working=tuple(_working(traded)),
        common=_common(accounts),
    )


def _unmanaged(account: AccountPlan) -> tuple[UnmanagedItem, ...]:
    """Return what the account holds and rebal does not manage, including holdings without a price."""
    snapshot = account.snapshot
    if snapshot is None:
        return ()
    held = {position.con_id: position.quantity for position in snapshot.positions}
    unpriced = (
        UnmanagedItem("STK", f"{holding.symbol} without a price", "USD", held[holding.con_id])
        for holding in account.left_out
    )
    return (*snapshot.unmanaged, *unpriced)


def _large_turnover(accounts: Iterable[AccountPlan]) -> tuple[Turnover, ...]:
    found = [
        Turnover(a.account, a.summary.turnover_pct)
        for a in accounts
        if a.summary is not None and a.summary.turnover_pct > LARGE_TURNOVER_PCT
    ]
    return tuple(sorted(found, key=lambda turnover: turnover.turnover_pct, reverse=True))


def _opposite_sides(accounts: Iterable[AccountPlan]) -> Iterable[OppositeSides]:
    sides: dict[str, tuple[list[str], list[str]]] = {}
    for account in accounts:
        for order in account.orders:
            buyers, sellers = sides.setdefault(order.symbol, ([], []))
            (buyers if order.side == "BUY" else sellers).append(account.account)
    for symbol, (buyers, sellers) in sorted(sides.items()):
        if buyers and sellers:
            yield OppositeSides(symbol, tuple(buyers), tuple(sellers))


def _opened(account: AccountPlan) -> list[str]:
    held = {row.symbol for row in account.drift if row.quantity}
    return [order.symbol for order in account.orders if order.side == "BUY" and order.symbol not in held]


def _symbols_in(
    accounts: Iterable[AccountPlan], symbols_of: Callable[[AccountPlan], Iterable[str]]
) -> tuple[SymbolsIn, ...]:
    """Group symbols by the accounts that they concern."""
    by_symbol: dict[str, list[str]] = {}
    for account in accounts:
        for symbol in symbols_of(account):
            by_symbol.setdefault(symbol, []).append(account.account)
    by_accounts: dict[tuple[str, ...], list[str]] = {}
    for symbol, names in sorted(by_symbol.items()):
        by_accounts.setdefault(tuple(names), []).append(symbol)
    return tuple(SymbolsIn(tuple(symbols), names) for names, symbols in by_accounts.items())


def _working(accounts: Iterable[AccountPlan]) -> Iterable[Working]:
    for account in accounts:
        working = account.snapshot.working_orders if account.snapshot is not None else ()
        found = tuple(order for order in working or () if account.is_stopped_by(order))
        if found:
            yield Working(account.account, found)


Actions = Mapping[str, Action]


def _actions(account: AccountPlan) -> Actions:
    return {order.symbol: order.action for order in account.orders}


def _common(accounts: Sequence[AccountPlan]) -> Common | None:
    """Find what more than half of the planned accounts do, and who does something else."""
    planned = [a for a in accounts if a.status in ("planned", "no_changes")]
    if len(planned) < _FEWEST_TO_COMPARE:
        return None
    keys = [tuple(sorted(_actions(account).items())) for account in planned]
    most, number = Counter(keys).most_common(1)[0]
    if number * 2 <= len(planned):
        return None
    same = [a for a, key in zip(planned, keys, strict=True) if key == most]
    others = [a for a, key in zip(planned, keys, strict=True) if key != most]
    return Common(tuple(a.account for a in same), tuple(_outlier(account, same[0]) for account in others))


def _outlier(account: AccountPlan, usual: AccountPlan) -> Outlier:
    mine, theirs = _actions(account), _actions(usual)
    differences = tuple(
        Difference(symbol, mine.get(symbol), theirs.get(symbol), _reason(symbol, account, usual))
        for symbol in sorted(mine.keys() | theirs.keys())
        if mine.get(symbol) != theirs.get(symbol)
    )
    return Outlier(account.account, tuple(_inputs(account, usual)), differences)


def _reason(symbol: str, account: AccountPlan, usual: AccountPlan) -> Reason | None:
    """Return why one of the two accounts does not trade the symbol."""
    idle = usual if symbol in _actions(account) else account
    row = _row(idle, symbol)
    return row.reason if row is not None else None


def _row(account: AccountPlan, symbol: str) -> DriftRow | None:
    return next((row for row in account.drift if row.symbol == symbol), None)


def _inputs(account: AccountPlan, usual: AccountPlan) -> Iterable[InputDifference]:
    mine, theirs = account.weights, usual.weights
    for symbol in sorted(mine.keys() | theirs.keys()):
        if mine.get(symbol) != theirs.get(symbol):
            yield InputDifference("target", symbol, str(mine.get(symbol, "")), str(theirs.get(symbol, "")))
    settings, usually = policy_values(account.policy), policy_values(usual.policy)
    for key, value in settings.items():
        if value != usually[key]:
            yield InputDifference("setting", key, value, usually[key])
