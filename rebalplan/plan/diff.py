"""Plan against plan: which orders changed, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.core.money import CENT, ZERO, percent_of, quantize
from rebalplan.core.policy import policy_values
from rebalplan.plan.document import AccountPlan, Plan, PlannedOrder, Status

CauseKind = Literal["targets", "prices", "positions", "cash", "settings", "version", "status"]


class Cause(msgspec.Struct, frozen=True):
    """One input that differs between the two plans.

    ``what`` is a symbol, a setting or a name; an empty ``before`` or ``after`` stands for none. A ``status`` has its
    reasons beside it, and is a cause also when only the reasons changed.
    """

    kind: CauseKind
    what: str
    before: str
    after: str


class OrderChange(msgspec.Struct, frozen=True):
    """One order that differs: ``before`` is ``None`` for an added, ``after`` for a removed one.

    The percentages are its value in percent of the net liquidation value, rounded to 0.01. ``causes`` are the kinds
    of inputs of its own symbol that changed. Without any it is ``cash`` when the account's cash changed. It is empty
    when the order follows from other orders, such as one that took the cash.
    """

    symbol: str
    before: PlannedOrder | None
    after: PlannedOrder | None
    before_pct: Decimal | None
    after_pct: Decimal | None
    causes: tuple[CauseKind, ...]


class Figures(msgspec.Struct, frozen=True):
    """An account as a whole in one plan: the sum of its absolute drifts in percent points, exposure in USD."""

    total_drift_pct: Decimal
    exposure_after_usd: Decimal
    leverage_after: Decimal


class AccountDiff(msgspec.Struct, frozen=True):
    """One account in two plans.

    A status is ``None`` when that plan does not have the account; ``before`` or ``after`` is ``None`` when that plan
    has no figures of it.
    """

    account: str
    status_before: Status | None
    status_after: Status | None
    orders: tuple[OrderChange, ...]
    causes: tuple[Cause, ...]
    before: Figures | None
    after: Figures | None

    @property
    def is_same(self) -> bool:
        """Tell whether the account's orders and status are what they were, whatever else moved."""
        return not self.orders and self.status_before == self.status_after


class PlanDiff(msgspec.Struct, frozen=True):
    """Two plans side by side; accounts in the order of the new one, then those only the old one has."""

    old_id: str
    new_id: str
    accounts: tuple[AccountDiff, ...]

    @property
    def is_same(self) -> bool:
        """Tell whether every account's orders and status are what they were."""
        return all(account.is_same for account in self.accounts)


def diff_plans(old_id: str, old: Plan, new_id: str, new: Plan) -> PlanDiff:
    """Compare two plans account by account."""
    before = {a.account: a for a in old.accounts}
    after = {a.account: a for a in new.accounts}
    versions = _versions(old, new)
    names = [*after, *(name for name in before if name not in after)]
    return PlanDiff(
        old_id,
        new_id,
        tuple(_account(name, before.get(name), after.get(name), versions) for name in names),
    )


def _versions(old: Plan, new: Plan) -> tuple[Cause, ...]:
    pairs = (
        ("sizing_version", old.sizing_version, new.sizing_version),
        ("mode", old.mode, new.mode),
        ("rebal", old.volatile.tool_version, new.volatile.tool_version),
    )
    return tuple(Cause("version", what, before, after) for what, before, after in pairs if before != after)


def _account(
    name: str, before: AccountPlan | None, after: AccountPlan | None, versions: tuple[Cause, ...]
) -> AccountDiff:
    causes = (*versions, *_causes(before, after))
    return AccountDiff(
        account=name,
        status_before=before.status if before else None,
        status_after=after.status if after else None,
        orders=tuple(_order_changes(before, after, causes)),
        causes=causes,
        before=_figures(before),
        after=_figures(after),
    )


def _causes(before: AccountPlan | None, after: AccountPlan | None) -> Iterable[Cause]:
    if before is None or after is None:
        yield Cause("status", "account", _status(before), _status(after))
        return
    if before.status != after.status or before.reasons != after.reasons:
        yield Cause("status", "account", _status(before), _status(after))
    yield from _changed("targets", _targets(before), _targets(after))
    yield from _changed("prices", _prices(before), _prices(after))
    yield from _changed("positions", _positions(before), _positions(after))
    yield from _changed("cash", _cash(before), _cash(after))
    yield from _changed("settings", policy_values(before.policy), policy_values(after.policy))


def _status(account: AccountPlan | None) -> str:
    if account is None:
        return ""
    return "; ".join([account.status, *account.reasons])


def _changed(kind: CauseKind, before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[Cause]:
    for what in sorted(before.keys() | after.keys()):
        one, other = before.get(what, ""), after.get(what, "")
        if one != other:
            yield Cause(kind, what, one, other)


def _targets(account: AccountPlan) -> dict[str, str]:
    return {symbol: str(weight) for symbol, weight in account.weights.items()}


def _prices(account: AccountPlan) -> dict[str, str]:
    return {row.symbol: str(row.price) for row in account.drift}


def _positions(account: AccountPlan) -> dict[str, str]:
    return {p.symbol: str(p.quantity) for p in account.snapshot.positions} if account.snapshot else {}


def _cash(account: AccountPlan) -> dict[str, str]:
    return {"USD": str(account.snapshot.cash_usd)} if account.snapshot else {}


def _order_changes(
    before: AccountPlan | None, after: AccountPlan | None, causes: Sequence[Cause]
) -> Iterable[OrderChange]:
    """Compare what is sent: side, symbol, contract and quantity; a price that moved alone changes no order."""
    old = {o.symbol: o for o in before.orders} if before else {}
    new = {o.symbol: o for o in after.orders} if after else {}
    for symbol in sorted(old.keys() | new.keys()):
        one, other = old.get(symbol), new.get(symbol)
        if _sent(one) != _sent(other):
            percentages = (_value_pct(one, before), _value_pct(other, after))
            yield OrderChange(symbol, one, other, *percentages, _own_causes(symbol, causes))


def _value_pct(order: PlannedOrder | None, account: AccountPlan | None) -> Decimal | None:
    if order is None or account is None or account.summary is None:
        return None
    return quantize(percent_of(order.value_usd, account.summary.net_liquidation_usd), CENT)


def _sent(order: PlannedOrder | None) -> tuple[str, int, Decimal] | None:
    return None if order is None else (order.side, order.con_id, order.quantity)


def _own_causes(symbol: str, causes: Sequence[Cause]) -> tuple[CauseKind, ...]:
    """Return the kinds of causes that concern the symbol or the whole account; without any, cash if it changed."""
    whole: tuple[CauseKind, ...] = ("settings", "version", "status")
    kinds = [c.kind for c in causes if c.kind in whole or (c.kind != "cash" and c.what == symbol)]
    return tuple(dict.fromkeys(kinds or [c.kind for c in causes if c.kind == "cash"]))


def _figures(account: AccountPlan | None) -> Figures | None:
    if account is None or account.summary is None:
        return None
    drift = sum((abs(row.drift_pct) for row in account.drift), ZERO)
    return Figures(drift, account.summary.exposure_after_usd, account.summary.leverage_after)
