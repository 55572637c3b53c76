"""One world that outlives its processes: broker, disk, clock, and what must never happen in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from rebalplan.apply.context import ApplyContext
from rebalplan.apply.engine import Endpoints, Outcome, walk
from rebalplan.apply.journal.journal import Journal, journal_path
from rebalplan.apply.journal.records import AccountClosed, Ack, Done, Resolved, Unknown
from rebalplan.apply.preview import Preview
from rebalplan.apply.resolve import BrokerView
from rebalplan.apply.stages import Selection, build_stages
from rebalplan.apply.timing import Timing
from rebalplan.core.errors import DiskError
from rebalplan.core.orders import OrderTicket
from rebalplan.core.references import order_reference
from rebalplan.core.vocabulary import ConfirmMode, Endpoint
from rebalplan.inputs.settings import AccountsSettings
from tests.builders import con_id_of, position
from tests.simulation.broker import SimBroker
from tests.simulation.clock import VirtualClock
from tests.simulation.disk import SimDisk
from tests.simulation.exchange import Exchange
from tests.simulation.faults import Fate, Faults
from tests.simulation.ledger import Booked, Flow, Ledger
from tests.simulation.market import Market
from tests.simulation.process import Process, SimulatedCrash, Trace, Violated
from tests.simulation.scenario import ACCOUNTS, START, Scenario, plan_of, prices_of, session_of

OUR_CLIENT_ID, FOREIGN_CLIENT_ID, CLONE_CLIENT_ID = 42, 43, 44
FOREIGN_ACCOUNT = "DU9"
FOREIGN_ORDERS = 12
PLAN_PATH = Path("plans/simulated.json")
TIMING = Timing(tick_sec=15)
PACE = AccountsSettings(retries=1)


@dataclass
class Operator:
    """Says yes; remembers what it was told."""

    told: list[str] = field(default_factory=list)
    is_attended: bool = True

    def confirm(self, previews: Sequence[Preview], worse: Sequence[str] = ()) -> bool:
        del previews, worse
        return True

    def ended(self, account: str) -> None:
        self.told.append(f"{account} ended")

    def tell(self, account: str, text: str) -> None:
        self.told.append(f"{account}: {text}")


class World:
    """Builds the scenario and runs processes in it."""

    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self.scenario = scenario
        self.trace = trace
        self.envelope = plan_of(scenario.variant)
        self.rng = Random(scenario.seed ^ 0x5EED)  # noqa: S311  # reproducible, not secret
        self.clock = VirtualClock(START)
        session = session_of(scenario)
        plan = self.envelope.plan
        next_session = plan.volatile.session
        assert next_session is not None
        market = Market(prices_of(scenario.variant), START, session, next_session, scenario.disturbances)
        self.ledger = Ledger({}, {})
        for account in plan.accounts:
            assert account.snapshot is not None
            self.ledger.cash[account.account] = account.snapshot.cash_usd
            held = {p.symbol: p.quantity for p in account.snapshot.positions}
            self.ledger.positions[account.account] = held
        self.exchange = Exchange(self.clock, market, self.ledger)
        self.faults = Faults(scenario.seed, scenario.intensity, scenario.only, scenario.only_harm)
        self.broker = SimBroker(self.exchange, self.faults, ACCOUNTS, self._on_place)
        self.broker.cash_lag_sec = scenario.cash_lag_sec
        self.disk = SimDisk()
        self.disk.judge = self._on_record
        self.journal: Journal | None = None
        self.attempts: Counter[str] = Counter()
        self.violations: list[str] = []
        self.ended: list[datetime] = []
        self.crashes = 0
        self.disk_failures = 0
        self.steps = 0
        self.person_has_traded = False
        self.person_traded_at = START
        self.clone_reference = ""
        self.lied_about: set[str] = set()
        self.stop_after_sec = scenario.stop_after_sec
        self.client_id = OUR_CLIENT_ID
        self._change()
        self._harm()

    def _change(self) -> None:
        """Make the world another than the plan's."""
        for account, change in zip(self.envelope.plan.accounts, self.scenario.changes, strict=True):
            name = account.account
            held = self.ledger.positions[name]
            match change:
                case "foreign order":
                    self._book_foreign(name, account.orders[0].symbol)
                case "split":
                    symbol = sorted(held)[0]
                    held[symbol] *= 2
                case "sold elsewhere":
                    held.clear()
                case "cash gone":
                    self.ledger.cash[name] -= 500
                case "what if refused":
                    buys = [(name, order.symbol) for order in account.orders if order.side == "BUY"]
                    self.broker.refuses_what_if = frozenset(buys)
                case _:
                    pass

    def _harm(self) -> None:
        """Let people and other programs do what they do."""
        scenario = self.scenario
        self.broker.refuses_algo_what_if = scenario.refuses_algo_what_if
        if scenario.has_foreign_client:
            for order_id in range(1, FOREIGN_ORDERS + 1):
                self._book_other(FOREIGN_ACCOUNT, order_id)
        if scenario.person:
            self.exchange.when_filled = self._person_trades
        if scenario.clone:
            self.disk.when_appended = self._clone_sends
            if scenario.clone == "before INTENT":
                self._clone_sends(f'"INTENT" "account":"{scenario.clone_at}"')

    def _book_other(self, account: str, order_id: int) -> None:
        ticket = OrderTicket(
            reference="another program's",
            account=account,
            symbol="VTI",
            con_id=con_id_of("VTI"),
            side="BUY",
            quantity=Decimal(1),
            algo="none",
        )
        booked = Booked(ticket, order_id, 90_000 + order_id, self.clock.now(), Fate(), FOREIGN_CLIENT_ID)
        self.ledger.orders.append(booked)

    def _person_trades(self, filled: Booked) -> None:
        """Have the owner trade the account once, right after its first sell is filled."""
        account = filled.ticket.account
        if account != self.scenario.person_at or filled.ticket.side != "SELL" or self.person_has_traded:
            return
        self.person_has_traded = True
        self.person_traded_at = now = self.clock.now()
        if self.scenario.person == "withdraws":
            self.ledger.flows.append(Flow(account, now, Decimal(-1000)))
            return
        self.exchange.deal_manually(
            account, "VXUS", "BUY" if self.scenario.person == "buys" else "SELL", Decimal(2)
        )

    def _clone_sends(self, line: str) -> None:
        """Have another copy of the plan send the account's first order, at another gateway, once."""
        account = self.scenario.clone_at
        if self.clone_reference or '"INTENT"' not in line or f'"account":"{account}"' not in line:
            return
        planned = next(a for a in self.envelope.plan.accounts if a.account == account).orders[0]
        self.clone_reference = order_reference(self.envelope.sha256, ACCOUNTS.index(account) + 1, 1)
        ticket = OrderTicket(
            reference=self.clone_reference,
            account=account,
            symbol=planned.symbol,
            con_id=planned.con_id,
            side=planned.side,
            quantity=planned.quantity,
            algo="none",
        )
        self.ledger.orders.append(
            Booked(ticket, 900, 77_777, self.clock.now(), Fate(), client_id=CLONE_CLIENT_ID)
        )

    def _book_foreign(self, account: str, symbol: str) -> None:
        ticket = OrderTicket(
            reference="somebody else's",
            account=account,
            symbol=symbol,
            con_id=con_id_of(symbol),
            side="BUY",
            quantity=Decimal(1),
            algo="none",
        )
        self.ledger.orders.append(Booked(ticket, 0, 77, self.clock.now(), Fate()))

    def must_refuse(self) -> dict[str, str]:
        """Return the accounts that must not be traded, and why."""
        return {a: c for a, c in zip(ACCOUNTS, self.scenario.changes, strict=True) if c}

    def is_stopped(self) -> bool:
        """Answer the engine's question whether somebody said stop."""
        since_start = (self.clock.now() - START).total_seconds()
        return bool(self.stop_after_sec) and since_start >= self.stop_after_sec

    def _on_place(self, ticket: OrderTicket) -> None:
        """Look at every order that leaves; nothing here comes from the engine's own checks."""
        reference = ticket.reference
        self.attempts[reference] += 1
        self._forbid(self.attempts[reference] > 1, f"{reference} is sent twice")
        self._forbid(self.is_stopped(), f"{reference} is sent after a stop")
        self._forbid(self.disk.has_failed, f"{reference} is sent after the disk failed")
        durable = self.disk.holds(journal_path(PLAN_PATH), f'"reference":"{reference}","line"')
        self._forbid(not durable, f"{reference} is sent before its DISPATCH is on the disk")
        expires_at = self.envelope.plan.volatile.expires_at
        self._forbid(self.clock.now() >= expires_at, f"{reference} is sent after expiry")
        self._forbid(
            not self.exchange.market.is_open(self.clock.now()), f"{reference} is sent after the close"
        )
        listener = getattr(self.exchange.listener, "__self__", None)
        self._forbid(
            getattr(listener, "knows_link_down", False), f"{reference} is sent while the link is lost"
        )
        self._forbid(
            ticket.account in self.unknown_accounts(), f"{reference} is sent beside an unknown order"
        )
        self._forbid(reference == self.clone_reference, f"{reference} is sent by two copies of the plan")
        self._forbid(self._goes_over_plan(ticket), f"{reference} goes over its plan by what the lists show")
        self._forbid(self._is_blind(ticket), f"{reference} takes a rest that nobody looked at for long")
        change = self.must_refuse().get(ticket.account)
        self._forbid(change is not None, f"{reference} is sent although {change}")

    def _on_record(self, line: str) -> None:
        """Look at every record: an order that is called dead must be dead; what is full may have been raised unseen."""
        if '"record":"DONE"' not in line:
            return
        done = json.loads(line)["record"]
        reference, status = done["reference"], done["status"]
        works = any(
            o.is_working and o.client_id != CLONE_CLIENT_ID
            for o in self.ledger.orders
            if o.ticket.reference == reference
        )
        self._forbid(works and status != "filled", f"LOST {reference} is called {status} while it works")

    def _goes_over_plan(self, ticket: OrderTicket) -> bool:
        """Tell whether a fallback would take its line over the plan, by what the lists showed and the wire said.

        By the lists as they were when this process last had them: an execution that comes to light between that and
        the send cannot be known. How old they may be is for ``_is_blind``.
        """
        first, account = ticket.reference.removesuffix("-f"), ticket.account
        listed = self.ledger.visible_deals(account, self.broker.listed_at.get(account, START))
        told = [d for d in self.ledger.deals if d.execution.exec_id in self.broker.told]
        known = {d.root: d.execution.quantity for d in (*listed, *told) if d.execution.reference == first}
        planned = self.planned_quantity(account, first)
        return sum(known.values(), Decimal(0)) + ticket.quantity > planned

    def _is_blind(self, ticket: OrderTicket) -> bool:
        """Tell whether a fallback leaves long after the executions were last asked for, which might show its rest."""
        if not ticket.reference.endswith("-f"):
            return False
        listed_at = self.broker.listed_at.get(ticket.account, START)
        return (self.clock.now() - listed_at).total_seconds() > TIMING.agree_sec

    def planned_quantity(self, account: str, reference: str) -> Decimal:
        """Return how many shares the plan has for a line."""
        planned = next(a for a in self.envelope.plan.accounts if a.account == account)
        return planned.orders[int(reference.rpartition("-l")[2]) - 1].quantity

    def _forbid(self, happens: bool, what: str) -> None:
        if happens:
            raise Violated(what)

    def unknown_accounts(self) -> set[str]:
        """Return the accounts with an order that the journal calls unknown."""
        unknown: dict[str, str] = {}
        for record in self.journal.records if self.journal is not None else ():
            if isinstance(record, Unknown):
                unknown[record.reference] = record.account
            elif isinstance(record, Ack | Done | Resolved):
                unknown.pop(record.reference, None)
        return set(unknown.values())

    def run(self, *, resume: bool, dies_at: int = 0, disk_fails_at: int = 0) -> Outcome | None:
        """Run one process to its end; ``None`` when it died or the disk failed."""
        process = Process(dies_at, self.trace)
        self.disk.boot(process, disk_fails_at, self.scenario.disk_tears)
        self.broker.boot(process)
        self.trace(f"PROCESS starts, resume = {resume}, {self.clock.now():%H:%M:%S}")
        try:
            return self._apply(resume=resume)
        except SimulatedCrash:
            self.crashes += 1
            self.disk.crash(self.rng, power=self.scenario.power_fails)
        except DiskError as error:
            self.disk_failures += 1
            self.trace(f"DISK {error}")
        finally:
            self.steps += process.steps
            self.ended.append(self.clock.now())
            self.exchange.listener = None
        return None

    def _apply(self, *, resume: bool) -> Outcome:
        with self.disk.lock(PLAN_PATH.parent / ".apply.lock"):
            self.journal = journal = Journal(self.disk, journal_path(PLAN_PATH), self.envelope)
            turn = self._context(journal)
            mode = ConfirmMode.GLOBAL if self.scenario.global_confirm else ConfirmMode.PER_ACCOUNT
            selection = Selection((), mode, resume, 1.0)
            stages = build_stages(self.envelope, journal.result(), selection)
            return walk(stages, turn, self.endpoints, Operator())

    def _context(self, journal: Journal) -> ApplyContext:
        return ApplyContext(
            envelope=self.envelope,
            broker=self.broker,
            clock=self.clock,
            journal=journal,
            timing=TIMING,
            stop=self.is_stopped,
            progress=lambda _: None,
            guard=lambda _: None,
            pace=PACE,
        )

    def was_seen_working_on(self, account: str, reference: str) -> bool:
        """Tell whether a process that closed the account after that had seen an order work which it had called over."""
        over_at = START
        closed = []
        for record in self.journal.records if self.journal is not None else ():
            if isinstance(record, Done) and record.reference == reference:
                over_at = record.at
            elif isinstance(record, AccountClosed) and record.account == account:
                closed.append(record.at)
        seen = [at for shown, at in self.broker.shown_working if shown == reference and at > over_at]
        ends = [min((end for end in self.ended if end >= at), default=at) for at in seen]
        return any(
            at - timedelta(seconds=1) < close <= end
            for at, end in zip(seen, ends, strict=True)
            for close in closed
        )

    @property
    def endpoints(self) -> Endpoints:
        """Return where each account is reached."""
        return {name: Endpoint(port=i, client_id=self.client_id) for i, name in enumerate(ACCOUNTS, start=1)}

    def open_journal_alone(self) -> Journal:
        """Open the journal as a command beside the apply does."""
        self.disk.boot(Process(0, self.trace))
        return Journal(self.disk, journal_path(PLAN_PATH), self.envelope)

    def view(self, account: str) -> BrokerView:
        """Return what the broker shows of an account now."""
        now = self.clock.now()
        _, held = self.ledger.of(account, now)
        return BrokerView(
            executions=tuple(deal.execution for deal in self.ledger.visible_deals(account, now)),
            open_orders=self.ledger.open_orders(now),
            completed=self.ledger.completed(now),
            positions=tuple(position(symbol, str(quantity)) for symbol, quantity in sorted(held.items())),
        )

    def pass_time(self, seconds: float) -> None:
        """Let the broker go on alone."""
        self.exchange.run_until(self.clock.now() + timedelta(seconds=seconds))

    def calm_down(self) -> None:
        """From here on nothing new goes wrong, and what can be cancelled is."""
        self.faults.is_on = False
        self.exchange.is_helpful = True
        self.stop_after_sec = 0
        self.broker.cash_lag_sec = 0
        self.exchange.restore_link()
