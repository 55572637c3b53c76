"""The order side of the adapter against the embedded gateway, through ib_insync over TCP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from rebalplan.core.errors import BrokerError, TimedOutError, UnreachableError
from rebalplan.core.orders import (
    Acknowledged,
    Commissioned,
    Executed,
    LinkLost,
    LinkRestored,
    Noticed,
    OrderEvent,
    OrderTicket,
    StatusReported,
)
from rebalplan.core.vocabulary import Endpoint
from rebalplan.ibkr import IbkrBroker
from rebalplan.ibkr.broker import IbkrConnection
from rebalplan.ibkr.inbound import RequestRefused
from rebalplan.sim import Gateway, load_scenario, start
from tests.cli import FrozenClock
from tests.scenarios import fault, scenario_text

TICKET = OrderTicket(
    reference="rb-0123456789ab-a01-l01",
    account="DU1000001",
    symbol="VTI",
    con_id=700000101,
    side="SELL",
    quantity=Decimal(10),
    algo="none",
)
ADAPTIVE = OrderTicket(
    reference="rb-0123456789ab-a02-l01",
    account="DU1000002",
    symbol="VTI",
    con_id=700000101,
    side="SELL",
    quantity=Decimal(3),
    algo="adaptive",
    adaptive_priority="urgent",
)


def behaviour(**where: str | int | list[str]) -> str:
    return (
        "\n[[behaviour]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in where.items()) + "\n"
    )


@contextmanager
def connected(
    tmp_path: Path, extra: str = "", *, timeout_sec: float = 2, client_id: int = 7
) -> Iterator[tuple[IbkrConnection, Gateway]]:
    path = tmp_path / "scenario.toml"
    path.write_text(scenario_text(extra=extra), encoding="utf-8")
    clock = FrozenClock()
    with (
        start(load_scenario(path), clock=clock.now) as gateway,
        IbkrBroker(timeout_sec, clock).connect(Endpoint(gateway.host, gateway.port, client_id)) as link,
    ):
        yield link, gateway


def heard(link: IbkrConnection, quiet_sec: float = 0.1) -> list[OrderEvent]:
    """Return all events until it has been quiet for so long."""
    events = []
    while (event := link.next_event(quiet_sec)) is not None:
        events.append(event)
    return events


def place(link: IbkrConnection, ticket: OrderTicket = TICKET) -> int:
    order_id = link.next_order_id()
    link.place(order_id, ticket)
    return order_id


def placed_and_heard(tmp_path: Path, extra: str = "", quiet_sec: float = 0.1) -> list[OrderEvent]:
    with connected(tmp_path, extra) as (link, _):
        place(link)
        return heard(link, quiet_sec)


def test_an_order_arrives_once_with_account_reference_and_time_in_force(tmp_path: Path) -> None:
    with connected(tmp_path) as (link, gateway):
        order_id = place(link)
        heard(link)
        (entry,) = gateway.ledger
    assert (entry.kind, entry.outcome, entry.order_id) == ("place", "accepted", order_id)
    assert (entry.account, entry.order_ref, entry.tif) == ("DU1000001", TICKET.reference, "DAY")
    assert (entry.side, entry.symbol, entry.con_id, entry.quantity) == ("SELL", "VTI", 700000101, Decimal(10))
    assert (entry.order_type, entry.algo, entry.limit_price) == ("MKT", "", Decimal(0))


@pytest.mark.parametrize(
    ("priority", "sent"), [("urgent", "Urgent"), ("patient", "Patient"), ("normal", "Normal")]
)
def test_an_adaptive_order_has_its_priority(tmp_path: Path, priority: str, sent: str) -> None:
    ticket = OrderTicket(
        **{**{f: getattr(ADAPTIVE, f) for f in ADAPTIVE.__struct_fields__}, "adaptive_priority": priority}
    )
    with connected(tmp_path) as (link, gateway):
        place(link, ticket)
        heard(link)
        (entry,) = gateway.ledger
        (request,) = [e for e in gateway.log if e.kind == "request" and e.message_id == 3]
    assert (entry.outcome, entry.order_type, entry.algo) == ("accepted", "MKT", "Adaptive")
    at = request.fields.index("adaptivePriority")
    assert request.fields[at + 1] == sent


def test_the_events_of_a_fill_are_those_of_the_wire(tmp_path: Path) -> None:
    events = placed_and_heard(tmp_path)
    acknowledged = [e.order for e in events if isinstance(e, Acknowledged)]
    (execution,) = [e.execution for e in events if isinstance(e, Executed)]
    (commission,) = [e for e in events if isinstance(e, Commissioned)]
    statuses = [(e.status, e.filled) for e in events if isinstance(e, StatusReported)]
    assert isinstance(events[0], Acknowledged)
    assert {(o.reference, o.account, o.quantity) for o in acknowledged} == {
        (TICKET.reference, "DU1000001", Decimal(10))
    }
    assert (execution.reference, execution.account, execution.side) == (TICKET.reference, "DU1000001", "SELL")
    assert (execution.quantity, execution.price) == (Decimal(10), Decimal("312.39"))
    assert {o.perm_id for o in acknowledged} == {execution.perm_id}
    assert execution.perm_id
    assert (commission.exec_id, commission.amount) == (execution.exec_id, Decimal(1))
    assert statuses == [("Submitted", Decimal(0)), ("Filled", Decimal(10))]


@pytest.mark.parametrize("code", [10349, 399, 404, 2109])
def test_a_notice_is_a_notice_and_the_order_stays(tmp_path: Path, code: int) -> None:
    words = ["ack", str(code), "wait 0.2", "execution", "commission", "status"]
    with connected(tmp_path, behaviour(sequence=words)) as (link, _):
        order_id = place(link)
        events = heard(link, 0.1)
        (shown,) = link.open_orders("DU1000001")
        later = heard(link, 0.4)
    assert [(e.order_id, e.code) for e in events if isinstance(e, Noticed)] == [(order_id, code)]
    assert {e.status for e in events if isinstance(e, StatusReported)} == {"Submitted"}
    assert shown.reference == TICKET.reference
    assert [e.status for e in later if isinstance(e, StatusReported)][-1] == "Filled"


def test_an_error_makes_no_end_of_its_own(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(code=103)) as (link, _):
        order_id = place(link)
        assert heard(link) == [Noticed(order_id=order_id, code=103, text="Duplicate order id")]


def test_a_rejection_is_a_status_of_the_wire_and_its_reason(tmp_path: Path) -> None:
    events = placed_and_heard(tmp_path, behaviour(code=201, text="Order rejected - reason:no"))
    assert [(e.status, e.filled) for e in events if isinstance(e, StatusReported)] == [
        ("Inactive", Decimal(0))
    ]
    assert [e.code for e in events if isinstance(e, Noticed)] == [201]


def test_silence_is_no_event(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(silence="dropped")) as (link, gateway):
        place(link)
        assert heard(link) == []
        assert (
            link.open_orders("DU1000001"),
            link.completed_orders("DU1000001"),
            link.executions("DU1000001"),
        ) == (
            (),
            (),
            ((), ()),
        )
        assert [e.outcome for e in gateway.ledger] == ["dropped"]


def test_what_if_is_accepted_and_books_nothing(tmp_path: Path) -> None:
    with connected(tmp_path) as (link, gateway):
        answer = link.ask_what_if(TICKET)
        assert (answer.answered, answer.refusal) == (True, "")
        assert [e.kind for e in gateway.ledger] == ["what_if"]
        assert heard(link) == []
        assert link.completed_orders("DU1000001") == ()


def test_what_if_refused_says_why(tmp_path: Path) -> None:
    refusing = behaviour(on="what_if", code=201, text="Order rejected - reason:no KID")
    with connected(tmp_path, refusing) as (link, _):
        answer = link.ask_what_if(TICKET)
    assert answer.answered
    assert "no KID (error 201)" in answer.refusal


def test_what_if_without_an_answer_is_not_taken_for_a_yes(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(on="what_if", silence="dropped"), timeout_sec=0.2) as (link, _):
        answer = link.ask_what_if(TICKET)
    assert (answer.answered, answer.refusal) == (False, "")


def test_a_cancel_ends_the_order_by_a_status_of_the_wire(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(parts=2, fills=1)) as (link, gateway):
        order_id = place(link)
        heard(link)
        link.cancel(order_id)
        events = heard(link)
        (done,) = link.completed_orders("DU1000001")
        assert link.open_orders("DU1000001") == ()
    assert [(e.status, e.filled) for e in events if isinstance(e, StatusReported)] == [
        ("Cancelled", Decimal(5))
    ]
    assert (done.reference, done.account, done.status, done.filled) == (
        TICKET.reference,
        "DU1000001",
        "Cancelled",
        Decimal(5),
    )
    assert [e.kind for e in gateway.ledger] == ["place", "cancel"]


@pytest.mark.parametrize("code", [161, 10147, 10148])
def test_a_refused_cancel_is_a_notice_and_the_order_stays(tmp_path: Path, code: int) -> None:
    extra = behaviour(fills=0) + behaviour(on="cancel", cancel="refused", code=code)
    with connected(tmp_path, extra) as (link, _):
        order_id = place(link)
        heard(link)
        link.cancel(order_id)
        events = heard(link)
        assert [o.order_id for o in link.open_orders("DU1000001")] == [order_id]
    assert [e.code for e in events if isinstance(e, Noticed)] == [code]
    assert not [e for e in events if isinstance(e, StatusReported) and e.status == "Cancelled"]


def test_the_lists_show_what_became_of_each_order(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(account="DU1000002", fills=0)) as (link, _):
        place(link)
        place(link, ADAPTIVE)
        heard(link)
        (working,) = link.open_orders("DU1000001")
        (done,) = link.completed_orders("DU1000001")
        executions, commissions = link.executions("DU1000001")
        assert link.executions("DU1000002") == ((), ())
    assert (working.reference, working.account, working.side) == (ADAPTIVE.reference, "DU1000002", "SELL")
    assert (done.reference, done.status, done.filled) == (TICKET.reference, "Filled", Decimal(10))
    assert [(e.reference, e.quantity) for e in executions] == [(TICKET.reference, Decimal(10))]
    assert [c.exec_id for c in commissions] == [e.exec_id for e in executions]


@pytest.mark.parametrize("request_name", ["all_open_orders", "completed_orders", "executions"])
@pytest.mark.parametrize("action", ["silent", "no_end"])
def test_a_list_without_its_end_is_not_known(tmp_path: Path, request_name: str, action: str) -> None:
    with connected(tmp_path, fault(request_name, action), timeout_sec=0.2) as (link, _):
        place(link)
        heard(link)
        with pytest.raises(TimedOutError):
            _ask(link, request_name)


@pytest.mark.parametrize("request_name", ["all_open_orders", "executions"])
def test_a_list_that_is_refused_is_not_empty(tmp_path: Path, request_name: str) -> None:
    with connected(tmp_path, fault(request_name, "error", code=321, text="no")) as (link, _):
        place(link)
        heard(link)
        with pytest.raises(RequestRefused, match="321"):
            _ask(link, request_name)


@pytest.mark.parametrize("request_name", ["all_open_orders", "completed_orders", "executions"])
def test_a_hang_up_during_a_list_is_a_lost_connection(tmp_path: Path, request_name: str) -> None:
    with (
        connected(tmp_path, fault(request_name, "hang_up")) as (link, _),
        pytest.raises(UnreachableError) as caught,
    ):
        _ask(link, request_name)
    assert not isinstance(caught.value, TimedOutError)


def _ask(link: IbkrConnection, request_name: str) -> object:
    if request_name == "executions":
        return link.executions("DU1000001")
    return (
        link.open_orders("DU1000001")
        if request_name == "all_open_orders"
        else link.completed_orders("DU1000001")
    )


def test_an_execution_in_an_unknown_time_zone_is_not_lost(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(time_zone_text="Mars/Olympus")) as (link, _):
        place(link)
        live = [e.execution for e in heard(link) if isinstance(e, Executed)]
        asked, _ = link.executions("DU1000001")
    assert [e.quantity for e in live] == [Decimal(10)]
    assert [(e.exec_id, e.quantity) for e in asked] == [(live[0].exec_id, Decimal(10))]


def test_a_correction_has_the_same_root_and_another_suffix(tmp_path: Path) -> None:
    events = placed_and_heard(tmp_path, behaviour(correction_bps="50"))
    first, second = [e.execution for e in events if isinstance(e, Executed)]
    assert first.exec_id.rpartition(".")[0] == second.exec_id.rpartition(".")[0]
    assert first.exec_id < second.exec_id
    assert second.price < first.price
    assert first.quantity == second.quantity


def test_everything_said_twice_is_two_events(tmp_path: Path) -> None:
    events = placed_and_heard(
        tmp_path, behaviour(sequence=["ack", "execution", "execution", "status", "status"])
    )
    assert len([e for e in events if isinstance(e, Executed)]) == 2
    assert [e.status for e in events if isinstance(e, StatusReported)] == ["Submitted", "Filled", "Filled"]


@pytest.mark.parametrize("restored", ["1101", "1102"])
def test_the_broker_behind_the_gateway_goes_and_comes(tmp_path: Path, restored: str) -> None:
    words = ["ack", "1100", restored, "execution", "commission", "status"]
    events = placed_and_heard(tmp_path, behaviour(sequence=words))
    assert [type(e) for e in events if isinstance(e, LinkLost | LinkRestored)] == [LinkLost, LinkRestored]


def test_a_lost_connection_is_told_after_what_was_heard_before_it(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(hang_up_after=2)) as (link, gateway):
        place(link)
        events: list[OrderEvent] = []
        with pytest.raises(UnreachableError):
            events += _until_lost(link, events)
        assert [e.order_ref for e in gateway.ledger] == [TICKET.reference]
    assert [type(e) for e in events] == [Acknowledged, StatusReported]


def _until_lost(link: IbkrConnection, events: list[OrderEvent]) -> list[OrderEvent]:
    for _ in range(100):
        event = link.next_event(0.1)
        if event is not None:
            events.append(event)
    return []


def test_nothing_is_left_in_the_queue_when_place_returns(tmp_path: Path) -> None:
    with connected(tmp_path) as (link, gateway):
        for number in range(60):
            place(
                link,
                OrderTicket(
                    **{
                        f: getattr(TICKET, f)
                        for f in TICKET.__struct_fields__
                        if f not in ("reference", "quantity")
                    },
                    reference=f"rb-{number}",
                    quantity=Decimal(1),
                ),
            )
        heard(link, 0.3)
    assert [e.order_ref for e in gateway.ledger] == [f"rb-{number}" for number in range(60)]


def test_orders_of_another_client_are_listed_but_make_no_events(tmp_path: Path) -> None:
    other = '\n[[account.order]]\nsymbol = "VEA"\nside = "BUY"\nquantity = "5"\norder_ref = "mine"\nclient_id = 99\n'
    path = tmp_path / "scenario.toml"
    path.write_text(scenario_text() + other, encoding="utf-8")
    clock = FrozenClock()
    with (
        start(load_scenario(path), clock=clock.now) as gateway,
        IbkrBroker(2, clock).connect(Endpoint(gateway.host, gateway.port, 7)) as link,
    ):
        assert [(o.reference, o.account) for o in link.open_orders("DU1000001")] == [("mine", "DU1000003")]
        assert "mine" not in {e.order_ref for e in gateway.ledger}


def test_every_call_on_a_lost_connection_says_so(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(hang_up_after=2)) as (link, _):
        place(link)
        events: list[OrderEvent] = []
        with pytest.raises(UnreachableError):
            _until_lost(link, events)
        with pytest.raises(UnreachableError):
            link.place(1000, ADAPTIVE)
        with pytest.raises(UnreachableError):
            link.next_order_id()
        with pytest.raises(UnreachableError):
            link.cancel(1)


@pytest.mark.parametrize(
    ("text", "lacks_funds"),
    [
        ("Order rejected - reason:CASH AVAILABLE: 20.00; CASH NEEDED FOR THIS ORDER: 444.75", True),
        ("Order rejected - reason:YOUR EQUITY WITH LOAN VALUE MUST EXCEED THE INITIAL MARGIN", True),
        ("Order rejected - reason:Insufficient funds", True),
        ("Order rejected - reason:Insufficient trading permissions for this product", False),
        ("Order rejected - reason:No trading permissions.", False),
        ("Order rejected - reason:This product has no KID.", False),
    ],
)
def test_only_a_want_of_money_is_taken_for_one(tmp_path: Path, text: str, lacks_funds: bool) -> None:
    with connected(tmp_path, behaviour(on="what_if", code=201, text=text)) as (link, _):
        answer = link.ask_what_if(ADAPTIVE)
    assert (answer.answered, bool(answer.refusal), answer.lacks_funds) == (True, True, lacks_funds)


def test_a_list_with_a_row_that_cannot_be_read_is_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise ValueError("no such quantity")

    with connected(tmp_path, behaviour(fills=0)) as (link, _gateway):
        place(link)
        heard(link)
        assert link.open_orders("DU1000001")
        monkeypatch.setattr("rebalplan.ibkr.trading.open_order_of", unreadable)
        with pytest.raises(
            BrokerError, match=r"a row that cannot be read while open orders .*no such quantity"
        ):
            link.open_orders("DU1000001")
        assert link.completed_orders("DU1000001") == ()


@pytest.mark.parametrize("code", ["1100", "2110"])
def test_a_gateway_without_its_broker_says_so_to_a_new_client_too(tmp_path: Path, code: str) -> None:
    events = placed_and_heard(tmp_path, behaviour(sequence=["ack", code]))
    assert LinkLost() in events


def test_what_is_said_in_the_very_read_that_ends_the_handshake_is_heard(tmp_path: Path) -> None:
    with connected(tmp_path, '\n[[handshake]]\nafter = ["2110"]\n') as (link, _):
        assert LinkLost() in heard(link)


@pytest.mark.parametrize("code", [439, 440, 441, 442, 443])
def test_a_what_if_that_is_refused_for_its_algorithm_says_so(tmp_path: Path, code: int) -> None:
    with connected(tmp_path, behaviour(on="what_if", code=code, text="no such algo")) as (link, _):
        answer = link.ask_what_if(ADAPTIVE)
    assert (answer.answered, bool(answer.refusal), answer.lacks_algo) == (True, True, True)


def test_a_notice_about_the_time_in_force_does_not_answer_a_what_if(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(on="what_if", sequence=["10349", "answer"])) as (link, _):
        answer = link.ask_what_if(TICKET)
    assert (answer.answered, answer.refusal) == (True, "")


def test_a_completed_order_that_does_not_say_how_much_was_filled_says_nothing(tmp_path: Path) -> None:
    with connected(tmp_path, fault("completed_orders", "field", field="filled", value="")) as (link, _):
        place(link)
        heard(link)
        (done,) = link.completed_orders("DU1000001")
    assert (done.status, done.filled) == ("Filled", None)


def test_a_cancel_ends_only_the_order_of_its_number(tmp_path: Path) -> None:
    with connected(tmp_path, behaviour(fills=0)) as (link, gateway):
        first, second = place(link), place(link, ADAPTIVE)
        heard(link)
        link.cancel(first)
        heard(link)
        assert [o.order_id for o in link.open_orders("DU1000002")] == [second]
    assert [(e.kind, e.order_id) for e in gateway.ledger if e.kind != "place"] == [("cancel", first)]


def test_the_order_ids_of_another_client_do_not_push_ours_up(tmp_path: Path) -> None:
    theirs = (
        '\n[[account.order]]\nsymbol = "VEA"\nside = "BUY"\nquantity = "5"\nclient_id = 99\norder_id = 5000\n'
    )
    theirs += 'order_type = "LMT"\nlimit_price = "1.00"\n'
    with connected(tmp_path, theirs) as (link, _):
        assert [o.order_id for o in link.open_orders("DU1000003")] == [5000]
        assert link.next_order_id() < 5000


@pytest.mark.parametrize(("account", "is_known"), [("DU1000001", False), ("DU1000002", True)])
def test_a_row_that_cannot_be_read_spoils_the_list_of_its_own_account_only(
    tmp_path: Path, account: str, is_known: bool
) -> None:
    broken = (
        '\n[[account.order]]\nsymbol = "VEA"\nside = "BUY"\nquantity = "5"\nclient_id = 99\norder_id = 50\n'
    )
    text = scenario_text(extra=fault("all_open_orders", "field", field="quantity", value="many"))
    at = text.index("\n\n", text.index('id = "DU1000001"'))
    path = tmp_path / "scenario.toml"
    path.write_text(text[:at] + broken + text[at:], encoding="utf-8")
    clock = FrozenClock()
    with (
        start(load_scenario(path), clock=clock.now) as gateway,
        IbkrBroker(2, clock).connect(Endpoint(gateway.host, gateway.port, 7)) as link,
    ):
        if is_known:
            assert link.open_orders(account) == ()
        else:
            with pytest.raises(BrokerError, match="a row that cannot be read while open orders"):
                link.open_orders(account)
