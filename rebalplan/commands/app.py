"""The application: its commands, and the text and exit code of every error."""

from __future__ import annotations

import functools
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from rebalplan import __version__
from rebalplan.commands.cli import (
    apply,
    diff,
    explain,
    init,
    plan,
    resolve,
    schema,
    show,
    sim,
    status,
    validate,
    verify,
)
from rebalplan.commands.cli.options import (
    COMPLETION_OPTIONS,
    COMPLETION_VARIABLE,
    HELP_NAMES,
    Command,
    InstallCompletion,
    InterruptionError,
    ShowCompletion,
)
from rebalplan.commands.streams import patient
from rebalplan.core.errors import ExitCode, InputError, NotApplicableError, RebalError, RefusedError
from rebalplan.core.text import printable

app = typer.Typer(
    name="rebal",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP_NAMES,
    help="Terraform for portfolios: plan, review and apply rebalancing orders over several "
    "Interactive Brokers accounts.",
)
app.command("init", cls=Command)(init.init)
app.command("validate", cls=Command)(validate.validate)
app.command("plan", cls=Command)(plan.plan)
app.command("show", cls=Command)(show.show)
app.command("explain", cls=Command)(explain.explain)
app.command("diff", cls=Command)(diff.diff)
app.command("verify", cls=Command)(verify.verify)
app.command("apply", cls=Command)(apply.apply)
app.command("status", cls=Command)(status.status)
app.command("resolve", cls=Command)(resolve.resolve)
app.command("schema", cls=Command)(schema.schema)
app.add_typer(sim.app, name="sim")


@app.command("help", cls=Command)
def _help(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="A command, such as plan or sim show.")
    ] = None,
) -> None:
    """Print the help of a command."""
    _commands()([*(command or ()), "--help"], prog_name="rebal", standalone_mode=False)


@app.command("version", cls=Command)
def _version() -> None:
    """Print the version."""
    typer.echo(f"rebal {__version__}")


DIFF_TROUBLE = 2
"""``rebal diff`` exits like the Unix diff: 1 means different, so its errors exit with 2."""

_UsageError = typer.BadParameter.__bases__[0]


def _print_version(wanted: bool) -> None:
    if wanted:
        _version()
        raise typer.Exit


@app.callback()
def _root(
    _version_wanted: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
    _show_completion: ShowCompletion = None,
    _install_completion: InstallCompletion = None,
) -> None:
    pass


@functools.cache
def _commands() -> Any:
    """Return the library's object of every command. It is cached, because reading all signatures is slow."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run ``rebal`` and exit with one of ``rebalplan.core.errors.ExitCode``."""
    arguments = sys.argv[1:] if arguments is None else arguments
    sys.exit(run(arguments))


def run(arguments: Sequence[str], machine: object = None) -> int:
    """Run one command line and return its exit code; nothing is raised. ``machine`` takes the place of this one."""
    verbose = "--verbose" in arguments
    _set_up_output(verbose)
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (patient(stream) for stream in streams)
    try:
        code = _commands()(_prepared(arguments), prog_name="rebal", standalone_mode=False, obj=machine)
        sys.stdout.flush()
    except (KeyboardInterrupt, InterruptionError, typer.Abort):
        typer.echo(f"\n{_interrupted(arguments)}", err=True)
        return ExitCode.INTERRUPTED
    except Exception as error:  # Every error becomes a paragraph and a code here.
        if verbose and not isinstance(error, _UsageError):
            if isinstance(error, RefusedError):
                error.add_note(f"{error.code}: docs/findings.md")
            traceback.print_exc()
        code = _report(error)
        return DIFF_TROUBLE if arguments[:1] == ["diff"] else code
    finally:
        sys.stdout, sys.stderr = streams
        _close_logs()
    return code if isinstance(code, int) else ExitCode.DONE


def _close_logs() -> None:
    """Close the log of this run; commands that never opened one have not even loaded what it needs."""
    logs = sys.modules.get("rebalplan.commands.logs")
    if logs is not None:
        logs.close_logs()


def _prepared(arguments: Sequence[str]) -> list[str]:
    """Return the arguments. A completion option without a shell gets the running one."""
    if COMPLETION_VARIABLE in os.environ:
        from rebalplan.commands.cli import completion

        completion.prepare()
    if len(arguments) == 1 and arguments[0] in COMPLETION_OPTIONS:
        from rebalplan.commands.cli import completion

        return completion.with_shell(arguments)
    return list(arguments)


def _interrupted(arguments: Sequence[str]) -> str:
    """Print the meaning of an interruption for orders: only some commands may have sent any."""
    match list(arguments[:2]):
        case ["apply", *_]:
            return "Interrupted. `rebal status PLAN` says what was sent, `rebal apply PLAN --resume` goes on."
        case ["resolve", *_]:
            return "Interrupted. `rebal status PLAN` says what was recorded."
        case ["sim", "serve"]:
            return "Stopped."
        case _:
            return "Interrupted: nothing was sent."


def _set_up_output(verbose: bool) -> None:
    """Never fail on a character the terminal lacks; log when asked for.

    Output to a file or another program is UTF-8 with LF on every system.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
            if not stream.isatty():
                stream.reconfigure(encoding="utf-8", newline="\n")
    if verbose:
        from rebalplan.commands.logs import log_to_stderr

        log_to_stderr()


def _report(error: Exception) -> int:
    if isinstance(error, _UsageError):
        error.show()  # type: ignore[attr-defined]  # every version of the library has it
        return ExitCode.USAGE
    if isinstance(error, InputError):
        from rebalplan.render.input_files import render_input_error

        typer.echo(f"Error: {render_input_error(error)}", err=True)
        return error.exit_code
    if isinstance(error, NotApplicableError):
        from rebalplan.render.verify import render_refused

        typer.echo(f"Error: {render_refused(error)}", err=True)
        return error.exit_code
    if isinstance(error, RebalError):
        typer.echo(f"Error: {error}", err=True)
        return error.exit_code
    if isinstance(error, OSError):
        typer.echo(f"Error: {printable(str(error))}. Nothing more was done.", err=True)
        return ExitCode.ERROR
    text = printable(f"{type(error).__name__}: {error}")
    typer.echo(
        f"Error: unexpected {text}. This is a defect; run again with --verbose and report it.", err=True
    )
    return ExitCode.ERROR
