"""A plan file without account ids and amounts: the same fields, with ``null`` for hidden values."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from rebalplan.core.policy import Policy
from rebalplan.plan.codec import Envelope
from rebalplan.render.redaction import LEVERAGE_STEP, Redaction

_PERCENT = ("_pct", "_bps")
_AS_WRITTEN = frozenset({"price", "bid", "ask", "last", "close", "target_pct", "cash_target_pct"})
_LEVERAGES = frozenset({"leverage_before", "leverage_after"})
_SENTENCES = frozenset({"reasons", "problem", "notice", "description"})
_HIDDEN = frozenset({"order_ref", "perm_id"})


def render_redacted_json(envelope: Envelope, redaction: Redaction) -> str:
    """Return the document, indented, with ``"redacted": true`` at its head; it is no plan file any more."""
    shown = {"redacted": True, "id": envelope.id, "plan": _redact(envelope.plan, "plan", redaction)}
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"


def _redact(value: Any, name: str, redaction: Redaction) -> Any:
    """Return the visible part of a field. Decimals are visible only when their name is no amount's."""
    match value:
        case Policy():
            return {section: _settings(getattr(value, section)) for section in value.__struct_fields__}
        case msgspec.Struct():
            return {field: _redact(getattr(value, field), field, redaction) for field in _written(value)}
        case tuple():
            return [_redact(item, name, redaction) for item in value]
        case _ if name in _HIDDEN:
            return None
        case Decimal():
            return _decimal(value, name, redaction)
        case str():
            return _text(value, name, redaction)
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return value


def _written(value: msgspec.Struct) -> tuple[str, ...]:
    """Return the fields in the plan file. Some structs leave out empty ones."""
    if not value.__struct_config__.omit_defaults:
        return value.__struct_fields__
    return tuple(msgspec.to_builtins(value))


def _text(value: str, name: str, redaction: Redaction) -> str:
    if name == "account":
        return redaction.account(value)
    return redaction.text(value) if name in _SENTENCES else value


def _settings(section: msgspec.Struct) -> dict[str, Any]:
    """Return settings without their amounts. Chosen percentages stay: they do not reveal the account's size."""
    settings = ((name, getattr(section, name)) for name in section.__struct_fields__)
    return {name: _setting(value, name) for name, value in settings}


def _setting(value: Any, name: str) -> Any:
    if isinstance(value, Decimal):
        return str(value) if name.endswith(_PERCENT) or name == "max_leverage" else None
    return value


def _decimal(value: Decimal, name: str, redaction: Redaction) -> str | None:
    if name in _AS_WRITTEN:
        return str(value)
    if name in _LEVERAGES:
        return str(redaction.percentage(value, LEVERAGE_STEP))
    return str(redaction.percentage(value)) if name.endswith(_PERCENT) else None
