"""``rebal sim``: the embedded gateway on its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Command, Config, Json, Verbose
from rebalplan.core.errors import RebalError

if TYPE_CHECKING:
    from rebalplan.sim import Scenario

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Use the gateway inside rebalplan. Its accounts are made up; no broker is needed.",
)

DEFAULT_STATE = Path(".rebal/sim.json")

ScenarioOption = Annotated[
    Path | None,
    typer.Option("--scenario", metavar="FILE", help="Use this scenario (TOML) instead of [sim] scenario."),
]
StateOption = Annotated[
    Path | None, typer.Option("--state", metavar="FILE", help="Use this state file instead of [sim] state.")
]


@contextmanager
def _world(config: Path, scenario: Path | None, state: Path | None) -> Iterator[tuple[Scenario, Path]]:
    """Yield the scenario and state file: the options, else settings.ini, else the built-in ones."""
    from rebalplan import sim
    from rebalplan.commands.inputs import load

    if config.exists() and (scenario is None or state is None):
        settings = load(config).sim
        scenario, state = scenario or settings.scenario, state or settings.state
    try:
        yield sim.load_scenario(scenario), state or DEFAULT_STATE
    except sim.SimError as error:
        raise RebalError(str(error)) from error


@app.command(cls=Command)
def serve(
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="The port; 0 takes a free one.")
    ] = 4002,
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Behave as with the Read-Only API setting of TWS.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    scenario: ScenarioOption = None,
    state: StateOption = None,
    verbose: Verbose = False,
) -> None:
    """Run the gateway for any TWS client, until Ctrl-C."""
    from rebalplan import sim
    from rebalplan.commands.logs import quiet_logs

    del verbose
    quiet_logs()
    with (
        _world(config, scenario, state) as (chosen, path),
        sim.start(chosen, state=path, host=host, port=port, read_only=read_only) as gateway,
    ):
        typer.echo(f"Listening on {gateway.host}:{gateway.port}, state in {path}. Ctrl-C stops it.")
        while True:
            time.sleep(3600)


@app.command(cls=Command)
def reset(
    *,
    config: Config = DEFAULT_CONFIG,
    scenario: ScenarioOption = None,
    state: StateOption = None,
    verbose: Verbose = False,
) -> None:
    """Set the made-up accounts back to the start."""
    from rebalplan import sim

    del verbose
    with _world(config, scenario, state) as (chosen, path):
        sim.reset(chosen, path)
    typer.echo(f"Reset {path} to the start of {chosen.source}.")


@app.command(cls=Command)
def show(
    *,
    orders: Annotated[
        bool, typer.Option("--orders", help="Print every order message received instead.")
    ] = False,
    json: Json = False,
    config: Config = DEFAULT_CONFIG,
    scenario: ScenarioOption = None,
    state: StateOption = None,
    verbose: Verbose = False,
) -> None:
    """Print the gateway's accounts and quotes as they are now."""
    from rebalplan import sim
    from rebalplan.commands.cli.options import as_json
    from rebalplan.render.sim import render_description, render_ledger

    del verbose
    with _world(config, scenario, state) as (chosen, path):
        world = sim.describe(chosen, path if path.exists() else None)
        if json:
            typer.echo(as_json(world.ledger if orders else world))
        else:
            typer.echo(render_ledger(world) if orders else render_description(world))


@app.command(cls=Command)
def faults(
    *,
    json: Json = False,
    config: Config = DEFAULT_CONFIG,
    scenario: ScenarioOption = None,
    state: StateOption = None,
    verbose: Verbose = False,
) -> None:
    """Print the keys for faults, and how often each was reached."""
    from rebalplan import sim
    from rebalplan.render.sim_faults import faults_as_json, render_keys, render_reached

    del verbose
    with _world(config, scenario, state) as (chosen, path):
        keys, found = sim.fault_keys(), sim.faults_of(chosen, path if path.exists() else None)
        if json:
            typer.echo(faults_as_json(keys, found), nl=False)
        else:
            typer.echo(f"{render_keys(keys)}\n\n{render_reached(found, chosen.source)}")
