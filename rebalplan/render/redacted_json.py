"""A plan file without account ids and amounts: the same fields, ``null`` in place of what is not shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from rebalplan.codec import Envelope
from rebalplan.render.redaction import LEVERAGE_STEP, Redaction

_PERCENT = ("_pct", "_bps")
_PRICES = frozenset({"price", "bid", "ask", "last", "close", "max_leverage"})
_LEVERAGES = frozenset({"leverage_before", "leverage_after"})
_SENTENCES = frozenset({"reasons", "problem", "description"})
_HIDDEN = frozenset({"order_ref", "perm_id"})


def render_redacted_json(envelope: Envelope, redaction: Redaction) -> str:
    """Return the document, indented, with ``"redacted": true`` at its head; it is no plan file any more."""
    shown = {"redacted": True, "id": envelope.id, "plan": _redact(envelope.plan, "plan", redaction)}
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"


def _redact(value: Any, name: str, redaction: Redaction) -> Any:
    """Return what may be shown of a field; decimals only where the name says that they are no amount."""
    match value:
        case msgspec.Struct():
            return {
                field: _redact(getattr(value, field), field, redaction) for field in value.__struct_fields__
            }
        case tuple():
            return [_redact(item, name, redaction) for item in value]
        case _ if name in _HIDDEN:
            return None
        case Decimal():
            return _decimal(value, name, redaction)
        case str() if name == "account":
            return redaction.account(value)
        case str() if name in _SENTENCES:
            return redaction.text(value)
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return value


def _decimal(value: Decimal, name: str, redaction: Redaction) -> str | None:
    if name in _PRICES:
        return str(value)
    if name in _LEVERAGES:
        return str(redaction.share(value, LEVERAGE_STEP))
    return str(redaction.share(value)) if name.endswith(_PERCENT) else None
