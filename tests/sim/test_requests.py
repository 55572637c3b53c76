from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.sim.wire import requests
from rebalplan.sim.wire.frames import WireError
from rebalplan.sim.wire.request_parser import parse_request

from .support import market_data, stock

OPTION = ("0", "AAPL", "OPT", "20280121", "300.0", "C", "100", "SMART", "", "USD", "", "")


@pytest.mark.parametrize("version", range(100, 177))
def test_contract_details_reads_the_same_in_every_version(version: int) -> None:
    issuer = ("",) if version >= 176 else ()
    parsed = parse_request(("9", "8", "4", *OPTION, "0", "", "", *issuer), version)
    assert parsed == requests.ContractDetails(
        4,
        requests.ContractQuery(
            con_id=0,
            symbol="AAPL",
            sec_type="OPT",
            expiry="20280121",
            strike=Decimal("300.0"),
            right="C",
            exchange="SMART",
            primary_exchange="",
            currency="USD",
            local_symbol="",
        ),
    )


@pytest.mark.parametrize("version", range(100, 177))
@pytest.mark.parametrize("snapshot", [True, False])
def test_market_data_tells_snapshots_from_streams(version: int, snapshot: bool) -> None:
    parsed = parse_request(market_data(3, stock("VTI"), snapshot=snapshot), version)
    assert isinstance(parsed, requests.MarketData)
    assert (parsed.request_id, parsed.contract.symbol, parsed.snapshot) == (3, "VTI", snapshot)


def test_market_data_skips_a_delta_neutral_contract() -> None:
    fields = ("1", "11", "3", *stock("VTI"), "1", "77", "0.5", "10", "", "1", "0", "")
    parsed = parse_request(fields, 176)
    assert isinstance(parsed, requests.MarketData)
    assert parsed.snapshot


@pytest.mark.parametrize(
    ("fields", "parsed"),
    [
        ("71,2,42,", requests.StartApi(42)),
        ("2,2,3", requests.CancelMarketData(3)),
        ("5,1", requests.OpenOrders()),
        ("16,1", requests.AllOpenOrders()),
        ("15,1,1", requests.AutoOpenOrders(True)),
        ("6,2,1,DU1", requests.AccountUpdates(True, "DU1")),
        ("6,2,0,", requests.AccountUpdates(False, "")),
        ("7,3,9,0,DU1,,,,,", requests.Executions(9, "DU1")),
        ("8,1,1", requests.NextIds()),
        ("17,1", requests.ManagedAccounts()),
        ("49,1", requests.CurrentTime()),
        ("59,1,3", requests.MarketDataType(3)),
        ("61,1", requests.Positions()),
        ("62,1,5,All,A,B", requests.AccountSummary(5, "All", ("A",))),
        ("63,1,5", requests.CancelAccountSummary(5)),
        ("74,1,5,DU1,", requests.PositionsMulti(5, "DU1", "")),
        ("76,1,5,DU1,M,1", requests.AccountUpdatesMulti(5, "DU1", "M", True)),
        ("99,0", requests.CompletedOrders()),
        ("14,1,2", requests.Accepted(14)),
        ("64,1", requests.Accepted(64)),
        ("75,1,5", requests.Accepted(75)),
        ("77,1,5", requests.Accepted(77)),
        ("58,1", requests.GlobalCancel()),
        ("4,1,12,", requests.CancelOrder(12)),
        ("20,8,265598", requests.Unsupported(20, 8)),
        ("86,6", requests.Unsupported(86, 6)),
        ("91,26", requests.Unsupported(91, -1)),
        ("97,6", requests.Unsupported(97, 6)),
        ("52,2,6", requests.Unsupported(52, 6)),
        ("999", requests.Unsupported(999, -1)),
    ],
)
def test_a_request_and_its_fields(fields: str, parsed: requests.Request) -> None:
    assert parse_request(tuple(fields.split(",")), 176) == parsed


@pytest.mark.parametrize("fields", [("",), ("x",), ("2", "2", "x"), ("9", "8", "1", "con"), ("3", "x")])
def test_what_cannot_be_read_is_said(fields: tuple[str, ...]) -> None:
    with pytest.raises(WireError):
        parse_request(fields, 176)


def test_tags_of_a_summary_are_split() -> None:
    parsed = parse_request(("62", "1", "5", "All", "NetLiquidation,$LEDGER:ALL"), 176)
    assert parsed == requests.AccountSummary(5, "All", ("NetLiquidation", "$LEDGER:ALL"))
