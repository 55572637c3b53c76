"""Settle an unknown order: what ``rebal resolve`` does with its arguments."""

from __future__ import annotations

import getpass
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import typer

from rebalplan.apply.resolve import Answer, BrokerView, Proposal, contradictions, propose, resolve
from rebalplan.commands.inputs import load, require_mode
from rebalplan.commands.plans import plan_lock, plan_store
from rebalplan.commands.world import open_world
from rebalplan.disk import SystemDisk
from rebalplan.errors import ExitCode, RefusedError, UsageError
from rebalplan.journal.journal import Journal, journal_path
from rebalplan.journal.result import AccountResult
from rebalplan.money import ZERO, parse_decimal
from rebalplan.ports import TradingConnection
from rebalplan.settings import Settings
from rebalplan.store import read_plan
from rebalplan.text import printable

_REFERENCE = re.compile(r"rb-([0-9a-f]{12})-a(\d{2,})-l\d{2,}(-f)?")


class Decision(msgspec.Struct, frozen=True):
    """What the command line says became of the order; all empty: only show the evidence."""

    filled: str
    absent: bool
    accept_proposed: bool
    who: str
    force: bool


def resolve_order(reference: str, decision: Decision, config: Path) -> int:
    """Show the evidence, record the decision if there is one, and return the exit code."""
    digits, position = _parse(reference)
    _check_one(decision)
    settings = load(config)
    path = plan_store(config).find(digits)
    envelope = read_plan(path)
    require_mode(settings, envelope)
    disk = SystemDisk()
    with plan_lock(disk, path):
        journal = Journal(disk, journal_path(path), envelope)
        accounts = journal.result().accounts
        if position > len(accounts):
            raise UsageError(f"the plan has {len(accounts)} accounts, {reference} names number {position}")
        account = accounts[position - 1]
        proposal, view, now = _look(settings, account, reference)
        _show(proposal)
        answer = _answer(decision, proposal)
        if answer is None:
            return ExitCode.INCOMPLETE
        against = _require_agreement(contradictions(account, reference, answer, view), decision)
        who = decision.who or getpass.getuser()
        evidence = (*against, *proposal.evidence)
        journal.append(resolve(account, reference, answer, at=now, who=who, evidence=evidence))
    typer.echo(
        f"Recorded: {printable(who)} says {reference} filled {answer.filled} at {answer.price} USD. "
        f"Go on with `rebal apply {envelope.id} --resume`."
    )
    return ExitCode.DONE


def _parse(reference: str) -> tuple[str, int]:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise UsageError(
            f"{printable(reference)!a} is no order reference; they look like rb-0d351d66e7cb-a02-l07"
        )
    return found[1], max(1, int(found[2]))


def _check_one(decision: Decision) -> None:
    if sum((bool(decision.filled), decision.absent, decision.accept_proposed)) > 1:
        raise UsageError("give one of --filled, --absent and --accept-proposed")


def _require_agreement(against: Sequence[str], decision: Decision) -> tuple[str, ...]:
    """Refuse an answer that the broker contradicts, unless it is forced; then the contradiction is recorded."""
    if against and not decision.force:
        raise RefusedError(
            f"{'; '.join(against)}. Nothing was recorded: look at the account statement, and say --force if it is so"
        )
    return tuple(f"forced: {sentence}" for sentence in against)


def _look(
    settings: Settings, account: AccountResult, reference: str
) -> tuple[Proposal, BrokerView, datetime]:
    """Ask the broker for everything that says something about the order."""
    own = next((a for a in settings.account_settings if a.account == account.account), None)
    if own is None:
        raise RefusedError(f"{account.account} is not in [accounts] ids of {settings.path}")
    with open_world(settings) as world:
        placed = world.place_settings(own)
        with world.broker.connect(placed.endpoint) as link:
            view = _view(link, account.account)
            is_over = _is_session_over(link, account, reference)
        proposal = propose(account, reference, view, is_session_over=is_over)
        return proposal, view, world.clock.now()


def _view(link: TradingConnection, account: str) -> BrokerView:
    executions, _ = link.executions(account)
    return BrokerView(
        executions, link.open_orders(), link.completed_orders(), link.read_account(account).positions
    )


def _is_session_over(link: TradingConnection, account: AccountResult, reference: str) -> bool:
    """Tell whether the regular session in which the order was sent has ended; what cannot be asked has not."""
    lines = [line for line in account.lines if any(o.dispatch.reference == reference for o in line.orders)]
    if not lines:
        return False
    planned = lines[0].planned
    market = link.read_market(
        {planned.symbol: planned.con_id}, allow_delayed=True, progress=lambda _step: None
    )
    sent_at = next(o.dispatch.at for o in lines[0].orders if o.dispatch.reference == reference)
    if any(quote.problem for quote in market.quotes):
        return False
    return market.open_session is None or sent_at < market.open_session.opens_at


def _show(proposal: Proposal) -> None:
    typer.echo(f"{proposal.reference}:")
    for sentence in proposal.evidence:
        typer.echo(f"  {sentence}")
    if proposal.answer is None:
        typer.echo(f"No answer is proposed: {proposal.why_not}.")
    elif proposal.answer.filled:
        typer.echo(f"Proposed: --filled {proposal.answer.filled}@{proposal.answer.price}")
    else:
        typer.echo("Proposed: --absent")


def _answer(decision: Decision, proposal: Proposal) -> Answer | None:
    """Return the decision; raises ``RefusedError`` when a proposal is accepted that there is not."""
    if decision.absent:
        return Answer(ZERO, ZERO)
    if decision.filled:
        return _parse_filled(decision.filled)
    if not decision.accept_proposed:
        ways = "--filled QTY@PRICE or --absent" if proposal.answer is None else "--accept-proposed"
        typer.echo(f"Nothing was recorded: decide with {ways}.")
        return None
    if proposal.answer is None:
        raise RefusedError(f"there is no proposed answer: {proposal.why_not}")
    return proposal.answer


def _parse_filled(text: str) -> Answer:
    quantity, at, price = text.partition("@")
    shares, dollars = parse_decimal(quantity), parse_decimal(price)
    if not at or shares is None or dollars is None:
        raise UsageError(f"--filled {printable(text)!a} is not QTY@PRICE, such as 12@312.40")
    return Answer(shares, dollars)
