"""What checking a plan found: the one value that every format of ``rebal verify`` is made from."""

from __future__ import annotations

import msgspec

from rebalplan.apply.live import LiveFinding
from rebalplan.core.errors import PlanFileCode, PlanFileError
from rebalplan.plan.verify import Finding

_FIELDS: dict[PlanFileCode, str] = {"RB103": "format_version", "RB105": "sha256", "RB106": "id"}


class Checked(msgspec.Struct, frozen=True):
    """Everything that was found, in the order of the JSON answer.

    ``plan`` is the id, ``None`` for a file that is no plan. ``unread`` says per account why the broker could not
    be asked about it.
    """

    plan: str | None
    findings: tuple[Finding, ...]
    live: tuple[LiveFinding, ...]
    unread: dict[str, str]


def refused_file(error: PlanFileError) -> Checked:
    """Return what a check that ended with reading the file found."""
    finding = Finding(error.code, "", _FIELDS.get(error.code, ""), "", "", str(error))
    return Checked(None, (finding,), (), {})
