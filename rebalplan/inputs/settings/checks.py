"""Checks values that are allowed one by one and contradict or weaken each other."""

from __future__ import annotations

from decimal import Decimal

from rebalplan.core.policy import Policy
from rebalplan.core.vocabulary import SESSION_MIN
from rebalplan.inputs.findings import Findings
from rebalplan.inputs.settings.model import AccountsSettings, IbkrSettings
from rebalplan.inputs.settings.reading import Values


def check_accounts(accounts: AccountsSettings, values: Values, findings: Findings) -> None:
    """Note a first backoff that is longer than the longest."""
    if accounts.backoff_sec > accounts.backoff_max_sec:
        findings.error(
            f"backoff_sec {accounts.backoff_sec:f} is more than "
            f"backoff_max_sec {accounts.backoff_max_sec:f}; lower the one or raise the other",
            line=_line(values, "backoff_sec", "backoff_max_sec"),
        )


def check_read_only(account: str, shared: Values, own: Values, findings: Findings) -> None:
    """Note an account's ``read_only = false`` beside a general ``true``: it cannot lift the general one."""
    general = shared["read_only"].value if "read_only" in shared else IbkrSettings().read_only
    if general and "read_only" in own and not own["read_only"].value:
        findings.warn(
            f"read_only = false of account {account} has no effect, because [ibkr] read_only is true for all accounts",
            line=own["read_only"].line,
        )


def check_policy(policy: Policy, values: Values, findings: Findings) -> None:
    """Note contradictions within one account's rules; ``values`` are their values in the file."""
    _check_order_sizes(policy, values, findings)
    _check_guards(policy, values, findings)
    _check_buffer(policy, values, findings)
    _check_bands(policy, values, findings)
    if policy.rebalance.trading_hours == "eth":
        findings.warn(
            "trading_hours = eth: market orders run in liquid hours only, also with this",
            line=_line(values, "trading_hours"),
        )


def check_fractions(mode: str, policy: Policy, values: Values, findings: Findings) -> None:
    """Note orders for fractions of a share where the broker's API takes none."""
    if mode == "tws" and policy.rebalance.allow_fractional:
        findings.warn(
            "allow_fractional = true cannot work with mode = tws: the API of TWS and IB Gateway refuses orders for "
            "fractions of a share (error 10243), so an account that needs one is blocked; set it to false",
            line=_line(values, "allow_fractional"),
        )


def _check_order_sizes(policy: Policy, values: Values, findings: Findings) -> None:
    smallest, largest = policy.rebalance.min_order_usd, policy.limits.max_order_usd
    if smallest > largest:
        findings.error(
            f"min_order_usd {smallest:f} is more than max_order_usd {largest:f}, so no order could be sent; "
            "lower the one or raise the other",
            line=_line(values, "min_order_usd", "max_order_usd"),
        )


def _check_guards(policy: Policy, values: Values, findings: Findings) -> None:
    guarded = policy.limits.open_guard_min + policy.limits.close_guard_min
    if guarded >= SESSION_MIN:
        findings.error(
            f"open_guard_min and close_guard_min together are {guarded} minutes of the session's "
            f"{SESSION_MIN}, so no account could ever start; lower them",
            line=_line(values, "open_guard_min", "close_guard_min"),
        )


def _check_buffer(policy: Policy, values: Values, findings: Findings) -> None:
    by_amount = policy.rebalance.cash_buffer_type == "abs"
    other = "cash_buffer_pct" if by_amount else "cash_buffer_abs"
    amount = Decimal(policy.rebalance.cash_buffer_abs)
    if by_amount and not amount:
        findings.warn(
            "cash_buffer_type = abs with cash_buffer_abs 0 keeps no cash; set cash_buffer_abs or use pct",
            line=_line(values, "cash_buffer_type", "cash_buffer_abs"),
        )
    elif not by_amount and amount:
        findings.warn(
            f"{other} {amount:f} has no effect, because cash_buffer_type is pct",
            line=_line(values, other),
        )


def _check_bands(policy: Policy, values: Values, findings: Findings) -> None:
    rules = policy.rebalance
    if rules.trigger_mode == "total_drift" and rules.per_holding_band_pct:
        findings.error(
            f"per_holding_band_pct {rules.per_holding_band_pct:f} contradicts trigger_mode = total_drift, which has "
            "one band for all drifts together; set it to 0, or trigger_mode to per_holding",
            line=_line(values, "trigger_mode", "per_holding_band_pct"),
        )


def _line(values: Values, *keys: str) -> int:
    """Return the line of the last of the keys that the file gives, or 0."""
    return max((values[key].line for key in keys if key in values), default=0)
