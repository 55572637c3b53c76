"""``rebal status``: the results of a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalplan.commands.cli.options import DEFAULT_CONFIG, Config, Json, NoColor, PlanArgument, Verbose


def status(
    context: typer.Context,
    plan: PlanArgument,
    *,
    config: Config = DEFAULT_CONFIG,
    report: Annotated[
        bool, typer.Option("--report", help="Write the reports of every run again, byte for byte.")
    ] = False,
    json: Json = False,
    no_color: NoColor = False,
    verbose: Verbose = False,
) -> None:
    """Print what became of a plan.

    Works offline, from the journal.
    """
    from rebalplan.apply.journal.journal import Journal, journal_path
    from rebalplan.apply.journal.runs import runs
    from rebalplan.commands.cli.options import stdout_style
    from rebalplan.commands.inputs import load
    from rebalplan.commands.machine import machine_of
    from rebalplan.commands.plans import find_plan
    from rebalplan.commands.reporting import write_reports
    from rebalplan.plan.store import read_plan
    from rebalplan.render.apply import next_steps, render_result, render_result_json
    from rebalplan.render.figures import count

    del verbose
    path = find_plan(plan, config)
    envelope = read_plan(path)
    journal = Journal(machine_of(context).disk, journal_path(path), envelope)
    accounts = [a.account for a in envelope.plan.accounts]
    result = journal.result()
    if json:
        typer.echo(render_result_json(envelope.id, result))
    else:
        known = (
            count(len(journal.records), "journal record") if journal.records else "nothing was applied yet"
        )
        typer.echo(f"Plan {envelope.id}: {known}\n")
        typer.echo(render_result(result, accounts, stdout_style(no_color)))
        for step in next_steps(envelope.id, result.accounts):
            typer.echo(step)
    if report:
        write_reports(load(config), path, runs(envelope, journal.records))
