"""Applies a plan: the action of ``rebal apply``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import typer

from rebalplan.apply.context import ApplyContext
from rebalplan.apply.engine import Outcome, Today, require_applicable, walk
from rebalplan.apply.guard import check_mode
from rebalplan.apply.journal.journal import Journal, journal_path
from rebalplan.apply.journal.runs import Run, last_run, latest_time
from rebalplan.apply.stages import Recover, Selection, Stage, accounts_of, build_stages
from rebalplan.commands.inputs import choose_accounts, load, require_mode, trading_mode, with_targets
from rebalplan.commands.logs import log_record
from rebalplan.commands.machine import Machine
from rebalplan.commands.operator import Consent, Screen, Terminal, check_expectation
from rebalplan.commands.plans import blocked_elsewhere, find_plan, plan_lock
from rebalplan.commands.progress import ProgressLine, progress_line
from rebalplan.commands.reporting import require_writable_folder, write_report_of, write_reports
from rebalplan.commands.stopping import Stop, watching
from rebalplan.commands.world import World, open_world
from rebalplan.core.errors import (
    ExitCode,
    NotApplicableError,
    RefusedError,
    ReportError,
    UsageError,
    placed,
)
from rebalplan.core.ports import Disk
from rebalplan.core.text import listed
from rebalplan.core.vocabulary import ConfirmMode
from rebalplan.inputs.settings import Settings
from rebalplan.plan.codec import Envelope
from rebalplan.plan.store import read_plan, require_own_folder, require_own_name
from rebalplan.plan.today import AccountToday
from rebalplan.render.apply import next_steps, render_outcome, render_result_json, render_stages
from rebalplan.render.fractions import render_fractions
from rebalplan.render.input_files import MOST_SHOWN
from rebalplan.render.verify import render_refused


class ApplyRequest(msgspec.Struct, frozen=True):
    """The arguments of ``rebal apply``; ``confirm_mode`` is ``None`` when settings.ini decides."""

    reference: str
    config: Path
    accounts: tuple[str, ...]
    confirm_mode: ConfirmMode | None
    yes: bool
    expect: str
    preview_only: bool
    resume: bool
    color: bool
    screen: Screen


class _Prepared(msgspec.Struct, frozen=True):
    settings: Settings
    path: Path
    envelope: Envelope
    journal: Journal
    stages: tuple[Stage, ...]
    consent: Consent


def apply_plan(request: ApplyRequest, machine: Machine) -> int:
    """Apply the plan and return the exit code. A signal stops it in order until the last report is written."""
    with watching(request.config) as stop:
        return _apply(request, machine, stop)


def _apply(request: ApplyRequest, machine: Machine, stop: Stop) -> int:
    settings = load(request.config)
    path = find_plan(request.reference, request.config)
    envelope = read_plan(path)
    require_own_name(path, envelope.id)
    require_own_folder(path, settings.io.plan_dir)
    with plan_lock(machine.disk, path):
        journal = Journal(machine.disk, journal_path(path), envelope, log_record)
        prepared = _prepare(request, settings, path, envelope, journal, machine=machine)
        if request.preview_only:
            if request.screen.is_for_json:
                typer.echo(msgspec.json.format(msgspec.json.encode(prepared.stages)).decode())
                return ExitCode.DONE
            typer.echo(render_stages(prepared.stages) + "\n\nNothing was sent.")
            return ExitCode.DONE
        _require_writable(settings)
        if request.yes:
            _require_understood(settings)
        check_expectation(envelope, prepared.consent)
        # A resume learns the ends of orders. A missing folder must not keep it from that.
        if not request.resume:
            require_writable_folder(settings)
        with open_world(settings, machine) as world, progress_line(color=request.color) as progress:
            outcome = _walk(prepared, request, world, stop, progress)
    return _finish(prepared, outcome, stop, request.screen)


def _prepare(
    request: ApplyRequest,
    settings: Settings,
    path: Path,
    envelope: Envelope,
    journal: Journal,
    *,
    machine: Machine,
) -> _Prepared:
    """Build the stages. A plan that must not be applied is refused; its resume only learns the ends of orders."""
    require_mode(settings, envelope.plan.mode)
    mode = request.confirm_mode or settings.accounts.confirm_mode
    selection = Selection(
        _chosen(settings, envelope, request.accounts),
        mode,
        request.resume,
        float(settings.accounts.pacing_sec),
        _refused(settings, envelope, path, machine.disk),
    )
    consent = Consent(request.yes, request.expect, mode == "global")
    try:
        require_applicable(envelope.plan, machine.clock.now(), _today(settings))
        stages = build_stages(envelope, journal.result(), selection)
    except NotApplicableError as error:
        selection = msgspec.structs.replace(selection, unverified=render_refused(error))
        stages = build_stages(envelope, journal.result(), selection)
        if not any(isinstance(stage, Recover) for stage in stages):
            raise
    return _Prepared(settings, path, envelope, journal, stages, consent)


def _today(settings: Settings) -> Today:
    accounts = with_targets(settings, settings.account_settings)
    by_id = {a.settings.account: AccountToday(a.settings.policy, a.targets) for a in accounts}
    return Today(trading_mode(settings), by_id)


def _refused(settings: Settings, envelope: Envelope, path: Path, disk: Disk) -> dict[str, str]:
    """Return the accounts that must get no order now, and why."""
    refused = blocked_elsewhere(disk, path, (a.account for a in envelope.plan.accounts))
    for account in settings.account_settings:
        try:
            check_mode(account, envelope.plan.mode)
        except RefusedError as error:
            refused.setdefault(account.account, str(error))
    return refused


def _chosen(settings: Settings, envelope: Envelope, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the accounts of the command line; raises ``UsageError`` for one that is not in the plan."""
    if not wanted:
        return ()
    chosen = tuple(a.account for a in choose_accounts(settings, wanted))
    planned = [a.account for a in envelope.plan.accounts]
    missing = [account for account in chosen if account not in planned]
    if missing:
        raise UsageError(f"the plan has no account {missing[0]}; it has {', '.join(planned)}")
    return chosen


def _require_writable(settings: Settings) -> None:
    if settings.ibkr.read_only:
        raise RefusedError(
            f"[ibkr] read_only = true in {settings.path}: set it to false to send orders. Nothing was sent.",
            code="RB603",
        )


def _require_understood(settings: Settings) -> None:
    """Refuse ``--yes`` beside a misspelled protection. A person who is asked reads about it in the question."""
    if settings.unread_protections:
        problems = [placed(found) for found in settings.unread_protections]
        raise RefusedError(
            "--yes does not pass over settings that may have been meant to protect. Correct them, or answer the "
            f"question yourself. Nothing was sent.\n  {listed(problems, MOST_SHOWN, chr(10) + '  ')}",
            code="RB607",
        )


def _walk(
    prepared: _Prepared, request: ApplyRequest, world: World, stop: Stop, progress: ProgressLine
) -> Outcome:
    settings = prepared.settings
    by_id = {a.account: a for a in settings.account_settings}
    to_read = world.place(with_targets(settings, settings.account_settings))
    context = ApplyContext(
        prepared.envelope,
        world.broker,
        world.clock,
        prepared.journal,
        world.timing,
        stop,
        progress,
        lambda account: check_mode(by_id[account], prepared.envelope.plan.mode),
        settings.accounts,
    )
    endpoints = {account.settings.account: account.settings.endpoint for account in to_read}
    operator = Terminal(
        prepared.envelope,
        prepared.journal,
        world.clock,
        prepared.consent,
        stop=stop,
        pause=progress.pause,
        report=_reporter(prepared),
        warnings=[placed(warning) for warning in settings.warnings],
        screen=request.screen,
    )
    return walk(prepared.stages, context, endpoints, operator)


def _reporter(prepared: _Prepared) -> Callable[[str], None]:
    """Return the function that writes the reports of a closed account. Other reports stay as they were."""
    journal = prepared.journal
    results = {account.account: account for account in journal.result().accounts}

    def report(account: str) -> None:
        results[account] = journal.result_of(account)
        run = Run(latest_time(journal.records), tuple(results.values()), (account,))
        write_report_of(prepared.settings, run, account)

    return report


def _finish(prepared: _Prepared, outcome: Outcome, stop: Stop, screen: Screen) -> int:
    accounts = [outcome.result.of(account) for account in accounts_of(prepared.stages)]
    summary = render_outcome(accounts)
    if summary:
        screen.echo(summary)
    fractions = render_fractions(account.plan for account in accounts if account.intents)
    if fractions:
        screen.echo(fractions)
    if outcome.stopped:
        what = "nothing more was sent" if outcome.sent else "nothing was sent"
        screen.echo(f"{stop.why}: {what}.")
        if any(account.unresolved for account in accounts):
            screen.echo("Orders may still be working at the broker: --resume follows and cancels them.")
    elif not outcome.sent:
        screen.echo("Nothing was sent.")
    for step in next_steps(prepared.envelope.id, accounts):
        screen.echo(step)
    if screen.is_for_json:
        typer.echo(render_result_json(prepared.envelope.id, outcome.result))
    code, run = _exit_code(prepared, outcome), last_run(prepared.envelope, prepared.journal.records)
    try:
        write_reports(prepared.settings, prepared.path, () if run is None else (run,), say=screen.echo)
    except ReportError as error:
        error.exit_code = max(error.exit_code, code)
        raise
    if stop.signalled and not outcome.stopped:
        screen.echo(
            "Stopped by Ctrl-C or a signal after the last account was done: the reports are complete."
        )
        return ExitCode.INTERRUPTED
    return code


def _exit_code(prepared: _Prepared, outcome: Outcome) -> ExitCode:
    """Return the exit code: stopped, all as planned, nothing sent, or in between.

    An account that an earlier run applied is no problem when this run did something.
    """
    if outcome.stopped:
        return ExitCode.INTERRUPTED
    accounts = [outcome.result.of(account) for account in accounts_of(prepared.stages)]
    applied_before = {a.account for a in accounts if a.is_applied and a.account not in outcome.done}
    if set(outcome.problems) <= applied_before:
        was_nothing_to_do = not outcome.declined and not outcome.problems
        return ExitCode.DONE if outcome.done or was_nothing_to_do else ExitCode.REFUSED
    is_begun = any(account.intents and not account.is_applied for account in accounts)
    return ExitCode.INCOMPLETE if outcome.done or is_begun else ExitCode.REFUSED
