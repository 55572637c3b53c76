"""Reads at the broker, each over a fresh connection, and again after a growing pause. Nothing here sends or records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

import msgspec

from rebalplan.core.errors import AccountError, BrokerError, UnreachableError
from rebalplan.core.ports import Clock, Progress
from rebalplan.core.vocabulary import Endpoint
from rebalplan.inputs.settings import AccountSettings, AccountsSettings
from rebalplan.plan.retries import retried

Link = TypeVar("Link")
Result = TypeVar("Result")


class Read(msgspec.Struct, Generic[Result], frozen=True):
    """One account's read: ``value`` when ``error`` is ``None``.

    ``is_reached`` tells whether a connection to the account's gateway succeeded, for this account or an earlier one.
    """

    value: Result | None
    error: AccountError | BrokerError | None
    is_reached: bool


class BrokerReader(Generic[Link]):
    """Reads with the retries of ``[accounts]``. ``connect`` opens a connection with a fresh client.

    A function that is given to read may be called several times: it must neither send an order nor write a record.
    """

    def __init__(
        self,
        connect: Callable[[Endpoint], AbstractContextManager[Link]],
        clock: Clock,
        pace: AccountsSettings,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._pace = pace

    def read(self, endpoint: Endpoint, ask: Callable[[Link], Result], retries: int | None = None) -> Result:
        """Connect and return what ``ask`` returns; while the gateway cannot be reached, do both again.

        ``retries`` replaces the setting of this name. Raises the last error.
        """

        def attempt() -> Result:
            with self._connect(endpoint) as link:
                return ask(link)

        return retried(attempt, self._pace, self._clock, self._pace.retries if retries is None else retries)

    def read_each(
        self,
        accounts: Sequence[AccountSettings],
        ask: Callable[[Link, str], Result],
        progress: Progress = lambda _step: None,
    ) -> tuple[Read[Result], ...]:
        """Read the accounts one after the other, ``pacing_sec`` apart; the error of one stops no other.

        Nobody waits for a dead gateway once per account: after an account whose retries were all in vain the next one
        is tried once, and not at all when no connection to its gateway ever succeeded.
        """
        last: dict[Endpoint, Read[Result]] = {}
        reads = []
        for position, account in enumerate(accounts):
            if position:
                self._clock.sleep(float(self._pace.pacing_sec))
            progress(f"reading {account.account} ({position + 1} of {len(accounts)})")
            last[account.endpoint] = self._read_one(account, ask, last.get(account.endpoint))
            reads.append(last[account.endpoint])
        return tuple(reads)

    def _read_one(
        self, account: AccountSettings, ask: Callable[[Link, str], Result], before: Read[Result] | None
    ) -> Read[Result]:
        if before is not None and not before.is_reached:
            return before
        is_reached = before is not None
        retries = 0 if before is not None and isinstance(before.error, UnreachableError) else None

        def ask_account(link: Link) -> Result:
            nonlocal is_reached
            is_reached = True
            return ask(link, account.account)

        try:
            return Read(self.read(account.endpoint, ask_account, retries), None, is_reached=True)
        except (AccountError, BrokerError) as error:
            return Read(None, error, is_reached)


def require_someone_reached(reads: Sequence[Read[Result]]) -> None:
    """Raise the first error when no connection to any gateway succeeded."""
    error = next((read.error for read in reads), None)
    if error is not None and not any(read.is_reached for read in reads):
        raise error
