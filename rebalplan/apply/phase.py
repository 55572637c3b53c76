"""One phase of an account as the executor sees it: the orders on offer, and the gate that each must pass."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from rebalplan.core.errors import RefusedError
from rebalplan.core.orders import OrderTicket


class Offers(Protocol):
    """The orders that one phase, the sells or the buys, wants to send."""

    def prepare(self) -> None:
        """Do what must be done before the first of it is offered; may take seconds."""
        ...

    def next(self) -> OrderTicket | None:
        """Return what may be sent now, or ``None``; takes no time."""
        ...

    def is_over(self) -> bool:
        """Tell whether nothing more is offered unless an order that is under way dies."""
        ...

    def has_rest(self) -> bool:
        """Tell whether the rest of a dead order is among what is offered."""
        ...


class Gate(Protocol):
    """The last check before an order leaves."""

    def refresh(self) -> None:
        """Ask for quotes again when they are old; may take seconds."""
        ...

    def approve(self, ticket: OrderTicket) -> Decimal | None:
        """Return the price to measure slippage against, or ``None`` after naming the refusal."""
        ...


class NoOffers:
    """Nothing to send: a recovery only follows."""

    def prepare(self) -> None:
        """Prepare nothing."""

    def next(self) -> OrderTicket | None:
        """Offer nothing."""
        return None

    def is_over(self) -> bool:
        """Tell that nothing is offered."""
        return True

    def has_rest(self) -> bool:
        """Tell that nothing is offered."""
        return False


class ClosedGate:
    """Lets no order pass: a recovery must send nothing."""

    def refresh(self) -> None:
        """Ask for nothing."""

    def approve(self, ticket: OrderTicket) -> Decimal | None:
        """Refuse every order as a defect."""
        raise RefusedError(f"a recovery must send nothing, not even {ticket.reference}: a defect")
