"""Live and paper: which accounts a plan is sent to, on each side of every rule."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rebalplan.apply.guard import LIVE_PORTS, PAPER_PORTS, check_mode
from rebalplan.core.errors import RefusedError
from rebalplan.core.vocabulary import Endpoint, Mode
from rebalplan.inputs.settings import AccountSettings
from tests.builders import policy

ANY_PORT = 5000


def settings(account: str, port: int = ANY_PORT, *, allow_live: bool = False) -> AccountSettings:
    return AccountSettings(
        account, Endpoint(port=port), Path("portfolios.csv"), (), policy(), allow_live=allow_live
    )


@pytest.mark.parametrize("port", [*PAPER_PORTS, ANY_PORT])
@pytest.mark.parametrize("account", ["DU1", "DF1"])
def test_a_paper_account_gets_a_paper_plan_at_any_port_but_a_live_one(account: str, port: int) -> None:
    check_mode(settings(account, port), "paper")


@pytest.mark.parametrize("port", [*LIVE_PORTS, ANY_PORT])
@pytest.mark.parametrize("account", ["U1", "F1"])
def test_a_live_account_gets_a_live_plan_at_any_port_but_a_paper_one(account: str, port: int) -> None:
    check_mode(settings(account, port, allow_live=True), "live")


@pytest.mark.parametrize(("account", "mode"), [("DU1", "live"), ("U1", "paper")])
def test_an_account_of_the_other_kind_than_the_plan_is_refused(account: str, mode: Mode) -> None:
    with pytest.raises(RefusedError, match=f"{account} is a .* account, the plan is {mode}"):
        check_mode(settings(account, allow_live=True), mode)


@pytest.mark.parametrize("port", LIVE_PORTS)
def test_a_paper_account_at_a_live_port_is_refused(port: int) -> None:
    with pytest.raises(RefusedError, match=f"a paper account, but port {port} is for live trading: correct"):
        check_mode(settings("DU1", port), "paper")


@pytest.mark.parametrize("port", PAPER_PORTS)
def test_a_live_account_at_a_paper_port_is_refused(port: int) -> None:
    with pytest.raises(RefusedError, match=f"a live account, but port {port} is for paper trading: correct"):
        check_mode(settings("U1", port, allow_live=True), "live")


def test_a_live_account_is_refused_until_it_is_allowed() -> None:
    with pytest.raises(RefusedError, match="allow_live = false: set it to true"):
        check_mode(settings("U1"), "live")


def test_in_the_simulation_nothing_is_live() -> None:
    for account in ("DU1", "U1"):
        check_mode(settings(account, 4001), "sim")


@pytest.mark.parametrize("mode", ["sim", "paper", "live"])
def test_an_account_of_its_own_read_only_is_refused_in_every_mode(mode: Mode) -> None:
    account = msgspec.structs.replace(settings("DU1"), read_only=True)
    with pytest.raises(RefusedError, match=r"DU1 is read-only: set read_only to false in \[account:DU1\]"):
        check_mode(account, mode)
