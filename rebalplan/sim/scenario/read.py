"""Read a scenario file (TOML) into frozen structs; every problem is told at once with its key path.

The format, by example, is the built-in scenario ``builtin.toml`` beside this module. In brief:
``[gateway]`` modes and limits · ``[market]`` time zone and hours · ``[rates]`` USD per unit of a currency ·
``[[instrument]]`` contracts with their quote · ``[[account]]`` with ``cash``, ``[[account.position]]``,
``[[account.order]]`` and ``report`` (overrides of reported values) · ``[[fault]]`` what goes wrong with answers ·
``[orders]`` costs and slippage · ``[[behaviour]]`` what happens to some orders · ``[[handshake]]`` what
clients are told at its end · ``[[incident]]`` what a person does in TWS, a lost broker.
Numbers that are money, prices, rates or quantities are strings, so that none passes through a float.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence, Set
from datetime import date, datetime, time
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import cast, get_args
from zoneinfo import ZoneInfo

from rebalplan.sim.errors import SimError
from rebalplan.sim.hours import parse_sessions
from rebalplan.sim.orders.incident_model import Incident
from rebalplan.sim.orders.order_model import Behaviour
from rebalplan.sim.scenario import model
from rebalplan.sim.scenario.keys import read_keys
from rebalplan.sim.scenario.keys_of_world import GATEWAY, QUOTE
from rebalplan.sim.scenario.scenario_accounts import read_account
from rebalplan.sim.scenario.scenario_behaviours import read_behaviour, read_order_settings
from rebalplan.sim.scenario.scenario_faults import read_fault, read_handshake, read_incident
from rebalplan.sim.scenario.toml_table import Table

BUILTIN_NAME = "builtin.toml"
_MOMENT = "%Y-%m-%d %H:%M"
_CURRENCY = re.compile(r"[A-Z]{3}\Z")


def load_scenario(path: Path | None) -> model.Scenario:
    """Return the scenario of a file, or the built-in one for ``None``.

    Raises ``SimError`` when the file cannot be read, is no TOML (with the line), or says something
    impossible: all problems together, each with its key path.
    """
    if path is None:
        text = resources.files(__package__).joinpath(BUILTIN_NAME).read_text(encoding="utf-8")
        return parse_scenario(text, "the built-in scenario")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise SimError(f"The scenario {path} cannot be read: {why}. Check [sim] scenario.") from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, source: str) -> model.Scenario:
    """Return the scenario of TOML text; ``source`` names it in messages. Raises ``SimError``."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SimError(f"{source} is not valid TOML: {error}") from error
    problems: list[str] = []
    scenario = _read(Table(document, "", problems), source, _digest(document))
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise SimError("\n".join([f"{source} has {count}:", *(f"  {source}: {line}" for line in problems)]))
    return scenario


def _digest(document: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


def _read(root: Table, source: str, sha256: str) -> model.Scenario:
    gateway, market = _read_gateway(root.table("gateway")), _read_market(root.table("market"))
    rates = _read_rates(root.table("rates"))
    instruments = tuple(_read_instrument(table) for table in root.tables("instrument"))
    _check_unique(root, "instrument", "con_id", [str(instrument.con_id) for instrument in instruments])
    currencies = {rate.currency for rate in rates}
    accounts = tuple(read_account(table, instruments, currencies) for table in root.tables("account"))
    _check_unique(root, "account", "id", [account.id for account in accounts])
    orders = [order for account in accounts for order in account.orders]
    _check_unique(root, "order", "perm_id", [str(order.perm_id) for order in orders])
    keys = [f"{order.order_id} of client {order.client_id}" for order in orders if order.order_id > 0]
    _check_unique(root, "order", "order_id", keys)
    if not accounts:
        root.problem("account", "at least one account is required")
    for instrument in instruments:
        if instrument.currency not in currencies:
            root.problem(
                "rates", f"has no rate for {instrument.currency}, the currency of {instrument.symbol}"
            )
    order_settings = read_order_settings(root.table("orders"))
    behaviours = tuple(read_behaviour(table, order_settings) for table in root.tables("behaviour"))
    incidents = tuple(read_incident(table) for table in root.tables("incident"))
    _check_names(root, "behaviour", behaviours, accounts, instruments)
    _check_names(root, "incident", incidents, accounts, instruments)
    _check_trades(root, incidents, instruments, currencies)
    scenario = model.Scenario(
        source=source,
        sha256=sha256,
        gateway=gateway,
        market=market,
        rates=rates,
        instruments=instruments,
        accounts=accounts,
        faults=tuple(read_fault(table) for table in root.tables("fault")),
        orders=order_settings,
        behaviours=behaviours,
        handshakes=tuple(read_handshake(table) for table in root.tables("handshake")),
        incidents=incidents,
    )
    root.finish()
    return scenario


def _check_unique(root: Table, kind: str, key: str, values: list[str]) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            root.problem(kind, f"{key} {value!r} is used {count} times")


def _check_names(
    root: Table,
    kind: str,
    tables: Sequence[Behaviour | Incident],
    accounts: Sequence[model.Account],
    instruments: Sequence[model.Instrument],
) -> None:
    ids = {account.id for account in accounts}
    symbols = {instrument.symbol for instrument in instruments}
    for at, found in enumerate(tables, 1):
        if found.account and found.account not in ids:
            root.problem(f"{kind}[{at}].account", f"no [[account]] has the id {found.account!r}")
        if found.symbol and found.symbol not in symbols:
            root.problem(f"{kind}[{at}].symbol", f"no [[instrument]] has the symbol {found.symbol!r}")


def _check_trades(
    root: Table,
    incidents: Sequence[Incident],
    instruments: Sequence[model.Instrument],
    currencies: Set[str],
) -> None:
    count = Counter(instrument.symbol for instrument in instruments)
    for at, incident in enumerate(incidents, 1):
        if incident.what and count[incident.what] != 1:
            found = "no [[instrument]] has" if not count[incident.what] else "several [[instrument]] have"
            root.problem(f"incident[{at}].what", f"{found} the symbol {incident.what!r}")
        if incident.currency not in currencies:
            root.problem(f"incident[{at}].currency", f"{incident.currency} has no rate in [rates]")


def _read_gateway(table: Table) -> model.GatewaySettings:
    settings = model.GatewaySettings(name=table.text("name", "unnamed"), **read_keys(table, GATEWAY.keys))
    table.finish()
    return settings


def _read_market(table: Table) -> model.Market:
    early = table.table("early_closes")
    market = model.Market(
        time_zone=table.text("time_zone", "US/Eastern"),
        hours=cast(model.HoursKind, table.text("hours", "always", get_args(model.HoursKind))),
        holidays=table.texts("holidays"),
        early_closes=tuple((day, early.text(day)) for day in early),
        sessions=table.texts("sessions"),
    )
    for day, closing in market.early_closes:
        if not _is_date(day) or not _exists(time.fromisoformat, closing):
            early.problem(day, 'expected a date and a time, such as 2026-11-27 = "13:00"')
    for day in market.holidays:
        if not _is_date(day):
            table.problem("holidays", f"expected a date such as 2026-12-25, found {day!r}")
    for session in market.sessions:
        if not _exists(parse_sessions, session):
            example = "20261123:0930-20261123:1600 or 20261124:CLOSED"
            table.problem("sessions", f"expected {example}, found {session!r}")
    if market.hours == "list" and not market.sessions:
        table.problem("sessions", 'is required when hours is "list"')
    if not _exists(ZoneInfo, market.time_zone):
        table.problem("time_zone", f"{market.time_zone!r} is not a known time zone")
    table.finish()
    return market


def _is_date(text: str) -> bool:
    return _exists(date.fromisoformat, text) and date.fromisoformat(text).isoformat() == text


def _exists(read: Callable[[str], object], text: str) -> bool:
    """Tell whether ``read`` makes sense of the text."""
    try:
        read(text)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _read_rates(table: Table) -> tuple[model.Cash, ...]:
    rates = [model.Cash(currency, table.decimal(currency)) for currency in table]
    for rate in rates:
        if not _CURRENCY.match(rate.currency) or rate.amount <= 0:
            table.problem(rate.currency, "expected a currency of three capitals and a rate above 0")
    if "USD" not in table:
        rates.insert(0, model.Cash("USD", Decimal(1)))
    return tuple(rates)


def _read_quote(table: Table) -> model.Quote:
    quote = model.Quote(**read_keys(table, QUOTE.keys))
    try:
        datetime.strptime(quote.last_at or "2026-11-23 17:45", _MOMENT)  # noqa: DTZ007  # local to the market
    except ValueError:
        table.problem("last_at", f'expected a time such as "2026-11-23 17:45", found {quote.last_at!r}')
    return quote


def _read_instrument(table: Table) -> model.Instrument:
    symbol = table.text("symbol")
    sec_type = table.text("sec_type", "STK", ("STK", "OPT", "FUT", "CASH", "BOND", "FUND", "CRYPTO"))
    instrument = model.Instrument(
        con_id=table.integer("con_id", low=1),
        symbol=symbol,
        sec_type=sec_type,
        exchange=table.text("exchange", "SMART"),
        primary_exchange=table.text("primary_exchange", "ARCA" if sec_type == "STK" else ""),
        currency=table.text("currency", "USD"),
        name=table.text("name", symbol),
        min_tick=table.decimal("min_tick", "0.01"),
        stock_type=table.text("stock_type", "ETF" if sec_type == "STK" else ""),
        quote=_read_quote(table),
        local_symbol=table.text("local_symbol", symbol),
        trading_class=table.text("trading_class", symbol),
        expiry=table.text("expiry", ""),
        strike=table.decimal("strike", "0"),
        right=table.text("right", "", ("", "C", "P")),
        multiplier=table.decimal("multiplier", "100" if sec_type == "OPT" else "1"),
    )
    table.finish()
    return instrument
