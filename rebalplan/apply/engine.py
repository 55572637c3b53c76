"""Walks the stages of an apply. When one account fails, the journal says so and the next account follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from rebalplan.apply.account import AccountApply, WorsePreview
from rebalplan.apply.context import ApplyContext
from rebalplan.apply.journal.records import AccountClosed, Dispatch, RunStarted
from rebalplan.apply.journal.result import ApplyResult
from rebalplan.apply.journal.runs import run_time
from rebalplan.apply.preview import Preview
from rebalplan.apply.stages import Check, Confirm, ConfirmAll, Pause, Recover, Skip, Stage, Trade, Verify
from rebalplan.core.errors import NotApplicableError
from rebalplan.core.money import ZERO
from rebalplan.core.vocabulary import Endpoint, Mode
from rebalplan.plan.document import Plan
from rebalplan.plan.today import AccountToday, verify_files
from rebalplan.plan.verify import verify_derivation, verify_expiry


class Operator(Protocol):
    """The person in front of the apply, or whoever speaks for them."""

    @property
    def is_attended(self) -> bool:
        """Tell whether a person answers: a person can be asked again."""
        ...

    def confirm(self, previews: Sequence[Preview], worse: Sequence[str] = ()) -> bool:
        """Ask whether to send these orders; only a clear yes counts. ``worse`` says why the question comes again."""
        ...

    def tell(self, account: str, text: str) -> None:
        """Say why an account was not traded. An empty account means all of them."""
        ...

    def ended(self, account: str) -> None:
        """Show the result of an account that is closed, and write its report."""
        ...


class Today(msgspec.Struct, frozen=True):
    """The mode, and each account's policy and targets, by today's files."""

    mode: Mode
    accounts: Mapping[str, AccountToday]


Endpoints = Mapping[str, Endpoint]
"""The endpoint of each account by today's settings."""


class Outcome(msgspec.Struct, frozen=True):
    """How a run ended: the replayed journal, whether it was stopped, whether it sent any order.

    ``problems``, ``declined`` and ``done`` are the accounts with a problem, with a no, and closed as planned.
    """

    result: ApplyResult
    stopped: bool
    sent: bool
    problems: tuple[str, ...]
    declined: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


def require_applicable(plan: Plan, now: datetime, today: Today) -> None:
    """Raise ``NotApplicableError`` with every reason against applying the plan at all."""
    findings = (
        *verify_derivation(plan),
        *verify_expiry(plan, now),
        *verify_files(plan, today.mode, today.accounts),
    )
    if findings:
        raise NotApplicableError(findings, accounts=len(plan.accounts))


def walk(stages: Sequence[Stage], context: ApplyContext, endpoints: Endpoints, operator: Operator) -> Outcome:
    """Walk the stages and return the outcome by the journal.

    A stop ends the walk. After a stop before the walk, rebal still follows earlier orders and cancels them. Raises
    ``DiskError`` when the journal cannot be written; then ``--resume`` settles the orders at the broker.
    """
    walker, before = _Walker(context, endpoints, operator), len(context.journal.records)
    if any(isinstance(stage, Recover | Check) for stage in stages):
        context.journal.append(RunStarted(at=run_time(context.journal.records, context.clock.now())))
    if context.stop():
        walker.only_recover(stages)
    else:
        walker.walk_all(stages)
    own = context.journal.records[before:]
    closed = {record.account: record.status for record in own if isinstance(record, AccountClosed)}
    return Outcome(
        context.journal.result(),
        context.stop(),
        any(isinstance(record, Dispatch) for record in own),
        tuple(dict.fromkeys(walker.problems)),
        tuple(account for account, status in closed.items() if status == "declined"),
        tuple(account for account, status in closed.items() if status == "done"),
    )


class _Walker:
    """Walks the stages and keeps the previews, the recovered accounts and the accounts with a problem."""

    def __init__(self, context: ApplyContext, endpoints: Endpoints, operator: Operator) -> None:
        self._context = context
        self._endpoints = endpoints
        self._operator = operator
        self._previews: dict[str, Preview] = {}
        self._recovered: list[str] = []
        self.problems: list[str] = []

    def walk_all(self, stages: Iterable[Stage]) -> None:
        """Walk the stages until somebody says stop."""
        for stage in stages:
            if self._context.stop():
                return
            self._walk(stage)

    def only_recover(self, stages: Iterable[Stage]) -> None:
        """Follow earlier orders and, because of the stop, cancel those of ours that still work."""
        for stage in stages:
            if isinstance(stage, Recover):
                self._recover(msgspec.structs.replace(stage, trades_after=False))

    def _walk(self, stage: Stage) -> None:
        match stage:
            case Verify():
                if stage.refused:
                    self._operator.tell("", stage.refused)
            case Skip():
                self._skip(stage)
            case Recover():
                self._recover(stage)
            case Check():
                self._check(stage.account)
            case Confirm():
                self._confirm((stage.account,))
            case ConfirmAll():
                self._confirm(stage.accounts)
            case Trade():
                self._trade(stage.account)
            case Pause():
                self._context.clock.sleep(stage.seconds)

    def _skip(self, stage: Skip) -> None:
        result = self._context.journal.result_of(stage.account)
        if stage.account in self._recovered and result.is_applied:
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
        """Learn the ends of earlier orders. Unless all are settled, rebal does nothing more with the account."""
        account = stage.account
        if account not in self._endpoints:
            why = "it has orders under way but is not in [accounts] ids any more: put it back and --resume"
            self._leave_out(account, why, is_problem=True)
            return
        self._recovered.append(account)
        if not self._account_apply(account).settle(trades_after=stage.trades_after):
            why = "what became of earlier orders is not settled; nothing more is sent"
            self._leave_out(account, why, is_problem=True)
            self._operator.ended(account)
        elif not stage.trades_after:
            if not self._context.journal.result_of(account).is_applied:
                self.problems.append(account)
            self._operator.ended(account)

    def _check(self, account: str) -> None:
        """Make the preview of an account. An account without a sendable order is closed."""
        if account in self.problems:
            return
        preview = self._account_apply(account).preview()
        if preview is not None:
            self._previews[account] = preview
        else:
            self.problems.append(account)
            self._operator.ended(account)

    def _confirm(self, accounts: Sequence[str]) -> None:
        """Ask about the accounts that have an order to send."""
        previews = [self._previews[account] for account in accounts if account in self._previews]
        asked = [preview for preview in previews if not preview.is_empty]
        if not asked or self._operator.confirm(asked):
            return
        for preview in asked:
            self._decline(preview.account)

    def _decline(self, account: str) -> None:
        """Record a no. For an account that was begun, a no is a problem: it stays incomplete."""
        del self._previews[account]
        is_begun = bool(self._context.journal.result_of(account).intents)
        if is_begun:
            self.problems.append(account)
        self._context.journal.append(
            AccountClosed(
                account=account,
                at=self._context.clock.now().replace(microsecond=0),
                status="incomplete" if is_begun else "declined",
                error="declined at the prompt",
                read=False,
                positions=(),
                cash_usd=ZERO,
            )
        )

    def _trade(self, account: str) -> None:
        """Send the orders that the person agreed to. When less can be sent by now, ask again."""
        while account in self._previews:
            ended = self._account_apply(account).trade(self._previews[account])
            if not isinstance(ended, WorsePreview):
                if ended != "done":
                    self.problems.append(account)
                self._operator.ended(account)
                return
            self._previews[account] = ended.preview
            self._ask_again(account, ended)

    def _ask_again(self, account: str, changed: WorsePreview) -> None:
        if not self._operator.is_attended:
            why = f"less can be sent than when it was confirmed: {'; '.join(changed.why)}"
            self._account_apply(account).refuse(why)
            self.problems.append(account)
            del self._previews[account]
            self._operator.ended(account)
        elif not self._operator.confirm((changed.preview,), changed.why):
            self._decline(account)

    def _account_apply(self, account: str) -> AccountApply:
        """Return the apply of one account, with its result by the journal of this moment."""
        result = self._context.journal.result_of(account)
        return AccountApply(self._context, result.plan, result, self._endpoints[account])
