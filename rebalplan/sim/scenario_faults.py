"""Read the ``[[fault]]`` tables of a scenario."""

from __future__ import annotations

from typing import cast, get_args

from rebalplan.sim import model
from rebalplan.sim.faults import CONNECT
from rebalplan.sim.requests import ACCOUNT_REQUESTS, REQUEST_NAMES, SYMBOL_REQUESTS
from rebalplan.sim.toml_table import Table

_CONNECT_ACTIONS = ("silent", "hang_up", "delay", "garbage")
_DEFAULT_CODE = 321
_DEFAULT_TEXT = "Error validating request.-'sim' : cause - A fault of the scenario."


def read_fault(table: Table) -> model.Fault:
    """Return one fault; what is wrong is recorded as the table's problems."""
    request = table.text("request", choices=(CONNECT, *REQUEST_NAMES))
    actions = _CONNECT_ACTIONS if request == CONNECT else get_args(model.FaultAction)
    action = cast(model.FaultAction, table.text("action", choices=actions))
    fault = model.Fault(
        request=request,
        action=action,
        account=table.text("account", ""),
        symbol=table.text("symbol", ""),
        occurrence=table.integer("occurrence", 0, low=0),
        code=table.integer("code", _DEFAULT_CODE, low=1),
        text=table.text("text", _DEFAULT_TEXT),
        delay_sec=table.decimal("seconds", "0" if action != "delay" else None),
    )
    if fault.account and request not in ACCOUNT_REQUESTS:
        table.problem("account", f"the request {request} names no account")
    if fault.symbol and request not in SYMBOL_REQUESTS:
        table.problem("symbol", f"the request {request} names no symbol")
    if fault.delay_sec < 0:
        table.problem("seconds", "expected 0 or more seconds")
    table.finish()
    return fault
