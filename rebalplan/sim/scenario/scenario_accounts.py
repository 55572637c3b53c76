"""Read the ``[[account]]`` tables of a scenario."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from decimal import Decimal
from typing import cast, get_args

from rebalplan.sim.orders.order_model import WorkingOrder
from rebalplan.sim.scenario import model
from rebalplan.sim.scenario.keys import read_keys
from rebalplan.sim.scenario.keys_of_world import ACCOUNT_ORDER
from rebalplan.sim.scenario.toml_table import Table

_ACCOUNT_ID = re.compile(r"[A-Z]{1,4}\d{1,12}\Z")
_FIRST_PERM_ID = 900_000_001


def read_account(
    table: Table, instruments: Sequence[model.Instrument], currencies: Set[str]
) -> model.Account:
    """Return one account; what is wrong is recorded as the table's problems."""
    account_id = table.text("id")
    if not _ACCOUNT_ID.match(account_id):
        table.problem("id", f"expected letters then digits, such as DU1000001, found {account_id!r}")
    account = model.Account(
        id=account_id,
        kind=cast(model.AccountKind, table.text("type", "margin", get_args(model.AccountKind))),
        account_type=table.text("account_type", "INDIVIDUAL"),
        base=table.text("base", "USD"),
        cash=_read_cash(table.table("cash"), currencies),
        accrued_cash=table.decimal("accrued_cash", "0"),
        positions=_read_positions(table, instruments),
        orders=tuple(_read_order(order, account_id, instruments) for order in table.tables("order")),
        settlement=cast(model.Settlement, table.text("settlement", "same_day", get_args(model.Settlement))),
        overrides=_read_overrides(table.table("report")),
    )
    if account.base not in currencies:
        table.problem("base", f"{account.base} has no rate in [rates]")
    table.finish()
    return account


def _read_cash(table: Table, currencies: Set[str]) -> tuple[model.Cash, ...]:
    for currency in table:
        if currency not in currencies:
            table.problem(currency, "has no rate in [rates]")
    return tuple(model.Cash(currency, table.decimal(currency)) for currency in table)


def _read_positions(table: Table, instruments: Sequence[model.Instrument]) -> tuple[model.Position, ...]:
    positions = [_read_position(position, instruments) for position in table.tables("position")]
    seen: set[int] = set()
    for position in positions:
        if position.con_id in seen and position.con_id:
            table.problem("position", f"con_id {position.con_id} is held twice")
        seen.add(position.con_id)
    return tuple(positions)


def _read_position(table: Table, instruments: Sequence[model.Instrument]) -> model.Position:
    instrument = _find_instrument(table, instruments)
    quantity = table.decimal("quantity")
    default_cost = instrument.quote.mark() * instrument.multiplier if instrument else Decimal(0)
    position = model.Position(
        con_id=instrument.con_id if instrument else 0,
        quantity=quantity,
        avg_cost=table.decimal("avg_cost", str(default_cost)),
    )
    table.finish()
    return position


def _find_instrument(table: Table, instruments: Sequence[model.Instrument]) -> model.Instrument | None:
    """Resolve ``con_id`` or ``symbol``; a symbol must name exactly one instrument."""
    if "con_id" in table:
        wanted = table.integer("con_id", low=1)
        table.text("symbol", "")
        found = [instrument for instrument in instruments if instrument.con_id == wanted]
        name, key = str(wanted), "con_id"
    else:
        name, key = table.text("symbol"), "symbol"
        found = [instrument for instrument in instruments if instrument.symbol == name]
    if len(found) == 1:
        return found[0]
    if name:
        count = "no" if not found else str(len(found))
        table.problem(key, f"{count} [[instrument]] matches {name!r}; name one by con_id")
    return None


def _read_order(table: Table, account: str, instruments: Sequence[model.Instrument]) -> WorkingOrder:
    instrument = _find_instrument(table, instruments)
    values = read_keys(table, ACCOUNT_ORDER.keys)
    order = WorkingOrder(
        account=account,
        con_id=instrument.con_id if instrument else 0,
        perm_id=table.integer("perm_id", _FIRST_PERM_ID + max(values["order_id"], 0), low=1),
        **values,
    )
    if order.quantity <= 0:
        table.problem("quantity", "expected a quantity above 0")
    table.finish()
    return order


def _read_overrides(table: Table) -> tuple[model.Override, ...]:
    overrides = []
    for key in table:
        tag, _, currency = key.partition(":")
        overrides.append(model.Override(tag, currency, table.text(key)))
    return tuple(overrides)
