from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim.session import Session, Stage
from rebalplan.sim.wire.frames import encode

from .support import NOW, Client, error_of, ids, market_data, shared, split_frames, stock, world

READ_ONLY = "Error validating request:-'b7' : cause - The API interface is currently in Read-Only mode."


def test_the_greeting_is_version_and_time_in_two_fields() -> None:
    assert Client(shared()).greet() == [("176", "20261124 10:00:00 EST")]


@pytest.mark.parametrize(
    ("versions", "agreed"),
    [("v100..160", 160), ("v157..200", 176), ("v157", 157), ("v150..163 +PACEAPI", 163)],
)
def test_the_version_is_the_lower_of_both_newest(versions: str, agreed: int) -> None:
    assert Client(shared()).greet(versions)[0][0] == str(agreed)


def test_a_scenario_can_cap_the_version() -> None:
    scenario = world(base='[gateway]\nmax_version = 164\n[[account]]\nid = "DU1"\n')
    assert Client(shared(scenario)).greet("v157..176")[0][0] == "164"


@pytest.mark.parametrize("versions", ["v100..156", "v156", "v177..200", "hello", "v"])
def test_a_client_without_a_common_version_is_dropped(versions: str) -> None:
    client = Client(shared())
    assert client.greet(versions) == []
    assert client.closed
    assert client.session.stage is Stage.CLOSED


def test_starting_gives_accounts_next_id_and_notices() -> None:
    welcome = Client(shared()).start().welcome
    assert welcome[:2] == [("15", "1", "DU1,DU2"), ("9", "1", "7")]
    assert [message[3] for message in welcome[2:]] == ["2104", "2106", "2158"]


def test_a_client_id_in_use_is_refused_and_the_connection_closed() -> None:
    state = shared()
    Client(state, 1).start(5)
    second = Client(state, 2).start(5)
    assert error_of(second.welcome)[:2] == (-1, 326)
    assert second.closed


def test_a_client_id_is_free_again_after_its_connection() -> None:
    state = shared()
    first = Client(state, 1).start(5)
    first.session.close()
    assert ids(Client(state, 2).start(5).welcome)[:2] == [15, 9]


def test_a_refused_connection_does_not_free_the_id_of_the_first() -> None:
    state = shared()
    Client(state, 1).start(5)
    Client(state, 2).start(5).session.close()
    assert error_of(Client(state, 3).start(5).welcome)[1] == 326


def test_nothing_is_answered_after_a_close() -> None:
    state = shared()
    Client(state, 1).start(5)
    second = Client(state, 2).start(5)
    assert second.ask("49", "1") == []


def test_requests_before_the_start_are_refused() -> None:
    client = Client(shared())
    client.greet()
    assert error_of(client.ask("49", "1"))[:2] == (-1, 321)


def test_a_second_start_is_refused() -> None:
    assert error_of(Client(shared()).start().ask("71", "2", "8", ""))[:2] == (-1, 321)


def test_the_current_time_is_the_given_clock() -> None:
    assert Client(shared()).start().ask("49", "1") == [("49", "1", str(int(NOW.timestamp())))]


@pytest.mark.parametrize(("version", "fields"), [(165, 5), (166, 6)])
def test_errors_carry_the_rejection_from_166_on(version: int, fields: int) -> None:
    client = Client(shared()).start(versions=f"v100..{version}")
    (message,) = client.ask("999")
    assert len(message) == fields


def test_an_unknown_request_is_an_error_and_the_connection_goes_on() -> None:
    client = Client(shared()).start()
    assert error_of(client.ask("20", "8", "1"))[:2] == (8, 321)
    assert ids(client.ask("49", "1")) == [49]


def test_an_unreadable_request_is_an_error_and_the_connection_goes_on() -> None:
    client = Client(shared()).start()
    assert error_of(client.ask("9", "8", "x"))[1] == 320
    assert ids(client.ask("49", "1")) == [49]


@pytest.mark.parametrize(
    ("fields", "request_id"),
    [
        (("3", "77"), 77),
        (("4", "1", "78", ""), 78),
        (("5", "1"), 2147483647),
        (("15", "1", "1"), 2147483647),
        (("16", "1"), 2147483647),
        (("58", "1"), 2147483647),
        (("99", "0"), 2147483647),
    ],
)
def test_read_only_refuses_everything_about_orders(fields: tuple[str, ...], request_id: int) -> None:
    client = Client(shared(read_only=True)).start(0)
    assert error_of(client.ask(*fields)) == (request_id, 321, READ_ONLY)


def test_read_only_still_reads() -> None:
    client = Client(shared(read_only=True)).start()
    assert ids(client.ask("7", "3", "9")) == [55]
    assert ids(client.ask("61", "1"))[-1] == 62


def test_fifty_messages_in_a_second_pass_and_the_next_is_an_error() -> None:
    client = Client(shared())
    client.greet()
    client.ask("71", "2", "1", "")
    answers = [client.ask("49", "1", after_sec=0) for _ in range(50)]
    assert [ids(answer) for answer in answers[:49]] == [[49]] * 49
    assert error_of(answers[49])[:2] == (-1, 100)
    assert not client.closed


def test_going_on_too_fast_ends_the_connection() -> None:
    client = Client(shared()).start()
    for _ in range(60):
        client.ask("49", "1", after_sec=0)
    assert client.closed


def test_forty_messages_a_second_are_never_too_fast() -> None:
    client = Client(shared()).start()
    answers = [client.ask("49", "1", after_sec=1 / 40) for _ in range(400)]
    assert all(ids(answer) == [49] for answer in answers)


def test_bytes_one_at_a_time_are_answered_like_bytes_at_once() -> None:
    versions = b"v157..176"
    stream = b"API\0" + struct.pack(">I", len(versions)) + versions
    stream += encode(("71", "2", "1", "")) + encode(("49", "1")) + encode(("61", "1"))
    whole, single = Client(shared()), Client(shared())
    at_once = b"".join(reply.data for reply in whole.feed(stream))
    apart = b"".join(reply.data for byte in stream for reply in single.feed(bytes([byte])))
    assert apart == at_once
    assert ids(split_frames(at_once))[-1] == 62


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([str(number) for number in range(110)]), st.lists(st.text(max_size=8), max_size=20)
    ),
    max_size=12,
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(MESSAGES, st.sampled_from([157, 163, 169, 176]))
def test_no_message_makes_a_session_raise(messages: list[tuple[str, list[str]]], version: int) -> None:
    client = Client(shared()).start(versions=f"v100..{version}")
    for message_id, fields in messages:
        client.ask(message_id, *fields)


NUMBERS = st.sampled_from(["", "0", "1", "-1", "5", "11", "DU1", "VTI", "1.5", "1e999", "NaN", "2147483647"])


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.sampled_from([1, 2, 6, 7, 9, 59, 62, 63, 74, 76]), st.lists(NUMBERS, max_size=22))
def test_no_plausible_fields_make_a_session_raise(message_id: int, fields: list[str]) -> None:
    Client(shared()).start().ask(str(message_id), *fields)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(st.binary(max_size=60), max_size=8), st.booleans())
def test_no_bytes_make_a_session_raise(chunks: list[bytes], greeted: bool) -> None:
    client = Client(shared())
    if greeted:
        client.start()
    for chunk in chunks:
        client.feed(chunk)


def test_the_record_tells_what_happened_in_order() -> None:
    state = shared()
    client = Client(state, 4).start(9)
    client.ask("49", "1")
    client.session.close()
    kinds = [
        (event.connection, event.kind, event.message_id, event.client_id) for event in state.record.events()
    ]
    assert kinds == [(4, "open", 0, -1), (4, "request", 71, -1), (4, "request", 49, 9), (4, "close", 0, 9)]


def test_a_subscription_to_account_updates_is_one_over_all_clients() -> None:
    state = shared()
    first, second = Client(state, 1).start(1), Client(state, 2).start(2)
    first.ask("6", "2", "1", "DU1")
    second.ask("6", "2", "1", "DU2")
    assert state.updated_account == (2, "DU2")
    second.session.close()
    assert state.updated_account is None


def test_a_session_starts_before_any_version() -> None:
    session = Session(shared(), 1)
    assert (session.stage, session.version) == (Stage.GREETING, 0)


def test_streams_stop_at_a_hundred_until_one_is_cancelled() -> None:
    client = Client(shared()).start()
    for request_id in range(100):
        assert ids(client.ask(*market_data(request_id, stock("VTI"), snapshot=False)))[0] == 58
    assert error_of(client.ask(*market_data(100, stock("VTI"), snapshot=False)))[:2] == (100, 101)
    assert client.ask("2", "2", "50") == []
    assert ids(client.ask(*market_data(101, stock("VTI"), snapshot=False)))[0] == 58


def test_the_fifty_first_snapshot_in_flight_is_refused() -> None:
    client = Client(shared(world(base=_slow()))).start()
    for request_id in range(50):
        assert ids(client.ask(*market_data(request_id, stock("VTI")), after_sec=0.1))[-1] == 57
    assert error_of(client.ask(*market_data(50, stock("VTI")), after_sec=0.1))[:2] == (50, 101)
    client.clock_sec += 8
    assert ids(client.ask(*market_data(51, stock("VTI"))))[-1] == 57


def _slow() -> str:
    gateway = '[gateway]\nsnapshot_sec = "8"\n'
    return gateway + '[[instrument]]\ncon_id = 11\nsymbol = "VTI"\nlast = "1"\n[[account]]\nid = "DU1"\n'


def test_two_summaries_may_run_and_a_third_after_a_cancel() -> None:
    client = Client(shared()).start()
    assert ids(client.ask("62", "1", "1", "All", "NetLiquidation")) == [63, 63, 64]
    assert ids(client.ask("62", "1", "2", "All", "NetLiquidation")) == [63, 63, 64]
    assert error_of(client.ask("62", "1", "3", "All", "NetLiquidation"))[:2] == (3, 322)
    assert client.ask("63", "1", "1") == []
    assert ids(client.ask("62", "1", "3", "All", "NetLiquidation")) == [63, 63, 64]
