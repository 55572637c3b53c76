"""Is the session of an order over, as far as the broker tells?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from rebalplan.apply.journal.fold import fold_orders
from rebalplan.apply.journal.journal import JournalFile
from rebalplan.commands.actions.resolve import is_session_over
from rebalplan.commands.sent import SentOrder
from rebalplan.core.ports import MarketData, TradingConnection
from rebalplan.core.vocabulary import Session
from tests.apply.journal.support import AT, PLAN, SELL, dispatch, intent
from tests.apply.support import market_quote
from tests.builders import con_id_of
from tests.simulation.disk import SimDisk

HOUR = timedelta(hours=1)
COMING = Session(AT + 24 * HOUR, AT + 30 * HOUR)


class Link:
    """A connection that knows one answer about the market."""

    def __init__(self, market: MarketData) -> None:
        self.market = market
        self.asked: Mapping[str, int] = {}

    def read_market(self, wanted: Mapping[str, int], **_: Any) -> MarketData:
        self.asked = wanted
        return self.market


def sent(*, intended_at: datetime = AT, sent_at: datetime = AT) -> SentOrder:
    records = (
        msgspec.structs.replace(intent(SELL), at=intended_at),
        msgspec.structs.replace(dispatch(), at=sent_at),
    )
    account = fold_orders(records, "DU1")
    path = Path("p.journal.jsonl")
    journal = JournalFile(SimDisk(), path, PLAN.sha256)
    return SentOrder(path, journal, PLAN.id, True, account, account.orders[0])


def over(order: SentOrder, *, opened_at: datetime | None, **changes: Any) -> bool | None:
    now = Session(opened_at, opened_at + 6 * HOUR) if opened_at else None
    told = MarketData((market_quote(),), COMING, AT + HOUR, now)
    link = Link(msgspec.structs.replace(told, **changes))
    answer = is_session_over(cast(TradingConnection, link), order)
    assert link.asked == {"BND": con_id_of("BND")}
    return answer


def test_it_lasts_while_the_market_that_it_was_sent_to_is_open() -> None:
    assert over(sent(), opened_at=AT - HOUR) is False


def test_it_is_over_when_the_market_is_closed_or_opened_after_it() -> None:
    assert over(sent(), opened_at=None) is True
    assert over(sent(), opened_at=AT + HOUR) is True


@pytest.mark.parametrize("clock", ["slow", "fast"])
def test_a_wrong_clock_of_this_machine_does_not_end_it(clock: str) -> None:
    wrong = AT - 24 * HOUR if clock == "slow" else AT + 24 * HOUR
    assert over(sent(sent_at=wrong), opened_at=AT - HOUR) is False


@pytest.mark.parametrize(
    "changes", [{"session": None}, {"quotes": (market_quote(problem="no such contract"),)}]
)
def test_without_trading_hours_it_is_not_known(changes: dict[str, Any]) -> None:
    assert over(sent(), opened_at=None, **changes) is None
