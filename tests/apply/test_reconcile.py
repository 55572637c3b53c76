"""The broker's lists: asked in an order that closes the race, and believed only when they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rebalplan.apply.reconcile import ask_lists, conclude
from rebalplan.core.orders import CompletedOrder, OpenOrder
from tests.apply.journal.support import SELL
from tests.apply.support import AGREE_SEC, completed, lists, sent_orders, shown, status
from tests.apply.test_executor import Link

if TYPE_CHECKING:
    from rebalplan.core.ports import TradingConnection


class Moving(Link):
    """A broker at which an order comes to light, or ends, while the lists are asked."""

    def __init__(
        self, *open_lists: tuple[OpenOrder, ...], completed: tuple[CompletedOrder, ...] = ()
    ) -> None:
        super().__init__()
        self._open_lists = list(open_lists)
        self._completed = completed

    def open_orders(self, account: str) -> tuple[OpenOrder, ...]:
        super().open_orders(account)
        return self._open_lists.pop(0)

    def completed_orders(self, account: str) -> tuple[CompletedOrder, ...]:
        super().completed_orders(account)
        return self._completed


def test_open_orders_are_asked_before_and_after_completed_orders_and_executions() -> None:
    link = Moving((), ())
    ask_lists(cast("TradingConnection", link), sent_orders()[0])
    assert link.asked == ["open orders", "completed orders", "executions", "open orders"]


def test_an_order_that_only_the_second_list_of_open_orders_has_is_open() -> None:
    orders, _ = sent_orders()
    found = ask_lists(cast("TradingConnection", Moving((), (shown(),))), orders)
    order = orders.by_reference[SELL]
    assert order.order.perm_id == 70
    assert conclude(orders, order, found, is_last=True, agree_sec=AGREE_SEC) == "working"


def test_an_order_that_only_the_first_list_of_open_orders_had_is_not_open() -> None:
    orders, _ = sent_orders()
    orders.shown(shown())
    orders.status(status("Cancelled"))
    link = Moving((shown(),), (), completed=(completed("Cancelled", "0"),))
    found = ask_lists(cast("TradingConnection", link), orders)
    assert conclude(orders, orders.by_reference[SELL], found, is_last=False, agree_sec=0) == "ended"


def test_an_end_is_not_agreed_on_while_the_order_is_still_listed_as_open() -> None:
    orders, _ = sent_orders()
    orders.shown(shown())
    orders.status(status("Cancelled"))
    order, row = orders.by_reference[SELL], completed("Cancelled", "0")
    both = lists((row,), (shown(),))
    assert conclude(orders, order, both, is_last=False, agree_sec=AGREE_SEC) == "unconfirmed"
    assert conclude(orders, order, lists((row,)), is_last=False, agree_sec=AGREE_SEC) == "ended"
