"""Walks the stages of an apply. One account's failure is written down and the next one goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from rebalplan.apply.turn import AccountTurn, Turn
from rebalplan.errors import RefusedError
from rebalplan.journal.records import AccountClosed, RunEnded
from rebalplan.journal.result import ApplyResult
from rebalplan.journal.runs import news_of
from rebalplan.model import Mode
from rebalplan.money import ZERO
from rebalplan.plan import Plan
from rebalplan.settings import Endpoint
from rebalplan.stages import Confirm, ConfirmAll, Pause, Recover, Skip, Stage, Trade
from rebalplan.verify import Expected, Finding, verify_derivation, verify_expiry, verify_files


class Operator(Protocol):
    """The person in front of the apply, or whoever speaks for them."""

    def confirm(self, accounts: Sequence[str]) -> bool:
        """Ask whether to trade these accounts; anything but a clear yes is a no."""
        ...

    def tell(self, account: str, text: str) -> None:
        """Say what happened to an account that was not traded."""
        ...


class Today(msgspec.Struct, frozen=True):
    """What today's files say: the mode, and each account's policy and targets."""

    mode: Mode
    expected: Mapping[str, Expected]


Endpoints = Mapping[str, Endpoint]
"""Where each account of today's settings is reached."""


class Outcome(msgspec.Struct, frozen=True):
    """How a run ended: the replayed journal, whether it was stopped, and the accounts with a problem."""

    result: ApplyResult
    stopped: bool
    problems: tuple[str, ...]


def require_applicable(plan: Plan, now: datetime, today: Today) -> None:
    """Raise ``RefusedError`` naming every reason why the plan must not be applied at all."""
    findings = (
        *verify_derivation(plan),
        *verify_expiry(plan, now),
        *verify_files(plan, today.mode, today.expected),
    )
    if findings:
        raise RefusedError("; ".join(_sentence(finding) for finding in findings))


def _sentence(finding: Finding) -> str:
    return " ".join(part for part in (finding.code, finding.account, finding.message) if part)


def walk(stages: Sequence[Stage], turn: Turn, endpoints: Endpoints, operator: Operator) -> Outcome:
    """Walk the stages and return what the journal says afterwards.

    A stop ends the walk; one that is there from the start still lets earlier orders be followed and cancelled.
    Raises ``DiskError`` when the journal cannot be written: whatever was under way is settled by a resume.
    """
    walker = _Walker(turn, endpoints, operator)
    if turn.stop():
        walker.only_recover(stages)
    else:
        walker.walk_all(stages)
    news = news_of(turn.journal.records)
    if news:
        turn.journal.append(_run_ended(turn, news))
    return Outcome(turn.journal.result(), turn.stop(), tuple(dict.fromkeys(walker.problems)))


def _run_ended(turn: Turn, accounts: Collection[str]) -> RunEnded:
    """Return the record of this run, a second after the one before it at the earliest."""
    at = turn.clock.now().replace(microsecond=0)
    earlier = [r.at + timedelta(seconds=1) for r in turn.journal.records if isinstance(r, RunEnded)]
    planned = (account.account for account in turn.envelope.plan.accounts)
    return RunEnded(accounts=tuple(a for a in planned if a in accounts), at=max([at, *earlier]))


class _Walker:
    """Remembers what was confirmed and what went wrong on the way."""

    def __init__(self, turn: Turn, endpoints: Endpoints, operator: Operator) -> None:
        self._turn = turn
        self._endpoints = endpoints
        self._operator = operator
        self._left_out: list[str] = []
        self._learnt: list[str] = []
        self.problems: list[str] = []

    def walk_all(self, stages: Iterable[Stage]) -> None:
        """Walk the stages until somebody says stop."""
        for stage in stages:
            if self._turn.stop():
                return
            self._walk(stage)

    def only_recover(self, stages: Iterable[Stage]) -> None:
        """Follow earlier orders; after a stop our own working ones are cancelled."""
        for stage in stages:
            if isinstance(stage, Recover):
                self._recover(msgspec.structs.replace(stage, trades_after=False))

    def _walk(self, stage: Stage) -> None:
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
        """Record a no; an account that was begun before is not what it was, and a problem."""
        is_begun = bool(self._turn.journal.result_of(account).intents)
        if is_begun:
            self.problems.append(account)
        self._turn.journal.append(
            AccountClosed(
                account=account,
                at=self._turn.clock.now().replace(microsecond=0),
                status="incomplete" if is_begun else "declined",
                error="declined at the prompt",
                read=False,
                positions=(),
                cash_usd=ZERO,
            )
        )

    def _skip(self, stage: Skip) -> None:
        result = self._turn.journal.result_of(stage.account)
        if stage.account in self._learnt and result.is_applied:
            self._leave_out(stage.account, "everything is settled now, nothing is left", is_problem=False)
        elif not stage.is_unknown or result.unknown:
            self._leave_out(stage.account, stage.why, is_problem=stage.is_problem)
        else:
            why = "what was unknown is settled now: go on with --resume once more"
            self._leave_out(stage.account, why, is_problem=True)

    def _leave_out(self, account: str, why: str, *, is_problem: bool) -> None:
        self._operator.tell(account, why)
        if is_problem:
            self.problems.append(account)

    def _recover(self, stage: Recover) -> None:
        """Leave the account out for the rest of this run when its earlier orders are not settled."""
        if stage.account not in self._endpoints:
            why = "it has orders under way but is not in [accounts] ids any more: put it back and --resume"
            self._leave_out(stage.account, why, is_problem=True)
            return
        self._learnt.append(stage.account)
        if not self._turn_of(stage.account).settle(trades_after=stage.trades_after):
            self._left_out.append(stage.account)
            why = "what became of earlier orders is not settled; nothing more is sent"
            self._leave_out(stage.account, why, is_problem=True)
        elif not stage.trades_after and not self._turn.journal.result_of(stage.account).is_applied:
            self.problems.append(stage.account)

    def _trade(self, stage: Trade) -> None:
        if stage.account not in self._left_out and self._turn_of(stage.account).trade(stage) != "done":
            self.problems.append(stage.account)

    def _turn_of(self, account: str) -> AccountTurn:
        """Return an account's turn on what the journal says now."""
        result = self._turn.journal.result_of(account)
        return AccountTurn(self._turn, result.plan, result, self._endpoints[account])
