"""The holdings after an apply: those that the broker showed at the close, checked against the fills.

The broker's cash lags behind fills by up to three minutes, its positions by seconds. So both are also calculated
from the account before its first order and the fills. A figure has a doubt when the two differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from rebalplan.apply.journal.records import AccountClosed
from rebalplan.apply.journal.result import AccountResult, Holdings
from rebalplan.apply.live import is_reinvested
from rebalplan.apply.reports.line import missing_executions
from rebalplan.core.money import CENT, ZERO, divide, usd
from rebalplan.core.vocabulary import Position

_MOST_CHARGED_USD = Decimal(10)
"""The most that a fill without a known commission may have cost: the broker's cash may be lower by so much for each."""


class After(msgspec.Struct, frozen=True):
    """Shares by symbol and cash in USD after the apply, valued at fill prices, or at the plan's without fills.

    Doubts are sentences about uncertain figures, of the account and of symbols.
    """

    shares: Mapping[str, Decimal]
    prices: Mapping[str, Decimal]
    cash_usd: Decimal
    account_doubts: tuple[str, ...] = ()
    symbol_doubts: Mapping[str, str] = {}

    @property
    def doubts(self) -> tuple[str, ...]:
        """Return every doubt. Without one, broker and fills agree on all figures."""
        return (*self.account_doubts, *self.symbol_doubts.values())

    @property
    def exposure_usd(self) -> Decimal:
        """Return the gross exposure."""
        return sum((self.value_usd(symbol) for symbol in sorted(self.shares)), ZERO)

    @property
    def leverage(self) -> Decimal | None:
        """Return gross exposure over net liquidation value; ``None`` when nothing is left."""
        value = self.exposure_usd + self.cash_usd
        return divide(self.exposure_usd, value) if value > 0 else None

    def value_usd(self, symbol: str) -> Decimal:
        """Return the value of a symbol's holding in USD."""
        return self.shares.get(symbol, ZERO) * self.prices.get(symbol, ZERO)


def account_after(result: AccountResult) -> After | None:
    """Return the account after its orders, or ``None`` when it was not begun."""
    if not result.intents:
        return None
    reckoned, closed = result.reckon(), result.closed
    if closed is None or not closed.read or not result.is_current:
        return After(
            _shares(reckoned.positions), _prices(result), reckoned.cash_usd, tuple(_unread_doubts(result))
        )
    cash, doubts = _cash(result, reckoned, closed)
    return After(_shares(closed.positions), _prices(result), cash, doubts, _symbol_doubts(reckoned, closed))


def _shares(positions: Iterable[Position]) -> dict[str, Decimal]:
    """Return the shares by symbol, summed over its contracts."""
    shares: dict[str, Decimal] = {}
    for position in positions:
        shares[position.symbol] = shares.get(position.symbol, ZERO) + position.quantity
    return shares


def _prices(result: AccountResult) -> dict[str, Decimal]:
    """Return the plan's price of each symbol, or the average of its executions."""
    prices = {row.symbol: row.price for row in result.plan.drift}
    for line in result.lines:
        price = line.average_price
        if price is not None:
            prices[line.planned.symbol] = price
    return prices


def _unread_doubts(result: AccountResult) -> Iterable[str]:
    yield f"the account was not read again, so its cash and positions are {_reckoned(result)}"
    missing = _missing(result)
    if missing:
        yield f"the broker has not shown the executions of {missing}, so the cash is without what they came to"


def _cash(
    result: AccountResult, reckoned: Holdings, closed: AccountClosed
) -> tuple[Decimal, tuple[str, ...]]:
    """Return the cash at the close in USD, and a doubt when the broker and the fills disagree on it.

    The broker's figure contains commissions that it has not reported yet. It also counts when executions are missing,
    because the fills do not give the price then.
    """
    missing, shown = _missing(result), f"{usd(closed.cash_usd)} USD"
    if missing:
        doubt = f"the broker has not shown the executions of {missing}, so the cash of {shown} is its figure alone"
        return closed.cash_usd, (doubt,)
    lacking = reckoned.cash_usd - closed.cash_usd
    if -CENT <= lacking <= max(CENT, _uncharged(result) * _MOST_CHARGED_USD):
        return closed.cash_usd, ()
    own = f"{usd(reckoned.cash_usd)} USD"
    doubt = f"the broker showed {shown} of cash at the close, but {own} is {_reckoned(result)}"
    return reckoned.cash_usd, (doubt,)


def _symbol_doubts(reckoned: Holdings, closed: AccountClosed) -> dict[str, str]:
    """Return a sentence for each symbol whose position differs from the fills."""
    expected = {(p.symbol, p.con_id): p.quantity for p in reckoned.positions}
    shown = {(p.symbol, p.con_id): p.quantity for p in closed.positions}
    doubts: dict[str, list[str]] = {}
    for key in sorted(expected.keys() | shown.keys()):
        own, theirs = expected.get(key, ZERO), shown.get(key, ZERO)
        if theirs != own and not is_reinvested(own, theirs):
            doubts.setdefault(key[0], []).append(
                f"the broker showed {theirs:,f} {key[0]} at the close, but {own:,f} is reckoned from the fills"
            )
    return {symbol: "; ".join(sentences) for symbol, sentences in doubts.items()}


def _missing(result: AccountResult) -> str:
    """Return the filled shares whose executions the broker has not shown, ``10 BND and 5 VTI``, or nothing."""
    return " and ".join(
        f"{missing_executions(line):,f} {line.planned.symbol}" for line in result.lines if not line.is_priced
    )


def _uncharged(result: AccountResult) -> int:
    """Return the number of fills whose commission the broker has not reported."""
    return sum(len(o.fills) - len(o.commissions) for line in result.lines for o in line.orders)


def _reckoned(result: AccountResult) -> str:
    number = _uncharged(result)
    without = f", without the commission of {number} {'fill' if number == 1 else 'fills'}" if number else ""
    return f"reckoned from the fills{without}"
