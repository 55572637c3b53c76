"""Model weights: [models] and the ``models`` key of an account."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from rebalplan.core.money import ONE, ZERO, canonical, exact_sum, from_pct
from rebalplan.core.text import folded
from rebalplan.inputs.findings import Findings
from rebalplan.inputs.settings.lines import Entry, Section
from rebalplan.inputs.settings.model import ModelWeight
from rebalplan.inputs.settings.values import ValueRefusedError, parse_number
from rebalplan.inputs.wording import bare, shown

SUM_TOLERANCE = Decimal("0.001")
"""The tolerance of the sum: three weights of 0.333 are meant to be 1."""

_ALLOWED = "allowed is a weight from 0 to 1, or a percentage such as 40%"


class _Line(msgspec.Struct, frozen=True):
    """One line ``model = weight``."""

    model: str
    text: str
    line: int


def read_models(section: Section, findings: Findings) -> tuple[ModelWeight, ...]:
    """Return the weights of [models] in file order, empty when the section has none."""
    lines = [_Line(entry.name, entry.text, entry.line) for entry in section.entries]
    return _weights(lines, "[models]", section.line, findings)


def read_override(entry: Entry, title: str, findings: Findings) -> tuple[ModelWeight, ...]:
    """Return the weights of an account's ``models = smurf:0.2, gltr:0.8``."""
    lines: list[_Line] = []
    for part in entry.parts:
        for item in filter(None, (piece.strip() for piece in part.text.split(","))):
            name, separator, weight = (piece.strip() for piece in item.rpartition(":"))
            if separator and name:
                lines.append(_Line(name, weight, part.line))
            else:
                findings.error(
                    f"{shown(item)} in models is no model with its weight; write it as smurf:0.2",
                    line=part.line,
                )
    if not lines:
        findings.error(
            f"models of [{bare(title)}] names no model; write models = smurf:0.2, gltr:0.8", line=entry.line
        )
    return _weights(lines, f"models of [{bare(title)}]", entry.line, findings)


def _weights(lines: list[_Line], where: str, line: int, findings: Findings) -> tuple[ModelWeight, ...]:
    weights: dict[str, ModelWeight] = {}
    first_lines: dict[str, int] = {}
    complete = bool(lines)
    for item in lines:
        weight = _weight(item, findings)
        key = folded(item.model)
        if key in weights:
            lines_of = f"lines {first_lines[key]} and {item.line}"
            findings.error(
                f"model {bare(item.model)} is given twice, on {lines_of}; keep one", line=item.line
            )
            complete = False
        elif weight is None:
            complete = False
        else:
            weights[key] = ModelWeight(item.model, weight)
            first_lines[key] = item.line
    if complete:
        _check_sum(list(weights.values()), where, line, findings)
    return tuple(weights.values())


def _weight(item: _Line, findings: Findings) -> Decimal | None:
    """Return the text as a fraction, or ``None`` after noting the error."""
    is_percent = item.text.endswith("%")
    hint = ""
    try:
        number = parse_number(item.text[:-1].rstrip() if is_percent else item.text)
    except ValueRefusedError as refusal:
        hint = f"{refusal}; "
    else:
        weight = canonical(from_pct(number) if is_percent else number)
        if ZERO <= weight <= ONE:
            return weight
    findings.error(f"weight of {bare(item.model)} = {shown(item.text)}: {hint}{_ALLOWED}", line=item.line)
    return None


def _check_sum(weights: list[ModelWeight], where: str, line: int, findings: Findings) -> None:
    total = exact_sum(weight.weight for weight in weights)
    if abs(total - ONE) > SUM_TOLERANCE:
        findings.error(
            f"the weights of {where} sum to {total:f}; they must sum to 1 (± {SUM_TOLERANCE})", line=line
        )
