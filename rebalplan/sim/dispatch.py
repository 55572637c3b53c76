"""Answer a parsed request: refuse it in read-only mode, else answer it and apply the scenario's fault."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from rebalplan.sim import answers, faults, ticks
from rebalplan.sim.answers import Caller
from rebalplan.sim.faults import Reply
from rebalplan.sim.orders import order_answers, timing, trading
from rebalplan.sim.orders.instant import Instant
from rebalplan.sim.wire import messages
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import END_MARKERS, NO_ID, READ_ONLY_ID, Code, Out
from rebalplan.sim.wire.requests import (
    Accepted,
    AccountSummary,
    AccountUpdates,
    AccountUpdatesMulti,
    AllOpenOrders,
    AutoOpenOrders,
    CancelAccountSummary,
    CancelMarketData,
    CancelOrder,
    CompletedOrders,
    ContractDetails,
    CurrentTime,
    Executions,
    GlobalCancel,
    In,
    ManagedAccounts,
    MarketData,
    MarketDataType,
    NextIds,
    OpenOrders,
    PlaceOrder,
    Positions,
    PositionsMulti,
    Query,
    Request,
    Unsupported,
    request_name,
)

_READ_ONLY: Final = frozenset({In.OPEN_ORDERS, In.AUTO_OPEN_ORDERS, In.ALL_OPEN_ORDERS, In.COMPLETED_ORDERS})
"""What a gateway in read-only mode refuses besides orders."""
_LOCAL: Final = (ManagedAccounts, NextIds, CurrentTime, MarketDataType, Accepted, Unsupported)
"""The gateway answers these itself, also while the broker is lost."""
_ERROR: Final = str(int(Out.ERROR))
SNAPSHOT_TIMEOUT_SEC: Final = 11.0
"""How long a snapshot that gets no answer counts as in flight."""
UNSUPPORTED_TEXT: Final = (
    "Error validating request.-'bZ' : cause - The simulated gateway does not support request {}."
)


def answer(caller: Caller, request: Request, message_id: int) -> list[Reply]:
    """Return the replies to a request of a started client. What is due by now is done and told first."""
    due = timing.tick(Instant(caller.shared, caller.now, caller.clock_sec))
    if isinstance(request, PlaceOrder | CancelOrder | GlobalCancel):
        return [*due, *trading.answer(caller, request)]
    return [*due, _reply(caller, request, message_id)]


def _reply(caller: Caller, request: Query, message_id: int) -> Reply:
    """Return the reply to a request that changes nothing in the book.

    A fault counts a request only when the gateway would answer it: read-only mode and a lost broker come first.
    """
    request_id = _request_id(request)
    if caller.shared.read_only and message_id in _READ_ONLY:
        refused = READ_ONLY_ID if request_id == NO_ID else request_id
        return faults.reply_with(caller.error(refused, Code.CANNOT_VALIDATE, trading.READ_ONLY_TEXT))
    if caller.shared.is_mute and not isinstance(request, _LOCAL):
        return Reply()
    account, symbol = _subject(caller, request)
    fault = caller.shared.faults.take(request_name(message_id), account, symbol)
    if fault is not None:
        caller.shared.save_faults()
    reply = faults.alter(fault, _answer(caller, request), caller.version, request_id)
    return _timed(caller, request, reply) if isinstance(request, MarketData) else reply


def _request_id(request: Query) -> int:
    request_id: int = getattr(request, "request_id", NO_ID)
    return request_id


def _subject(caller: Caller, request: Query) -> tuple[str, str]:
    """Return the account and the symbol a request is about, empty where it names none."""
    match request:
        case AccountUpdates() | AccountUpdatesMulti() | PositionsMulti() | Executions():
            return answers.resolve_account(caller, request.account) or request.account, ""
        case MarketData() | ContractDetails():
            found = caller.shared.book.find(request.contract)
            return "", found[0].symbol if found else request.contract.symbol
        case _:
            return "", ""


def _timed(caller: Caller, request: MarketData, reply: Reply) -> Reply:
    """Hold a snapshot back as long as the scenario says, and count it as in flight until its end."""
    if not request.snapshot or reply.close or (reply.messages and reply.messages[-1][0] == _ERROR):
        return reply
    after_sec = reply.after_sec + float(caller.shared.scenario.gateway.snapshot_sec)
    ends = any(message[0] in END_MARKERS for message in reply.messages)
    in_flight_sec = after_sec if ends else SNAPSHOT_TIMEOUT_SEC
    caller.subscriptions.snapshots[request.request_id] = caller.clock_sec + in_flight_sec
    return msgspec.structs.replace(reply, after_sec=after_sec)


def _answer(caller: Caller, request: Query) -> list[Message]:  # noqa: C901, PLR0911, PLR0912  # one case per request
    match request:
        case ManagedAccounts():
            return [messages.managed_accounts(caller.shared.book.account_ids)]
        case NextIds():
            return [messages.next_valid_id(caller.shared.book.next_order_id)]
        case CurrentTime():
            return [messages.current_time(int(caller.now.timestamp()))]
        case AccountUpdates():
            return answers.account_updates(caller, request)
        case AccountUpdatesMulti():
            return answers.account_updates_multi(caller, request)
        case AccountSummary():
            return answers.account_summary(caller, request)
        case Positions():
            return answers.positions(caller)
        case PositionsMulti():
            return answers.positions_multi(caller, request)
        case ContractDetails():
            return answers.contract_details(caller, request)
        case MarketData():
            return answers.market_data(caller, request)
        case OpenOrders():
            return order_answers.open_orders(caller)
        case AllOpenOrders():
            return order_answers.all_open_orders(caller)
        case AutoOpenOrders():
            return order_answers.auto_open_orders(caller)
        case Executions():
            return order_answers.executions(caller, request)
        case CompletedOrders():
            return order_answers.completed_orders(caller)
        case Unsupported():
            text = UNSUPPORTED_TEXT.format(request.message_id)
            return caller.error(request.request_id, Code.CANNOT_VALIDATE, text)
        case MarketDataType() | CancelMarketData() | CancelAccountSummary() | Accepted():
            _take_in(caller, request)
            return []
        case _:
            assert_never(request)


def _take_in(caller: Caller, request: Query) -> None:
    """Remember requests that get no answer: the wanted kind of data, and cancels."""
    running = caller.subscriptions
    match request:
        case MarketDataType():
            running.data_type = request.kind if request.kind in ticks.ALL_TYPES else running.data_type
        case CancelMarketData():
            running.tickers.discard(request.request_id)
            running.snapshots.pop(request.request_id, None)
        case CancelAccountSummary():
            running.summaries.discard(request.request_id)
        case Accepted(message_id) if message_id == In.CANCEL_POSITIONS:
            caller.shared.position_watchers.discard(caller.connection)
        case _:
            pass
