"""The stages of an apply. One pure function builds them for the walk and for ``--dry-run``, so both are the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from rebalplan.apply.journal.order_result import OrderResult
from rebalplan.apply.journal.result import AccountResult, ApplyResult
from rebalplan.core.text import listed
from rebalplan.core.vocabulary import ConfirmMode
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan, PlannedOrder

_MOST_REASONS = 3


class OrderLine(msgspec.Struct, frozen=True):
    """A line of the plan with the reference it carries at the broker."""

    reference: str
    order: PlannedOrder


class Verify(msgspec.Struct, frozen=True, tag=True):
    """Compare the plan with itself and with today's files. It comes first, because it decides the other stages.

    ``refused`` says why the plan may not be sent any more; rebal still follows its earlier orders then.
    """

    refused: str = ""


class ConfirmAll(msgspec.Struct, frozen=True, tag=True):
    """Ask once for all accounts."""

    accounts: tuple[str, ...]


class Skip(msgspec.Struct, frozen=True, tag=True):
    """Leave an account out, and say why."""

    account: str
    why: str
    is_problem: bool
    is_unknown: bool = False


class Check(msgspec.Struct, frozen=True, tag=True):
    """Connect, make the preview that the question shows, disconnect."""

    account: str


class Confirm(msgspec.Struct, frozen=True, tag=True):
    """Ask about one account, right before it is traded."""

    account: str


class Recover(msgspec.Struct, frozen=True, tag=True):
    """Connect, learn the ends of earlier orders, read the account; send nothing.

    ``trades_after``: a ``Trade`` of the same run follows when nothing stands in the way.
    """

    account: str
    references: tuple[str, ...]
    trades_after: bool


class Trade(msgspec.Struct, frozen=True, tag=True):
    """Connect, check again, send sells, read again, send buys, reconcile, report.

    A resume also sends the fallback of each algo order that is over by evidence and not filled.
    """

    account: str
    sells: tuple[OrderLine, ...]
    buys: tuple[OrderLine, ...]
    is_resumed: bool


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Wait between two accounts."""

    seconds: float


Stage = Verify | ConfirmAll | Skip | Check | Confirm | Recover | Trade | Pause


class Selection(msgspec.Struct, frozen=True):
    """The accounts of a run, and how the person is asked. An empty ``accounts`` means all.

    ``refused`` says for some accounts why nothing may be sent; a resume still learns the ends of their orders.
    ``unverified`` says why nothing of the whole plan may be sent, and holds for every account.
    """

    accounts: Collection[str]
    confirm_mode: ConfirmMode
    resume: bool
    pacing_sec: float
    refused: Mapping[str, str] = {}
    unverified: str = ""


def build_stages(envelope: Envelope, result: ApplyResult, selection: Selection) -> tuple[Stage, ...]:
    """Return the stages in the order they are walked.

    A single question for all accounts comes after the checks of all, because it shows the orders of each.
    """
    groups = [
        _stages_of(account, result.of(account.account), selection)
        for account in envelope.plan.accounts
        if not selection.accounts or account.account in selection.accounts
    ]
    asked = tuple(group[-1].account for group in groups if isinstance(group[-1], Trade))
    if selection.confirm_mode == "global" and asked:
        looks = [group[:-1] for group in groups if isinstance(group[-1], Trade)]
        others = [group[-1:] if isinstance(group[-1], Trade) else group for group in groups]
        groups = [*looks, (ConfirmAll(asked),), *others]
    return (Verify(selection.unverified), *_paced(groups, selection.pacing_sec))


def _paced(groups: Iterable[tuple[Stage, ...]], pacing_sec: float) -> Iterable[Stage]:
    """Yield the stages of each group, with a pause before each group that connects, except the first."""
    connected = False
    for group in groups:
        connects = any(isinstance(stage, Recover | Check | Trade) for stage in group)
        if connects and connected:
            yield Pause(pacing_sec)
        connected = connected or connects
        yield from group


def _stages_of(plan: AccountPlan, result: AccountResult, selection: Selection) -> tuple[Stage, ...]:
    """Return one account's stages. The last one is ``Trade`` when the account may be traded."""
    skip = _why_not(plan, result, selection)
    if skip is not None:
        return (*_recover(result, trades_after=False), skip) if _may_recover(result, selection) else (skip,)
    if result.intents and not (result.unsent or result.unresolved or rests_of(result)):
        return _recover(result, trades_after=False)
    lines = [OrderLine(line.reference, line.planned) for line in result.unsent]
    trade = Trade(
        plan.account,
        tuple(line for line in lines if line.order.side == "SELL"),
        tuple(line for line in lines if line.order.side == "BUY"),
        bool(result.intents),
    )
    ask: tuple[Stage, ...] = (Confirm(plan.account),) if selection.confirm_mode == "per_account" else ()
    return (*_recover(result, trades_after=True), Check(plan.account), *ask, trade)


def accounts_of(stages: Iterable[Stage]) -> tuple[str, ...]:
    """Return the accounts of an apply in order, the skipped ones too."""
    names = [stage.account for stage in stages if isinstance(stage, Skip | Recover | Trade)]
    return tuple(dict.fromkeys(names))


def _recover(result: AccountResult, *, trades_after: bool) -> tuple[Recover, ...]:
    """Return the ``Recover`` stage; none when trading follows and no earlier order is open."""
    unsettled = (*result.unresolved, *result.unpriced)
    references = tuple(order.dispatch.reference for order in unsettled)
    return (Recover(result.account, references, trades_after),) if references or not trades_after else ()


def _may_recover(result: AccountResult, selection: Selection) -> bool:
    is_settled = not result.unresolved and not result.unpriced and result.is_current
    return selection.resume and bool(result.intents) and not is_settled


def _why_not(plan: AccountPlan, result: AccountResult, selection: Selection) -> Skip | None:
    if plan.status != "planned":
        return _not_planned(plan)
    if result.unknown:
        names = ", ".join(order.dispatch.reference for order in result.unknown)
        return Skip(
            plan.account,
            f"what became of {names} is unknown: settle it with `rebal resolve {result.unknown[0].dispatch.reference}`",
            is_problem=True,
            is_unknown=True,
        )
    if result.is_applied:
        return Skip(plan.account, "already applied", is_problem=not selection.resume)
    if selection.unverified:
        return Skip(plan.account, "left out: the plan cannot be applied any more", is_problem=True)
    if plan.account in selection.refused:
        return Skip(plan.account, selection.refused[plan.account], is_problem=True)
    if not result.intents:
        return None
    if not selection.resume:
        return Skip(plan.account, "already begun: only --resume goes on with it", is_problem=True)
    return None


def _not_planned(plan: AccountPlan) -> Skip:
    if plan.status == "no_changes":
        return Skip(plan.account, "no changes planned", is_problem=False)
    return Skip(plan.account, f"{plan.status}: {listed(plan.reasons, _MOST_REASONS, '; ')}", is_problem=True)


def rests_of(result: AccountResult) -> tuple[OrderResult, ...]:
    """Return the orders whose rest is due a plain market order and has had none yet."""
    if not result.plan.policy.execution.fallback_plain_market:
        return ()
    return tuple(
        line.orders[0] for line in result.lines if len(line.orders) == 1 and line.orders[0].wants_fallback
    )
