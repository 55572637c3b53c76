"""Completion scripts of the shells; imported only when a user asks for one."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import typer

from rebalplan.commands.cli.options import COMPLETION_VARIABLE

_PROGRAM = "rebal"


def prepare() -> None:
    """Register each shell's form of completions with the library."""
    _library().completion_init()


def with_shell(arguments: Sequence[str]) -> list[str]:
    """Return the arguments, followed by the name of the shell that started this program, if there is one."""
    shellingham = importlib.import_module("shellingham")  # typer comes with it, without types
    try:
        return [*arguments, shellingham.detect_shell()[0]]
    except shellingham.ShellDetectionFailure:
        return list(arguments)


def show(shell: str) -> None:
    """Print the script of a shell."""
    typer.echo(
        _library().get_completion_script(prog_name=_PROGRAM, complete_var=COMPLETION_VARIABLE, shell=shell)
    )


def install(shell: str) -> None:
    """Write the script of a shell to where that shell looks for it."""
    name, path = _library().install(shell, _PROGRAM, COMPLETION_VARIABLE)
    typer.echo(f"The completion script of {name} is in {path}. It works in the next terminal.")


def _library() -> Any:
    """Return typer's module for completion, which has these functions in every version, without exporting them."""
    return importlib.import_module("typer.completion")
