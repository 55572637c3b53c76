"""Options that several commands share, and their effects."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from rebalplan.core.errors import ExitCode, RebalError

if TYPE_CHECKING:
    from rebalplan.render.style import Style

DEFAULT_CONFIG = Path("settings.ini")

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The settings file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Redact = Annotated[
    bool, typer.Option("--redact", help="Number the accounts; leave out amounts and quantities.")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (also: NO_COLOR in the environment).")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log to stderr and show tracebacks.")]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="ID", help="Only this account; may be given several times."),
]
_PLAN_HELP = "A plan file, its id, a unique prefix of it, or `latest`."
PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help=_PLAN_HELP)]
OldPlan = Annotated[str, typer.Argument(metavar="OLD", help=_PLAN_HELP)]
NewPlan = Annotated[str, typer.Argument(metavar="NEW", help="The plan to compare with it.")]

HELP_NAMES = {"help_option_names": ["--help", "-h"]}

COMPLETION_VARIABLE = "_REBAL_COMPLETE"
"""The variable of a shell that asks for completions."""

COMPLETION_OPTIONS = ("--show-completion", "--install-completion")

Shell = Literal["bash", "zsh", "fish", "powershell", "pwsh"]


def _show_completion(shell: str | None) -> None:
    if shell:
        from rebalplan.commands.cli import completion

        completion.show(shell)
        raise typer.Exit


def _install_completion(shell: str | None) -> None:
    if shell:
        from rebalplan.commands.cli import completion

        completion.install(shell)
        raise typer.Exit


ShowCompletion = Annotated[
    Shell | None,
    typer.Option(
        COMPLETION_OPTIONS[0],
        metavar="SHELL",
        is_eager=True,
        callback=_show_completion,
        help="Print the completion script of bash, zsh, fish or powershell.",
    ),
]
InstallCompletion = Annotated[
    Shell | None,
    typer.Option(
        COMPLETION_OPTIONS[1],
        metavar="SHELL",
        is_eager=True,
        callback=_install_completion,
        help="Install completion for one of these shells.",
    ),
]


class InterruptionError(RebalError):
    """A user pressed Ctrl-C. The library alone would only return a code."""

    exit_code = ExitCode.INTERRUPTED


class Command(TyperCommand):
    """A command whose line of usage shows required arguments without braces."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raises ``InterruptionError`` when a user interrupts it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise InterruptionError from error

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the line."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


def wants_color(no_color: bool) -> bool:
    """Tell whether colours are wanted at all."""
    return not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def stdout_style(no_color: bool) -> Style:
    """Return a style with colours only for a terminal that wants them."""
    from rebalplan.render.style import Style

    return Style(color=wants_color(no_color) and sys.stdout.isatty())


def as_json(found: object) -> str:
    """Return what a command prints with ``--json``: indented, decimals as strings."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
