"""Walking the stages: who is asked, what is refused as a whole, and how each account is closed, once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from rebalplan.apply.engine import Outcome, Today, require_applicable, walk
from rebalplan.apply.journal.journal import Journal, journal_path
from rebalplan.apply.journal.records import AccountClosed
from rebalplan.apply.journal.runs import runs
from rebalplan.apply.preview import Preview
from rebalplan.apply.stages import Selection, build_stages
from rebalplan.core.errors import NotApplicableError, RefusedError
from rebalplan.core.vocabulary import ConfirmMode, Targets
from rebalplan.plan.document import Plan
from rebalplan.plan.today import AccountToday
from rebalplan.render.verify import render_refused
from tests.simulation.market import Disturbance
from tests.simulation.process import silent
from tests.simulation.scenario import ACCOUNTS, START, calm
from tests.simulation.world import PLAN_PATH, World


class Person:
    """Says no to some accounts and remembers what was asked."""

    def __init__(self, *declines: str) -> None:
        self._declines = declines
        self.asked: list[tuple[str, ...]] = []
        self.worse: list[str] = []
        self.is_attended = True
        self.confirm_again = True
        self.events: list[str] = []

    def confirm(self, previews: Sequence[Preview], worse: Sequence[str] = ()) -> bool:
        accounts = tuple(preview.account for preview in previews)
        self.asked.append(accounts)
        self.worse += worse
        self.events.append(f"ask {' '.join(accounts)}")
        if worse and not self.confirm_again:
            return False
        return not set(accounts) & set(self._declines)

    def ended(self, account: str) -> None:
        self.events.append(f"over {account}")

    def tell(self, account: str, text: str) -> None:
        del account, text


def apply(
    world: World,
    person: Person,
    mode: ConfirmMode = ConfirmMode.PER_ACCOUNT,
    *,
    resume: bool = False,
    **context: Any,
) -> Outcome:
    journal = Journal(world.disk, journal_path(PLAN_PATH), world.envelope)
    world.journal = journal
    stages = build_stages(world.envelope, journal.result(), Selection((), mode, resume, 1.0))
    return walk(stages, msgspec.structs.replace(world._context(journal), **context), world.endpoints, person)


def closings(world: World) -> list[tuple[str, str]]:
    assert world.journal is not None
    return [(r.account, r.status) for r in world.journal.records if isinstance(r, AccountClosed)]


def today(plan: Plan, **changes: Any) -> Today:
    files = {a.account: AccountToday(a.policy, Targets(a.targets, a.cash_target_pct)) for a in plan.accounts}
    return Today(**({"mode": plan.mode, "accounts": files} | changes))


def test_each_account_is_asked_for_before_its_turn_and_closed_once() -> None:
    world, person = World(calm(), silent), Person()
    assert apply(world, person).problems == ()
    assert person.asked == [("DU1",), ("DU2",), ("DU3",)]
    assert closings(world) == [("DU1", "done"), ("DU2", "done"), ("DU3", "done")]


def test_every_run_that_may_do_something_begins_with_a_record_of_its_own() -> None:
    world = World(calm(), silent)
    apply(world, Person("DU2"), ConfirmMode.PER_ACCOUNT)
    apply(world, Person(), resume=True)
    assert world.journal is not None
    first, second = runs(world.envelope, world.journal.records)
    assert (first.about, second.about) == (ACCOUNTS, ("DU2",))
    assert first.at < second.at
    known = world.journal.records
    apply(world, Person(), resume=True)
    assert world.journal.records == known


def test_declining_one_account_skips_only_that_one_and_it_stays_appliable() -> None:
    world = World(calm(), silent)
    apply(world, Person("DU2"))
    assert closings(world) == [("DU1", "done"), ("DU2", "declined"), ("DU3", "done")]
    again = Person()
    assert apply(world, again, resume=True).problems == ()
    assert again.asked == [("DU2",)]
    assert closings(world)[3:] == [("DU2", "done")]


def halting(world: World, person: Person, *symbols: str) -> None:
    """Halt these symbols the first time that somebody is asked."""
    confirm = person.confirm

    def halt_and_confirm(previews: Sequence[Preview], worse: Sequence[str] = ()) -> bool:
        world.exchange.market.disturbances = tuple(Disturbance(s, 0.0, is_halted=True) for s in symbols)
        return confirm(previews, worse)

    person.confirm = halt_and_confirm  # type: ignore[method-assign]


def test_what_got_worse_at_the_question_is_asked_about_again_and_then_sent_as_shown() -> None:
    world, person = World(calm(), silent), Person()
    halting(world, person, "QQQ")
    apply(world, person)
    assert person.asked[:2] == [("DU1",), ("DU1",)]
    assert any("QQQ" in why for why in person.worse)
    assert closings(world)[0] == ("DU1", "incomplete")
    assert not [booked for booked in world.ledger.orders if booked.ticket.symbol == "QQQ"]


def test_with_nobody_to_ask_an_account_that_got_worse_is_refused() -> None:
    world, person = World(calm(), silent), Person()
    person.is_attended = False
    halting(world, person, "QQQ")
    apply(world, person)
    assert person.asked[:2] == [("DU1",), ("DU2",)]
    assert closings(world)[0] == ("DU1", "refused")
    assert (
        "less can be sent than when it was confirmed"
        in world.open_journal_alone().result_of("DU1").closed_error
    )
    assert not any("-a01-" in reference for reference in world.attempts)


def test_a_no_to_what_got_worse_leaves_the_account_as_it_was() -> None:
    world, person = World(calm(), silent), Person()
    halting(world, person, "QQQ")
    person.confirm_again = False
    apply(world, person)
    assert closings(world)[0] == ("DU1", "declined")
    assert not any("-a01-" in reference for reference in world.attempts)


def test_an_account_is_over_before_the_next_one_is_asked_about() -> None:
    world, person = World(calm(), silent), Person()
    apply(world, person)
    assert person.events == ["ask DU1", "over DU1", "ask DU2", "over DU2", "ask DU3", "over DU3"]


def test_one_no_to_all_accounts_sends_nothing() -> None:
    world = World(calm(), silent)
    apply(world, Person("DU1"), ConfirmMode.GLOBAL)
    assert closings(world) == [(account, "declined") for account in ACCOUNTS]
    assert not world.attempts


def test_a_guard_refuses_one_account_before_anything_is_sent() -> None:
    def guard(account: str) -> None:
        if account == "DU2":
            raise RefusedError("live and paper do not agree", code="RB604")

    world = World(calm(), silent)
    assert apply(world, Person(), guard=guard).problems == ("DU2",)
    assert closings(world) == [("DU1", "done"), ("DU2", "refused"), ("DU3", "done")]
    assert not any("-a02-" in reference for reference in world.attempts)


def test_a_plan_that_is_applied_again_sends_nothing() -> None:
    world = World(calm(), silent)
    apply(world, Person())
    sent, person = sum(world.attempts.values()), Person()
    assert apply(world, person).problems == ACCOUNTS
    assert (sum(world.attempts.values()), person.asked) == (sent, [])


def test_orders_of_another_copy_of_the_plan_refuse_the_account() -> None:
    world = World(calm(stop_after_sec=1.7), silent)
    apply(world, Person())
    world.stop_after_sec = 0
    world.disk._shown.clear()
    world.disk._safe.clear()
    world.pass_time(30)
    assert "DU1" in apply(world, Person()).problems
    assert world.journal is not None
    closed = world.journal.result_of("DU1").closed
    assert closed is not None
    assert "RB510" in closed.error


@pytest.mark.parametrize(("left_min", "is_refused"), [(21, False), (15, True), (14, True), (0, True)])
def test_no_account_starts_in_the_last_minutes_of_the_session(left_min: int, is_refused: bool) -> None:
    world = World(calm(session_left_min=left_min), silent)
    apply(world, Person())
    assert world.journal is not None
    closed = world.journal.result_of("DU1").closed
    assert closed is not None
    assert ("RB511" in closed.error) == is_refused


@pytest.mark.parametrize(("open_min", "is_refused"), [(4, True), (5, False)])
def test_no_account_starts_in_the_first_minutes_of_the_session(open_min: int, is_refused: bool) -> None:
    world = World(calm(), silent)
    market = world.exchange.market
    opens_at = START - timedelta(minutes=open_min)
    market.open_session = msgspec.structs.replace(market.open_session, opens_at=opens_at)
    apply(world, Person())
    assert world.journal is not None
    closed = world.journal.result_of("DU1").closed
    assert closed is not None
    assert ("open_guard_min" in closed.error) == is_refused


def test_an_untouched_plan_passes() -> None:
    plan = World(calm(), silent).envelope.plan
    require_applicable(plan, START, today(plan))


@pytest.mark.parametrize(
    ("changes", "code"), [({"mode": "live"}, "RB404"), ({"accounts": {}}, "RB403")], ids=["mode", "files"]
)
def test_a_plan_that_is_not_todays_is_refused_whole(changes: dict[str, Any], code: str) -> None:
    plan = World(calm(), silent).envelope.plan
    with pytest.raises(RefusedError, match=code):
        require_applicable(plan, START, today(plan, **changes))


def test_a_plan_whose_orders_do_not_follow_from_it_is_refused_whole() -> None:
    plan = World(calm(), silent).envelope.plan
    first, *others = plan.accounts
    order = msgspec.structs.replace(first.orders[0], quantity=first.orders[0].quantity + 1)
    edited = msgspec.structs.replace(first, orders=(order, *first.orders[1:]))
    with pytest.raises(RefusedError, match="RB2"):
        require_applicable(msgspec.structs.replace(plan, accounts=(edited, *others)), START, today(plan))


def test_a_refusal_is_a_finding_a_line_and_what_accounts_share_is_said_once() -> None:
    plan = World(calm(), silent).envelope.plan
    first = plan.accounts[0]
    many = tuple(msgspec.structs.replace(first, account=f"DU{number}") for number in range(300))
    with pytest.raises(NotApplicableError) as caught:
        require_applicable(
            msgspec.structs.replace(plan, accounts=many), START, today(plan, mode="live", accounts={})
        )
    text = render_refused(caught.value)
    head, *lines = text.splitlines()
    assert head == "this plan must not be applied as things are. No order is sent."
    assert lines[-1] == "  RB403 all 300 accounts: the account is no longer in [accounts] ids: plan again"
    assert len(text) < 1000


def test_a_refusal_of_many_findings_is_cut_and_counted() -> None:
    plan = World(calm(), silent).envelope.plan
    first = plan.accounts[0]
    odd = tuple(
        msgspec.structs.replace(
            first, account=f"DU{number}", cash_target_pct=first.cash_target_pct + number + 1
        )
        for number in range(300)
    )
    own = {a.account: AccountToday(first.policy, Targets(first.targets, first.cash_target_pct)) for a in odd}
    with pytest.raises(NotApplicableError) as caught:
        require_applicable(msgspec.structs.replace(plan, accounts=odd), START, today(plan, accounts=own))
    lines = render_refused(caught.value).splitlines()
    assert len(lines) == 14
    assert re.fullmatch(r"  and \d+ more: `rebal verify PLAN --offline` lists them all", lines[-1])


@pytest.mark.parametrize("days", [-1, 2])
def test_a_clock_that_is_days_off_refuses_the_plan(days: int) -> None:
    plan = World(calm(), silent).envelope.plan
    with pytest.raises(RefusedError, match=r"RB30[14]"):
        require_applicable(plan, START + timedelta(days=days), today(plan))
