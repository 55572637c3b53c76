"""Read the twelve fields that describe a contract in every request that names one."""

from __future__ import annotations

from rebalplan.sim.wire.frames import FieldReader
from rebalplan.sim.wire.requests import ContractQuery


def read_contract(reader: FieldReader) -> ContractQuery:
    """Return the contract in the next twelve fields. Raises ``WireError``."""
    con_id, symbol, sec_type = reader.integer(), reader.text(), reader.text()
    expiry, strike, right = reader.text(), reader.decimal(), reader.text()
    reader.text()
    exchange, primary, currency, local = reader.text(), reader.text(), reader.text(), reader.text()
    reader.text()
    return ContractQuery(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        expiry=expiry,
        strike=strike,
        right=right,
        exchange=exchange,
        primary_exchange=primary,
        currency=currency,
        local_symbol=local,
    )
