from __future__ import annotations

import struct
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.sim.wire import frames as wire
from rebalplan.sim.wire.frames import FieldReader, FrameBuffer, WireError

PAYLOADS = st.lists(st.binary(max_size=40), max_size=6)


def _stream(payloads: list[bytes]) -> bytes:
    return b"API\0" + b"".join(struct.pack(">I", len(payload)) + payload for payload in payloads)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(PAYLOADS)
def test_one_byte_at_a_time_gives_the_same_frames(payloads: list[bytes]) -> None:
    buffer = FrameBuffer()
    single = [frame for byte in _stream(payloads) for frame in buffer.feed(bytes([byte]))]
    assert single == FrameBuffer().feed(_stream(payloads)) == payloads


def test_a_part_of_a_frame_waits_for_the_rest() -> None:
    buffer = FrameBuffer()
    assert buffer.feed(_stream([b"one", b"two"])[:-1]) == [b"one"]
    assert buffer.feed(b"o") == [b"two"]


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"APX", b"api\0", b"API "])
def test_another_protocol_is_refused_at_its_first_wrong_byte(start: bytes) -> None:
    with pytest.raises(WireError):
        FrameBuffer().feed(start)


def test_half_a_preamble_is_no_error_yet() -> None:
    buffer = FrameBuffer()
    assert buffer.feed(b"AP") == []
    assert buffer.feed(b"I\0\0\0\0\x01x") == [b"x"]


def test_a_frame_of_the_largest_size_passes_and_a_longer_one_does_not() -> None:
    assert FrameBuffer().feed(b"API\0" + struct.pack(">I", wire.MAX_FRAME_BYTES)) == []
    with pytest.raises(WireError):
        FrameBuffer().feed(b"API\0" + struct.pack(">I", wire.MAX_FRAME_BYTES + 1))


def test_a_message_is_its_fields_each_ended_by_nul_behind_the_length() -> None:
    assert wire.encode(("49", "1", "")) == b"\x00\x00\x00\x06" + b"49\x001\x00\x00"


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_fields_survive_encoding(fields: list[str]) -> None:
    assert wire.decode(wire.encode(fields)[4:]) == tuple(fields)


def test_a_missing_last_nul_is_forgiven() -> None:
    assert wire.decode(b"49\x001") == wire.decode(b"49\x001\x00") == ("49", "1")


@pytest.mark.parametrize(
    ("payload", "versions"),
    [
        (b"v157..176", (157, 176)),
        (b"v100..151 +PACEAPI", (100, 151)),
        (b"v176", (176, 176)),
        (b"v100..176\0", (100, 176)),
    ],
)
def test_the_versions_of_a_client(payload: bytes, versions: tuple[int, int]) -> None:
    assert wire.parse_versions(payload) == versions


@pytest.mark.parametrize("payload", [b"", b"v", b"157..176", b"v1..", b"v157..176x", b"v9999999", b"v-1..2"])
def test_no_versions(payload: bytes) -> None:
    with pytest.raises(WireError):
        wire.parse_versions(payload)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (False, "0"),
        (-5, "-5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00001"), "0.00001"),
        (Decimal("NaN"), "NaN"),
        ("x", "x"),
    ],
)
def test_a_field_is_plain_text(value: str | int | Decimal, text: str) -> None:
    assert wire.as_text(value) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Order Message:\nBUY 5", "Order Message:\nBUY 5"),
        ("Bör€se", r"B\u00f6r\u20acse"),
        ("\U0001f4c8", r"\ud83d\udcc8"),
        (r"C:\x", r"C:\u005cx"),
    ],
)
def test_text_is_escaped_in_the_one_way_every_client_reads(text: str, escaped: str) -> None:
    assert wire.escape_text(text) == escaped


@pytest.mark.parametrize(
    "text", ["", "0", "0.0", "1.7976931348623157e+308", "1.7976931348623157E308", "Infinity", "NaN"]
)
def test_unset_numbers_read_as_zero(text: str) -> None:
    assert wire.read_decimal(text) == 0


@pytest.mark.parametrize("text", ["x", "1,5", "--1", "0x10"])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        wire.read_decimal(text)


@pytest.mark.parametrize("text", ["x", "1.5", "2147483648", "-2147483648", "9" * 5000])
def test_an_integer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        wire.read_integer(text)


def test_a_reader_gives_empty_fields_beyond_the_end() -> None:
    reader = FieldReader(("a", "5"), start=1)
    assert (reader.integer(), reader.text(), reader.integer(), reader.boolean()) == (5, "", 0, False)


@pytest.mark.parametrize(
    ("text", "truth"), [("1", True), ("true", True), ("", False), ("0", False), ("False", False)]
)
def test_truth_values(text: str, truth: bool) -> None:
    assert wire.read_boolean(text) is truth
