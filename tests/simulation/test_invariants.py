"""What the judge of a run must find, and what it must not ask for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalplan.apply.resolve import Answer, resolve
from tests.simulation.faults import FOREVER
from tests.simulation.invariants import judge
from tests.simulation.run import result_of
from tests.simulation.support import Script
from tests.simulation.world import World


def judged(world: World) -> list[str]:
    return judge(world, result_of(world))


@pytest.mark.parametrize(("cents", "is_found"), [(0, False), (1, True)])
def test_the_books_say_what_a_fill_came_to_that_no_list_ever_showed(cents: int, is_found: bool) -> None:
    script = Script()
    reference = script.order(
        "DU1",
        4,
        lost=frozenset(("status", "execution", "notice")),
        hidden_sec=FOREVER,
        fills=(),
        on_cancel="fill after",
        fill_after_sec=0.4,
        fill_after_part=1.0,
    )
    script.apply()
    assert script.line("DU1", 4).status == "unknown"
    world, journal = script.world, script.world.open_journal_alone()
    (deal,) = world.ledger.deals_of(reference)
    answer = Answer(deal.execution.quantity, deal.execution.price + Decimal(cents) / 100)
    account, now = journal.result_of("DU1"), world.clock.now()
    journal.append(resolve(account, reference, answer, at=now, who="a person", evidence=()))
    world.run(resume=True)
    assert any(found.startswith(f"{reference} came to") for found in judged(world)) == is_found
