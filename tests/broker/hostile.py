"""What a hostile broker, a person in TWS or a second program does to an apply, and the gateway's own books after it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from rebalplan.core.orders import OrderTicket
from rebalplan.core.vocabulary import Endpoint
from rebalplan.ibkr.broker import IbkrBroker, IbkrConnection
from rebalplan.system.clock import SystemClock
from tests.broker.driving import ACCOUNTS, FAST, Line, Trial, first_line
from tests.cli import Workspace

CLIENT, OTHER_CLIENT = 42, 43

PATIENT = msgspec.structs.replace(FAST, agree_sec=8)
"""Lists that must agree on an end are asked 0.4 real seconds after its first word, far from all other waits."""

FIRST_SELL = {
    ACCOUNTS[0]: ("GLD", Decimal(66)),
    ACCOUNTS[1]: ("BND", Decimal(13)),
    ACCOUNTS[2]: ("VEA", Decimal(154)),
}
"""What each account sells first, by the plan of the sample accounts."""

FLOOR = {ACCOUNTS[0]: Decimal("4879.25"), ACCOUNTS[1]: Decimal("142.43"), ACCOUNTS[2]: Decimal("1406.59")}
"""The cash in USD, to the cent below, that no buy may go under: 1% of the account."""

NOT_PLANNED = {ACCOUNTS[0]: "BND", ACCOUNTS[1]: "SCHD", ACCOUNTS[2]: "TIP"}
"""A fund of each account that its plan neither buys nor sells."""


def table(kind: str, **keys: str | float | bool | list[str]) -> str:
    """Return a table of a scenario."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return f"\n[[{kind}]]\n" + "\n".join(lines) + "\n"


def incident(**keys: str | float | bool) -> str:
    """Return an incident."""
    return table("incident", **keys)


def first_sell(desk_or_line: Trial, account: str) -> Line:
    """Return the account's first sell, which must be the one of ``FIRST_SELL``."""
    line = first_line(desk_or_line.workspace, account, "SELL")
    assert (line.symbol, line.quantity) == FIRST_SELL[account]
    return line


def with_order(text: str, account: str, symbol: str, *, order_id: int, limit_price: str) -> str:
    """Return a scenario in which another client's limit order to buy a share is working from the start."""
    order = table(
        "account.order",
        symbol=symbol,
        side="BUY",
        quantity="1",
        client_id=OTHER_CLIENT,
        order_id=order_id,
        order_type="LMT",
        limit_price=limit_price,
    )
    at = text.index("\n", text.index(f'id = "{account}"'))
    at = text.index("\n\n", at)
    return f"{text[:at]}\n{order}{text[at:]}"


def executed(it: Trial, account: str, symbol: str, side: str = "SELL") -> Decimal:
    """Return the shares that the gateway's own book has executed for our references."""
    return sum(
        (
            found.execution.quantity
            for found in it.gateway.describe().executions
            if (found.execution.account, found.symbol, found.execution.side) == (account, symbol, side)
            and found.execution.order_ref.startswith(it.prefix)
        ),
        Decimal(0),
    )


def working(it: Trial, account: str) -> list[tuple[str, int, Decimal]]:
    """Return symbol, client id and quantity of the orders that work at the gateway."""
    (found,) = [view for view in it.gateway.describe().accounts if view.id == account]
    return [(view.symbol, view.order.client_id, view.order.quantity) for view in found.orders]


def cash(it: Trial, account: str) -> Decimal:
    """Return the account's true US dollars."""
    (found,) = [view for view in it.gateway.describe().accounts if view.id == account]
    return next(balance.amount for balance in found.cash if balance.currency == "USD")


def fallbacks(it: Trial, account: str) -> list[tuple[str, Decimal]]:
    """Return the plain market orders that followed dead ones."""
    return [(s.symbol, s.quantity) for s in it.sent(account) if s.reference.endswith("-f")]


def bought(it: Trial, account: str) -> list[str]:
    return [s.symbol for s in it.sent(account) if s.side == "BUY"]


def cancelled(it: Trial) -> list[tuple[int, str]]:
    """Return client id and the end of the reference of every cancel that the gateway was sent."""
    return [
        (entry.client_id, entry.order_ref.removeprefix(it.prefix))
        for entry in it.gateway.ledger
        if entry.kind == "cancel"
    ]


def error_of(it: Trial, account: str) -> str:
    return it.summary()[account]["error"]


def intents(it: Trial, account: str) -> int:
    return sum('"record": "INTENT"' in record for record in it.records(account))


class Killed(BaseException):
    """The process is gone: nothing that is written down after it may be."""


@contextmanager
def killed_after(call: str, account: str, *, nth: int = 1) -> Iterator[None]:
    """Die right after the nth ``place`` of an account, or the first ``cancel`` behind it, has reached the gateway."""
    place, cancel = IbkrConnection.place, IbkrConnection.cancel
    placed: list[str] = []

    def die(link: IbkrConnection) -> None:
        link.open_orders(account)  # its answer comes behind whatever the gateway does about what was sent
        raise Killed

    def placing(self: IbkrConnection, order_id: int, ticket: OrderTicket) -> None:
        place(self, order_id, ticket)
        placed.append(ticket.account)
        if call == "place" and placed.count(account) == nth and ticket.account == account:
            die(self)

    def cancelling(self: IbkrConnection, order_id: int) -> None:
        cancel(self, order_id)
        if call == "cancel" and placed[-1] == account:
            die(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IbkrConnection, "place", placing)
        patch.setattr(IbkrConnection, "cancel", cancelling)
        with pytest.raises(Killed):
            yield


def be_patient(workspace: Workspace) -> None:
    """Wait as long as ``PATIENT`` says."""
    workspace.timing = PATIENT


def as_another_program(
    it: Trial, work: Callable[[IbkrConnection], None], client_id: int = OTHER_CLIENT
) -> None:
    """Connect to the gateway as a client of its own, in a thread of its own, and do some work."""
    problems: list[BaseException] = []

    def run() -> None:
        endpoint = Endpoint("127.0.0.1", it.gateway.port, client_id)
        try:
            with IbkrBroker(5, _Now()).connect(endpoint) as link:
                work(link)
        except BaseException as error:  # it is raised where it is seen
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]


class _Now(SystemClock):
    def now(self) -> datetime:
        return datetime.now(UTC)


def place_as_another(
    it: Trial, line: Line, *, client_id: int = OTHER_CLIENT, order_id: int = 0, reference: str | None = None
) -> None:
    """Let another program place an order for a line, by default under its reference."""
    con_id = next(i.con_id for i in it.gateway.describe().instruments if i.symbol == line.symbol)
    ticket = OrderTicket(
        reference=f"{it.prefix}{line.reference}" if reference is None else reference,
        account=line.account,
        symbol=line.symbol,
        con_id=con_id,
        side="SELL" if line.side == "SELL" else "BUY",
        quantity=line.quantity,
        algo="none",
    )

    def place(link: IbkrConnection) -> None:
        link.place(order_id or link.next_order_id(), ticket)
        link.open_orders(line.account)

    as_another_program(it, place, client_id)
