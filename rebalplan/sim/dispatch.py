"""From a parsed request to its reply: read-only mode, the answer, and the fault that bends it."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from rebalplan.sim import answers, faults, ticks
from rebalplan.sim.answers import Desk
from rebalplan.sim.faults import Reply
from rebalplan.sim.orders import order_answers, timing, trading
from rebalplan.sim.orders.floor import Floor
from rebalplan.sim.wire import messages
from rebalplan.sim.wire.frames import Message
from rebalplan.sim.wire.messages import END_MARKERS, NO_ID, READ_ONLY_ID, Code, Out
from rebalplan.sim.wire.requests import (
    CANCEL_POSITIONS,
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

_READ_ONLY: Final = frozenset({5, 15, 16, 99})
_LOCAL: Final = (ManagedAccounts, NextIds, CurrentTime, MarketDataType, Accepted, Unsupported)
"""What the gateway answers without its broker."""
_ERROR: Final = str(int(Out.ERROR))
SNAPSHOT_TIMEOUT_SEC: Final = 11.0
"""How long a snapshot that gets no answer counts as in flight."""
UNSUPPORTED_TEXT: Final = (
    "Error validating request.-'bZ' : cause - The simulated gateway does not support request {}."
)


def answer(desk: Desk, request: Request, message_id: int) -> list[Reply]:
    """Return the replies to a request of a started client, behind those to whatever is due by now."""
    due = timing.tick(Floor(desk.shared, desk.now, desk.clock_sec))
    if isinstance(request, PlaceOrder | CancelOrder | GlobalCancel):
        return [*due, *trading.answer(desk, request)]
    return [*due, _reply(desk, request, message_id)]


def _reply(desk: Desk, request: Query, message_id: int) -> Reply:
    """Return the reply to a request that changes nothing in the book, with the scenario's fault applied."""
    request_id = _request_id(request)
    if desk.shared.read_only and message_id in _READ_ONLY:
        refused = READ_ONLY_ID if request_id == NO_ID else request_id
        return faults.reply_with(desk.error(refused, Code.CANNOT_VALIDATE, trading.READ_ONLY_TEXT))
    if desk.shared.is_mute and not isinstance(request, _LOCAL):
        return Reply()
    account, symbol = _subject(desk, request)
    fault = desk.shared.faults.strike(request_name(message_id), account, symbol)
    if fault is not None:
        desk.shared.save_faults()
    reply = faults.bend(fault, _answer(desk, request), desk.version, request_id)
    return _timed(desk, request, reply) if isinstance(request, MarketData) else reply


def _request_id(request: Query) -> int:
    request_id: int = getattr(request, "request_id", NO_ID)
    return request_id


def _subject(desk: Desk, request: Query) -> tuple[str, str]:
    """Return the account and the symbol a request is about, empty where it names none."""
    match request:
        case AccountUpdates() | AccountUpdatesMulti() | PositionsMulti() | Executions():
            return answers.resolve_account(desk, request.account) or request.account, ""
        case MarketData() | ContractDetails():
            found = desk.shared.book.find(request.contract)
            return "", found[0].symbol if found else request.contract.symbol
        case _:
            return "", ""


def _timed(desk: Desk, request: MarketData, reply: Reply) -> Reply:
    """Hold a snapshot back as long as the scenario says, and count it as in flight until its end."""
    if not request.snapshot or reply.close or (reply.messages and reply.messages[-1][0] == _ERROR):
        return reply
    after_sec = reply.after_sec + float(desk.shared.scenario.gateway.snapshot_sec)
    ends = any(message[0] in END_MARKERS for message in reply.messages)
    in_flight_sec = after_sec if ends else SNAPSHOT_TIMEOUT_SEC
    desk.subscriptions.snapshots[request.request_id] = desk.clock_sec + in_flight_sec
    return msgspec.structs.replace(reply, after_sec=after_sec)


def _answer(desk: Desk, request: Query) -> list[Message]:  # noqa: C901, PLR0911, PLR0912  # one case per request
    match request:
        case ManagedAccounts():
            return [messages.managed_accounts(desk.shared.book.account_ids)]
        case NextIds():
            return [messages.next_valid_id(desk.shared.book.next_order_id)]
        case CurrentTime():
            return [messages.current_time(int(desk.now.timestamp()))]
        case AccountUpdates():
            return answers.account_updates(desk, request)
        case AccountUpdatesMulti():
            return answers.account_updates_multi(desk, request)
        case AccountSummary():
            return answers.account_summary(desk, request)
        case Positions():
            return answers.positions(desk)
        case PositionsMulti():
            return answers.positions_multi(desk, request)
        case ContractDetails():
            return answers.contract_details(desk, request)
        case MarketData():
            return answers.market_data(desk, request)
        case OpenOrders():
            return order_answers.open_orders(desk)
        case AllOpenOrders():
            return order_answers.all_open_orders(desk)
        case AutoOpenOrders():
            return order_answers.auto_open_orders(desk)
        case Executions():
            return order_answers.executions(desk, request)
        case CompletedOrders():
            return order_answers.completed_orders(desk)
        case Unsupported():
            text = UNSUPPORTED_TEXT.format(request.message_id)
            return desk.error(request.request_id, Code.CANNOT_VALIDATE, text)
        case MarketDataType() | CancelMarketData() | CancelAccountSummary() | Accepted():
            _take_in(desk, request)
            return []
        case _:
            assert_never(request)


def _take_in(desk: Desk, request: Query) -> None:
    """Remember what is not answered: the kind of data wanted, and cancels."""
    running = desk.subscriptions
    match request:
        case MarketDataType():
            running.data_type = request.kind if request.kind in ticks.ALL_TYPES else running.data_type
        case CancelMarketData():
            running.tickers.discard(request.request_id)
            running.snapshots.pop(request.request_id, None)
        case CancelAccountSummary():
            running.summaries.discard(request.request_id)
        case Accepted(message_id) if message_id == CANCEL_POSITIONS:
            desk.shared.position_watchers.discard(desk.connection)
        case _:
            pass
