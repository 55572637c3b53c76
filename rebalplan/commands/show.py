"""``rebal show``: print a plan, offline, whatever became of it."""

from __future__ import annotations

import typer

from rebalplan.commands.options import DEFAULT_CONFIG, Config, Json, NoColor, PlanArgument, Verbose


def show(
    plan: PlanArgument,
    *,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Print a saved plan. Works offline, and on expired and applied plans too."""
    from rebalplan.commands.options import stdout_style
    from rebalplan.commands.plans import find_plan
    from rebalplan.render.plan import render_plan
    from rebalplan.store import read_plan

    del verbose
    path = find_plan(plan, config)
    envelope = read_plan(path)
    if json:
        typer.echo(path.read_text(encoding="utf-8"), nl=False)
        return
    volatile = envelope.plan.volatile
    typer.echo(f"Plan {envelope.id}")
    typer.echo(
        f"made {volatile.created_at:%Y-%m-%d %H:%M:%S} UTC by rebal {volatile.tool_version}, "
        f"expires {volatile.expires_at:%Y-%m-%d %H:%M} UTC"
    )
    if envelope.plan.replay_of:
        typer.echo(f"replays {envelope.plan.replay_of} offline: for reading, cannot be applied")
    typer.echo("\n" + render_plan(envelope.plan, stdout_style(no_color)))
