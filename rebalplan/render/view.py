"""A plan as a reviewer sees it: the values that every format lays out, without hidden ones.

Weights and drifts are in percent, of the investable value for lines and CASH, of the net liquidation value (NLV)
otherwise. Amounts in USD and quantities in shares are ``None`` when redacted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.core.money import CENT, HUNDRED, from_bps, percent_of
from rebalplan.core.vocabulary import CASH
from rebalplan.plan.codec import Envelope
from rebalplan.plan.document import AccountPlan, Action, DriftRow, Plan, PlannedOrder, Status, Summary
from rebalplan.plan.drift import cash_band_usd, holding_band_usd
from rebalplan.plan.review import review_plan
from rebalplan.render.exceptions import Sentence, exceptions
from rebalplan.render.figures import dollars
from rebalplan.render.headlines import account_headline, totals_line
from rebalplan.render.redaction import LEVERAGE_STEP, Redaction
from rebalplan.render.symbols import shown_symbol
from rebalplan.render.warnings import account_notes

Mark = Literal["+", "-", "~", ""]


class LineView(msgspec.Struct, frozen=True):
    """One symbol of an account, or CASH.

    ``mark``: ``+`` opens a position, ``-`` closes one, ``~`` changes one. ``target_pct`` and the drifts are ``None``
    for a holding that is not listed.
    """

    account: str
    symbol: str
    mark: Mark
    action: Action | Literal[""]
    target_pct: Decimal | None
    current_pct: Decimal
    after_pct: Decimal
    drift_pct: Decimal | None
    drift_usd: Decimal | None
    band_pct: Decimal
    price: Decimal | None
    price_source: str
    quantity: Decimal | None
    value_usd: Decimal | None
    value_pct: Decimal | None
    reason: str


class BeforeAfter(msgspec.Struct, frozen=True):
    """One figure before the orders and, at the plan's prices, after them."""

    before: Decimal
    after: Decimal


class Totals(msgspec.Struct, frozen=True):
    """An account as a whole."""

    net_liquidation_usd: Decimal | None
    buys_usd: Decimal | None
    sells_usd: Decimal | None
    turnover_pct: Decimal
    cash_usd: BeforeAfter | None
    cash_pct: BeforeAfter
    exposure_usd: BeforeAfter | None
    exposure_pct: BeforeAfter
    leverage: BeforeAfter
    tracking_error_pct: BeforeAfter


class AccountView(msgspec.Struct, frozen=True):
    """One account; ``totals`` is ``None`` and ``lines`` empty when it could not be planned.

    ``band_pct`` is the drift that a holding (``per_holding``) or all of them (``total_drift``) may have untraded. That
    of a line may be tighter.
    """

    account: str
    status: Status
    headline: str
    is_exception: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    trigger_mode: str
    band_pct: Decimal
    max_leverage: Decimal
    lines: tuple[LineView, ...]
    totals: Totals | None

    @property
    def has_tighter_bands(self) -> bool:
        """Whether some line's band is tighter than that of the trigger mode."""
        return any(line.band_pct < self.band_pct for line in self.lines)

    @property
    def orders(self) -> tuple[LineView, ...]:
        """Return the lines that trade."""
        return tuple(line for line in self.lines if line.action)


class PlanView(msgspec.Struct, frozen=True):
    """The whole plan. ``exceptions`` come first; ``totals`` is the plan's last line."""

    id: str
    sha256: str
    mode: str
    created_at: datetime
    expires_at: datetime
    tool_version: str
    replay_of: str | None
    is_redacted: bool
    exceptions: tuple[Sentence, ...]
    totals: str
    accounts: tuple[AccountView, ...]


def view_plan(envelope: Envelope, redaction: Redaction) -> PlanView:
    """Return the view of a plan."""
    plan, review = envelope.plan, review_plan(envelope.plan)
    volatile, exceptional = plan.volatile, review.exceptional
    return PlanView(
        id=envelope.id,
        sha256=envelope.sha256,
        mode=plan.mode,
        created_at=volatile.created_at,
        expires_at=volatile.expires_at,
        tool_version=volatile.tool_version,
        replay_of=plan.replay_of,
        is_redacted=redaction.is_on,
        exceptions=exceptions(review, len(plan.accounts), redaction),
        totals=totals_line(plan, redaction),
        accounts=tuple(
            _account(account, plan, redaction, is_exception=account.account in exceptional)
            for account in plan.accounts
        ),
    )


def _account(account: AccountPlan, plan: Plan, redaction: Redaction, *, is_exception: bool) -> AccountView:
    rebalance = account.policy.rebalance
    return AccountView(
        account=redaction.account(account.account),
        status=account.status,
        headline=account_headline(account),
        is_exception=is_exception,
        reasons=tuple(redaction.text(reason) for reason in account.reasons),
        notes=tuple(redaction.text(note) for note in account_notes(account, plan)),
        trigger_mode=rebalance.trigger_mode,
        band_pct=from_bps(rebalance.band_bps) * HUNDRED,
        max_leverage=rebalance.max_leverage,
        lines=tuple(_lines(account, redaction)),
        totals=_totals(account.summary, redaction) if account.summary is not None else None,
    )


def _lines(account: AccountPlan, redaction: Redaction) -> Iterable[LineView]:
    if account.summary is None:
        return
    orders = {order.symbol: order for order in account.orders}
    for row in account.drift:
        yield _line(account, row, orders.get(row.symbol), account.summary, redaction)
    yield _cash(account, account.summary, redaction)


def _line(
    account: AccountPlan, row: DriftRow, order: PlannedOrder | None, summary: Summary, redaction: Redaction
) -> LineView:
    is_listed = row.target_pct is not None
    return LineView(
        account=redaction.account(account.account),
        symbol=shown_symbol(account, row.symbol),
        mark=_mark(row, order),
        action=order.action if order is not None else "",
        target_pct=row.target_pct,
        current_pct=redaction.percentage(row.current_pct),
        after_pct=redaction.percentage(
            percent_of((row.quantity + row.trade) * row.price, summary.investable_usd)
        ),
        drift_pct=redaction.percentage(row.drift_pct) if is_listed else None,
        drift_usd=redaction.amount(row.drift_usd) if is_listed else None,
        band_pct=holding_band_usd(account.policy.rebalance, HUNDRED, row.target_pct or HUNDRED),
        price=row.price,
        price_source=row.price_source,
        quantity=redaction.amount(order.quantity) if order is not None else None,
        value_usd=redaction.amount(order.value_usd) if order is not None else None,
        value_pct=redaction.percentage(percent_of(order.value_usd, summary.net_liquidation_usd))
        if order is not None
        else None,
        reason=row.reason or "",
    )


def _mark(row: DriftRow, order: PlannedOrder | None) -> Mark:
    if order is None:
        return ""
    if order.closes:
        return "-"
    return "~" if row.quantity else "+"


def _cash(account: AccountPlan, summary: Summary, redaction: Redaction) -> LineView:
    investable = summary.investable_usd
    return LineView(
        account=redaction.account(account.account),
        symbol=CASH,
        mark="",
        action="",
        target_pct=account.cash_target_pct,
        current_pct=redaction.percentage(summary.cash_current_pct),
        after_pct=redaction.percentage(percent_of(summary.cash_after_usd - summary.buffer_usd, investable)),
        drift_pct=redaction.percentage(summary.cash_drift_pct),
        drift_usd=redaction.amount(summary.cash_drift_usd),
        band_pct=cash_band_usd(account.policy.rebalance, HUNDRED),
        price=None,
        price_source="",
        quantity=None,
        value_usd=None,
        value_pct=None,
        reason=redaction.text(f"{dollars(summary.buffer_usd)} USD buffer set aside"),
    )


def _totals(summary: Summary, redaction: Redaction) -> Totals:
    value = summary.net_liquidation_usd

    def amounts(before: Decimal, after: Decimal) -> BeforeAfter | None:
        return None if redaction.is_on else BeforeAfter(before, after)

    def of_value(before: Decimal, after: Decimal) -> BeforeAfter:
        return percentages(percent_of(before, value), percent_of(after, value))

    def percentages(before: Decimal, after: Decimal, step: Decimal = CENT) -> BeforeAfter:
        return BeforeAfter(redaction.percentage(before, step), redaction.percentage(after, step))

    cash = (summary.cash_usd, summary.cash_after_usd)
    exposure = (summary.exposure_before_usd, summary.exposure_after_usd)
    return Totals(
        net_liquidation_usd=redaction.amount(value),
        buys_usd=redaction.amount(summary.buys_usd),
        sells_usd=redaction.amount(summary.sells_usd),
        turnover_pct=redaction.percentage(summary.turnover_pct),
        cash_usd=amounts(*cash),
        cash_pct=of_value(*cash),
        exposure_usd=amounts(*exposure),
        exposure_pct=of_value(*exposure),
        leverage=percentages(summary.leverage_before, summary.leverage_after, LEVERAGE_STEP),
        tracking_error_pct=percentages(summary.tracking_error_before_pct, summary.tracking_error_after_pct),
    )
