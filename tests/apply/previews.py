"""Previews of one small account in a market that can be changed symbol by symbol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from rebalplan.apply.funding import Funds
from rebalplan.apply.gate import Sent
from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import AnyRecord
from rebalplan.apply.preview import Preview, Situation, build_preview
from rebalplan.core.money import ZERO
from tests.apply.journal.support import PLAN
from tests.apply.support import AT, market_quote
from tests.builders import con_id_of

D = Decimal
SYMBOLS = ("BND", "QQQ", "VTI")


def situation(changes: Mapping[str, dict[str, Any]] | None = None, **fields: Any) -> Situation:
    """Return a market in which everything can be sent, but for the ``changes`` of quotes by symbol."""
    quotes = {symbol: market_quote(symbol, con_id=con_id_of(symbol)) for symbol in SYMBOLS}
    for symbol, change in (changes or {}).items():
        quotes[symbol] = msgspec.structs.replace(quotes[symbol], **change)
    made = Situation(
        quotes=quotes,
        now=AT,
        expires_at=AT + timedelta(hours=5),
        closes_at=AT + timedelta(hours=4),
        net_liquidation_usd=D(10000),
        funds=Funds(cash=D(1010), floor=ZERO, reserved=ZERO, exposure_room=D(5000)),
        sent=Sent((), 0, ZERO, ZERO),
    )
    return msgspec.structs.replace(made, **fields)


def seen(changes: Mapping[str, dict[str, Any]] | None = None, *records: AnyRecord, **fields: Any) -> Preview:
    return build_preview(fold(PLAN, records).of("DU1"), situation(changes, **fields))


def sent(preview: Preview) -> dict[str, Decimal]:
    """Return what may be sent, by symbol."""
    return {line.order.symbol: line.order.quantity for line in (*preview.sells, *preview.buys)}


def why(preview: Preview, reference: str) -> str:
    return next(line.why for line in preview.lines if line.reference == reference)
