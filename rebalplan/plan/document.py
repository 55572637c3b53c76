"""The plan as it is written: field order here is field order in the file.

Money is in USD, ``*_pct`` in percent, quantities in shares. ``docs/plan-file.md`` explains it to users.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from rebalplan.core.contracts import quote_of, renamed, symbol_of
from rebalplan.core.policy import Policy
from rebalplan.core.vocabulary import (
    CASH,
    AccountSnapshot,
    BrokerValue,
    Mode,
    PriceSource,
    Quote,
    Reason,
    Session,
    Side,
    TargetWeight,
    WorkingOrder,
)

PLAN_FORMAT = "1.0"
"""The version of this layout: another major version is refused."""

Status = Literal["planned", "no_changes", "blocked", "failed"]
Action = Literal["buy", "sell", "close"]


class PlannedOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order: whole or ten-thousandths of shares at the plan's price.

    ``closes`` sells all of a holding whose target is 0.
    """

    side: Side
    symbol: str
    con_id: int
    quantity: Decimal
    price: Decimal
    value_usd: Decimal
    closes: bool

    @property
    def action(self) -> Action:
        """Return what the order does to the holding, in a word."""
        if self.closes:
            return "close"
        return "buy" if self.side == "BUY" else "sell"

    @property
    def sign(self) -> Literal[1, -1]:
        """Return the direction in which the order moves the holding: 1 for a buy, -1 for a sell."""
        return 1 if self.side == "BUY" else -1


class DriftRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One symbol of the account: where it stands, what is traded (signed shares), and why not (all of) it.

    ``target_pct`` is ``None`` for a held symbol that portfolios.csv does not name and that is left alone.
    Percentages are of the investable value.
    """

    symbol: str
    quantity: Decimal
    price: Decimal
    price_source: PriceSource
    target_pct: Decimal | None
    current_pct: Decimal
    drift_pct: Decimal
    drift_usd: Decimal
    trade: Decimal
    reason: Reason | None


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account as a whole, before and after its orders at the plan's prices.

    ``costs_usd`` is what sizing sets aside for spread, slippage and commission; ``cash_after_usd`` is
    net of it. Leverage is gross exposure over the NLV before trading. Tracking error is the root of the
    sum of squared weight differences over the targeted symbols, in percent points.
    """

    net_liquidation_usd: Decimal
    buffer_usd: Decimal
    unlisted_usd: Decimal
    investable_usd: Decimal
    cash_usd: Decimal
    cash_floor_usd: Decimal
    cash_current_pct: Decimal
    cash_drift_pct: Decimal
    cash_drift_usd: Decimal
    buys_usd: Decimal
    sells_usd: Decimal
    turnover_usd: Decimal
    turnover_pct: Decimal
    costs_usd: Decimal
    cash_after_usd: Decimal
    exposure_before_usd: Decimal
    exposure_after_usd: Decimal
    leverage_before: Decimal
    leverage_after: Decimal
    tracking_error_before_pct: Decimal
    tracking_error_after_pct: Decimal
    floor_unmet: bool
    cap_unmet: bool


class AccountPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account: the rules, the orders, the reasons, and the snapshot they were derived from.

    ``client_id`` is the one that apply connects with: a gateway lets nobody else in under it meanwhile, and the
    order ids of one client are another's. ``snapshot`` is ``None`` when the account could not be read, ``summary``
    when it could not be planned.
    """

    account: str
    client_id: int
    status: Status
    reasons: tuple[str, ...]
    policy: Policy
    targets: tuple[TargetWeight, ...]
    cash_target_pct: Decimal
    orders: tuple[PlannedOrder, ...]
    drift: tuple[DriftRow, ...]
    summary: Summary | None
    snapshot: AccountSnapshot | None

    @property
    def weights(self) -> dict[str, Decimal]:
        """Return the target weights in percent, by symbol and CASH."""
        return {w.symbol: w.target_pct for w in self.targets} | {CASH: self.cash_target_pct}

    @property
    def left_out(self) -> tuple[BrokerValue, ...]:
        """Return the unlisted holdings without a price, which are not managed; none of an account without a plan."""
        if self.snapshot is None or self.summary is None:
            return ()
        held = {position.con_id for position in self.snapshot.positions}
        priced = {row.symbol for row in self.drift}
        return tuple(v for v in self.snapshot.broker_values if v.con_id in held and v.symbol not in priced)

    @property
    def contract_ids(self) -> dict[str, int]:
        """Return the contract of each name that the account holds or trades."""
        held = self.snapshot.positions if self.snapshot is not None else ()
        return {p.symbol: p.con_id for p in held} | {o.symbol: o.con_id for o in self.orders}

    def quotes_of(self, quotes: Mapping[str, Quote]) -> tuple[Quote, ...]:
        """Return the quotes that the account is planned with, in the order of its rows."""
        ids = self.contract_ids
        found = (quote_of(quotes, row.symbol, ids.get(row.symbol, 0)) for row in self.drift)
        return tuple(quote for quote in found if quote is not None)

    def with_names(self, snapshot: AccountSnapshot) -> AccountSnapshot:
        """Return the account as it is now, under the names that the plan has for its contracts."""
        return renamed(snapshot, {con_id: name for name, con_id in self.contract_ids.items()})

    def is_stopped_by(self, working: WorkingOrder) -> bool:
        """Tell whether apply stops at an order at the broker: it has the symbol or the contract of a planned one."""
        return any(working.symbol == symbol_of(o.symbol) or working.con_id == o.con_id for o in self.orders)


class Volatile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between two plans of one state: the quotes and the times.

    ``session`` is the next regular session that opened after ``created_at``; the plan expires at its close
    or earlier, and at once where no contract gave its hours.
    """

    quotes: tuple[Quote, ...]
    session: Session | None
    created_at: datetime
    expires_at: datetime
    tool_version: str


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All accounts' orders with every input they were derived from.

    ``replay_of`` names the plan whose snapshot and quotes were planned again offline; such a plan is for
    reading and is never applied.
    """

    format_version: str
    sizing_version: str
    mode: Mode
    replay_of: str | None
    accounts: tuple[AccountPlan, ...]
    volatile: Volatile
