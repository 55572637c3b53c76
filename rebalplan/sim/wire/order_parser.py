"""Read placeOrder (3) and cancelOrder (4).

Field layout after the public TWS API documentation, versions 157 to 176. The gateway skips the fields that it does not
use. The versions differ only behind the last field that it reads.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from rebalplan.sim.wire.contract_parser import read_contract
from rebalplan.sim.wire.frames import FieldReader
from rebalplan.sim.wire.requests import CancelOrder, ContractQuery, PlaceOrder

_COMBINATION: Final = "BAG"
_MAX_PARAMETERS: Final = 100

# How many fields are skipped, named by the first and the last of them.
_SECURITY_ID: Final = 2
_BLOCK_TO_TRIGGER: Final = 4
_HIDDEN_TO_PROFILE: Final = 9
_MODEL_TO_VOLATILITY: Final = 22
_DELTA_NEUTRAL_ORDER: Final = 8
_CONTINUOUS_TO_SCALE: Final = 6
_SCALE_DETAILS: Final = 7
_SCALE_TABLE_TO_STOP: Final = 3
_CLEARING: Final = 4
_DELTA_NEUTRAL_CONTRACT: Final = 3


class _Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The fields from the side to outside-hours, in the order of the wire."""

    side: str
    quantity: Decimal
    order_type: str
    limit_price: Decimal
    tif: str
    account: str
    order_ref: str
    is_transmitted: bool
    parent_id: int
    outside_hours: bool


def read_place_order(reader: FieldReader) -> PlaceOrder:
    """Return the order. Raises ``WireError`` when a number is none."""
    order_id = reader.integer()
    contract = read_contract(reader)
    reader.skip(_SECURITY_ID)
    terms = _read_terms(reader)
    if contract.sec_type == _COMBINATION:
        return _order(order_id, contract, terms)
    _skip_to_algo(reader)
    algo = reader.text()
    parameters = _read_parameters(reader) if algo else ()
    reader.text()
    return _order(order_id, contract, terms, algo, parameters, is_what_if=reader.boolean())


def _read_terms(reader: FieldReader) -> _Terms:
    side, quantity, order_type, limit_price = reader.text(), reader.decimal(), reader.text(), reader.decimal()
    reader.text()
    tif = reader.text()
    reader.text()
    account = reader.text()
    reader.skip(2)
    order_ref, is_transmitted, parent_id = reader.text(), reader.boolean(), reader.integer()
    reader.skip(_BLOCK_TO_TRIGGER)
    return _Terms(
        side=side.upper(),
        quantity=quantity,
        order_type=order_type.upper(),
        limit_price=limit_price,
        tif=tif.upper(),
        account=account,
        order_ref=order_ref,
        is_transmitted=is_transmitted,
        parent_id=parent_id,
        outside_hours=reader.boolean(),
    )


def _skip_to_algo(reader: FieldReader) -> None:
    reader.skip(_HIDDEN_TO_PROFILE + _MODEL_TO_VOLATILITY)
    delta_neutral_order = reader.text()
    reader.text()
    if delta_neutral_order:
        reader.skip(_DELTA_NEUTRAL_ORDER)
    reader.skip(_CONTINUOUS_TO_SCALE)
    if reader.decimal() > 0:
        reader.skip(_SCALE_DETAILS)
    reader.skip(_SCALE_TABLE_TO_STOP)
    if reader.text():
        reader.text()
    reader.skip(_CLEARING)
    if reader.boolean():
        reader.skip(_DELTA_NEUTRAL_CONTRACT)


def _read_parameters(reader: FieldReader) -> tuple[tuple[str, str], ...]:
    count = min(max(reader.integer(), 0), _MAX_PARAMETERS)
    return tuple((reader.text(), reader.text()) for _ in range(count))


def _order(
    order_id: int,
    contract: ContractQuery,
    terms: _Terms,
    algo: str = "",
    parameters: tuple[tuple[str, str], ...] = (),
    *,
    is_what_if: bool = False,
) -> PlaceOrder:
    fields = msgspec.structs.asdict(terms)
    return PlaceOrder(
        order_id=order_id,
        contract=contract,
        algo=algo,
        algo_parameters=parameters,
        is_what_if=is_what_if,
        **fields,
    )


def read_cancel_order(reader: FieldReader) -> CancelOrder:
    """Return the cancel; the time that newer versions add is of no use here. Raises ``WireError``."""
    reader.text()
    return CancelOrder(reader.integer())
