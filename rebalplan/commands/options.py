"""Options that several commands share, and what follows from them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rebalplan.render.style import Style

DEFAULT_CONFIG = Path("settings.ini")

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The settings file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Redact = Annotated[
    bool, typer.Option("--redact", help="Number the accounts, leave out amounts and quantities.")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (also: NO_COLOR in the environment).")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log to stderr and show tracebacks.")]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="ID", help="Only this account; may be given several times."),
]
PlanArgument = Annotated[
    str, typer.Argument(metavar="PLAN", help="A plan file, its id, a unique prefix of it, or `latest`.")
]


def wants_color(no_color: bool) -> bool:
    """Tell whether colours are wanted at all."""
    return not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def stdout_style(no_color: bool) -> Style:
    """Colours only on a terminal that wants them."""
    from rebalplan.render.style import Style

    return Style(color=wants_color(no_color) and sys.stdout.isatty())
