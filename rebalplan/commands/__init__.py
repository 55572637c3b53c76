"""The command line: ``rebal``. The only place that prints errors and sets exit codes."""

from rebalplan.commands.app import app, main

__all__ = ["app", "main"]
