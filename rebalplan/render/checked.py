"""The findings of a check of a plan: the value behind every format of ``rebal verify``."""

from __future__ import annotations

import msgspec

from rebalplan.core.errors import PlanFileError
from rebalplan.core.finding import Finding, InPlan


class Checked(msgspec.Struct, frozen=True):
    """All findings, in the order of the JSON answer.

    ``plan`` is the id, ``None`` for a file that is no plan. ``live`` are differences between plan and account.
    ``unread`` has the reason for each account that could not be read.
    """

    plan: str | None
    findings: tuple[Finding[InPlan], ...]
    live: tuple[Finding[InPlan], ...]
    unread: dict[str, str]


def refused_file(error: PlanFileError) -> Checked:
    """Return the result of a check that could not read the file."""
    return Checked(None, (error.finding,), (), {})
