"""What the journals say against applying a plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rebalplan.apply.journal.result import ApplyResult
from rebalplan.plan.document import Plan
from rebalplan.plan.verify import Finding


def verify_journals(
    plan: Plan, result: ApplyResult, blocked_elsewhere: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Return a finding when the plan was applied whole, and for each account that another plan's journal blocks.

    ``blocked_elsewhere`` has a sentence for each account of which an order of another plan may be under way.
    """
    findings = [
        Finding("RB405", a.account, "journal", "", "", blocked_elsewhere[a.account])
        for a in plan.accounts
        if a.account in blocked_elsewhere
    ]
    planned = [account for account in result.accounts if account.lines and account.plan.status == "planned"]
    if planned and all(account.is_applied for account in planned):
        last = max(account.closed.at for account in planned if account.closed is not None)
        message = f"it was applied completely by {last:%Y-%m-%d %H:%M:%S} UTC: nothing of it is left to send"
        findings.append(Finding("RB306", "", "journal", "", "", message))
    return tuple(findings)
