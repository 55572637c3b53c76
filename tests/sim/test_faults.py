from __future__ import annotations

import pytest

from rebalplan.sim.faults import GARBAGE, FaultCounter
from rebalplan.sim.session import Stage

from .support import Client, error_of, ids, market_data, shared, stock, world

POSITIONS = ("74", "1", "5", "DU1", "")


def _fault(request: str, action: str, **more: str | int) -> str:
    keys = {"request": request, "action": action, **more}
    lines = [
        f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"' for key, value in keys.items()
    ]
    return "\n[[fault]]\n" + "\n".join(lines) + "\n"


def _client(*faults: str) -> Client:
    return Client(shared(world("".join(faults)))).start()


def test_silence() -> None:
    assert _client(_fault("positions_multi", "silent")).ask(*POSITIONS) == []


def test_a_missing_end() -> None:
    assert ids(_client(_fault("positions_multi", "no_end")).ask(*POSITIONS)) == [71, 71]


def test_an_empty_answer() -> None:
    assert ids(_client(_fault("positions_multi", "empty")).ask(*POSITIONS)) == [72]


def test_an_error_of_the_scenarios_own() -> None:
    client = _client(_fault("positions_multi", "error", code=1100, text="Connectivity lost."))
    assert error_of(client.ask(*POSITIONS)) == (5, 1100, "Connectivity lost.")


def test_a_hang_up() -> None:
    client = _client(_fault("positions_multi", "hang_up"))
    assert client.ask(*POSITIONS) == []
    assert client.closed


def test_a_delay_is_on_the_reply() -> None:
    client = _client(_fault("current_time", "delay", seconds="2.5"))
    (reply,) = client.feed(b"\0\0\0\x0549\x001\x00")
    assert reply.after_sec == 2.5
    assert ids(reply.messages) == [49]


def test_garbage_is_one_whole_frame() -> None:
    client = _client(_fault("current_time", "garbage"))
    (reply,) = client.feed(b"\0\0\0\x0549\x001\x00")
    assert reply.data == GARBAGE
    assert int.from_bytes(GARBAGE[:4], "big") == len(GARBAGE) - 4


def test_a_fault_hits_its_account_only() -> None:
    client = _client(_fault("positions_multi", "silent", account="DU2"))
    assert ids(client.ask(*POSITIONS)) == [71, 71, 72]
    assert client.ask("74", "1", "6", "DU2", "") == []


@pytest.mark.parametrize("contract", [stock("VTI"), ("11", *stock("")[1:])])
def test_a_fault_hits_its_symbol_however_it_is_asked(contract: tuple[str, ...]) -> None:
    client = _client(_fault("market_data", "silent", symbol="VTI"))
    assert client.ask(*market_data(5, contract)) == []
    assert ids(client.ask(*market_data(6, stock("BND"))))[-1] == 57


def test_an_occurrence_is_counted_over_the_life_of_the_server() -> None:
    state = shared(world(_fault("current_time", "silent", occurrence=2)))
    first, second = Client(state, 1).start(1), Client(state, 2).start(2)
    answers = [client.ask("49", "1") for client in (first, second, first)]
    assert [ids(answer) for answer in answers] == [[49], [], [49]]


def test_each_fault_counts_for_itself() -> None:
    faults = world(
        _fault("positions_multi", "silent", account="DU2", occurrence=1)
        + _fault("positions_multi", "empty", occurrence=2)
    ).faults
    counter = FaultCounter(faults)
    hits = [counter.take("positions_multi", account) for account in ("DU1", "DU2", "DU2", "DU1")]
    assert [hit.action if hit else "" for hit in hits] == ["", "silent", "", ""]


def test_the_start_of_the_api_can_fail() -> None:
    client = _client(_fault("start_api", "silent"))
    assert client.welcome == []
    assert client.session.stage is Stage.STARTED


def test_a_hang_up_at_the_start() -> None:
    assert _client(_fault("start_api", "hang_up")).closed


def test_a_connection_that_never_answers() -> None:
    client = Client(shared(world(_fault("connect", "silent"))))
    assert client.greet() == []
    assert client.feed(b"anything") == []
    assert not client.closed


def test_a_connection_that_is_dropped_at_once_and_only_once() -> None:
    state = shared(world(_fault("connect", "hang_up", occurrence=1)))
    assert Client(state, 1).closed
    assert ids(Client(state, 2).greet()) == [176]


def test_a_greeting_that_is_garbage_or_late() -> None:
    garbage = Client(shared(world(_fault("connect", "garbage"))))
    (reply,) = garbage.feed(b"API\0\0\0\0\x09v157..176")
    assert reply.data == GARBAGE
    late = Client(shared(world(_fault("connect", "delay", seconds="3"))))
    (reply,) = late.feed(b"API\0\0\0\0\x09v157..176")
    assert (reply.after_sec, ids(reply.messages)) == (3.0, [176])


def test_a_snapshot_without_an_answer_stays_in_flight_until_cancelled() -> None:
    client = _client(_fault("market_data", "silent", symbol="BND"))
    for request_id in range(50):
        assert client.ask(*market_data(request_id, stock("BND")), after_sec=0.1) == []
    assert error_of(client.ask(*market_data(50, stock("VTI")), after_sec=0.1))[:2] == (50, 101)
    assert client.ask("2", "2", "0", after_sec=0.1) == []
    assert ids(client.ask(*market_data(51, stock("VTI")), after_sec=0.1))[-1] == 57


def test_a_refusal_is_not_counted_as_a_snapshot_in_flight() -> None:
    client = _client()
    for request_id in range(60):
        assert error_of(client.ask(*market_data(request_id, stock("NON")), after_sec=0.1))[1] == 354


def test_other_requests_are_as_without_the_fault() -> None:
    bent, whole = _client(_fault("positions_multi", "silent", account="DU1")), _client()
    for request in (("61", "1"), ("16", "1"), ("76", "1", "5", "DU1", "", "0"), ("74", "1", "5", "DU2", "")):
        assert bent.ask(*request) == whole.ask(*request)
