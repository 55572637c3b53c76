"""One phase of an account as the executor sees it: the orders on offer, and the gate that each must pass."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from rebalplan.core.errors import RefusedError
from rebalplan.core.orders import OrderTicket


class Offers(Protocol):
    """The orders that one phase, the sells or the buys, wants to send."""

    def prepare(self) -> None:
        """Prepare the first offer, as by reading the account; may take seconds."""
        ...

    def next(self) -> OrderTicket | None:
        """Return the next order to send now, or ``None``; takes no time."""
        ...

    def is_over(self) -> bool:
        """Tell whether no order is left to offer. The end of a working order may add its rest."""
        ...

    def has_rest(self) -> bool:
        """Tell whether the rest of an order is on offer."""
        ...


class Gate(Protocol):
    """The last check before an order leaves."""

    def refresh(self) -> None:
        """Ask for quotes again when they are old; may take seconds."""
        ...

    def approve(self, ticket: OrderTicket) -> Decimal | None:
        """Return the price in USD that slippage is measured against, or ``None`` when the order was refused."""
        ...


class NoOffers:
    """No orders: a recovery only follows earlier ones."""

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
        raise RefusedError(
            f"a recovery must send nothing, not even {ticket.reference}: a defect", code="RB617"
        )
