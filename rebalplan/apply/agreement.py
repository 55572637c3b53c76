"""Compares the preview that a person agreed to with the one made after the answer. Pure.

Quotes move while somebody reads. rebal sends no line that the person was not shown, and no more of a line than that.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from rebalplan.apply.preview import Preview, PreviewLine
from rebalplan.core.money import ZERO, divide


def got_worse(agreed: Preview, now: Preview, min_order_usd: Decimal) -> tuple[str, ...]:
    """Return a sentence for each line of which less would be sent than the person agreed to.

    The payable part moves with every quote. It counts as worse from a loss of the account's minimum order, or of a
    tenth of the line, the smaller of the two.
    """
    before = {line.reference: line for line in agreed.lines}
    return tuple(
        f"{line.planned.action} {line.planned.symbol}: {line.why or 'cash pays for less of it'}"
        for line in now.lines
        if line.reference in before and _is_worse(before[line.reference], line, min_order_usd)
    )


def _is_worse(agreed: PreviewLine, now: PreviewLine, min_order_usd: Decimal) -> bool:
    if now.quantity < agreed.quantity:
        return True
    lost = max(ZERO, min(agreed.payable, now.quantity) - now.payable) * now.planned.price
    return lost > 0 and lost >= min(min_order_usd, divide(now.planned.value_usd, Decimal(10)))


def as_agreed(agreed: Preview, now: Preview) -> Preview:
    """Return ``now`` with no line larger than agreed. A line that the person was not shown is left out."""
    before = {line.reference: line for line in agreed.lines}
    lines = [
        line
        if line.reference in before and line.quantity <= before[line.reference].quantity
        else _capped(line, before.get(line.reference))
        for line in now.lines
    ]
    return msgspec.structs.replace(now, lines=tuple(lines))


def _capped(line: PreviewLine, agreed: PreviewLine | None) -> PreviewLine:
    if agreed is None:
        return msgspec.structs.replace(
            line,
            quantity=ZERO,
            payable=ZERO,
            why="it was not shown when the account was confirmed",
            is_refused=True,
        )
    return msgspec.structs.replace(
        line,
        quantity=agreed.quantity,
        payable=min(line.payable, agreed.quantity),
        why=agreed.why,
        is_refused=agreed.is_refused,
    )
