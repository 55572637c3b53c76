"""The faults that are written down, a file for each theme."""

from __future__ import annotations

from tests.mutants.lists.account import ACCOUNT
from tests.mutants.lists.disk import DISK
from tests.mutants.lists.evidence import EVIDENCE
from tests.mutants.lists.gate import GATE
from tests.mutants.lists.journal import JOURNAL
from tests.mutants.lists.looking import LOOKING
from tests.mutants.lists.planning import PLANNING
from tests.mutants.lists.reports import REPORTS
from tests.mutants.lists.resuming import RESUMING
from tests.mutants.lists.sending import SENDING
from tests.mutants.lists.wire import WIRE
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *PLANNING,
    *GATE,
    *LOOKING,
    *SENDING,
    *EVIDENCE,
    *RESUMING,
    *ACCOUNT,
    *JOURNAL,
    *DISK,
    *WIRE,
    *REPORTS,
)
