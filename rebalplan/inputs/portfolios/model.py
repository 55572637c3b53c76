"""The content of portfolios.csv."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from rebalplan.core.text import folded


class Allocation(msgspec.Struct, frozen=True):
    """A symbol's share of a model, in percent."""

    symbol: str
    pct: Decimal


class Model(msgspec.Struct, frozen=True):
    """One column: every listed symbol in file order, zeros included, and CASH apart.

    ``cash_pct`` is negative when the model uses margin. ``column`` is the model's column in the file.
    """

    name: str
    allocations: tuple[Allocation, ...]
    cash_pct: Decimal
    column: int = 0


class Portfolios(msgspec.Struct, frozen=True):
    """The whole file. ``symbols`` are in file order, without CASH; ``cash_line`` is 0 without a CASH row."""

    path: Path
    symbols: tuple[str, ...]
    models: tuple[Model, ...]
    cash_line: int = 0

    def model(self, name: str) -> Model:
        """Return the model of that name in any case; raises KeyError when the file has none."""
        for model in self.models:
            if folded(model.name) == folded(name):
                return model
        raise KeyError(name)
