"""Whatever the broker does to the orders of one account: what comes of it there, and nothing elsewhere."""

from __future__ import annotations

import csv
import itertools
import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

import rebalplan.apply.timing
import rebalplan.ibkr.connection
import rebalplan.sim.session
from rebalplan.apply.timing import Timing
from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import FrozenClock, Result, Workspace
from tests.scenarios import fault, scenario_text

ACCOUNTS = ("DU1000001", "DU1000002", "DU1000003")
FACTOR = 20

FAST = Timing(
    ack_sec=6,
    cancel_sec=6,
    notice_sec=1,
    settle_sec=10,
    link_sec=12,
    quiet_sec=1,
    quote_sec=30,
    tick_sec=0.02,
)
"""In seconds of the ticking clock, but for the tick, which is waited in real ones."""


class TickingClock(FrozenClock):
    """A clock that stands still until it is started, and then runs much faster than the real one."""

    def __init__(self) -> None:
        super().__init__()
        self._started: float | None = None

    def start(self) -> None:
        self._started = time.monotonic()

    def now(self) -> datetime:
        if self._started is None:
            return self.time
        return self.time + timedelta(seconds=(time.monotonic() - self._started) * FACTOR)


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


class Desk:
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


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Wait for nothing that is only there to be gentle to a real broker."""
    patch.setattr(rebalplan.apply.timing, "Timing", lambda: FAST)
    patch.setattr(rebalplan.ibkr.connection, "MESSAGES_PER_SECOND", 10_000)
    patch.setattr(rebalplan.sim.session, "MAX_RATE", 10_000)


SETTINGS = {
    "mode = sim": "mode = tws\nport = 1",
    ";timeout_sec = 30": "timeout_sec = 1",
    ";retries = 3": "retries = 0",
    "per_holding_band_bps = 50": "per_holding_band_bps = 300",
    ";wait_before_fallback = 300": "wait_before_fallback = 9",
    ";fill_timeout_sec = 600": "fill_timeout_sec = 14",
    ";commission_report_timeout = 5": "commission_report_timeout = 3",
}
"""Few orders, and waits in seconds of the ticking clock."""


@contextmanager
def serving(workspace: Workspace, text: str) -> Iterator[Gateway]:
    """Serve a scenario at the port that the workspace's settings name from now on."""
    path = workspace.write("served.toml", text)
    with start(load_scenario(path), clock=workspace.clock.now) as gateway:
        settings = (workspace.folder / "settings.ini").read_text(encoding="utf-8")
        workspace.write("settings.ini", re.sub(r"\nport = \d+", f"\nport = {gateway.port}", settings))
        yield gateway


@contextmanager
def desk(workspace: Workspace, text: str) -> Iterator[Desk]:
    """Serve a scenario and let the time run."""
    with serving(workspace, text) as gateway:
        assert isinstance(workspace.clock, TickingClock)
        workspace.clock.start()
        yield Desk(workspace, gateway)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> TickingClock:
    """The machine's clock: it stands still while planning and runs fast from the apply on."""
    ticking = TickingClock()
    ticking.install(monkeypatch)
    quicken(monkeypatch)
    return ticking


class Undisturbed(msgspec.Struct, frozen=True):
    """What an apply without any fault does, by account."""

    orders: dict[str, list[Sent]]
    records: dict[str, list[str]]


_kept: dict[str, Undisturbed] = {}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for the plan that all tests of this module apply."""
    return tmp_path_factory.mktemp("planned") / "files"


@pytest.fixture
def planned(workspace: Workspace, template: Path) -> Workspace:
    """A folder with a plan of the three sample accounts; it is made once."""
    if not template.exists():
        workspace.ok("init")
        for old, new in SETTINGS.items():
            workspace.edit("settings.ini", old, new)
        with serving(workspace, scenario_text()):
            workspace.ok("plan")
        shutil.copytree(workspace.folder, template)
    else:
        shutil.copytree(template, workspace.folder, dirs_exist_ok=True)
    return workspace


@pytest.fixture
def undisturbed(planned: Workspace, template: Path) -> Undisturbed:
    """What becomes of the plan when nothing goes wrong; it is found out once."""
    if str(template) not in _kept:
        with desk(planned, scenario_text()) as calm:
            assert calm.apply().code == 0
            _kept[str(template)] = Undisturbed(
                {a: calm.sent(a) for a in ACCOUNTS}, {a: calm.records(a) for a in ACCOUNTS}
            )
        shutil.rmtree(planned.folder / "reports")
        for path in (planned.folder / "plans").glob("*.jsonl"):
            path.unlink()
    return _kept[str(template)]


def behaviour(**where: str | int | list[str]) -> str:
    """Return a behaviour table."""
    return (
        "\n[[behaviour]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in where.items()) + "\n"
    )


def assert_others_untouched(found: Desk, disturbed: str, undisturbed: Undisturbed) -> None:
    for account in ACCOUNTS:
        if account != disturbed:
            assert found.sent(account) == undisturbed.orders[account]
            assert found.records(account) == undisturbed.records[account]


WORD = ["ack", "execution", "commission", "status"]

HARMLESS: dict[str, dict[str, str | int | list[str]]] = {
    "10349, TIF set to DAY": {"sequence": ["ack", "10349", "wait 0.2", *WORD[1:]]},
    "399, held until the open": {"sequence": ["ack", "399", "wait 0.2", *WORD[1:]]},
    "404, held while securities are located": {"sequence": ["ack", "404", "wait 0.2", *WORD[1:]]},
    "everything twice": {"sequence": [word for word in WORD for _ in (1, 2)]},
    "the fill before the acknowledgement": {"sequence": ["execution", "commission", "ack", "status"]},
    "Filled before the execution": {"sequence": ["ack", "status", "wait 0.05", "execution", "commission"]},
    "no status at all": {"sequence": ["ack", "execution", "commission"]},
    "the execution alone": {"sequence": ["execution", "commission"]},
    "it fills and nothing is said": {"silence": "booked"},
    "it fills in three parts": {"parts": 3, "after_sec": "0.02"},
    "an unknown time zone": {"time_zone_text": "Mars/Olympus"},
    "a late commission": {"commission_after_sec": "0.05"},
}
"""Behaviours of an order that all mean: it is filled, once."""


@pytest.mark.parametrize("case", HARMLESS)
def test_whatever_the_messages_an_order_that_fills_is_filled_once(
    planned: Workspace, undisturbed: Undisturbed, case: str
) -> None:
    disturbed = ACCOUNTS[list(HARMLESS).index(case) % 3]
    line = first_line(planned, disturbed, "SELL")
    with desk(
        planned, scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, **HARMLESS[case]))
    ) as it:
        result = it.apply()
        assert result.code == 0, result
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert it.cancels() == 0
        row = it.report(disturbed)[line.symbol]
        assert (Decimal(row["exec_qty_shares"]), row["status"]) == (line.quantity, "filled")
        assert Decimal(row["commission_usd"]) > 0
        assert_others_untouched(it, disturbed, undisturbed)


def test_the_last_correction_of_an_execution_counts(planned: Workspace, undisturbed: Undisturbed) -> None:
    line = first_line(planned, ACCOUNTS[1], "SELL")
    with desk(
        planned, scenario_text(extra=behaviour(account=ACCOUNTS[1], symbol=line.symbol, correction_bps="50"))
    ) as it:
        assert it.apply().code == 0
        row = it.report(ACCOUNTS[1])[line.symbol]
        assert Decimal(row["exec_qty_shares"]) == line.quantity
        assert Decimal("0.9945") < Decimal(row["exec_price"]) / Decimal(row["est_price"]) < Decimal("0.9955")
        assert_others_untouched(it, ACCOUNTS[1], undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_refused_algorithm_is_followed_by_one_plain_market_order(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, algo="adaptive", code=201))
    with desk(planned, text) as it:
        result = it.apply()
        assert [
            (s.order_type, s.algo, s.tif, s.quantity, s.reference) for s in it.of(disturbed, line.symbol)
        ] == [
            ("MKT", "Adaptive", "DAY", line.quantity, line.reference),
            ("MKT", "", "DAY", line.quantity, f"{line.reference}-f"),
        ], result
        assert Decimal(it.report(disturbed)[line.symbol]["exec_qty_shares"]) == line.quantity
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_rejected_sell_shrinks_the_buys_it_was_to_pay_for(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    text = scenario_text(extra=behaviour(account=disturbed, side="SELL", code=201))
    with desk(planned, text) as it:
        result = it.apply()
        assert result.code == 4
        sells = [s for s in it.sent(disturbed) if s.side == "SELL"]
        assert len(sells) == 2 * len(it.lines(disturbed, "SELL"))
        asked = sum(s.quantity for s in undisturbed.orders[disturbed] if s.side == "BUY")
        assert sum(s.quantity for s in it.sent(disturbed) if s.side == "BUY") < asked
        rows = it.report(disturbed)
        assert {rows[s.symbol]["status"] for s in sells} == {"rejected"}
        assert Decimal(rows["CASH"]["new_qty_shares"]) >= 0
        assert it.summary()[disturbed]["status"] == "incomplete"
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_an_order_that_is_never_answered_is_unknown_and_never_sent_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, silence="dropped"))
    with desk(planned, text) as it:
        assert it.apply().code == 4
        assert it.of(disturbed, line.symbol) == undisturbed.orders[disturbed][:1]
        assert it.report(disturbed)[line.symbol]["status"] == "unknown"
        assert not [s for s in it.sent(disturbed) if s.side == "BUY"]
        assert it.summary()[disturbed]["status"] == "incomplete"
        assert_others_untouched(it, disturbed, undisturbed)
        before = len(it.gateway.ledger)
        assert it.apply().code != 0
        assert it.apply("--resume").code != 0
        assert len(it.gateway.ledger) == before


@pytest.mark.parametrize(("code", "disturbed"), [(103, ACCOUNTS[0]), (10243, ACCOUNTS[2])])
def test_an_error_alone_proves_nothing_and_gets_no_new_id(
    planned: Workspace, undisturbed: Undisturbed, code: int, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    with desk(
        planned, scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, code=code))
    ) as it:
        assert it.apply().code == 4
        assert len(it.of(disturbed, line.symbol)) == 1
        row = it.report(disturbed)[line.symbol]
        assert row["status"] in ("unknown", "rejected")
        assert not row["exec_qty_shares"] or Decimal(row["exec_qty_shares"]) == 0
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_cancel_that_crosses_a_fill_leaves_only_the_rest_to_the_fallback(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(
        extra=behaviour(account=disturbed, symbol=line.symbol, algo="adaptive", fills=0)
        + behaviour(on="cancel", account=disturbed, symbol=line.symbol, cancel="crossed", parts=2, fills=1)
    )
    with desk(planned, text) as it:
        result = it.apply()
        half = (line.quantity + 1) // 2
        assert [(s.algo, s.quantity) for s in it.of(disturbed, line.symbol)] == [
            ("Adaptive", line.quantity),
            *([("", line.quantity - half)] if line.quantity > half else []),
        ], result
        assert it.cancels() == 1
        assert Decimal(it.report(disturbed)[line.symbol]["exec_qty_shares"]) == line.quantity
        assert_others_untouched(it, disturbed, undisturbed)


def test_a_cancel_that_a_whole_fill_crosses_needs_no_fallback(
    planned: Workspace, undisturbed: Undisturbed
) -> None:
    line = first_line(planned, ACCOUNTS[2], "SELL")
    text = scenario_text(
        extra=behaviour(account=ACCOUNTS[2], symbol=line.symbol, fills=0)
        + behaviour(on="cancel", account=ACCOUNTS[2], symbol=line.symbol, cancel="crossed")
    )
    with desk(planned, text) as it:
        assert it.apply().code == 0
        assert it.sent(ACCOUNTS[2]) == undisturbed.orders[ACCOUNTS[2]]
        assert it.cancels() == 1
        assert_others_untouched(it, ACCOUNTS[2], undisturbed)


@pytest.mark.parametrize(
    ("code", "disturbed"), [(161, ACCOUNTS[0]), (10147, ACCOUNTS[1]), (10148, ACCOUNTS[2])]
)
def test_an_order_whose_cancel_is_refused_is_left_working_and_has_no_fallback(
    planned: Workspace, undisturbed: Undisturbed, code: int, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(
        extra=behaviour(account=disturbed, symbol=line.symbol, fills=0)
        + behaviour(on="cancel", account=disturbed, symbol=line.symbol, cancel="refused", code=code)
    )
    with desk(planned, text) as it:
        result = it.apply()
        assert result.code == 4
        assert len(it.of(disturbed, line.symbol)) == 1
        assert it.report(disturbed)[line.symbol]["status"] == "working"
        assert (
            f"sell {line.symbol} is working, 0 of {line.quantity} filled" in it.summary()[disturbed]["error"]
        )
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_a_partial_fill_and_then_a_hang_up_is_reported_and_not_sent_again(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = [x for x in planned_lines(planned) if x.account == disturbed and x.side == "SELL"][-1]
    once = behaviour(account=disturbed, symbol=line.symbol, parts=2, fills=1, hang_up_after=4)
    with desk(planned, scenario_text(extra=once)) as it:
        result = it.apply()
        assert result.code == 4, result
        assert it.sent(disturbed) == [s for s in undisturbed.orders[disturbed] if s.side == "SELL"]
        row = it.report(disturbed)[line.symbol]
        assert Decimal(row["exec_qty_shares"]) == (line.quantity + 1) // 2
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize("disturbed", ACCOUNTS)
def test_after_a_lost_connection_a_resume_finishes_and_sends_each_reference_once(
    planned: Workspace, undisturbed: Undisturbed, disturbed: str
) -> None:
    line = [x for x in planned_lines(planned) if x.account == disturbed and x.side == "SELL"][-1]
    once = behaviour(account=disturbed, symbol=line.symbol, occurrence=1, hang_up_after=1)
    with desk(planned, scenario_text(extra=once)) as it:
        assert it.apply().code == 4
        assert it.sent(disturbed) == [s for s in undisturbed.orders[disturbed] if s.side == "SELL"]
        assert it.report(disturbed)[line.symbol]["status"] == "filled"
        for buy in it.lines(disturbed, "BUY"):
            assert f"buy {buy.symbol} was not sent" in it.summary()[disturbed]["error"]
        assert_others_untouched(it, disturbed, undisturbed)
        assert it.apply("--resume").code == 0
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)


@pytest.mark.parametrize(("restored", "disturbed"), [("1101", ACCOUNTS[0]), ("1102", ACCOUNTS[2])])
def test_nothing_is_sent_while_the_gateway_has_lost_its_broker(
    planned: Workspace, undisturbed: Undisturbed, restored: str, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    words = ["ack", "1100", "wait 0.3", restored, *WORD[1:]]
    with desk(
        planned, scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, sequence=words))
    ) as it:
        assert it.apply().code == 0
        times = [e.time for e in it.gateway.ledger if e.account == disturbed and e.kind == "place"]
        pauses = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
        assert max(pauses) > 0.3 * FACTOR * 0.9
        assert it.sent(disturbed) == undisturbed.orders[disturbed]
        assert_others_untouched(it, disturbed, undisturbed)


REFUSED = {
    "a buy the broker would refuse": (
        behaviour(on="what_if", account="{}", code=201, text="KID missing"),
        "KID missing",
    ),
    "executions that cannot be had": (fault("executions", "error", account="{}"), "error 321"),
    "executions without their end": (fault("executions", "no_end", account="{}"), "did not finish"),
    "no positions although the plan saw some": (
        fault("positions_multi", "empty", account="{}"),
        "an empty list is never",
    ),
    "no account values": (fault("account_updates_multi", "silent", account="{}"), "did not finish"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_account_that_cannot_be_checked_is_refused_before_anything_is_sent(
    planned: Workspace, undisturbed: Undisturbed, case: str
) -> None:
    disturbed = ACCOUNTS[list(REFUSED).index(case) % 3]
    extra, reason = REFUSED[case]
    with desk(planned, scenario_text(extra=extra.replace("{}", disturbed))) as it:
        result = it.apply()
        assert result.code == 4
        assert it.sent(disturbed) == []
        assert reason in it.summary()[disturbed]["error"]
        assert it.summary()[disturbed]["submitted"] == "0"
        assert_others_untouched(it, disturbed, undisturbed)


def test_a_working_order_of_somebody_else_refuses_its_account(
    planned: Workspace, undisturbed: Undisturbed
) -> None:
    line = first_line(planned, ACCOUNTS[2], "SELL")
    order = (
        f'\n[[account.order]]\nsymbol = "{line.symbol}"\nside = "BUY"\nquantity = "1"\nclient_id = 99\n'
        'order_id = 5\norder_ref = "theirs"\n'
    )
    with desk(planned, scenario_text() + order) as it:
        assert it.apply().code == 4
        assert it.sent(ACCOUNTS[2]) == []
        assert f"RB502 BUY 1 {line.symbol} is already working" in it.summary()[ACCOUNTS[2]]["error"]
        assert it.cancels() == 0
        assert_others_untouched(it, ACCOUNTS[2], undisturbed)


def quoted(symbol: str, **changes: str) -> str:
    """Return the built-in scenario with other figures for one instrument."""
    text = scenario_text()
    at = text.index(f'symbol = "{symbol}"')
    at, end = text.rindex("[[instrument]]", 0, at), text.index("[[", at)
    table = text[at:end]
    for key, value in changes.items():
        found = re.sub(rf"^{key} = .*$", f"{key} = {value}", table, flags=re.MULTILINE)
        table = found if found != table else f"{table.rstrip()}\n{key} = {value}\n\n"
    return text[:at] + table + text[end:]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"bid": '"395.70"', "ask": '"395.74"', "last": '"395.72"'},
            "GLD moved 5% since the plan (376.9 to 395.72)",
        ),
        ({"data": '"halted"'}, "GLD"),
        ({"bid": '"380.00"'}, "crossed quote (bid 380 over ask 376.91)"),
    ],
)
def test_a_line_whose_market_is_not_what_it_was_is_left_out_by_name(
    planned: Workspace, undisturbed: Undisturbed, changes: dict[str, str], reason: str
) -> None:
    traders = {x.account for x in planned_lines(planned) if x.symbol == "GLD"}
    assert traders
    with desk(planned, quoted("GLD", **changes)) as it:
        assert it.apply().code == 4
        for account in ACCOUNTS:
            assert it.of(account, "GLD") == []
            if account in traders:
                assert reason in it.summary()[account]["error"]
            else:
                assert it.sent(account) == undisturbed.orders[account]


def test_a_line_whose_contract_is_gone_is_left_out_by_name(planned: Workspace) -> None:
    traders = {x.account for x in planned_lines(planned) if x.symbol == "VWO" and x.side == "BUY"}
    assert traders
    with desk(planned, scenario_text(("con_id = 700000303", "con_id = 700000304"))) as it:
        assert it.apply().code == 4
        for account in traders:
            assert it.of(account, "VWO") == []
            assert "VWO" in it.summary()[account]["error"]


def test_a_closed_market_refuses_everything(planned: Workspace) -> None:
    sessions = 'hours = "list"\nsessions = ["20261123:0930-20261123:1130", "20261124:0930-20261124:1600"]'
    with desk(planned, scenario_text(('hours = "always"', sessions))) as it:
        result = it.apply()
        assert (result.code, list(it.gateway.ledger)) == (3, [])


def test_orders_that_a_lost_connection_swallowed_are_not_sent_again(
    planned: Workspace, undisturbed: Undisturbed
) -> None:
    line = first_line(planned, ACCOUNTS[0], "SELL")
    once = behaviour(account=ACCOUNTS[0], symbol=line.symbol, occurrence=1, hang_up_after=0)
    with desk(planned, scenario_text(extra=once)) as it:
        assert it.apply().code == 4
        it.apply("--resume")
        references = [s.reference for s in it.sent(ACCOUNTS[0])]
        assert len(references) == len(set(references))
        wanted = {s.reference: s for s in undisturbed.orders[ACCOUNTS[0]]}
        assert all(wanted[s.reference] == s for s in it.sent(ACCOUNTS[0]))
        assert it.report(ACCOUNTS[0])[line.symbol]["status"] == "filled"
        assert_others_untouched(it, ACCOUNTS[0], undisturbed)


@pytest.mark.parametrize(
    ("code", "disturbed"), [(439, ACCOUNTS[1]), (441, ACCOUNTS[2]), (442, ACCOUNTS[0]), (443, ACCOUNTS[1])]
)
def test_a_refused_algorithm_code_is_followed_by_one_plain_market_order(
    planned: Workspace, undisturbed: Undisturbed, code: int, disturbed: str
) -> None:
    line = first_line(planned, disturbed, "SELL")
    text = scenario_text(extra=behaviour(account=disturbed, symbol=line.symbol, algo="adaptive", code=code))
    with desk(planned, text) as it:
        result = it.apply()
        assert [
            (s.order_type, s.algo, s.tif, s.quantity, s.reference) for s in it.of(disturbed, line.symbol)
        ] == [
            ("MKT", "Adaptive", "DAY", line.quantity, line.reference),
            ("MKT", "", "DAY", line.quantity, f"{line.reference}-f"),
        ], result
        assert Decimal(it.report(disturbed)[line.symbol]["exec_qty_shares"]) == line.quantity
        assert_others_untouched(it, disturbed, undisturbed)
        assert result.code == 0


def test_an_unknown_order_is_settled_by_a_person_and_the_rest_goes_on(
    planned: Workspace, undisturbed: Undisturbed
) -> None:
    account = ACCOUNTS[1]
    line = first_line(planned, account, "SELL")
    text = scenario_text(extra=behaviour(account=account, symbol=line.symbol, silence="dropped"))
    with desk(planned, text) as it:
        assert it.apply().code == 4
        reference = f"{it.prefix}{line.reference}"
        shown = it.workspace.run("resolve", reference)
        assert shown.code == 4
        assert "executions at the broker with this reference: 0 shares" in shown.out
        assert "Nothing was recorded" in shown.out
        too_early = it.workspace.run("resolve", reference, "--accept-proposed")
        assert (too_early.code, "its DAY session is not over" in too_early.out) == (3, True)
        settled = it.workspace.run("resolve", reference, "--absent", "--who", "the owner")
        assert settled.code == 0
        assert f"the owner says {reference} filled 0" in settled.out
        it.apply("--resume")
        references = [s.reference for s in it.sent(account)]
        assert references.count(line.reference) == 1
        assert len(references) > 1
        assert it.report(account)[line.symbol]["status"] == "cancelled"
        again = it.workspace.run("resolve", reference, "--absent")
        assert again.code == 3


@pytest.mark.parametrize("wrong", ["rb-nonsense", "rb-000000000000-a01-l01", "l01"])
def test_a_reference_that_is_none_is_a_usage_error(planned: Workspace, wrong: str) -> None:
    assert planned.run("resolve", wrong).code == 64


def test_one_decision_at_a_time(planned: Workspace) -> None:
    result = planned.run("resolve", "rb-000000000000-a01-l01", "--absent", "--filled", "1@2")
    assert result.code == 64
