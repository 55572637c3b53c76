"""What an account holds after an apply: as it was read again, or reckoned from before and the fills."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from rebalplan.journal.result import AccountResult, LineResult
from rebalplan.money import ZERO, divide


class After(msgspec.Struct, frozen=True):
    """Shares by symbol and cash in USD after the apply, valued at fill prices where there were fills."""

    shares: dict[str, Decimal]
    prices: dict[str, Decimal]
    cash_usd: Decimal

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
        """Return what is held of a symbol, in USD."""
        return self.shares.get(symbol, ZERO) * self.prices.get(symbol, ZERO)


def account_after(result: AccountResult) -> After | None:
    """Return the account after its orders, or ``None`` when nothing was begun."""
    if not result.intents:
        return None
    prices = {row.symbol: row.price for row in result.plan.drift}
    prices.update({line.planned.symbol: average_price(line) for line in result.lines if line.value_usd})
    if result.closed is not None and result.closed.read and result.is_current:
        shares = {p.symbol: p.quantity for p in result.closed.positions}
        return After(shares, prices, result.closed.cash_usd)
    holdings = result.reckon()
    shares = {}
    for position in holdings.positions:
        shares[position.symbol] = shares.get(position.symbol, ZERO) + position.quantity
    return After(shares, prices, holdings.cash_usd)


def average_price(line: LineResult) -> Decimal:
    """Return the average price of a line's known fills; there must be some."""
    known = sum((fill.quantity for order in line.orders for fill in order.fills), ZERO)
    return divide(line.value_usd, known)


def slippage_bps(line: LineResult) -> Decimal | None:
    """Return what the fills cost against the quotes at sending, in bps; positive is worse than the quote."""
    quoted = sum((f.quantity * o.dispatch.quote for o in line.orders for f in o.fills), ZERO)
    if not quoted:
        return None
    return divide(line.planned.sign * (line.value_usd - quoted) * 10_000, quoted)
