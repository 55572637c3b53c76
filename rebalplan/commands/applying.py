"""Apply a plan: what ``rebal apply`` does with its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import typer

from rebalplan.apply.engine import Outcome, Today, check_plan, walk
from rebalplan.apply.timing import Timing
from rebalplan.apply.turn import Turn
from rebalplan.codec import Envelope
from rebalplan.commands.inputs import choose_accounts, load, trading_mode, with_targets
from rebalplan.commands.operator import Consent, Terminal, check_expectation
from rebalplan.commands.plans import find_plan
from rebalplan.commands.progress import progress_line
from rebalplan.commands.reporting import write_reports
from rebalplan.commands.stopping import Stop, watching
from rebalplan.commands.world import World, open_world
from rebalplan.disk import SystemDisk
from rebalplan.errors import ExitCode, RefusedError, UsageError
from rebalplan.journal.journal import Journal, journal_path
from rebalplan.journal.runs import last_run
from rebalplan.ports import Progress
from rebalplan.render.apply import render_result, render_stages
from rebalplan.render.style import Style
from rebalplan.settings import Settings
from rebalplan.stages import Recover, Selection, Stage, Trade, accounts_of, build_stages
from rebalplan.store import read_plan, require_own_name
from rebalplan.verify import Expected

LOCK_FILE = ".apply.lock"
LIVE_PORTS, PAPER_PORTS = (4001, 7496), (4002, 7497)


class ApplyRequest(msgspec.Struct, frozen=True):
    """The arguments of ``rebal apply``. ``confirm_mode`` is empty when settings.ini decides."""

    reference: str
    config: Path
    accounts: tuple[str, ...]
    confirm_mode: str
    yes: bool
    expect: str
    preview_only: bool
    resume: bool
    color: bool
    style: Style
    timing: Timing


class _Prepared(msgspec.Struct, frozen=True):
    settings: Settings
    path: Path
    envelope: Envelope
    journal: Journal
    stages: tuple[Stage, ...]
    consent: Consent


def apply_plan(request: ApplyRequest) -> int:
    """Apply the plan and return the exit code."""
    settings = load(request.config)
    path = find_plan(request.reference, request.config)
    envelope = read_plan(path)
    require_own_name(path, envelope.id)
    disk = SystemDisk()
    with disk.lock(path.parent / LOCK_FILE), watching(request.config) as stop:
        prepared = _prepare(request, settings, path, envelope, Journal(disk, journal_path(path), envelope))
        if request.preview_only:
            typer.echo(render_stages(prepared.stages) + "\n\nNothing was sent.")
            return ExitCode.DONE
        _require_writable(settings)
        check_expectation(envelope, prepared.consent)
        with open_world(settings) as world, progress_line(color=request.color) as progress:
            outcome = _walk(prepared, request, world, stop, progress)
    return _finish(prepared, outcome, request.style)


def _prepare(
    request: ApplyRequest, settings: Settings, path: Path, envelope: Envelope, journal: Journal
) -> _Prepared:
    mode = request.confirm_mode or settings.accounts.confirm_mode
    chosen = _chosen(settings, envelope, request.accounts)
    selection = Selection(
        chosen,
        "global" if mode == "global" else "per_account",
        request.resume,
        float(settings.accounts.pacing_sec),
    )
    stages = build_stages(envelope, journal.result(), selection)
    consent = Consent(request.yes, request.expect, mode == "global")
    return _Prepared(settings, path, envelope, journal, stages, consent)


def _chosen(settings: Settings, envelope: Envelope, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the accounts asked for; raises ``UsageError`` for one that the plan has not."""
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
            f"[ibkr] read_only = true in {settings.path}: set it to false to send orders. Nothing was sent."
        )


def _walk(
    prepared: _Prepared, request: ApplyRequest, world: World, stop: Stop, progress: Progress
) -> Outcome:
    settings = prepared.settings
    accounts = with_targets(settings, settings.account_settings)
    today = Today(
        trading_mode(settings),
        {a.settings.account: Expected(a.settings.policy, a.targets) for a in accounts},
        {a.settings.account: a.settings.endpoint for a in world.place(accounts)},
    )
    turn = Turn(
        prepared.envelope,
        world.broker,
        world.clock,
        prepared.journal,
        request.timing,
        stop,
        progress,
        _guard(settings, prepared.envelope.plan.mode),
    )
    check_plan(turn, today)
    return walk(prepared.stages, turn, today, Terminal(prepared.envelope, prepared.consent, stop))


def _guard(settings: Settings, mode: str) -> Callable[[str], None]:
    """Return what refuses an account for which plan, id, port and ``allow_live`` do not agree."""
    by_id = {a.account: a for a in settings.account_settings}

    def check(account: str) -> None:
        own = by_id[account]
        port = own.endpoint.port
        if mode == "sim":
            return
        is_paper = account.startswith("D")
        if is_paper != (mode == "paper"):
            raise RefusedError(
                f"{account} is {'a paper' if is_paper else 'a live'} account, the plan is {mode}"
            )
        if port in (LIVE_PORTS if is_paper else PAPER_PORTS):
            raise RefusedError(
                f"{account} is {'a paper' if is_paper else 'a live'} account, but port {port} is for "
                f"{'live' if is_paper else 'paper'} trading: correct [ibkr] port"
            )
        if not is_paper and not own.allow_live:
            raise RefusedError(
                f"{account} is a live account and allow_live = false: set it to true in [limits] to trade it"
            )

    return check


def _finish(prepared: _Prepared, outcome: Outcome, style: Style) -> int:
    accounts = accounts_of(prepared.stages)
    acted = [s.account for s in prepared.stages if isinstance(s, Trade | Recover)]
    typer.echo("\n" + render_result(outcome.result, accounts, style, detailed=acted))
    if not acted:
        typer.echo("Nothing was sent.")
    run = last_run(prepared.envelope, prepared.journal.records)
    for path in write_reports(prepared.settings, run) if run is not None else ():
        typer.echo(f"Report: {path}")
    return _exit_code(prepared, outcome)


def _exit_code(prepared: _Prepared, outcome: Outcome) -> int:
    """Return what happened: stopped, all as planned, nothing sent, or something in between."""
    if outcome.stopped:
        return ExitCode.INTERRUPTED
    if not outcome.problems:
        return ExitCode.DONE
    accounts = accounts_of(prepared.stages)
    nothing_begun = all(not outcome.result.of(a).intents for a in accounts)
    only_finished = all(a in outcome.problems for a in accounts) and _was_over(prepared, outcome)
    return ExitCode.REFUSED if nothing_begun or only_finished else ExitCode.INCOMPLETE


def _was_over(prepared: _Prepared, outcome: Outcome) -> bool:
    """Tell whether every account had been applied before this run."""
    results = [outcome.result.of(a) for a in accounts_of(prepared.stages)]
    return all(r.closed is not None and r.closed.status == "done" for r in results)
