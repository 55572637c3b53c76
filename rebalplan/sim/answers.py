"""Request in, messages out: what the gateway answers when nothing goes wrong.

One function per request; each gets the caller (who asks, and what it may look at) and the parsed request.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rebalplan.sim import ticks
from rebalplan.sim.accounts import valuation
from rebalplan.sim.scenario.model import Instrument
from rebalplan.sim.shared import Shared
from rebalplan.sim.wire import layouts, messages
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import READ_ONLY_ID, Code, Out, error
from rebalplan.sim.wire.requests import (
    AccountSummary,
    AccountUpdates,
    AccountUpdatesMulti,
    ContractDetails,
    ContractQuery,
    MarketData,
    PositionsMulti,
)

# The limits of the real gateway.
MAX_TICKERS: Final = 100
MAX_SNAPSHOTS: Final = 50
MAX_SUMMARIES: Final = 2
MAX_POSITION_ACCOUNTS: Final = 50

NO_SECURITY_TEXT: Final = "No security definition has been found for the request"
AMBIGUOUS_TEXT: Final = "The contract description specified for {} is ambiguous."
MAX_TICKERS_TEXT: Final = "Max number of tickers has been reached"
MAX_SUMMARIES_TEXT: Final = (
    "Error processing request.-'Q' : cause - Maximum number of account summary requests exceeded; "
    "desubscribe to previous request first"
)
INVALID_ACCOUNT_TEXT: Final = "Error validating request.-'bZ' : cause - Invalid account code '{}'."
INVALID_GROUP_TEXT: Final = "Error validating request.-'bZ' : cause - Invalid account group '{}'."
MANY_ACCOUNTS_TEXT: Final = (
    "Error validating request.-'bZ' : cause - Positions are not available for more than 50 accounts; "
    "use positions by account."
)


class Subscriptions:
    """The running requests of one client. Each counts against a limit until it is cancelled."""

    def __init__(self) -> None:
        self.data_type = ticks.LIVE
        self.tickers: set[int] = set()
        self.snapshots: dict[int, float] = {}
        """Request id -> the monotonic second at which the snapshot is over."""
        self.summaries: set[int] = set()


class Caller(msgspec.Struct, frozen=True):
    """Who asks and when, and what the gateway knows.

    ``now`` is the gateway's time, ``clock_sec`` a monotonic clock in seconds.
    """

    shared: Shared
    subscriptions: Subscriptions
    connection: int
    client_id: int
    version: int
    now: datetime
    clock_sec: float

    def error(self, request_id: int, code: Code, text: str) -> list[Message]:
        """Return one error in this client's version."""
        return [error(self.version, request_id, code, text)]


def welcome(caller: Caller) -> list[Message]:
    """Return the messages behind an accepted start of the API: accounts, next order id, notices."""
    book = caller.shared.book
    return [
        messages.managed_accounts(book.account_ids),
        messages.next_valid_id(book.next_order_id),
        *messages.notices(caller.version),
    ]


def resolve_account(caller: Caller, asked: str) -> str | None:
    """Return the account that a client asked for. Empty means the only one there is."""
    known = caller.shared.book.account_ids
    if not asked and len(known) == 1:
        return known[0]
    return asked if asked in caller.shared.book.accounts else None


def _invalid_account(caller: Caller, request_id: int, account: str) -> list[Message]:
    return caller.error(request_id, Code.CANNOT_VALIDATE, INVALID_ACCOUNT_TEXT.format(account))


def _rows(caller: Caller, account: str, *, ledger_and_nlv: bool = False) -> list[valuation.Row]:
    prefixed = caller.shared.scenario.gateway.ledger_prefix
    return valuation.updated_rows(
        caller.shared.book, account, prefixed=prefixed, ledger_and_nlv=ledger_and_nlv
    )


def account_updates(caller: Caller, request: AccountUpdates) -> list[Message]:
    """Return values and portfolio of one account.

    The real gateway has one such subscription over all clients: a new one ends the older one.
    """
    if not request.subscribe:
        caller.shared.updated_account = None
        return []
    account = resolve_account(caller, request.account)
    if account is None:
        return _invalid_account(caller, READ_ONLY_ID, request.account)
    caller.shared.updated_account = (caller.connection, account)
    book = caller.shared.book
    time = messages.account_time(f"{caller.shared.hours.local(caller.now):%H:%M}")
    rows = _rows(caller, account)
    return [
        *(messages.account_value(tag, value, currency, account) for tag, value, currency in rows),
        *(layouts.portfolio_value(account, instrument, held) for instrument, held in book.positions(account)),
        time,
        messages.account_download_end(account),
    ]


def account_updates_multi(caller: Caller, request: AccountUpdatesMulti) -> list[Message]:
    """Return the values of one account; ``ledger_and_nlv`` leaves out all but these."""
    account = resolve_account(caller, request.account)
    if account is None:
        return _invalid_account(caller, request.request_id, request.account)
    rows = _rows(caller, account, ledger_and_nlv=request.ledger_and_nlv)
    return [
        *(messages.account_update_multi(request.request_id, account, *row) for row in rows),
        messages.list_end(Out.ACCOUNT_UPDATE_MULTI_END, request.request_id),
    ]


def account_summary(caller: Caller, request: AccountSummary) -> list[Message]:
    """Return the asked tags of all accounts; two such requests may run at a time."""
    running = caller.subscriptions.summaries
    if request.request_id not in running and len(running) >= MAX_SUMMARIES:
        return caller.error(request.request_id, Code.CANNOT_PROCESS, MAX_SUMMARIES_TEXT)
    if request.group != "All":
        return caller.error(
            request.request_id, Code.CANNOT_VALIDATE, INVALID_GROUP_TEXT.format(request.group)
        )
    running.add(request.request_id)
    rows = [
        messages.account_summary(request.request_id, account, *row)
        for account in caller.shared.book.account_ids
        for row in _summary_rows(caller, account, request.tags)
    ]
    return [*rows, messages.list_end(Out.ACCOUNT_SUMMARY_END, request.request_id)]


def _summary_rows(caller: Caller, account: str, tags: tuple[str, ...]) -> list[valuation.Row]:
    wanted = frozenset(tags)
    rows = [row for row in valuation.account_rows(caller.shared.book, account) if row[0] in wanted]
    currencies = {tag.partition(":")[2] or "BASE" for tag in wanted if tag.startswith("$LEDGER")}
    if currencies:
        ledger = valuation.ledger_rows(caller.shared.book, account)
        rows += [row for row in ledger if row[2] in currencies or "ALL" in currencies]
    return rows


def positions(caller: Caller) -> list[Message]:
    """Return the positions of all accounts, which is refused above 50 of them; changes follow as they come."""
    book = caller.shared.book
    if len(book.account_ids) > MAX_POSITION_ACCOUNTS:
        return caller.error(READ_ONLY_ID, Code.CANNOT_VALIDATE, MANY_ACCOUNTS_TEXT)
    caller.shared.position_watchers.add(caller.connection)
    rows = [
        layouts.position(account, instrument, held)
        for account in book.account_ids
        for instrument, held in book.positions(account)
    ]
    return [*rows, messages.position_end()]


def positions_multi(caller: Caller, request: PositionsMulti) -> list[Message]:
    """Return the positions of one account."""
    account = resolve_account(caller, request.account)
    if account is None:
        return _invalid_account(caller, request.request_id, request.account)
    rows = [
        layouts.position_multi(request.request_id, account, instrument, held)
        for instrument, held in caller.shared.book.positions(account)
    ]
    return [*rows, messages.list_end(Out.POSITION_MULTI_END, request.request_id)]


def contract_details(caller: Caller, request: ContractDetails) -> list[Message]:
    """Return every contract the description fits, or error 200 without an end marker."""
    found = caller.shared.book.find(request.contract)
    if not found:
        return caller.error(request.request_id, Code.NO_SECURITY, NO_SECURITY_TEXT)
    hours = caller.shared.hours.describe(caller.now)
    rows = [
        layouts.contract_details(
            caller.version, request.request_id, instrument, _exchange(request.contract, instrument), hours
        )
        for instrument in found
    ]
    return [*rows, messages.list_end(Out.CONTRACT_DETAILS_END, request.request_id)]


def _exchange(query: ContractQuery, instrument: Instrument) -> str:
    return query.exchange or instrument.exchange


def market_data(caller: Caller, request: MarketData) -> list[Message]:
    """Return the quote of one instrument; a snapshot ends, a stream stays subscribed."""
    request_id, found = request.request_id, caller.shared.book.find(request.contract)
    if len(found) != 1:
        text = AMBIGUOUS_TEXT.format(request.contract.symbol) if found else NO_SECURITY_TEXT
        return caller.error(request_id, Code.NO_SECURITY, text)
    if _is_full(caller, request):
        return caller.error(request_id, Code.MAX_TICKERS, MAX_TICKERS_TEXT)
    quote = found[0].quote
    granted = ticks.granted_type(quote, caller.subscriptions.data_type)
    if granted is None:
        return caller.error(request_id, Code.NOT_SUBSCRIBED, ticks.NOT_SUBSCRIBED_TEXT)
    warning = (
        caller.error(request_id, Code.DELAYED_SHOWN, ticks.DELAYED_TEXT) if granted >= ticks.DELAYED else []
    )
    if not request.snapshot:
        caller.subscriptions.tickers.add(request_id)
    end = [messages.list_end(Out.SNAPSHOT_END, request_id)] if request.snapshot else []
    return [
        *warning,
        *ticks.quote_messages(request_id, quote, granted, caller.shared.hours, caller.now),
        *end,
    ]


def _is_full(caller: Caller, request: MarketData) -> bool:
    """Tell whether one more stream or snapshot would be over its limit."""
    running = caller.subscriptions
    if request.snapshot:
        for over in [key for key, end in running.snapshots.items() if end <= caller.clock_sec]:
            del running.snapshots[over]
        return len(running.snapshots) >= MAX_SNAPSHOTS
    return request.request_id not in running.tickers and len(running.tickers) >= MAX_TICKERS
