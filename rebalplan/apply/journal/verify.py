"""What the journals say against applying a plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rebalplan.apply.journal.result import ApplyResult
from rebalplan.core.finding import Finding, InPlan
from rebalplan.plan.document import Plan


def verify_journals(
    plan: Plan, result: ApplyResult, blocked_elsewhere: Mapping[str, str]
) -> tuple[Finding[InPlan], ...]:
    """Return a finding when the plan was applied whole, and for each account that another plan's journal blocks.

    ``blocked_elsewhere`` has a sentence for each account of which an order of another plan may be under way.
    """
    findings = [
        Finding(
            code="RB405",
            severity="error",
            where=InPlan(a.account, "journal"),
            message=blocked_elsewhere[a.account],
        )
        for a in plan.accounts
        if a.account in blocked_elsewhere
    ]
    planned = [account for account in result.accounts if account.lines and account.plan.status == "planned"]
    if planned and all(account.is_applied for account in planned):
        last = max(account.closed.at for account in planned if account.closed is not None)
        message = f"it was applied completely by {last:%Y-%m-%d %H:%M:%S} UTC: nothing of it is left to send"
        findings.append(Finding(code="RB306", severity="error", where=InPlan("", "journal"), message=message))
    return tuple(findings)
