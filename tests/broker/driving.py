"""An apply through ib_insync over TCP at a gateway that does what a test tells it, in hurried time."""

from __future__ import annotations

import csv
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from rebalplan.apply.timing import Timing
from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import FrozenClock, Result, Workspace
from tests.pace import Pace

ACCOUNTS = ("DU1000001", "DU1000002", "DU1000003")
FACTOR = 20

FAST = Timing(
    ack_sec=6,
    cancel_sec=6,
    notice_sec=1,
    settle_sec=10,
    link_sec=12,
    quiet_sec=1,
    fresh_sec=1,
    quote_sec=30,
    tick_sec=0.02,
)
"""In seconds of the ticking clock, but for the tick, which is waited in real ones."""


PlanFor = Callable[..., Workspace]
"""Takes account ids, none for all, and returns a folder with a plan of them."""


class TickingClock(FrozenClock):
    """A clock that stands still until it is started, and then runs much faster than the event loops of its test.

    On a busy machine both run slower: time passes with what the process gets to do.
    """

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace
        self._looked_at: float | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        self._looked_at = self._pace.time()

    def now(self) -> datetime:
        with self._lock:
            if self._looked_at is not None:
                looked_at = self._pace.time()
                passed = (looked_at - self._looked_at) * FACTOR
                self.time, self._looked_at = self.time + timedelta(seconds=passed), looked_at
            return self.time


class Line(msgspec.Struct, frozen=True):
    """A planned order and the end of its reference."""

    account: str
    side: str
    symbol: str
    quantity: Decimal
    reference: str


class Sent(msgspec.Struct, frozen=True):
    """An order as the gateway received it, with the end of its reference."""

    side: str
    symbol: str
    quantity: Decimal
    order_type: str
    algo: str
    tif: str
    reference: str


def planned_lines(workspace: Workspace) -> list[Line]:
    """Return every order of the plan."""
    (path,) = workspace.plans()
    plan = json.loads(path.read_text(encoding="utf-8"))["plan"]
    return [
        Line(a["account"], o["side"], o["symbol"], Decimal(o["quantity"]), f"a{position:02}-l{line:02}")
        for position, a in enumerate(plan["accounts"], start=1)
        for line, o in enumerate(a["orders"], start=1)
    ]


def first_line(workspace: Workspace, account: str, side: str) -> Line:
    """Return the account's first planned order of a side."""
    return next(x for x in planned_lines(workspace) if (x.account, x.side) == (account, side))


class Trial:
    """A plan in a folder of its own, the gateway it is applied at, and what became of it."""

    def __init__(self, workspace: Workspace, gateway: Gateway) -> None:
        self.workspace = workspace
        self.gateway = gateway
        (path,) = workspace.plans()
        envelope = json.loads(path.read_text(encoding="utf-8"))
        self.prefix = f"rb-{envelope['sha256'][:12]}-"

    def apply(self, *arguments: str) -> Result:
        return self.workspace.run("apply", "latest", "--yes", *arguments)

    def lines(self, account: str, side: str = "") -> list[Line]:
        """Return the account's planned orders."""
        return [
            line
            for line in planned_lines(self.workspace)
            if line.account == account and side in ("", line.side)
        ]

    def sent(self, account: str, kind: str = "place") -> list[Sent]:
        """Return the orders of an account as the gateway received them, without what differs between runs."""
        return [
            Sent(
                e.side,
                e.symbol,
                e.quantity,
                e.order_type,
                e.algo,
                e.tif,
                e.order_ref.removeprefix(self.prefix),
            )
            for e in self.gateway.ledger
            if e.kind == kind and e.account == account
        ]

    def of(self, account: str, symbol: str) -> list[Sent]:
        return [order for order in self.sent(account) if order.symbol == symbol]

    def cancels(self) -> int:
        return sum(1 for e in self.gateway.ledger if e.kind == "cancel")

    def records(self, account: str) -> list[str]:
        """Return what the journal says of an account, sorted, without times and the broker's ids."""
        (path,) = (self.workspace.folder / "plans").glob("*.jsonl")
        found = []
        for text in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(text)["record"]
            if record.get("account") == account:
                kept = {k: v for k, v in record.items() if k not in ("at", "order_id", "perm_id", "exec_id")}
                found.append(json.dumps(kept, sort_keys=True))
        return sorted(found)

    def kinds(self, account: str, reference: str) -> list[str]:
        """Return the kinds of the records about one order."""
        records = [json.loads(text) for text in self.records(account)]
        return [r["record"] for r in records if r.get("reference") == reference]

    def report(self, account: str) -> dict[str, dict[str, str]]:
        """Return the newest report's rows of what was traded, by symbol."""
        paths = sorted((self.workspace.folder / "reports").glob(f"rebalance_{account}_*.csv"))
        with paths[-1].open(encoding="utf-8", newline="") as file:
            return {row["symbol"]: row for row in csv.DictReader(file)}

    def summary(self) -> dict[str, dict[str, str]]:
        paths = sorted((self.workspace.folder / "reports").glob("run_summary_*.csv"))
        with paths[-1].open(encoding="utf-8", newline="") as file:
            return {row["account_id"]: row for row in csv.DictReader(file)}


SETTINGS = {
    "mode = sim": "mode = tws\nport = 1",
    ";timeout_sec = 30": "timeout_sec = 2",
    ";retries = 3": "retries = 0",
    "per_holding_band_bps = 50": "per_holding_band_bps = 300",
    "min_order_usd = 100": "min_order_usd = 100\n[account:DU1000003]\nmin_order_usd = 3100",
    ";wait_before_fallback = 300": "wait_before_fallback = 8.5",
    ";fill_timeout_sec = 600": "fill_timeout_sec = 14",
    ";commission_report_timeout = 5": "commission_report_timeout = 2.5",
}
"""Few orders, no sell that only pays for buys, and waits in seconds of the ticking clock."""


@contextmanager
def serving(workspace: Workspace, text: str) -> Iterator[Gateway]:
    """Serve a scenario at the port that the workspace's settings name from now on."""
    path = workspace.write("served.toml", text)
    with start(load_scenario(path), clock=workspace.clock.now) as gateway:
        settings = (workspace.folder / "settings.ini").read_text(encoding="utf-8")
        workspace.write("settings.ini", re.sub(r"\nport = \d+", f"\nport = {gateway.port}", settings))
        yield gateway


@contextmanager
def trial(workspace: Workspace, text: str) -> Iterator[Trial]:
    """Serve a scenario and let the time run."""
    with serving(workspace, text) as gateway:
        assert isinstance(workspace.clock, TickingClock)
        workspace.clock.start()
        yield Trial(workspace, gateway)


class Undisturbed(msgspec.Struct, frozen=True):
    """What an apply without any fault does, by account."""

    orders: dict[str, list[Sent]]
    records: dict[str, list[str]]


def behaviour(**where: str | int | list[str]) -> str:
    """Return a behaviour table."""
    return (
        "\n[[behaviour]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in where.items()) + "\n"
    )


def assert_others_untouched(found: Trial, disturbed: str, undisturbed: Undisturbed) -> None:
    for account in ACCOUNTS:
        if account != disturbed:
            assert found.sent(account) == undisturbed.orders[account]
            assert found.records(account) == undisturbed.records[account]
