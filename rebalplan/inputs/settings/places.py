"""Checks the files and folders of settings.ini on the disk."""

from __future__ import annotations

from pathlib import Path

from rebalplan.inputs.findings import Findings
from rebalplan.inputs.settings.model import IoSettings, SimSettings
from rebalplan.inputs.settings.reading import Values
from rebalplan.system.files import why_unwritable


def check_state(sim: SimSettings, values: Values, findings: Findings, *, with_places: bool) -> None:
    """Note a state path of the built-in gateway that cannot be a file: it is a folder, or no folder can be made for it.

    ``with_places`` also checks that the file can be written.
    """
    line = values["state"].line if "state" in values else 0
    if sim.state.is_dir():
        findings.error(f"state: {sim.state} is a folder; name a file, such as .rebal/sim.json", line=line)
    elif (present := _nearest_present(sim.state.parent)).is_file():
        findings.error(f"state: {present} is a file, so nothing can be in it; name another file", line=line)
    elif with_places and (why := why_unwritable(sim.state.parent)):
        findings.error(f"state: no file can be written to {sim.state.parent} ({why}); correct it", line=line)


def check_log_file(io: IoSettings, settings: Path, values: Values, findings: Findings) -> None:
    """Note an impossible log file: a folder, a path inside a file, or settings.ini itself, which a log would spoil."""
    if io.log_file is None:
        return
    line = values["log_file"].line
    if io.log_file.is_dir():
        findings.error(f"log_file: {io.log_file} is a folder; name a file, such as logs/rebal.log", line=line)
    elif (present := _nearest_present(io.log_file.parent)).is_file():
        findings.error(
            f"log_file: {present} is a file, so nothing can be in it; name another file", line=line
        )
    elif io.log_file.exists() and io.log_file.samefile(settings):
        findings.error("log_file: this is the settings file; name another, such as logs/rebal.log", line=line)


def check_folders(io: IoSettings, values: Values, findings: Findings) -> None:
    """Note folders of [io] that are not writable."""
    for key, folder in (("plan_dir", io.plan_dir), ("report_dir", io.report_dir)):
        if why := why_unwritable(folder):
            line = values[key].line if key in values else 0
            findings.error(f"{key}: no file can be written to {folder} ({why}); correct it", line=line)


def check_scenario(sim: SimSettings, values: Values, findings: Findings) -> None:
    """Note a scenario of the built-in gateway that is no file."""
    if sim.scenario is not None and not sim.scenario.is_file():
        why = "is a folder" if sim.scenario.is_dir() else "is not there"
        findings.error(
            f"scenario: the file {sim.scenario} {why}; correct it, or write none for the built-in one",
            line=values["scenario"].line if "scenario" in values else 0,
        )


def _nearest_present(folder: Path) -> Path:
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)
