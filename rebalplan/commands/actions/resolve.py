"""Settles an unknown order: the action of ``rebal resolve``.

The journal alone gives the order, its account, its mode and its client id: the plan may be gone.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import typer

from rebalplan.apply.resolve import TOO_EARLY, Answer, BrokerView, Proposal, contradictions, propose, resolve
from rebalplan.commands.cli.options import as_json
from rebalplan.commands.inputs import load, require_mode
from rebalplan.commands.machine import Machine
from rebalplan.commands.plans import plan_lock
from rebalplan.commands.sent import SentOrder, find_sent
from rebalplan.commands.world import open_world
from rebalplan.core.errors import ExitCode, RefusedError, UsageError
from rebalplan.core.money import ZERO, parse_decimal
from rebalplan.core.ports import TradingConnection
from rebalplan.core.references import parse_reference
from rebalplan.core.text import count, printable
from rebalplan.inputs.settings import AccountSettings, Settings
from rebalplan.plan.reading import BrokerReader

_SESSION_NOT_TOLD = "the broker does not tell when the session ends, so the order counts as still valid"


class Decision(msgspec.Struct, frozen=True):
    """The result of the order by the command line. All empty: only show the evidence."""

    filled: str
    absent: bool
    accept_proposed: bool
    who: str
    force: bool
    json: bool = False


class _Look(msgspec.Struct, frozen=True):
    """The broker's view of an order now. ``is_session_over`` is ``None`` when the broker does not tell."""

    view: BrokerView
    is_session_over: bool | None
    at: datetime


def resolve_order(reference: str, decision: Decision, config: Path, machine: Machine) -> int:
    """Show the evidence, record the decision if there is one, and return the exit code."""
    digits = _parse(reference)
    _check_one(decision)
    settings = load(config)
    disk = machine.disk
    folder = settings.io.plan_dir
    first = find_sent(disk, folder, digits, reference)
    _require_askable(settings, first)
    with plan_lock(disk, first.path):
        sent = find_sent(disk, folder, digits, reference)
        look = _look(settings, _require_askable(settings, sent), sent, machine)
        proposal = propose(sent.account, reference, look.view, is_session_over=bool(look.is_session_over))
        notes = (_SESSION_NOT_TOLD,) if look.is_session_over is None else ()
        evidence = (*proposal.evidence, *(notes if proposal.why_not else ()))
        if not decision.json:
            _show(proposal, evidence)
        answer = _answer(decision, proposal)
        if answer is None:
            typer.echo(_as_json(proposal, evidence, None, "") if decision.json else _undecided(proposal))
            return ExitCode.INCOMPLETE
        against = contradictions(
            sent.account, reference, answer, look.view, is_session_over=bool(look.is_session_over)
        )
        forced = _require_agreement((*against, *notes) if TOO_EARLY in against else against, decision)
        who = decision.who or login_name()
        record = resolve(sent.account, reference, answer, at=look.at, who=who, evidence=(*forced, *evidence))
        sent.journal.append(record)
    typer.echo(_as_json(proposal, evidence, answer, who) if decision.json else _recorded(answer, who, sent))
    return ExitCode.DONE


def login_name() -> str:
    """Return the login name, or the number of a user id without a name, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        number = getattr(os, "getuid", None)
        return "unknown user" if number is None else f"uid {number()}"


def _parse(reference: str) -> str:
    """Return the plan's hex digits in an order's reference."""
    found = parse_reference(reference)
    if found is None:
        raise UsageError(
            f"{printable(reference)!a} is no order reference; they look like rb-0d351d66e7cb-a02-l07"
        )
    return found.plan


def _check_one(decision: Decision) -> None:
    if sum((bool(decision.filled), decision.absent, decision.accept_proposed)) > 1:
        raise UsageError("give one of --filled, --absent and --accept-proposed")


def _require_askable(settings: Settings, sent: SentOrder) -> AccountSettings:
    """Return the account's settings; raises ``RefusedError`` when rebal may not, or need not, ask about the order."""
    require_mode(settings, sent.account.intents[-1].mode)
    if sent.has_plan and sent.order.status in ("dispatched", "acknowledged"):
        raise RefusedError(
            f"the last run did not wait for the end of {sent.order.dispatch.reference}: `rebal apply {sent.plan_id} "
            "--resume` asks the broker for it. Nothing was recorded",
            code="RB616",
        )
    name = sent.account.account
    own = next((a for a in settings.account_settings if a.account == name), None)
    if own is None:
        raise RefusedError(
            f"{name} is not in [accounts] ids of {settings.path}: put it back. Nothing was recorded",
            code="RB616",
        )
    return own


def _require_agreement(against: Sequence[str], decision: Decision) -> tuple[str, ...]:
    """Refuse an answer with contradictions. A forced answer records them."""
    if against and not decision.force:
        raise RefusedError(
            f"{'; '.join(against)}. Nothing was recorded: look at the account statement, and say --force if it is so",
            code="RB616",
        )
    return tuple(f"forced: {sentence}" for sentence in against)


def _look(settings: Settings, own: AccountSettings, sent: SentOrder, machine: Machine) -> _Look:
    """Read all the broker's lists that may show the order.

    The client id is that of the apply. While an apply of another copy runs, the gateway refuses it a second time.
    """
    with open_world(settings, machine) as world:
        endpoint = world.place_settings(own).endpoint
        endpoint = msgspec.structs.replace(endpoint, client_id=sent.account.intents[-1].client_id)
        reader = BrokerReader(world.broker.connect, world.clock, settings.accounts)
        return reader.read(
            endpoint,
            lambda link: _Look(_view(link, own.account), is_session_over(link, sent), world.clock.now()),
        )


def _view(link: TradingConnection, account: str) -> BrokerView:
    executions, _ = link.executions(account)
    return BrokerView(
        executions,
        link.open_orders(account),
        link.completed_orders(account),
        link.read_account(account).positions,
    )


def is_session_over(link: TradingConnection, sent: SentOrder) -> bool | None:
    """Tell whether the session of the order has ended; ``None`` when the broker does not tell."""
    order = sent.order.dispatch
    market = link.read_market({order.symbol: order.con_id}, allow_delayed=True, progress=lambda _step: None)
    if market.session is None or any(quote.problem for quote in market.quotes):
        return None
    return market.open_session is None or _sent_at(sent) < market.open_session.opens_at


def _sent_at(sent: SentOrder) -> datetime:
    """Return the time of the send. If this machine's clock was slow, the broker's time in INTENT counts."""
    return max(sent.order.dispatch.at, *(intent.at for intent in sent.account.intents))


def _show(proposal: Proposal, evidence: Sequence[str]) -> None:
    typer.echo(f"{proposal.reference}:")
    for sentence in evidence:
        typer.echo(f"  {sentence}")
    if proposal.why_not == TOO_EARLY:
        typer.echo(f"{TOO_EARLY}. Look again after it.")
    elif proposal.answer is None:
        typer.echo(f"No answer is proposed: {proposal.why_not}.")
    elif proposal.answer.filled:
        typer.echo(f"Proposed: --filled {proposal.answer.filled}@{proposal.answer.price}")
    else:
        typer.echo("Proposed: --absent")


def _undecided(proposal: Proposal) -> str:
    ways = "--filled QTY@PRICE or --absent" if proposal.answer is None else "--accept-proposed"
    return f"Nothing was recorded: decide with {ways}."


def _as_json(proposal: Proposal, evidence: Sequence[str], answer: Answer | None, who: str) -> str:
    """Return the evidence, its proposal, and the recorded answer, which is null without one."""
    return as_json(
        {
            "reference": proposal.reference,
            "evidence": evidence,
            "proposed": proposal.answer,
            "why_not": proposal.why_not,
            "recorded": answer,
            "decided_by": who,
        }
    )


def _answer(decision: Decision, proposal: Proposal) -> Answer | None:
    """Return the decision; raises ``RefusedError`` when there is no proposal to accept."""
    if decision.absent:
        return Answer(ZERO, ZERO)
    if decision.filled:
        return _parse_filled(decision.filled)
    if not decision.accept_proposed:
        return None
    if proposal.answer is None:
        raise RefusedError(
            f"there is no proposed answer: {proposal.why_not}. Nothing was recorded", code="RB616"
        )
    return proposal.answer


def _parse_filled(text: str) -> Answer:
    quantity, at, price = text.partition("@")
    shares, dollars = parse_decimal(quantity), parse_decimal(price)
    if not at or shares is None or dollars is None:
        raise UsageError(f"--filled {printable(text)!a} is not QTY@PRICE, such as 12@312.40")
    return Answer(shares, dollars)


def _recorded(answer: Answer, who: str, sent: SentOrder) -> str:
    became = (
        f"filled {count(answer.filled, 'share')} at {answer.price} USD" if answer.filled else "never traded"
    )
    goes_on = f"rebal apply {sent.plan_id} --resume" if sent.has_plan else "rebal plan"
    return f"Recorded: {sent.order.dispatch.reference} {became} (decided by {printable(who)}). Next: `{goes_on}`."
