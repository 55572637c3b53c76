"""What checking a plan found: the one value that every format of ``rebal verify`` is made from."""

from __future__ import annotations

import msgspec

from rebalplan.core.errors import PlanFileError
from rebalplan.core.finding import Finding, InPlan


class Checked(msgspec.Struct, frozen=True):
    """Everything that was found, in the order of the JSON answer.

    ``plan`` is the id, ``None`` for a file that is no plan. ``live`` are differences between plan and account.
    ``unread`` says per account why the broker could not be asked about it.
    """

    plan: str | None
    findings: tuple[Finding[InPlan], ...]
    live: tuple[Finding[InPlan], ...]
    unread: dict[str, str]


def refused_file(error: PlanFileError) -> Checked:
    """Return what a check that ended with reading the file found."""
    return Checked(None, (error.finding,), (), {})
