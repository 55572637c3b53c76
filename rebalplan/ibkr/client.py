"""The requests: one coroutine for each thing that is asked of the broker.

Message ids: the TWS API reference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rebalplan.core.errors import AccountError
from rebalplan.core.text import named, printable
from rebalplan.ibkr.account import PositionRow
from rebalplan.ibkr.connection import LOG, Connection
from rebalplan.ibkr.market import Ticks
from rebalplan.ibkr.values import amount_or_none, price_or_none

if TYPE_CHECKING:
    import ib_insync

_LAST_TRADE_TICKS = (45, 88)
"""The time of the last trade, live and delayed (Tick Types page of the TWS API reference)."""


class IbkrClient:
    """Asks over one open connection."""

    def __init__(self, connection: Connection) -> None:
        self._library = connection.library
        self._ib = connection.ib
        self._ask = connection.ask
        self._connection = connection
        self._data_notice = connection.inbound.data_notice
        self._last_trade_at: dict[int, datetime] = {}
        self._keep_last_trade_times()

    def announce(self, account: str) -> None:
        """Log once which account the connection is used for."""
        connection = self._connection
        if connection.account != account:
            connection.account = account
            LOG.info("%s: connected to %s as client %s", account, connection.where, connection.client_id)

    def managed_accounts(self) -> tuple[str, ...]:
        """Return the accounts this gateway session may see."""
        return tuple(self._ib.client.getAccounts())

    async def current_time(self) -> datetime:
        """Return the broker's time in UTC, to the second."""
        time: datetime = await self._ask("the time", self._ib.reqCurrentTimeAsync)
        return time.astimezone(UTC)

    async def account_values(self, account: str) -> dict[tuple[str, str], str]:
        """Return the account's values as (tag, currency) -> text. Rows of earlier requests do not count."""
        rows: dict[tuple[str, str], str] = {}
        own = 0

        def on_row(request: int, owner: str, model: str, *row: str) -> None:
            if (request, owner, model) == (own, account, ""):
                tag, value, currency = row
                rows[tag, currency] = value

        def ask() -> Awaitable[Any]:
            nonlocal own
            own = self._ib.client.getReqId()
            future: Awaitable[Any] = self._ib.wrapper.startReq(own)
            self._ib.client.reqAccountUpdatesMulti(own, account, "", False)
            return future

        _override(self._ib.wrapper, "accountUpdateMulti", on_row)
        await self._ask("account values", ask)
        return rows

    async def positions(self, account: str) -> tuple[PositionRow, ...]:
        """Return the positions of this account alone, one for each contract.

        A contract that comes twice in one answer is one position: the last row is the newest. A row of another request
        updates an older answer and does not count. The same contract in two models of the account is two positions.
        """
        rows: dict[tuple[str, int, str], PositionRow] = {}
        wrapper = self._ib.wrapper
        own = 0

        def on_row(
            request: int, owner: str, model: str, contract: ib_insync.Contract, size: float, _cost: float
        ) -> None:
            if (request, owner) == (own, account):
                row = _position_row(contract, size)
                rows[model, row.con_id, "" if row.con_id > 0 else row.description] = row

        def ask() -> Awaitable[Any]:
            nonlocal own
            own = self._ib.client.getReqId()
            future: Awaitable[Any] = wrapper.startReq(own)
            self._ib.client.reqPositionsMulti(own, account, "")
            return future

        # The library drops these two messages: without the second the request would never end.
        _override(wrapper, "positionMulti", on_row)
        _override(wrapper, "positionMultiEnd", wrapper._endReq)
        await self._ask("positions", ask)
        return tuple(rows.values())

    async def market_values(self, account: str) -> dict[int, Decimal]:
        """Return what each US dollar position is worth in USD by contract id, as the account's portfolio says."""
        values: dict[int, Decimal] = {}

        def on_row(contract: ib_insync.Contract, *row: Any) -> None:
            _size, _price, value, *_, owner = row
            amount = amount_or_none(value)
            if (owner, contract.currency) == (account, "USD") and amount is not None:
                values[contract.conId] = amount

        _override(self._ib.wrapper, "updatePortfolio", on_row)
        await self._ask("the value of each position", lambda: self._ib.reqAccountUpdatesAsync(account))
        # The gateway has one such subscription for all its clients: it must be free for the next account.
        self._ib.client.reqAccountUpdates(False, account)
        return values

    async def contract_details(self, symbol: str, con_id: int) -> list[ib_insync.ContractDetails]:
        """Return every contract that matches: by id if there is one, else the US dollar stock ``symbol``."""
        contract = (
            self._library.Contract(conId=con_id, exchange="SMART")
            if con_id
            else self._library.Stock(symbol, "SMART", "USD")
        )
        found: list[ib_insync.ContractDetails] = await self._ask(
            f"the contract of {symbol}", lambda: self._ib.reqContractDetailsAsync(contract)
        )
        return found

    def accept_delayed_data(self) -> None:
        """Ask for delayed prices (type 3). Where the login has live ones, the gateway still sends those."""
        self._ib.client.reqMarketDataType(3)

    async def ticks(self, con_id: int) -> Ticks:
        """Return one snapshot of market data.

        Raises the broker's notice about missing data as ``RequestRefused``, but only when no price came.
        """
        contract = self._library.Contract(conId=con_id, exchange="SMART")
        tickers = await self._ask("market data", lambda: self._ib.reqTickersAsync(contract))
        ticker = tickers[0]
        notice = self._data_notice(ticker)
        prices = (ticker.bid, ticker.ask, ticker.last, ticker.close)
        if notice is not None and not any(price_or_none(price) for price in prices):
            raise notice
        return Ticks(
            bid=ticker.bid,
            ask=ticker.ask,
            last=ticker.last,
            close=ticker.close,
            last_at=self._last_trade_at.get(id(ticker)),
            market_data_type=ticker.marketDataType,
            halted=ticker.halted,
            notice="" if notice is None else str(notice),
        )

    def _keep_last_trade_times(self) -> None:
        """Keep the times of last trades (seconds since the epoch): the library drops these ticks."""
        wrapper = self._ib.wrapper
        original = wrapper.tickString

        def on_string(request: int, tick_type: int, value: str) -> None:
            ticker = wrapper.reqId2Ticker.get(request)
            if tick_type in _LAST_TRADE_TICKS and ticker is not None and value.isdigit():
                self._last_trade_at[id(ticker)] = datetime.fromtimestamp(int(value), UTC)
            original(request, tick_type, value)

        _override(wrapper, "tickString", on_string)


def _override(wrapper: object, name: str, handler: Callable[..., None]) -> None:
    """Replace a callback on one wrapper; the decoder looks it up by name for each message."""
    setattr(wrapper, name, handler)


def _position_row(contract: ib_insync.Contract, size: float) -> PositionRow:
    return PositionRow(
        symbol=contract.symbol,
        con_id=contract.conId,
        sec_type=contract.secType,
        currency=contract.currency,
        description=contract.localSymbol or contract.symbol,
        quantity=size,
    )


def require_account(account: str, managed: tuple[str, ...]) -> None:
    """Raise ``AccountError`` unless the gateway's login manages this account and it can hold positions."""
    if account not in managed:
        raise AccountError(
            f"the gateway does not manage this account; its login sees {named([*map(printable, managed)], 0)}: "
            "correct [accounts] ids or log in with the user who owns it"
        )
    if account.removeprefix("D").startswith("F"):
        raise AccountError(
            f"{account} is an adviser master account and holds nothing itself: list its client accounts instead"
        )
