"""``rebal init``: commented sample files to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rebalplan.commands.cli.options import Verbose
from rebalplan.core.errors import RebalError

if TYPE_CHECKING:
    from rebalplan.inputs.settings import Settings

SETTINGS, PORTFOLIOS = Path("settings.ini"), Path("portfolios.csv")


def init(verbose: Verbose = False) -> None:
    """Write sample files: settings.ini and portfolios.csv.

    Both are written here, with comments. Files that exist are left as they are.
    """
    from rebalplan.inputs.samples import sample_text

    del verbose
    own = _own_settings()
    files = [SETTINGS, *_portfolios(own)]
    missing = [path for path in files if not path.exists()]
    if not missing:
        names = " and ".join(map(str, files))
        raise RebalError(f"{names} exist here already and are never overwritten. Nothing was written.")
    for path in missing:
        _write_new(path, sample_text((SETTINGS if path == SETTINGS else PORTFOLIOS).name))
        typer.echo(f"Wrote {path}")
    for path in files:
        if path not in missing:
            typer.echo(f"Kept {path} as it is")
    for line in _next_steps(own, missing):
        typer.echo(line)


def _own_settings() -> Settings | None:
    """Return the settings that are here already, ``None`` when there are none or they cannot be read yet."""
    from rebalplan.inputs.settings import load_settings

    try:
        return load_settings(SETTINGS) if SETTINGS.exists() else None
    except RebalError:
        return None


def _portfolios(own: Settings | None) -> list[Path]:
    """Return the portfolios files that the settings name, each once."""
    return [PORTFOLIOS] if own is None else list(dict.fromkeys(a.portfolios for a in own.account_settings))


def _next_steps(own: Settings | None, missing: list[Path]) -> list[str]:
    if SETTINGS in missing and PORTFOLIOS in missing:
        return ["Next: `rebal plan` plans the sample accounts on the embedded gateway; no broker is needed."]
    if SETTINGS in missing:
        return [
            f"The accounts and [models] in {SETTINGS} are samples, and it trades nowhere: mode = sim.",
            f"Next: name the columns of {PORTFOLIOS} under [models], then run `rebal validate`.",
        ]
    names = ", ".join(str(path) for path in missing)
    lines = [f"The models in {names} are samples, not advice: replace them with your own before you plan."]
    if own is None:
        return [*lines, f"Next: `rebal validate` says what is wrong in {SETTINGS}."]
    models = dict.fromkeys(m.model for a in own.account_settings for m in a.models)
    lines.append(f"Its columns must be the models of {SETTINGS}: {', '.join(models)}.")
    if own.ibkr.mode == "sim":
        return [
            *lines,
            "Next: `rebal validate`, then `rebal plan`. It plans on the built-in gateway (mode = sim).",
        ]
    return [
        *lines,
        "Next: `rebal validate --online`, then `rebal plan`. It plans your own accounts (mode = tws).",
    ]


def _write_new(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise RebalError(f"cannot write {path}: {error.strerror}") from error
