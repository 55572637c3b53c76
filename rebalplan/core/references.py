"""The order reference at the broker: it names the plan, the account, the line, and whether the order is a fallback.

``rb-<first 12 hex digits of the plan's hash>-a02-l07`` is the first order of a line. With ``-f`` behind it, it is the
plain market order that may follow for the rest. Positions count from 1; at most 40 ASCII characters.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

PLAN_DIGITS: Final = 12
"""The number of digits of a plan's hash in its id and its references."""

_FORM: Final = re.compile(rf"rb-([0-9a-f]{{{PLAN_DIGITS}}})-a(\d{{2,}})-l(\d{{2,}})(-f)?")
_FALLBACK: Final = "-f"


class OrderReference(msgspec.Struct, frozen=True):
    """One order of a plan; ``str`` gives the text that the broker keeps.

    ``plan`` are the first digits of the plan's hash; ``account`` and ``line`` are positions in the plan.
    """

    plan: str
    account: int
    line: int
    is_fallback: bool = False

    def __str__(self) -> str:
        """Return the reference as the broker keeps it."""
        last = _FALLBACK if self.is_fallback else ""
        return f"rb-{self.plan}-a{self.account:02d}-l{self.line:02d}{last}"


def order_reference(sha256: str, account: int, line: int) -> str:
    """Return the reference of a line's first order, from its position in the plan with this hash."""
    return str(OrderReference(sha256[:PLAN_DIGITS], account, line))


def parse_reference(text: str) -> OrderReference | None:
    """Return the parts of a reference, or ``None`` when the text is none."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return OrderReference(found[1], int(found[2]), int(found[3]), found[4] is not None)


def account_prefix(sha256: str, account: int) -> str:
    """Return the prefix of every reference of an account, also of kinds that a later version may add."""
    return f"rb-{sha256[:PLAN_DIGITS]}-a{account:02d}-l"


def is_ours(text: str) -> bool:
    """Tell whether a text from the broker begins like a reference of some plan."""
    return text.startswith("rb-")


def fallback_reference(reference: str) -> str:
    """Return the reference of the plain market order that may follow a line's first order."""
    return f"{reference}{_FALLBACK}"


def line_of(reference: str) -> str:
    """Return the reference of an order's plan line, which is that of the line's first order."""
    return reference.removesuffix(_FALLBACK)
