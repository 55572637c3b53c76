"""Hides account ids and absolute amounts of a plan, or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from rebalplan.core.money import CENT, quantize
from rebalplan.plan.document import Plan

_NUMBER = re.compile(r"[-+]?\d[\d.,]*(?<![.,])(?!%|[\d.,]*\d%)")
"""A number that is no percentage."""

MASK = "***"
LEVERAGE_STEP = Decimal("0.001")


class Redaction(msgspec.Struct, frozen=True):
    """The names of accounts, and whether amounts and quantities are hidden.

    Prices, percentages and leverage are always shown. When redacted, they are rounded to 0.01 (leverage to 0.001),
    because exact percentages of whole shares would reveal the account's value.
    """

    names: Mapping[str, str]
    is_on: bool

    def account(self, account: str) -> str:
        """Return the account's name."""
        return self.names.get(account, account)

    def amount(self, value: Decimal) -> Decimal | None:
        """Return dollars or shares, or ``None`` when redacted."""
        return None if self.is_on else value

    def percentage(self, value: Decimal, step: Decimal = CENT) -> Decimal:
        """Return a percentage, or a leverage."""
        return quantize(value, step) if self.is_on else value

    def text(self, text: str) -> str:
        """Return a sentence without account ids and without any number but percentages."""
        if not self.is_on:
            return text
        ids = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True))
        named = re.split(rf"\b({ids})\b", text) if ids else [text]
        return "".join(
            self.names[part] if at % 2 else _NUMBER.sub(MASK, part) for at, part in enumerate(named)
        )


NOTHING = Redaction({}, is_on=False)


def redaction_of(*plans: Plan) -> Redaction:
    """Return the redaction that names the accounts A1, A2, … in the order of the plans and hides amounts."""
    ids = list(dict.fromkeys(account.account for plan in plans for account in plan.accounts))
    width = len(str(len(ids)))
    names = {account: f"A{number:0{width}}" for number, account in enumerate(ids, start=1)}
    return Redaction(names, is_on=True)
