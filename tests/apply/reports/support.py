"""A plan with an account of each kind, and what happened to one of its accounts, told record by record.

Each of the planned accounts has 32,200 USD, 200 of them a buffer: 100 BND at 73.50, 12 GLD at 187.25, 15 QQQ at 402,
40 VTI at 251.60, 60 VXUS at 58.20 and 3,017 USD of cash. It sells 56 BND and closes GLD, buys 9 QQQ and 17 VTI.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from rebalplan.apply.journal.fold import fold
from rebalplan.apply.journal.records import (
    AccountClosed,
    AccountRecord,
    AccountStatus,
    Ack,
    Changed,
    Commission,
    Dispatch,
    Done,
    DoneStatus,
    Fill,
    Intent,
    LineCut,
    Resolved,
    Unknown,
)
from rebalplan.apply.journal.result import AccountResult
from rebalplan.core.orders import Algo
from rebalplan.core.references import order_reference
from rebalplan.plan.account import AccountInput
from rebalplan.plan.codec import Envelope, encode
from rebalplan.plan.document import PlannedOrder
from tests.builders import NOW, account, plan, position, quotes

AT = NOW + timedelta(minutes=5)
RUN_AT = NOW + timedelta(minutes=7, seconds=30)

HELD = {"BND": "100", "GLD": "12", "QQQ": "15", "VTI": "40", "VXUS": "60"}
CASH = Decimal(3017)
_PRICES = {"BND": "73.5", "GLD": "187.25", "QQQ": "402", "VTI": "251.6", "VXUS": "58.2"}
_WEIGHTS = {"BND": "10", "GLD": "0", "QQQ": "30", "VTI": "45", "VXUS": "11"}


def _account(name: str, **keys: Any) -> AccountInput:
    rules = {"cash_buffer_type": "abs", "cash_buffer_abs": Decimal(200), **keys}
    return account(
        name, cash=str(CASH), holdings=HELD, weights=_WEIGHTS, cash_target="4", prices=_PRICES, **rules
    )


def _envelope() -> Envelope:
    names = ("DU1", "DU2", "DU3", "DU4", "DU5", "DU6")
    unplanned = (
        _account("DU7", max_order_usd=Decimal(4200)),
        account("DU8", failure="the gateway does not know the account"),
        account("DU9", cash="26", holdings={"VTI": "10"}, prices=_PRICES, per_holding_band_bps=Decimal(200)),
    )
    return encode(plan(*(_account(name) for name in names), *unplanned, market=quotes(**_PRICES)))[0]


PLAN = _envelope()
BLOCKED, FAILED, NO_CHANGES = "DU7", "DU8", "DU9"


class Story:
    """What the journal says of one account. Orders go by their symbol; ``rest`` is the fallback of a line."""

    def __init__(self, name: str = "DU1") -> None:
        self.name = name
        self.records: list[AccountRecord] = []

    @property
    def result(self) -> AccountResult:
        """Return the account as its records leave it."""
        return fold(PLAN, self.records).of(self.name)

    def reference(self, symbol: str, *, rest: bool = False) -> str:
        """Return the reference of a line's order."""
        accounts = [account.account for account in PLAN.plan.accounts]
        number = [order.symbol for order in self._orders].index(symbol) + 1
        return order_reference(PLAN.sha256, accounts.index(self.name) + 1, number) + ("-f" if rest else "")

    def begin(self) -> Story:
        """The account is as the plan saw it."""
        held = tuple(position(symbol, quantity) for symbol, quantity in HELD.items())
        self.records.append(
            Intent(
                account=self.name,
                at=AT,
                attempt=1,
                mode="paper",
                client_id=42,
                references=tuple(self.reference(order.symbol) for order in self._orders),
                positions=held,
                cash_usd=CASH,
            )
        )
        return self

    def send(
        self,
        symbol: str,
        quantity: str,
        quote: str,
        perm_id: int = 0,
        *,
        rest: bool = False,
        algo: Algo = "adaptive",
    ) -> Story:
        """An order is sent, and acknowledged when it has a ``perm_id``."""
        reference = self.reference(symbol, rest=rest)
        planned = next(order for order in self._orders if order.symbol == symbol)
        self.records.append(
            Dispatch(
                account=self.name,
                at=AT,
                reference=reference,
                line=self.reference(symbol),
                symbol=symbol,
                con_id=planned.con_id,
                side=planned.side,
                order_id=7,
                quantity=Decimal(quantity),
                algo=algo,
                quote=Decimal(quote),
            )
        )
        if perm_id:
            self.records.append(Ack(account=self.name, at=AT, reference=reference, perm_id=perm_id))
        return self

    def fill(
        self, symbol: str, quantity: str, price: str, commission: str = "", *, rest: bool = False
    ) -> Story:
        """The broker executed some of an order; without ``commission`` it has not said what it charges."""
        reference = self.reference(symbol, rest=rest)
        exec_id = f"{reference}.{len(self.records)}.01"
        self.records.append(
            Fill(
                account=self.name,
                at=AT,
                reference=reference,
                exec_id=exec_id,
                quantity=Decimal(quantity),
                price=Decimal(price),
            )
        )
        if commission:
            amount = Decimal(commission)
            self.records.append(Commission(account=self.name, at=AT, exec_id=exec_id, amount_usd=amount))
        return self

    def change(self, symbol: str, quantity: str, order_type: str) -> Story:
        """Somebody changed a working order."""
        self.records.append(
            Changed(
                account=self.name,
                at=AT,
                reference=self.reference(symbol),
                quantity=Decimal(quantity),
                order_type=order_type,
            )
        )
        return self

    def end(
        self, symbol: str, status: DoneStatus, filled: str, note: str = "", *, rest: bool = False
    ) -> Story:
        """The broker says that an order is over."""
        self.records.append(
            Done(
                account=self.name,
                at=AT,
                reference=self.reference(symbol, rest=rest),
                status=status,
                filled=Decimal(filled),
                cancel_asked=status == "cancelled",
                is_agreed=True,
                note=note,
            )
        )
        return self

    def lose(self, symbol: str, why: str) -> Story:
        """Nobody knows what became of an order."""
        self.records.append(
            Unknown(account=self.name, at=AT, reference=self.reference(symbol), why=why, is_twin=False)
        )
        return self

    def resolve(self, symbol: str, filled: str, price: str) -> Story:
        """A person says what became of an order."""
        self.records.append(
            Resolved(
                account=self.name,
                at=AT,
                reference=self.reference(symbol),
                filled=Decimal(filled),
                price=Decimal(price),
                who="me",
                evidence="decided by me: account statement",
            )
        )
        return self

    def cut(self, symbol: str, quantity: str, why: str, *, is_refusal: bool = False) -> Story:
        """A line is sent in a smaller quantity, or not at all."""
        self.records.append(
            LineCut(
                account=self.name,
                at=AT,
                line=self.reference(symbol),
                quantity=Decimal(quantity),
                is_refusal=is_refusal,
                why=why,
            )
        )
        return self

    def close(self, status: AccountStatus, error: str = "", cash: str = "", **shares: str) -> Story:
        """The account is closed; with ``cash`` it was read again."""
        held = tuple(position(symbol, quantity) for symbol, quantity in shares.items())
        self.records.append(
            AccountClosed(
                account=self.name,
                at=AT,
                status=status,
                error=error,
                read=bool(cash),
                positions=held,
                cash_usd=Decimal(cash or 0),
            )
        )
        return self

    def add_contract(self, symbol: str, con_id: int, quantity: str) -> None:
        """The account as it was read at the close also holds another contract of that symbol."""
        closed = self.records.pop()
        assert isinstance(closed, AccountClosed)
        held = (*closed.positions, position(symbol, quantity, con_id))
        self.records.append(msgspec.structs.replace(closed, positions=held))

    @property
    def _orders(self) -> tuple[PlannedOrder, ...]:
        return next(a.orders for a in PLAN.plan.accounts if a.account == self.name)


def all_filled(name: str = "DU1") -> Story:
    """All four lines filled at prices near their quotes, the commissions known; not closed.

    Leaves 44 BND, 24 QQQ, 57 VTI, 60 VXUS and 3,017 + 4,103.50 + 2,247.60 - 3,627 - 4,278.30 - 6.10 = 1,456.70 USD.
    """
    story = sold(name)
    story.send("QQQ", "9", "402.5", 9003).fill("QQQ", "9", "403", "1.3").end("QQQ", "filled", "9")
    story.send("VTI", "17", "251.55", 9004)
    story.fill("VTI", "10", "251.5", "0.7").fill("VTI", "7", "251.9", "0.75").end("VTI", "filled", "17")
    return story


def sold(name: str = "DU1") -> Story:
    """Both sells filled, for 4,103.50 and 2,247.60 USD less 3.35 of commission; leaves 9,364.75 USD."""
    story = Story(name).begin()
    story.send("BND", "56", "73.4", 9001)
    story.fill("BND", "30", "73.3", "1.05").fill("BND", "26", "73.25", "1.1").end("BND", "filled", "56")
    story.send("GLD", "12", "187.2", 9002).fill("GLD", "12", "187.3", "1.2").end("GLD", "filled", "12")
    return story


AFTER_ALL = {"BND": "44", "QQQ": "24", "VTI": "57", "VXUS": "60"}
AFTER_SELLS = {"BND": "44", "QQQ": "15", "VTI": "40", "VXUS": "60"}
