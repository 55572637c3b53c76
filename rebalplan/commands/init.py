"""``rebal init``: commented sample files to start from."""

from __future__ import annotations

from pathlib import Path

import typer

from rebalplan.commands.options import Verbose
from rebalplan.errors import RebalError

FILES = ("settings.ini", "portfolios.csv")


def init(verbose: Verbose = False) -> None:
    """Write a commented settings.ini and portfolios.csv here; files that exist are left as they are."""
    from rebalplan.samples import sample_text

    del verbose
    missing = [name for name in FILES if not Path(name).exists()]
    if not missing:
        raise RebalError(
            f"{' and '.join(FILES)} exist here already and are never overwritten. Nothing was written."
        )
    for name in missing:
        _write_new(Path(name), sample_text(name))
        typer.echo(f"Wrote {name}")
    for name in FILES:
        if name not in missing:
            typer.echo(f"Kept {name} as it is")
    typer.echo("Next: `rebal plan` plans the sample accounts on the embedded gateway; no broker is needed.")


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise RebalError(f"cannot write {path}: {error.strerror}") from error
