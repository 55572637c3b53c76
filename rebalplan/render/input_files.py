"""The problems of the input files, as text and as JSON."""

from __future__ import annotations

import msgspec

from rebalplan.core.errors import InputError, marked
from rebalplan.core.finding import Finding, InFile
from rebalplan.inputs.findings import MAY_PROTECT

MOST_SHOWN = 20
"""The most problems of one file that are printed. More of them are one mistake made many times."""


class Validation(msgspec.Struct, frozen=True):
    """The result of checking the files: problems, warnings, and symbols that the broker does not know."""

    valid: bool
    mode: str
    accounts: tuple[str, ...]
    confirm_mode: str
    problems: tuple[Finding[InFile], ...]
    warnings: tuple[Finding[InFile], ...]
    broker_problems: tuple[str, ...]


def render_validation_json(found: Validation) -> str:
    """Return the result as an indented JSON document."""
    answer = msgspec.structs.asdict(found) | {
        "problems": [_fields(problem) for problem in found.problems],
        "warnings": [_fields(warning) for warning in found.warnings],
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode()


def _fields(finding: Finding[InFile]) -> dict[str, object]:
    where = finding.where
    return {
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "message": finding.sentence,
        "severity": finding.severity,
        "section": where.section,
        "may_protect": finding.code == MAY_PROTECT,
    }


def render_input_error(error: InputError) -> str:
    """Return the problems, one a line: the first ``MOST_SHOWN`` of each file, and the number of the others."""
    by_file: dict[str, list[Finding[InFile]]] = {}
    for finding in error.findings:
        by_file.setdefault(finding.where.file, []).append(finding)
    lines = ["the input files cannot be used."]
    for file, found in by_file.items():
        lines += map(marked, found[:MOST_SHOWN])
        if (more := len(found) - MOST_SHOWN) > 0:
            lines.append(f"{file}: and {more} more; `rebal validate --json` lists them all")
    return "\n  ".join(lines)
