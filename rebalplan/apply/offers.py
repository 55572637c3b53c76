"""The orders on offer in each phase of an account: the sells, then the buys, or both together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from rebalplan.apply.line_orders import LineOrders
from rebalplan.apply.live_orders import LiveOrders
from rebalplan.apply.phase import Offers
from rebalplan.apply.stages import OrderLine
from rebalplan.core.orders import OrderTicket


class Sells:
    """The sells, each whole. The fallback for a sell's rest comes before the next line."""

    def __init__(self, lines: LineOrders, sells: Iterable[OrderLine]) -> None:
        self._lines = lines
        self._waiting = deque(sells)

    def prepare(self) -> None:
        """Prepare nothing: the account was just read."""

    def next(self) -> OrderTicket | None:
        """Return the fallback for a sell's rest, or else the next line."""
        rest = self._lines.next_fallback("SELL")
        if rest is not None or not self._waiting:
            return rest
        return self._lines.ticket(self._waiting.popleft())

    def is_over(self) -> bool:
        """Tell whether all lines were offered and no rest is waiting to be sent."""
        return not self._waiting and not self.has_rest()

    def has_rest(self) -> bool:
        """Tell whether the rest of an order is waiting to be sent."""
        return bool(self._lines.fallbacks("SELL"))


class Buys:
    """The buys, each costed again with the money that is left. The smallest drift is cut first."""

    def __init__(self, lines: LineOrders, buys: Iterable[OrderLine], read_before: Callable[[], None]) -> None:
        self._lines = lines
        self._waiting = list(buys)
        self._read_before = read_before
        self._is_read = False

    def prepare(self) -> None:
        """Read the account again before the first buy."""
        if not self._is_read:
            self._is_read = True
            self._read_before()

    def next(self) -> OrderTicket | None:
        """Return the next buy, cut to the money there is."""
        return self._lines.next_buy(self._waiting, may_wait=False)

    def next_paid(self) -> OrderTicket | None:
        """Return the next buy once there is money for all of it."""
        return self._lines.next_buy(self._waiting, may_wait=True)

    def is_over(self) -> bool:
        """Tell whether all lines were offered and no rest is waiting to be sent."""
        return not self._waiting and not self.has_rest()

    def has_rest(self) -> bool:
        """Tell whether the rest of an order is waiting to be sent."""
        return bool(self._lines.fallbacks("BUY"))


class Together:
    """Sells first, then each buy as soon as confirmed cash covers it. A buy that is never covered is cut at the end."""

    def __init__(self, sells: Sells, buys: Buys, orders: LiveOrders) -> None:
        self._sells = sells
        self._buys = buys
        self._orders = orders

    def prepare(self) -> None:
        """Once every sell was offered, read the account again before the first buy."""
        if self._sells.is_over():
            self._buys.prepare()

    def next(self) -> OrderTicket | None:
        """Return a sell while there is one, then a buy that cash covers."""
        sell = self._sells.next()
        if sell is not None:
            return sell
        return self._buys.next_paid() if self._expects_proceeds() else self._buys.next()

    def _expects_proceeds(self) -> bool:
        return any(live.order.dispatch.side == "SELL" for live in self._orders.followed())

    def is_over(self) -> bool:
        """Tell whether sells and buys are over."""
        return self._sells.is_over() and self._buys.is_over()

    def has_rest(self) -> bool:
        """Tell whether the rest of a sell or a buy is waiting to be sent."""
        return self._sells.has_rest() or self._buys.has_rest()


def phases(
    lines: LineOrders,
    orders: LiveOrders,
    sells: Iterable[OrderLine],
    buys: Iterable[OrderLine],
    *,
    read_before_buys: Callable[[], None],
    together: bool,
) -> tuple[Offers, ...]:
    """Return the phases in order. The orders of one are followed to their ends before the next begins."""
    first, second = Sells(lines, sells), Buys(lines, buys, read_before_buys)
    return (Together(first, second, orders),) if together else (first, second)
