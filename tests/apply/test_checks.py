"""What is checked on the connection before an account's first order."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from rebalplan.apply.checks import check_day
from rebalplan.apply.journal.fold import fold_account
from rebalplan.core.errors import RefusedError
from rebalplan.plan.document import Plan
from tests.apply.journal.support import AT, PLAN, SELL, intent


def lasting_plan() -> Plan:
    """Return the plan as if it did not expire for two days."""
    plan = PLAN.plan
    volatile = msgspec.structs.replace(plan.volatile, expires_at=AT + timedelta(days=2))
    return msgspec.structs.replace(plan, volatile=volatile)


def test_an_account_that_was_begun_on_another_day_is_refused_although_its_plan_has_not_expired() -> None:
    plan, begun = lasting_plan(), fold_account(PLAN, [intent(SELL)], "DU1")
    check_day(plan, begun, AT + timedelta(minutes=5))
    with pytest.raises(RefusedError, match="another day sends nothing more; plan again"):
        check_day(plan, begun, AT + timedelta(days=1))


def test_an_account_that_was_not_begun_may_be_on_another_day() -> None:
    check_day(lasting_plan(), fold_account(PLAN, [], "DU1"), AT + timedelta(days=1))


def test_by_the_broker_s_time_an_expired_plan_is_refused() -> None:
    expires_at = PLAN.plan.volatile.expires_at
    with pytest.raises(RefusedError, match="RB301"):
        check_day(PLAN.plan, fold_account(PLAN, [], "DU1"), expires_at)
