"""Orders without an end in the journals of other plans."""

from __future__ import annotations

import pytest

from rebalplan.errors import JournalError
from rebalplan.journal.others import by_account, open_orders
from rebalplan.journal.records import AnyRecord
from tests.journal.support import (
    EVERY_KIND,
    FIRST_BUY,
    PLAN,
    SELL,
    ack,
    chain_bytes,
    dispatch,
    done,
    fill,
    intent,
    resolved,
    unknown,
)


def found(*records: AnyRecord) -> list[tuple[str, bool]]:
    journal = chain_bytes(PLAN.sha256, records)
    return [(order.reference, order.is_unknown) for order in open_orders(PLAN.id, journal)]


def test_an_order_without_an_end_is_open_and_an_unknown_one_says_so() -> None:
    assert found(intent(SELL), dispatch()) == [(SELL, False)]
    assert found(dispatch(), ack(), fill("e.1", "10")) == [(SELL, False)]
    assert found(dispatch(), unknown(), dispatch(FIRST_BUY, "20"), ack(FIRST_BUY)) == [
        (SELL, True),
        (FIRST_BUY, False),
    ]


def test_an_order_that_is_over_or_resolved_is_not_open() -> None:
    assert found(*EVERY_KIND) == []
    assert found(dispatch(), unknown(), resolved("0", "0")) == []
    assert found(dispatch(), done("cancelled", "0")) == []
    assert found() == []


def test_the_sentence_names_the_command_that_settles_it() -> None:
    journal = chain_bytes(PLAN.sha256, (dispatch(), unknown(), dispatch(FIRST_BUY, "20")))
    unknown_order, working = open_orders(PLAN.id, journal)
    assert f"`rebal resolve {SELL}`" in unknown_order.sentence
    assert f"`rebal apply {PLAN.id} --resume`" in working.sentence
    assert by_account((unknown_order, working)) == {"DU1": unknown_order.sentence}


def test_a_torn_journal_is_read_up_to_its_tear() -> None:
    journal = chain_bytes(PLAN.sha256, (dispatch(),))
    assert len(open_orders(PLAN.id, journal + b'{"number":2')) == 1
    assert open_orders(PLAN.id, journal[:-5]) == ()


def test_a_broken_journal_is_an_error_that_names_its_plan() -> None:
    with pytest.raises(JournalError, match=f"the journal of plan {PLAN.id} cannot be read"):
        open_orders(PLAN.id, b"broken\n")
