"""Walks the stages of an apply. One account's failure is written down and the next one goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from rebalplan.apply.turn import AccountTurn, Turn
from rebalplan.errors import RefusedError
from rebalplan.journal.records import AccountClosed, RunEnded
from rebalplan.journal.result import ApplyResult
from rebalplan.journal.runs import news_of
from rebalplan.money import ZERO
from rebalplan.settings import Endpoint
from rebalplan.stages import Confirm, ConfirmAll, Pause, Recover, Skip, Stage, Trade, accounts_of
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
    news = news_of(turn.journal.records)
    if news:
        turn.journal.append(_run_ended(turn, {*accounts_of(stages), *news}))
    return Outcome(turn.journal.result(), turn.stop(), tuple(dict.fromkeys(walker.problems)))


def _run_ended(turn: Turn, accounts: Collection[str]) -> RunEnded:
    """Return the record of this run, a second after the one before it at the earliest."""
    at = turn.clock.now().replace(microsecond=0)
    earlier = [r.at + timedelta(seconds=1) for r in turn.journal.records if isinstance(r, RunEnded)]
    planned = (account.account for account in turn.envelope.plan.accounts)
    return RunEnded(accounts=tuple(a for a in planned if a in accounts), at=max([at, *earlier]))


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
                self._recover(stage)
            case Trade():
                self._trade(stage)
            case Pause():
                self._turn.clock.sleep(stage.seconds)

    def _confirm(self, accounts: Sequence[str]) -> None:
        asked = [account for account in accounts if account not in self._left_out]
        if not asked or self._operator.confirm(asked):
            return
        for account in asked:
            self._left_out.append(account)
            self._decline(account)

    def _decline(self, account: str) -> None:
        self._turn.journal.append(
            AccountClosed(
                account=account,
                at=self._turn.clock.now().replace(microsecond=0),
                status="declined",
                error="declined at the prompt",
                read=False,
                positions=(),
                cash_usd=ZERO,
            )
        )

    def _skip(self, stage: Skip) -> None:
        result = self._turn.journal.result_of(stage.account)
        if not stage.is_unknown or result.unknown:
            self._leave_out(stage.account, stage.why, is_problem=stage.is_problem)
        elif result.closed is not None and result.closed.status == "done":
            self._leave_out(
                stage.account, "what was unknown is settled now, nothing is left", is_problem=False
            )
        else:
            why = "what was unknown is settled now: go on with --resume once more"
            self._leave_out(stage.account, why, is_problem=True)

    def _leave_out(self, account: str, why: str, *, is_problem: bool) -> None:
        self._operator.tell(account, why)
        if is_problem:
            self.problems.append(account)

    def _recover(self, stage: Recover) -> None:
        """Leave the account out for the rest of this run when its earlier orders are not settled."""
        if not self._turn_of(stage.account).settle(trades_after=stage.trades_after):
            self._left_out.append(stage.account)
            why = "what became of earlier orders is not settled; nothing more is sent"
            self._leave_out(stage.account, why, is_problem=True)

    def _trade(self, stage: Trade) -> None:
        if stage.account not in self._left_out and self._turn_of(stage.account).trade(stage) != "done":
            self.problems.append(stage.account)

    def _turn_of(self, account: str) -> AccountTurn:
        """Return an account's turn on what the journal says now."""
        result = self._turn.journal.result_of(account)
        return AccountTurn(self._turn, result.plan, result, self._today.endpoints[account])
