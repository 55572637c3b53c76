"""Walks the stages of an apply. One account's failure is written down and the next one goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from rebalplan.apply.turn import AccountTurn, Turn
from rebalplan.errors import BrokerError, RefusedError
from rebalplan.journal.records import AccountClosed
from rebalplan.journal.result import ApplyResult
from rebalplan.money import ZERO
from rebalplan.settings import Endpoint
from rebalplan.stages import Confirm, ConfirmAll, Pause, Recover, Skip, Stage, Trade
from rebalplan.verify import Expected, verify_derivation, verify_expiry, verify_files


class Operator(Protocol):
    """The person in front of the apply, or whoever speaks for them."""

    def confirm(self, accounts: Sequence[str]) -> bool:
        """Ask whether to trade these accounts; anything but a clear yes is a no."""
        ...

    def tell(self, account: str, text: str) -> None:
        """Say what happened to an account that was not traded."""
        ...


class Today(msgspec.Struct, frozen=True):
    """What today's files say: the mode, each account's policy and targets, and where it is reached."""

    mode: str
    expected: Mapping[str, Expected]
    endpoints: Mapping[str, Endpoint]


class Outcome(msgspec.Struct, frozen=True):
    """How a run ended: the replayed journal, whether it was stopped, and the accounts with a problem."""

    result: ApplyResult
    stopped: bool
    problems: tuple[str, ...]


def check_plan(turn: Turn, today: Today) -> None:
    """Raise ``RefusedError`` naming every reason why the plan must not be applied at all."""
    plan = turn.envelope.plan
    findings = (
        *verify_derivation(plan),
        *verify_expiry(plan, turn.clock.now()),
        *verify_files(plan, today.mode, today.expected),
    )
    if findings:
        raise RefusedError(
            "; ".join(f"{f.code} {f.account} {f.message}".replace("  ", " ") for f in findings)
        )


def walk(stages: Sequence[Stage], turn: Turn, today: Today, operator: Operator) -> Outcome:
    """Walk the stages and return what the journal says afterwards.

    Raises ``DiskError`` when the journal cannot be written: whatever was under way is settled by a resume.
    """
    walker = _Walker(turn, today, operator)
    for stage in stages:
        if turn.stop():
            break
        walker.walk(stage)
    return Outcome(turn.journal.result(), turn.stop(), tuple(walker.problems))


class _Walker:
    """Remembers what was confirmed and what went wrong on the way."""

    def __init__(self, turn: Turn, today: Today, operator: Operator) -> None:
        self._turn = turn
        self._today = today
        self._operator = operator
        self._left_out: list[str] = []
        self.problems: list[str] = []

    def walk(self, stage: Stage) -> None:
        match stage:
            case ConfirmAll():
                self._confirm(stage.accounts)
            case Confirm():
                self._confirm((stage.account,))
            case Skip():
                self._skip(stage)
            case Recover():
                self._for_account(stage.account, lambda turn: self._recover(turn, stage.account))
            case Trade():
                self._for_account(stage.account, lambda turn: self._trade(turn, stage))
            case Pause():
                self._turn.clock.sleep(stage.seconds)

    def _confirm(self, accounts: Sequence[str]) -> None:
        if self._operator.confirm(accounts):
            return
        for account in accounts:
            self._left_out.append(account)
            self._record_closed(account, "declined", "declined at the prompt")

    def _record_closed(self, account: str, status: str, why: str) -> None:
        self._turn.journal.append(
            AccountClosed(
                account=account,
                at=self._turn.clock.now().replace(microsecond=0),
                status="declined" if status == "declined" else "refused",
                error=why,
                read=False,
                positions=(),
                cash_usd=ZERO,
            )
        )

    def _skip(self, stage: Skip) -> None:
        self._operator.tell(stage.account, stage.why)
        if stage.is_problem:
            self.problems.append(stage.account)

    def _for_account(self, account: str, act: Callable[[AccountTurn], object]) -> None:
        """Run one account's stage on what the journal says now, unless it was declined or cannot be settled."""
        if account in self._left_out:
            return
        result = self._turn.journal.result().of(account)
        turn = AccountTurn(self._turn, result.plan, result, self._today.endpoints[account])
        act(turn)

    def _recover(self, turn: AccountTurn, account: str) -> None:
        """Leave the account out for the rest of this run when the broker cannot say what became of its orders."""
        try:
            turn.recover()
        except BrokerError as error:
            self._left_out.append(account)
            self.problems.append(account)
            self._operator.tell(account, str(error))

    def _trade(self, turn: AccountTurn, stage: Trade) -> None:
        status = turn.trade(stage)
        if status != "done":
            self.problems.append(stage.account)
