"""Ctrl-C and SIGTERM at each phase of an apply: exit 130, our own orders cancelled, and a resume that finishes.

A real process applies at a gateway over TCP and gets a signal at one boundary of its own, or from outside at a
question. The boundaries are named, not timed: how busy the machine is changes nothing. A phase in which orders are out
meets each account position; the others, to save time, take turns at them. The gateway's own books judge.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

import msgspec
import pytest
from _pytest.mark import ParameterSet

from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import AccountClosed, Intent
from rebalplan.sim import Gateway
from tests.broker import driving
from tests.broker.hostile import OTHER_CLIENT, with_order
from tests.kill.case import apply_options
from tests.kill.judge import read_records
from tests.kill.launcher import Alert
from tests.kill.nursery import Nursery, environment
from tests.kill.world import ACCOUNTS, Original, make_original, scenario_text, serving, wait_until_alone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to answer and no fork"),
]

INTERRUPTED: Final = 130
CLIENT: Final = 42
FOREIGN: Final = "TIP"
SignalName = Literal["SIGINT", "SIGTERM"]
SIGNALS: Final[tuple[SignalName, ...]] = ("SIGINT", "SIGTERM")

_INSTRUMENT: Final = (
    f'[[instrument]]\ncon_id = 700000009\nsymbol = "{FOREIGN}"\nprimary_exchange = "ARCA"\n'
    'bid = "107.10"\nask = "107.12"\nlast = "107.12"\nclose = "107.10"\n\n'
)
"""A fund that no plan is about, for somebody else's order."""


Count = Literal["none", "some", "all"]


def _scenario() -> str:
    """Return a brisk gateway where an order of another client, with a number of ours, works in each account."""
    text = scenario_text("brisk").replace("[[account]]", f"{_INSTRUMENT}[[account]]", 1)
    for number, account in enumerate(ACCOUNTS, start=1):
        text = with_order(text, account, FOREIGN, order_id=number, limit_price="50")
    return text


class Phase(msgspec.Struct, frozen=True):
    """A moment of an account's turn: the boundary that a signal follows.

    ``at`` is which of the boundaries that match, for each position; ``stays`` the side whose Adaptive orders do not
    fill, ``placed`` how many orders of the account have left, of its sells and of its buys: none, one or more, or all.
    """

    name: str
    on: str
    at: tuple[int, int, int] = (1, 1, 1)
    stays: str = ""
    placed: tuple[Count, Count] = ("none", "none")
    is_begun: bool = True
    said: str = ""

    def behaviour(self, account: str) -> str:
        """Return what the gateway does differently: the Adaptive orders of a side work until they are cancelled."""
        return (
            driving.behaviour(account=account, side=self.stays, algo="adaptive", fills=0)
            if self.stays
            else ""
        )

    def on_of(self, stage: Stage, account: str) -> str:
        """Return the pattern of the boundary for an account."""
        sells, buys = stage.lines(account, "SELL"), f"({'|'.join(stage.lines(account, 'BUY'))})"
        return self.on.format(account=account, sell=sells[0], last_sell=sells[-1], buy=buys)


_CONNECTION = "socket 71"
PHASES: Final = (
    Phase("the-first-look", _CONNECTION, at=(1, 3, 5), is_begun=False),
    Phase("a-what-if", "socket 3 {buy}", is_begun=False),
    Phase("the-second-look", _CONNECTION, at=(2, 4, 6), is_begun=False),
    Phase("the-intent", "journal INTENT {account}"),
    Phase("an-announced-sell", "journal DISPATCH {account} {sell}", placed=("some", "none")),
    Phase("a-working-sell", "journal ACK {account} {sell}", stays="SELL", placed=("some", "none")),
    Phase("between-sells-and-buys", "journal DONE {account} {last_sell}", placed=("all", "none")),
    Phase("a-working-buy", "journal ACK {account} {buy}", stays="BUY", placed=("all", "some")),
    Phase("the-close", "journal ACCOUNT {account}", placed=("all", "all")),
    Phase("the-account-report", "report rebalance_{account}_.*", placed=("all", "all")),
    Phase(
        "the-last-reports",
        "report rebalance_{account}_.*",
        at=(2, 2, 2),
        placed=("all", "all"),
        said=" after the last account was done: the reports are complete.",
    ),
)


ORDERS_ARE_OUT: Final = {
    "an-announced-sell",
    "a-working-sell",
    "between-sells-and-buys",
    "a-working-buy",
    "the-last-reports",
}
"""Phases that are played at each account position; the others take turns at them."""


def _cases() -> Iterator[ParameterSet]:
    for number, (phase, position) in enumerate(itertools.product(PHASES, range(len(ACCOUNTS)))):
        if phase.name in ORDERS_ARE_OUT or position == PHASES.index(phase) % len(ACCOUNTS):
            name = SIGNALS[number % 2]
            yield pytest.param(phase, position, name, id=f"{phase.name}-{ACCOUNTS[position]}-{name}")


class Stage:
    """A plan whose accounts also have a foreign order each, and what runs its commands."""

    def __init__(self, original: Original, nursery: Nursery) -> None:
        self.original = original
        self.nursery = nursery

    def lines(self, account: str, side: str) -> list[str]:
        """Return the references of an account's orders of a side."""
        return [x.reference for x in self.original.lines if (x.account, x.side) == (account, side)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Nursery() as nursery:
        folder = tmp_path_factory.mktemp("signals") / "original"
        yield Stage(make_original("brisk", folder, nursery, _scenario()), nursery)


class Trial:
    """One folder with the plan, at a gateway that serves it."""

    def __init__(self, stage: Stage, folder: Path, extra: str) -> None:
        self.stage = stage
        self.folder = folder
        self.plan = stage.original.copy(folder)
        (folder / "scenario.toml").write_text(_scenario() + extra, encoding="utf-8", newline="\n")

    def apply(self, *options: str) -> int:
        return self.stage.nursery.run(self.folder, list(options))

    def output(self) -> str:
        """Return what was printed since the last time this was asked."""
        path = self.folder / "output.txt"
        text = path.read_text(encoding="utf-8")
        path.unlink()
        return text

    def records(self) -> tuple[object, ...]:
        return read_records(self.plan, self.stage.original.envelope, may_be_torn=False)


def placed(gateway: Gateway, account: str = "") -> list[str]:
    """Return the references of the orders that the gateway was sent."""
    return [e.order_ref for e in gateway.ledger if e.kind == "place" and account in ("", e.account)]


def expect_only_own_cancels(gateway: Gateway, account: str) -> None:
    """Our orders of the account are over; the foreign ones work on, and nobody asked for their end."""
    ours = set(placed(gateway, account))
    for entry in gateway.ledger:
        if entry.kind == "cancel":
            assert (entry.client_id, entry.order_ref in ours) == (CLIENT, True), entry
    for view in gateway.describe().accounts:
        working = [(order.symbol, order.order.client_id) for order in view.orders]
        assert working == [(FOREIGN, OTHER_CLIENT)], view.id


def expect_finished(trial: Trial, gateway: Gateway) -> None:
    """Every line is filled whole, nothing was sent twice, and each account has its report."""
    original = trial.stage.original
    assert max(Counter(placed(gateway)).values()) == 1
    result = fold(original.envelope, read_records(trial.plan, original.envelope, may_be_torn=False))
    filled = {line.reference: line.filled for account in result.accounts for line in account.lines}
    assert filled == {line.reference: line.quantity for line in original.lines}
    assert all(account.is_applied for account in result.accounts)
    for line in original.lines:
        executed = sum(
            (
                found.execution.quantity
                for found in gateway.describe().executions
                if found.execution.order_ref.removesuffix("-f") == line.reference
            ),
            Decimal(0),
        )
        assert executed == line.quantity, line
    for account in ACCOUNTS:
        assert list((trial.folder / "reports").glob(f"rebalance_{account}_*.csv"))


def said(gateway: Gateway) -> str:
    """Return the only words that are true of what was sent."""
    return ": nothing more was sent." if placed(gateway) else ": nothing was sent."


@pytest.mark.parametrize(("phase", "position", "name"), [*_cases()])
def test_a_signal_stops_the_run_in_order_and_a_resume_finishes_it(
    stage: Stage, tmp_path: Path, phase: Phase, position: int, name: SignalName
) -> None:
    account = ACCOUNTS[position]
    trial = Trial(stage, tmp_path / "trial", phase.behaviour(account))
    with serving(trial.folder) as gateway:
        code = trial.apply(
            *Alert(name, phase.on_of(stage, account), phase.at[position]).options(), *apply_options()
        )
        wait_until_alone(gateway)
        output = trial.output()
        assert code == INTERRUPTED, output
        assert f"Stopped by Ctrl-C or a signal{phase.said or said(gateway)}" in output
        sent = placed(gateway, account)
        for side, expected in zip(("SELL", "BUY"), phase.placed, strict=True):
            assert how_many(sent, stage.lines(account, side)) in (
                expected,
                "all" if expected == "some" else expected,
            )
        expect_the_others(stage, gateway, position, is_over=phase.name == "the-last-reports")
        expect_only_own_cancels(gateway, account)
        begun = {record.account for record in trial.records() if isinstance(record, Intent)}
        assert (account in begun) is phase.is_begun, output
        assert trial.apply(*apply_options("--resume")) == 0, trial.output()
        wait_until_alone(gateway)
        expect_only_own_cancels(gateway, account)
        expect_finished(trial, gateway)


def how_many(sent: list[str], planned: list[str]) -> Count:
    """Return how many of the planned orders were sent."""
    found = set(sent) & set(planned)
    return "none" if not found else "all" if found == set(planned) else "some"


def expect_the_others(stage: Stage, gateway: Gateway, position: int, *, is_over: bool) -> None:
    """The accounts before this one are done; nothing was sent to those behind it unless the run is over."""
    for number, account in enumerate(ACCOUNTS):
        if number != position:
            lines = [*stage.lines(account, "SELL"), *stage.lines(account, "BUY")]
            assert sorted(placed(gateway, account)) == (sorted(lines) if number < position or is_over else [])


@pytest.mark.parametrize(
    ("position", "name"), [(0, "SIGINT"), (1, "SIGTERM"), (2, "SIGINT")], ids=[*ACCOUNTS]
)
def test_a_signal_at_the_question_is_no_yes(
    stage: Stage, tmp_path: Path, position: int, name: SignalName
) -> None:
    account = ACCOUNTS[position]
    trial = Trial(stage, tmp_path / "trial", "")
    with serving(trial.folder) as gateway:
        code, output = _interrupted_at_the_question(trial.folder, account, getattr(signal, name))
        wait_until_alone(gateway)
        assert code == INTERRUPTED, output
        assert f"Stopped by Ctrl-C or a signal{said(gateway)}\n" in output
        assert placed(gateway, account) == []
        expect_the_others(stage, gateway, position, is_over=False)
        expect_only_own_cancels(gateway, account)
        closed = [record.status for record in trial.records() if isinstance(record, AccountClosed)]
        assert closed == [*["done"] * position, "declined"]
        assert trial.apply(*apply_options("--resume")) == 0, trial.output()
        wait_until_alone(gateway)
        expect_finished(trial, gateway)


def test_a_second_signal_ends_the_run_at_once_and_says_how_to_go_on(stage: Stage, tmp_path: Path) -> None:
    account = ACCOUNTS[1]
    sell = stage.lines(account, "SELL")[0]
    trial = Trial(stage, tmp_path / "trial", "")
    with serving(trial.folder) as gateway:
        alert = Alert("SIGINT", f"journal ACK {account} {sell}", times=2)
        assert trial.apply(*alert.options(), *apply_options()) == INTERRUPTED
        wait_until_alone(gateway)
        output = trial.output()
        assert "nothing was sent" not in output
        assert "`rebal apply PLAN --resume` goes on." in output
        assert [entry for entry in gateway.ledger if entry.kind == "cancel"] == []
        assert trial.apply(*apply_options("--resume")) == 0, trial.output()
        wait_until_alone(gateway)
        expect_finished(trial, gateway)


def _interrupted_at_the_question(folder: Path, account: str, number: int) -> tuple[int, str]:
    """Answer yes until the account's question stands there, and send the signal; nothing is ever answered to that."""
    arguments = [word for word in apply_options() if word != "--yes"]
    command = [sys.executable, "-m", "tests.kill.launcher", *arguments]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        output = b""
        while byte := process.stdout.read(1):
            output += byte
            asked = re.search(rb"Send these orders for (\w+)\? Only yes sends them \[no\]: $", output)
            if asked is None:
                continue
            if asked[1].decode() == account:
                process.send_signal(number)
                break
            process.stdin.write(b"yes\n")
            process.stdin.flush()
        output += process.stdout.read()
        return process.wait(60), output.decode()
