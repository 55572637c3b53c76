"""The only importer of ``ib_insync``: one connection, its requests, their timeouts and errors.

``IB.connect`` would ask for all accounts' values, orders and executions, so the lower-level client is
connected instead and each thing is asked for on its own. A new ``IB`` is made for every connection: an old
one goes on showing what it knew before. Message ids and error codes: the TWS API reference.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from rebalplan.errors import AccountError, BrokerError, TimedOutError, UnreachableError
from rebalplan.ibkr.account import PositionRow
from rebalplan.ibkr.market import Ticks
from rebalplan.ibkr.values import quantity
from rebalplan.model import WorkingOrder
from rebalplan.settings import Endpoint
from rebalplan.text import printable

if TYPE_CHECKING:
    import ib_insync

Result = TypeVar("Result")

MESSAGES_PER_SECOND = 40
"""The gateway disconnects a client that sends more than 50."""

CLIENT_ID_IN_USE = 326
NOT_SUBSCRIBED = (354, 10089, 10090, 10168, 10197)
VALIDATION_ERROR = 321
NO_SUCH_CONTRACT = 200
_NOT_TIED_TO_A_REQUEST = (-1, 2**31 - 1)
_LONGEST_FIRST_MESSAGE = 64 * 1024
_LAST_TRADE_TICKS = (45, 88)


class RequestRefused(BrokerError):  # noqa: N818  # it reads as what happened
    """The gateway answered a request with an error."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(f"{printable(text)} (error {code})")


class IbkrClient:
    """One connection to a gateway. Coroutines must run on the loop that is current for the thread."""

    def __init__(self, endpoint: Endpoint, timeout_sec: float) -> None:
        import ib_insync  # noqa: PLC0415  # commands that need no broker must not pay for it

        self._library = ib_insync
        self._endpoint = endpoint
        self._timeout = timeout_sec
        self._ib = ib_insync.IB()
        self._ib.RaiseRequestErrors = True
        self._ib.client.MaxRequests = MESSAGES_PER_SECOND
        self._ib.wrapper.clientId = endpoint.client_id
        self._lost: asyncio.Future[None] | None = None
        self._last_trade_at: dict[int, datetime] = {}

    async def connect(self) -> None:
        """Connect and shake hands. Raises ``UnreachableError`` or ``BrokerError`` in words a user can act on."""
        self._lost = asyncio.get_running_loop().create_future()
        self._ib.errorEvent += self._on_error
        self._ib.client.apiError += self._on_connection_error
        self._ib.client.conn.hasData += self._refuse_foreign_service
        self._ib.client.conn.disconnected += self._on_disconnected
        self._keep_last_trade_times()
        endpoint = self._endpoint
        attempt = self._ib.client.connectAsync(
            endpoint.host, endpoint.port, endpoint.client_id, self._timeout
        )
        try:
            await self._first_of(attempt)
        except BrokerError:
            raise
        except TimeoutError:
            raise self._no_handshake() from None
        except OSError as error:
            raise UnreachableError(
                f"nothing answers at {self._where} ({_why(error)}): start TWS or IB Gateway, enable its API "
                "(socket clients) and compare the port with [ibkr] port"
            ) from error

    def _no_handshake(self) -> BrokerError:
        if not self._ib.client.conn.numBytesSent:
            return UnreachableError(
                f"nothing answers at {self._where} within {self._timeout:g} s: check [ibkr] host"
            )
        return BrokerError(
            f"{self._where} accepted the connection but did not answer as a TWS API within "
            f"{self._timeout:g} s: confirm the connection in TWS, or check that the port is that of TWS or IB Gateway"
        )

    @property
    def _where(self) -> str:
        return f"{self._endpoint.host}:{self._endpoint.port}"

    async def close(self) -> None:
        """Disconnect and wait until the socket is closed, so that the next client finds its id free."""
        connection = self._ib.client.conn
        if self._lost is not None:
            self._lost.cancel()
        self._ib.client.disconnect()
        deadline = asyncio.get_running_loop().time() + self._timeout
        while connection.transport is not None and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.001)

    def managed_accounts(self) -> tuple[str, ...]:
        """Return the accounts this gateway session may see."""
        return tuple(self._ib.client.getAccounts())

    async def current_time(self) -> datetime:
        """Return the broker's time in UTC, to the second."""
        time: datetime = await self._ask("the time", self._ib.reqCurrentTimeAsync)
        return time.astimezone(UTC)

    async def account_values(self, account: str) -> dict[tuple[str, str], str]:
        """Return the account's values as (tag, currency) -> text."""
        rows: dict[tuple[str, str], str] = {}

        def collect(row: ib_insync.AccountValue) -> None:
            if row.account == account:
                rows[row.tag, row.currency] = row.value

        self._ib.accountValueEvent += collect
        try:
            await self._ask("account values", lambda: self._ib.reqAccountUpdatesMultiAsync(account))
        finally:
            self._ib.accountValueEvent -= collect
        return rows

    async def positions(self, account: str) -> tuple[PositionRow, ...]:
        """Return the positions of this account alone; the library itself drops these messages."""
        rows: list[PositionRow] = []
        wrapper = self._ib.wrapper

        def on_row(
            _request: int, owner: str, _model: str, contract: ib_insync.Contract, size: float, _cost: float
        ) -> None:
            if owner == account:
                rows.append(_position_row(contract, size))

        def ask() -> Awaitable[Any]:
            request = self._ib.client.getReqId()
            future: Awaitable[Any] = wrapper.startReq(request)
            self._ib.client.reqPositionsMulti(request, account, "")
            return future

        _override(wrapper, "positionMulti", on_row)
        _override(wrapper, "positionMultiEnd", wrapper._endReq)
        await self._ask("positions", ask)
        return tuple(rows)

    async def working_orders(self, account: str) -> tuple[WorkingOrder, ...] | None:
        """Return the account's open orders of all clients; ``None`` when a read-only API will not say."""
        try:
            trades = await self._ask("open orders", self._ib.reqAllOpenOrdersAsync)
        except RequestRefused as refused:
            if refused.code == VALIDATION_ERROR and "Read-Only" in str(refused):
                return None
            raise
        orders = [_working_order(t) for t in trades if t.order.account == account]
        return tuple(sorted(orders, key=lambda o: (o.symbol, o.perm_id)))

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
        """Take delayed prices where the login has no live ones; live ones are still sent where it has."""
        self._ib.client.reqMarketDataType(3)

    async def ticks(self, con_id: int) -> Ticks:
        """Return one snapshot of market data."""
        contract = self._library.Contract(conId=con_id, exchange="SMART")
        tickers = await self._ask("market data", lambda: self._ib.reqTickersAsync(contract))
        ticker = tickers[0]
        return Ticks(
            bid=ticker.bid,
            ask=ticker.ask,
            last=ticker.last,
            close=ticker.close,
            last_at=self._last_trade_at.get(id(ticker)),
            market_data_type=ticker.marketDataType,
            halted=ticker.halted,
        )

    async def _ask(self, what: str, request: Callable[[], Awaitable[Any]]) -> Any:
        """Send a request and wait for its end marker; a late one is a failure, never an empty answer."""
        try:
            return await self._first_of(asyncio.wait_for(request(), self._timeout))
        except self._library.RequestError as error:
            raise RequestRefused(error.code, error.message) from error
        except TimeoutError:
            raise TimedOutError(
                f"{self._where} did not finish sending {what} within {self._timeout:g} s"
            ) from None
        except ConnectionError as error:
            raise UnreachableError(f"{self._where} hung up while {what} was asked for") from error

    async def _first_of(self, work: Awaitable[Result]) -> Result:
        """Await ``work`` unless the connection fails first."""
        assert self._lost is not None  # noqa: S101  # connect() is the first call
        task = asyncio.ensure_future(work)
        waiting: set[asyncio.Future[Any]] = {task, self._lost}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._lost.result()
        return task.result()

    def _fail(self, error: BrokerError) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_exception(error)
            self._lost.exception()  # retrieved: nobody may be waiting

    def _on_error(self, request: int, code: int, text: str, _contract: object) -> None:
        if code == CLIENT_ID_IN_USE:
            self._fail(
                BrokerError(
                    f"client id {self._endpoint.client_id} is already in use at {self._where}: another program or "
                    "another rebal is connected; end it or set another [ibkr] client_id"
                )
            )
        elif code == VALIDATION_ERROR and request in _NOT_TIED_TO_A_REQUEST:
            self._end_open_orders(RequestRefused(code, text))

    def _end_open_orders(self, refused: RequestRefused) -> None:
        """Refusals of requests without an id belong to the one such request that is waiting."""
        future = self._ib.wrapper._futures.pop("openOrders", None)
        if future is not None and not future.done():
            future.set_exception(refused)

    def _on_connection_error(self, text: str) -> None:
        self._fail(self._hung_up(text))

    def _on_disconnected(self, text: str) -> None:
        self._fail(self._hung_up(text))

    def _hung_up(self, text: str) -> UnreachableError:
        detail = f" ({printable(text).rstrip('.')})" if text else ""
        return UnreachableError(
            f"{self._where} hung up{detail}: look whether TWS or IB Gateway is still logged in and trusts this "
            "machine (API settings, trusted IPs)"
        )

    def _refuse_foreign_service(self, data: bytes) -> None:
        """Fail on a first message of absurd length: it comes from something that is no TWS API."""
        client = self._ib.client
        if client.serverVersion() or len(data) < 4:  # noqa: PLR2004  # the length prefix
            return
        if struct.unpack(">I", data[:4])[0] > _LONGEST_FIRST_MESSAGE:
            self._fail(
                BrokerError(f"what answers at {self._where} is no TWS API: check [ibkr] host and port")
            )

    def _keep_last_trade_times(self) -> None:
        """Note the LAST_TIMESTAMP ticks, which the library drops (seconds since the epoch)."""
        wrapper = self._ib.wrapper
        original = wrapper.tickString

        def on_string(request: int, tick_type: int, value: str) -> None:
            ticker = wrapper.reqId2Ticker.get(request)
            if tick_type in _LAST_TRADE_TICKS and ticker is not None and value.isdigit():
                self._last_trade_at[id(ticker)] = datetime.fromtimestamp(int(value), UTC)
            original(request, tick_type, value)

        _override(wrapper, "tickString", on_string)


def _why(error: OSError) -> str:
    """Return the system's own words; the event loop's would only repeat the address."""
    return printable(os.strerror(error.errno) if error.errno else str(error))


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


def _working_order(trade: ib_insync.Trade) -> WorkingOrder:
    order, contract = trade.order, trade.contract
    symbol = printable(contract.symbol)
    return WorkingOrder(
        symbol=symbol,
        con_id=contract.conId,
        side=printable(order.action),
        quantity=quantity(order.totalQuantity, f"working order in {symbol}"),
        order_ref=printable(order.orderRef),
        perm_id=order.permId,
    )


def require_account(account: str, managed: tuple[str, ...]) -> None:
    """Raise ``AccountError`` unless the gateway's login manages this account and it can hold positions."""
    if account not in managed:
        raise AccountError(
            f"the gateway does not manage account {account}; its login sees {', '.join(map(printable, managed))}: "
            "correct [accounts] ids or log in with the user who owns it"
        )
    if account.removeprefix("D").startswith("F"):
        raise AccountError(
            f"{account} is an adviser master account and holds nothing itself: list its client accounts instead"
        )
