"""Decides whether a plan may be sent to an account: its mode, the account id, the port and the switches must agree."""

from __future__ import annotations

from rebalplan.core.errors import RefusedError
from rebalplan.core.vocabulary import Mode, is_paper
from rebalplan.inputs.settings import AccountSettings

LIVE_PORTS, PAPER_PORTS = (4001, 7496), (4002, 7497)
"""The default ports of IB Gateway and TWS (Initial Setup page of the TWS API reference). Any other port is neutral."""


def check_mode(account: AccountSettings, mode: Mode) -> None:
    """Raise ``RefusedError`` when these settings keep a plan of this mode away from the account."""
    check_own_read_only(account)
    if mode == "sim":
        return
    name, port, paper = account.account, account.endpoint.port, is_paper(account.account)
    if paper != (mode == "paper"):
        raise RefusedError(
            f"{name} is {'a paper' if paper else 'a live'} account, the plan is {mode}", code="RB604"
        )
    if port in (LIVE_PORTS if paper else PAPER_PORTS):
        raise RefusedError(
            f"{name} is {'a paper' if paper else 'a live'} account, but port {port} is for "
            f"{'live' if paper else 'paper'} trading: correct [ibkr] port",
            code="RB604",
        )
    if not paper and not account.allow_live:
        raise RefusedError(
            f"{name} is a live account and allow_live = false: set it to true in [limits] to trade it",
            code="RB603",
        )


def check_own_read_only(account: AccountSettings) -> None:
    """Raise ``RefusedError`` for an account whose own section says ``read_only = true``, in every mode."""
    if account.read_only:
        raise RefusedError(
            f"{account.account} is read-only: set read_only to false in [account:{account.account}] to trade it",
            code="RB603",
        )
