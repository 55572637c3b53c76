"""How often a gateway is connected to when accounts are read one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rebalplan.core.errors import AccountError, BrokerError, UnreachableError
from rebalplan.core.vocabulary import Endpoint
from rebalplan.inputs.settings import AccountSettings, AccountsSettings
from rebalplan.plan.reading import BrokerReader, Read, require_someone_reached
from tests.builders import NOW, policy
from tests.simulation.clock import VirtualClock

PACE = AccountsSettings(retries=2)
TRIES = 3
LOST = UnreachableError("hung up")


class Gateways:
    """Gateways at ports; those at ``dead`` ports let nobody in."""

    def __init__(self, *dead: int) -> None:
        self._dead = dead
        self.connects: list[int] = []

    @contextmanager
    def connect(self, endpoint: Endpoint) -> Iterator[int]:
        self.connects.append(endpoint.port)
        if endpoint.port in self._dead:
            raise UnreachableError(f"nobody at {endpoint.port}")
        yield endpoint.port


def read(
    gateways: Gateways, accounts: Mapping[str, int], errors: Mapping[str, Exception] | None = None
) -> Sequence[Read[str]]:
    """Read the accounts, each at its port; reading one that ``errors`` names raises its error."""

    def ask(_port: int, name: str) -> str:
        if errors and name in errors:
            raise errors[name]
        return name

    settings = [
        AccountSettings(name, Endpoint(port=port), Path("portfolios.csv"), (), policy())
        for name, port in accounts.items()
    ]
    return BrokerReader(gateways.connect, VirtualClock(NOW), PACE).read_each(settings, ask)


def test_a_gateway_that_nobody_ever_reached_is_not_tried_for_the_next_account() -> None:
    gateways = Gateways(1)
    reads = read(gateways, {"DU1": 1, "DU2": 1, "DU3": 2})
    assert gateways.connects == [1] * TRIES + [2]
    assert [str(r.error or "") for r in reads] == ["nobody at 1", "nobody at 1", ""]


def test_after_retries_in_vain_the_next_account_is_tried_once() -> None:
    gateways = Gateways()
    reads = read(gateways, {"DU1": 1, "DU2": 1, "DU3": 1}, {"DU1": LOST, "DU2": LOST})
    assert gateways.connects == [1] * (TRIES + 2)
    assert [r.value for r in reads] == [None, None, "DU3"]


def test_after_an_account_that_was_read_the_next_one_has_its_retries() -> None:
    gateways = Gateways()
    read(gateways, {"DU1": 1, "DU2": 1}, {"DU2": LOST})
    assert gateways.connects == [1] * (1 + TRIES)


@pytest.mark.parametrize("error", [AccountError("not yours"), BrokerError("refused")])
def test_an_error_that_waiting_does_not_mend_is_the_account_s_own(error: Exception) -> None:
    gateways = Gateways()
    reads = read(gateways, {"DU1": 1, "DU2": 1}, {"DU1": error})
    assert gateways.connects == [1, 1]
    assert [(r.value, r.error) for r in reads] == [(None, error), ("DU2", None)]


def test_the_first_error_is_raised_when_no_gateway_was_reached() -> None:
    with pytest.raises(UnreachableError, match="nobody at 1"):
        require_someone_reached(read(Gateways(1, 2), {"DU1": 1, "DU2": 2}))
    require_someone_reached(read(Gateways(1), {"DU1": 1, "DU2": 2}))
    require_someone_reached(read(Gateways(), {"DU1": 1}, {"DU1": LOST}))
