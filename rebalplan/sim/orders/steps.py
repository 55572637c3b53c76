"""What is still to happen to an order: its script is a row of these steps, which a state file can keep."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Fill(msgspec.Struct, frozen=True, tag=True):
    """So many shares execute."""

    shares: Decimal


class Correct(msgspec.Struct, frozen=True, tag=True):
    """The price of the last execution is corrected."""


class ShowFills(msgspec.Struct, frozen=True, tag=True):
    """Lists show the executions that were hidden."""


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """The order ends; ``reason`` is empty when the client asked for it."""

    reason: str


class LateFill(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Shares execute after the cancel before it; the seconds count from the cancel on.

    Lists show the execution ``listed_after_sec`` later. Its own message comes ``told_after_sec`` later, -1 for never.
    ``label`` is the table of the scenario that asked for it.
    """

    label: str
    shares: Decimal
    listed_after_sec: Decimal
    told_after_sec: Decimal


class Wait(msgspec.Struct, frozen=True, tag=True):
    """The next step comes so many seconds later."""

    sec: Decimal


class Disconnect(msgspec.Struct, frozen=True, tag=True):
    """The gateway hangs up on the client that placed the order."""


class SendOpenOrder(msgspec.Struct, frozen=True, tag=True):
    """Send openOrder; ``is_new``: as the order was before any fill."""

    is_new: bool = False


class SendStatus(msgspec.Struct, frozen=True, tag=True):
    """Send orderStatus; ``is_new``: as the order was before any fill."""

    is_new: bool = False


class SendExecution(msgspec.Struct, frozen=True, tag=True):
    """Send the order's nth execution, counted from 1."""

    number: int


class SendCommission(msgspec.Struct, frozen=True, tag=True):
    """Send the commission of the order's nth execution, counted from 1."""

    number: int


class SendNotice(msgspec.Struct, frozen=True, tag=True):
    """Send an error or a notice about the order."""

    code: int
    text: str


OrderMessage = SendOpenOrder | SendStatus | SendExecution | SendCommission | SendNotice
Step = Fill | Correct | ShowFills | Cancel | LateFill | Wait | Disconnect | OrderMessage
Script = tuple[Step, ...]

ACKNOWLEDGEMENT: tuple[OrderMessage, ...] = (SendOpenOrder(is_new=True), SendStatus(is_new=True))


class LateShares(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a scenario's table that let shares execute after a cancel; ``label`` is the table."""

    late_shares: Decimal
    late_listed_after_sec: Decimal
    late_told_after_sec: Decimal
    label: str = ""

    @property
    def late_fill(self) -> tuple[LateFill, ...]:
        """Return the step behind the cancel, none without such shares."""
        if not self.late_shares:
            return ()
        late = LateFill(
            label=self.label,
            shares=self.late_shares,
            listed_after_sec=self.late_listed_after_sec,
            told_after_sec=self.late_told_after_sec,
        )
        return (late,)
