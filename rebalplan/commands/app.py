"""The application: its commands, and what any error of theirs becomes."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from rebalplan import __version__
from rebalplan.commands import (
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
from rebalplan.commands.streams import patient
from rebalplan.errors import ExitCode, InputError, RebalError
from rebalplan.text import printable

app = typer.Typer(
    name="rebal",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Terraform for portfolios: plan, review and apply rebalancing orders over several "
    "Interactive Brokers accounts.",
)
app.command("init")(init.init)
app.command("validate")(validate.validate)
app.command("plan")(plan.plan)
app.command("show")(show.show)
app.command("explain")(explain.explain)
app.command("diff")(diff.diff)
app.command("verify")(verify.verify)
app.command("apply")(apply.apply)
app.command("status")(status.status)
app.command("resolve")(resolve.resolve)
app.command("schema")(schema.schema)
app.add_typer(sim.app, name="sim")

DIFF_TROUBLE = 2
"""``rebal diff`` exits like the Unix diff: 1 means different, so no error of it may."""

_UsageError = typer.BadParameter.__bases__[0]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rebal {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run ``rebal`` and exit with one of ``rebalplan.errors.ExitCode``."""
    arguments = sys.argv[1:] if arguments is None else arguments
    sys.exit(run(arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    verbose = "--verbose" in arguments
    _set_up_output(verbose)
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (patient(stream) for stream in streams)
    try:
        code = app(list(arguments), prog_name="rebal", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("\nInterrupted.", err=True)
        return ExitCode.INTERRUPTED
    except Exception as error:  # every error becomes a paragraph and a code here
        if verbose and not isinstance(error, _UsageError):
            traceback.print_exc()
        code = _report(error)
        return DIFF_TROUBLE if arguments[:1] == ["diff"] else code
    finally:
        sys.stdout, sys.stderr = streams
    return code if isinstance(code, int) else ExitCode.DONE


def _set_up_output(verbose: bool) -> None:
    """Never fail on a character the terminal lacks; log when asked for.

    What goes to a file or another program is UTF-8 with LF on every system.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
            if not stream.isatty():
                stream.reconfigure(encoding="utf-8", newline="\n")
    if verbose:
        import logging

        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")


def _report(error: Exception) -> int:
    if isinstance(error, _UsageError):
        error.show()  # type: ignore[attr-defined]  # every version of the library has it
        return ExitCode.USAGE
    if isinstance(error, InputError):
        typer.echo("Error: the input files cannot be used.", err=True)
        for line in error.shown():
            typer.echo(f"  {line}", err=True)
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
