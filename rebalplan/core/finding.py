"""A finding is one result of a check, as data: of an input file, of a plan, or at the broker.

Codes are stable and ``docs/findings.md`` lists each of them. ``render`` and ``rebalplan.core.errors`` turn
findings into text.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

import msgspec

InputCode = Literal["RB001", "RB002", "RB003", "RB004", "RB005"]
PlanFileCode = Literal["RB101", "RB102", "RB103", "RB104", "RB105", "RB106", "RB107"]
PlanCode = Literal[
    "RB201",
    "RB202",
    "RB301",
    "RB302",
    "RB303",
    "RB304",
    "RB305",
    "RB306",
    "RB401",
    "RB402",
    "RB403",
    "RB404",
    "RB405",
]
LiveCode = Literal[
    "RB501",
    "RB502",
    "RB503",
    "RB504",
    "RB505",
    "RB506",
    "RB507",
    "RB508",
    "RB509",
    "RB510",
    "RB511",
    "RB512",
]
RefusalCode = Literal[
    "RB601",
    "RB602",
    "RB603",
    "RB604",
    "RB605",
    "RB606",
    "RB607",
    "RB608",
    "RB609",
    "RB610",
    "RB611",
    "RB612",
    "RB613",
    "RB614",
    "RB615",
    "RB616",
    "RB617",
]
Code = Literal[InputCode, PlanFileCode, PlanCode, LiveCode, RefusalCode]

Severity = Literal["error", "warning", "note"]
"""The effect of a finding. error: the file, the plan or the account is refused. warning: one of its lines is left out
or has no effect. note: none."""


class InPlan(msgspec.Struct, frozen=True):
    """A field of a plan. ``account`` is empty when the finding concerns the whole plan or its file."""

    account: str
    field: str


class InFile(msgspec.Struct, frozen=True):
    """A place in an input file.

    ``line`` and ``column`` count from 1; 0 means the whole file or the whole line. ``section`` is the section of
    settings.ini, or empty.
    """

    file: str
    line: int
    column: int
    section: str = ""

    def __str__(self) -> str:
        """Return ``file:line:column`` without the parts that are 0."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


Place = TypeVar("Place", InPlan, InFile)


class Finding(msgspec.Struct, Generic[Place], frozen=True, kw_only=True):
    """One finding: its message, its place, and the way out.

    ``planned``, ``now`` and ``tolerance`` are the compared values as text, empty without a comparison. ``way_out`` is
    empty when the message ends with it or the user need do nothing.
    """

    code: Code
    severity: Severity
    where: Place
    message: str
    planned: str = ""
    now: str = ""
    tolerance: str = ""
    way_out: str = ""

    @property
    def sentence(self) -> str:
        """Return the message and the way out."""
        return f"{self.message}: {self.way_out}" if self.way_out else self.message

    @property
    def coded(self) -> str:
        """Return the sentence after its code."""
        return f"{self.code} {self.sentence}"
