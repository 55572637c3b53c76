"""The keys for faults of a scenario, and its faults that were reached, as text and JSON."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence

import msgspec

from rebalplan.sim import FaultKey, FaultView

_WIDTH = 80


def render_keys(keys: Sequence[FaultKey]) -> str:
    """Return every key by group and table: its type, its effect, an example."""
    parts = []
    for group, members in itertools.groupby(keys, key=lambda key: key.group):
        parts.append(f"{group.capitalize()}\n{'=' * len(group)}")
        for _, found in itertools.groupby(members, key=lambda key: key.table):
            of_table = list(found)
            head = f"{of_table[0].table}  {of_table[0].table_about}"
            parts += [textwrap.fill(head, _WIDTH), *(_key(key) for key in of_table)]
    return "\n\n".join(parts)


def _key(key: FaultKey) -> str:
    head = textwrap.fill(f"{key.name}: {key.type}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
    about = textwrap.fill(key.about, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([head, about, textwrap.indent(key.example, "      ")])


def render_reached(faults: Sequence[FaultView], source: str) -> str:
    """Return the faults of a scenario: those that were reached, with their counts, then the others."""
    if not faults:
        return f"Faults of {source}: none."
    reached = [f"{_times(fault.reached)}: {_fault(fault)}" for fault in faults if fault.reached]
    never = [_fault(fault) for fault in faults if not fault.reached]
    lines = [f"Faults of {source} since its last reset", "", "Reached:", *(reached or ["none"])]
    lines += ["", "Never reached:", *(never or ["none"])]
    return "\n".join(_wrapped(line) for line in lines)


def _fault(fault: FaultView) -> str:
    return f"{fault.fault} ({fault.settings})"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _wrapped(line: str) -> str:
    return textwrap.fill(line, _WIDTH, subsequent_indent="  ", break_long_words=False)


def faults_as_json(keys: Sequence[FaultKey], faults: Sequence[FaultView]) -> str:
    """Return keys and faults as one JSON document."""
    document = msgspec.json.encode({"keys": keys, "faults": faults})
    return msgspec.json.format(document, indent=2).decode() + "\n"
