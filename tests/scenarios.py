"""Scenarios for whole runs: the built-in one with something changed, and a gateway that serves it over TCP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import FrozenClock, Workspace

BUILTIN = files("rebalplan.sim.scenario").joinpath("builtin.toml").read_text(encoding="utf-8")


def scenario_text(*changes: tuple[str, str], extra: str = "") -> str:
    """Return the built-in scenario with each (old, new) replaced, which must be there, and ``extra`` added."""
    text = BUILTIN
    for old, new in changes:
        assert old in text, f"{old!r} is not in the built-in scenario"
        text = text.replace(old, new, 1)
    return f"{text}\n{extra}"


def fault(request: str, action: str, **where: str | int) -> str:
    """Return a fault table."""
    lines = [f'request = "{request}"', f'action = "{action}"']
    lines += [
        f"{key} = {value!r}" if isinstance(value, int) else f'{key} = "{value}"'
        for key, value in where.items()
    ]
    return "\n[[fault]]\n" + "\n".join(lines) + "\n"


def use_scenario(workspace: Workspace, *changes: tuple[str, str], extra: str = "") -> None:
    """Make the workspace's embedded gateway play this scenario, from its start."""
    workspace.write("scenario.toml", scenario_text(*changes, extra=extra))
    settings = (workspace.folder / "settings.ini").read_text(encoding="utf-8")
    if "\nscenario = scenario.toml" not in settings:
        workspace.edit("settings.ini", "\n[sim]\n", "\n[sim]\nscenario = scenario.toml\n")
    (workspace.folder / ".rebal" / "sim.json").unlink(missing_ok=True)


@contextmanager
def gateway_over_tcp(
    workspace: Workspace, clock: FrozenClock, text: str = BUILTIN, *, read_only: bool = False
) -> Iterator[Gateway]:
    """Serve a scenario from a gateway of its own and point the workspace's settings at it (mode = tws)."""
    with gateway_beside(workspace, clock, text, read_only=read_only) as gateway:
        point_at(workspace, gateway.port)
        yield gateway


@contextmanager
def gateway_beside(
    workspace: Workspace, clock: FrozenClock, text: str = BUILTIN, *, read_only: bool = False
) -> Iterator[Gateway]:
    """Serve a scenario from a gateway of its own."""
    path = workspace.write("served.toml", text)
    with start(load_scenario(path), clock=clock.now, read_only=read_only) as gateway:
        yield gateway


def point_at(workspace: Workspace, port: int, *, timeout_sec: str = "2") -> None:
    """Set mode = tws and the port in the workspace's sample settings."""
    workspace.edit("settings.ini", "mode = sim", f"mode = tws\nport = {port}\ntimeout_sec = {timeout_sec}")
