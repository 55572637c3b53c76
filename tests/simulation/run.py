"""One seeded run: processes that may crash, resumes, a last clean resume, and the judgement."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from rebalplan.apply.journal.result import ApplyResult
from rebalplan.apply.resolve import Answer, contradictions, propose, resolve
from rebalplan.core.errors import RebalError
from tests.simulation.invariants import judge
from tests.simulation.process import Trace, Violated, silent
from tests.simulation.scenario import Scenario, draw
from tests.simulation.world import FOREIGN_CLIENT_ID, World

PATIENCE_SEC = 1200.0


@dataclass
class Verdict:
    """What a run came to; ``violations`` is empty when everything held."""

    seed: int
    violations: list[str]
    crashes: int = 0
    processes: int = 0
    steps: int = 0
    disk_failures: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    sent_twice: int = 0


def simulate(seed: int, trace: Trace = silent) -> Verdict:
    """Run the scenario of a seed and judge it."""
    return simulate_scenario(draw(seed), trace)


def simulate_scenario(scenario: Scenario, trace: Trace = silent) -> Verdict:
    """Run a scenario and judge it; an error that escapes the engine is a violation."""
    world = World(scenario, trace)
    verdict = Verdict(scenario.seed, world.violations)
    try:
        _run_all(world, verdict)
    except RebalError as error:
        world.violations.append(f"the apply ended with {type(error).__name__}: {error}")
    except Violated as violation:
        world.violations.append(str(violation))
    _fill_in(verdict, world)
    return verdict


def _run_all(world: World, verdict: Verdict) -> None:
    scenario = world.scenario
    for index, dies_at in enumerate((*scenario.crashes, 0)):
        verdict.processes += 1
        fails_at = scenario.disk_fails_at if index == 0 else 0
        outcome = world.run(resume=index > 0, dies_at=dies_at, disk_fails_at=fails_at)
        world.pass_time(world.rng.choice((0.1, 2.0, 30.0)))
        if outcome is not None and index == 0 and scenario.profile == "calm":
            world.violations += [f"a calm run ends {a}" for a in outcome.problems]
        if outcome is not None and not outcome.problems:
            break
        world.client_id = FOREIGN_CLIENT_ID if scenario.changes_client_id else world.client_id
        if scenario.answers_wrongly:
            _answer_wrongly(world)
    world.calm_down()
    world.pass_time(PATIENCE_SEC if world.rng.random() < 0.5 else 60.0)
    for _ in range(2):
        verdict.processes += 1
        last = world.run(resume=True)
        world.pass_time(PATIENCE_SEC)
        if last is not None and not last.problems:
            break
    if _resolve_unknown(world):
        verdict.processes += 1
        world.run(resume=True)
        world.pass_time(PATIENCE_SEC)
    world.violations += judge(world, result_of(world))


def _resolve_unknown(world: World) -> bool:
    """Let a person say what became of unknown orders, as the broker has it; a wrong proposal is a violation."""
    journal = world.open_journal_alone()
    resolved = False
    for account in journal.result().accounts:
        for order in account.unknown:
            reference = order.dispatch.reference
            view = world.view(account.account)
            proposal = propose(account, reference, view, is_session_over=True)
            early = propose(account, reference, view, is_session_over=False).answer
            if any(o.is_working for o in world.ledger.orders if o.ticket.reference == reference):
                continue
            filled, value = world.ledger.filled(reference), world.ledger.value(reference)
            truth = Answer(filled, value / filled if filled else Decimal(0))
            if proposal.answer is not None and proposal.answer.filled != filled:
                world.violations.append(f"{reference} filled {filled}, the proposal is {proposal.answer}")
            if early is not None and early.filled != filled:
                world.violations.append(f"{reference} filled {filled}, proposed while it may fill: {early}")
            now = world.clock.now()
            journal.append(
                resolve(account, reference, truth, at=now, who="a person", evidence=proposal.evidence)
            )
            resolved = True
    return resolved


def _answer_wrongly(world: World) -> None:
    """Let a person say of each unknown order that it never existed, by force where something speaks against it."""
    journal = world.open_journal_alone()
    absent = Answer(Decimal(0), Decimal(0))
    for account in journal.result().accounts:
        for order in account.unknown:
            reference, view = order.dispatch.reference, world.view(account.account)
            try:
                against = contradictions(account, reference, absent, view, is_session_over=True)
            except RebalError:
                continue
            if not against or world.rng.random() < 0.5:
                record = resolve(
                    account, reference, absent, at=world.clock.now(), who="a person", evidence=()
                )
                journal.append(record)
                world.lied_about.add(reference)


def result_of(world: World) -> ApplyResult:
    """Return what the last process's journal says."""
    assert world.journal is not None
    return world.journal.result()


def _fill_in(verdict: Verdict, world: World) -> None:
    verdict.crashes, verdict.steps = world.crashes, world.steps
    verdict.disk_failures = world.disk_failures
    verdict.faults = world.faults.counts
    verdict.sent = len(world.attempts)
    verdict.sent_twice = sum(1 for count in world.attempts.values() if count > 1)
    if world.journal is None:
        return
    result = world.journal.result()
    verdict.lines = Counter(line.status for account in result.accounts for line in account.lines)
    verdict.accounts = Counter(a.closed.status if a.closed else "untouched" for a in result.accounts)
