"""Read ``[orders]`` and the ``[[behaviour]]`` tables of a scenario."""

from __future__ import annotations

import re
from typing import Final, cast, get_args

from rebalplan.sim import order_model as model
from rebalplan.sim.order_texts import OrderCode, text_of
from rebalplan.sim.script import SEQUENCE_WORDS
from rebalplan.sim.toml_table import Table

_NO_MASTER: Final = -1
_NEVER: Final = -1
_MAX_PARTS: Final = 1000
_MAX_SHIFT_BPS: Final = 9_999
_NOTICE: Final = re.compile(r"\d{1,6}( .*)?\Z", re.DOTALL)
_WAIT: Final = re.compile(r"wait \d{1,6}(\.\d{1,6})?\Z")


def read_order_settings(table: Table) -> model.OrderSettings:
    """Return what applies to every order; what is wrong is recorded as the table's problems."""
    settings = model.OrderSettings(
        slippage_bps=table.decimal("slippage_bps", "0"),
        market_impact_bps=table.decimal("market_impact_bps", "0"),
        commission_per_share=table.decimal("commission_per_share", "0.005"),
        commission_minimum=table.decimal("commission_minimum", "1.00"),
        master_client_id=table.integer("master_client_id", _NO_MASTER, low=_NO_MASTER),
        roll_back_ids=table.boolean("roll_back_ids", default=False),
    )
    _check_numbers(table, settings)
    table.finish()
    return settings


def read_behaviour(table: Table, settings: model.OrderSettings) -> model.Behaviour:
    """Return one behaviour; what is wrong is recorded as the table's problems."""
    code = table.integer("code", 0)
    behaviour = model.Behaviour(
        on=cast(model.BehaviourKind, table.text("on", "order", get_args(model.BehaviourKind))),
        account=table.text("account", ""),
        symbol=table.text("symbol", ""),
        side=table.text("side", "", ("", "BUY", "SELL")),
        algo=cast(model.AlgoFilter, table.text("algo", "", get_args(model.AlgoFilter))),
        occurrence=table.integer("occurrence", 0),
        code=code,
        text=table.text("text", text_of(code) if code else ""),
        silence=cast(model.Silence, table.text("silence", "", get_args(model.Silence))),
        sequence=table.texts("sequence") or model.DEFAULT_SEQUENCE,
        parts=table.integer("parts", 1, low=1, high=_MAX_PARTS),
        fills=table.integer("fills", _MAX_PARTS, high=_MAX_PARTS),
        after_sec=table.decimal("after_sec", "0"),
        commission_after_sec=table.decimal("commission_after_sec", "0"),
        visible_after_sec=table.decimal("visible_after_sec", "0"),
        slippage_bps=table.decimal("slippage_bps", str(settings.slippage_bps)),
        commission_per_share=table.decimal("commission_per_share", str(settings.commission_per_share)),
        commission_minimum=table.decimal("commission_minimum", str(settings.commission_minimum)),
        correction_bps=table.decimal("correction_bps", "0"),
        time_zone_text=table.text("time_zone_text", ""),
        hang_up_after=table.integer("hang_up_after", _NEVER, low=_NEVER),
        cancel=cast(model.CancelOutcome, table.text("cancel", "", get_args(model.CancelOutcome))),
    )
    _check_numbers(table, behaviour)
    _check_sequence(table, behaviour)
    _check_kind(table, behaviour)
    table.finish()
    return behaviour


def plain_behaviour(settings: model.OrderSettings) -> model.Behaviour:
    """Return what an order does that no behaviour of the scenario is for."""
    return read_behaviour(Table({}, "", []), settings)


def _check_numbers(table: Table, settings: model.OrderSettings | model.Behaviour) -> None:
    for key in settings.__struct_fields__:
        value = getattr(settings, key)
        if key.endswith("_bps") and abs(value) > _MAX_SHIFT_BPS:
            table.problem(key, f"expected basis points between -{_MAX_SHIFT_BPS} and {_MAX_SHIFT_BPS}")
        elif key.endswith("_sec") and value < 0:
            table.problem(key, "expected 0 or more seconds")
        elif key.startswith("commission_") and value < 0:
            table.problem(key, "expected 0 or more")


def _check_sequence(table: Table, behaviour: model.Behaviour) -> None:
    for word in behaviour.sequence:
        if word not in SEQUENCE_WORDS and not _NOTICE.match(word) and not _WAIT.match(word):
            known = ", ".join(SEQUENCE_WORDS)
            table.problem("sequence", f'expected {known}, "wait 1.5" or a code such as "404", found {word!r}')


def _check_kind(table: Table, behaviour: model.Behaviour) -> None:
    if behaviour.on != "cancel" and behaviour.cancel:
        table.problem("cancel", 'is for behaviours with on = "cancel"')
    if behaviour.cancel == "refused" and not behaviour.code:
        table.problem("code", f"is required, such as {OrderCode.NOT_CANCELLABLE:d}")
