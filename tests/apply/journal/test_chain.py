from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalplan.apply.journal.chain import line_hash, read_chain
from rebalplan.core.errors import JournalError
from tests.apply.journal.support import EVERY_KIND, PLAN, chain_bytes

DATA = chain_bytes(PLAN.sha256, EVERY_KIND)
LINES = DATA.splitlines(keepends=True)


def test_every_kind_of_record_reads_back_as_it_was_written() -> None:
    chain = read_chain(DATA, PLAN.sha256)
    assert chain.records == EVERY_KIND
    assert (chain.head, chain.good_bytes, chain.torn) == (line_hash(LINES[-1]), len(DATA), False)


def test_an_empty_journal_begins_with_the_hash_of_its_plan() -> None:
    assert read_chain(b"", PLAN.sha256) == read_chain(b"", PLAN.sha256)
    assert read_chain(b"", PLAN.sha256).head == PLAN.sha256


def test_cut_at_any_byte_only_the_torn_last_line_is_left_out() -> None:
    ends = {0}
    for line in LINES:
        ends.add(max(ends) + len(line))
    for size in range(len(DATA) + 1):
        chain = read_chain(DATA[:size], PLAN.sha256)
        good = max(end for end in ends if end <= size)
        assert chain.good_bytes == good
        assert chain.torn == (size != good)
        assert chain.records == EVERY_KIND[: len(chain.records)]


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_one_changed_byte_before_the_last_line_is_refused(at: int, change: int) -> None:
    changed = bytearray(DATA)
    changed[at] ^= change
    if at >= len(DATA) - len(LINES[-1]):
        return
    with pytest.raises(JournalError):
        read_chain(bytes(changed), PLAN.sha256)


@given(st.permutations(range(len(LINES))))
def test_reordered_lines_are_refused(order: list[int]) -> None:
    data = b"".join(LINES[index] for index in order)
    if order == sorted(order):
        assert read_chain(data, PLAN.sha256).records == EVERY_KIND
        return
    with pytest.raises(JournalError, match="missing or reordered"):
        read_chain(data, PLAN.sha256)


@pytest.mark.parametrize("missing", range(len(LINES) - 1))
def test_a_missing_line_is_refused(missing: int) -> None:
    with pytest.raises(JournalError, match=f"line {missing + 1} does not follow"):
        read_chain(b"".join(LINES[:missing] + LINES[missing + 1 :]), PLAN.sha256)


def test_a_repeated_line_is_refused() -> None:
    with pytest.raises(JournalError, match="line 2 does not follow"):
        read_chain(LINES[0] + DATA, PLAN.sha256)


def test_the_journal_of_another_plan_is_refused() -> None:
    with pytest.raises(JournalError, match="belongs to another plan"):
        read_chain(DATA, "0" * 64)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"number":1,', b'"number": 1,'), (b'"attempt":1', b'"attempt":1,"attempt":1')],
)
def test_an_edited_line_with_a_hash_of_its_own_is_refused(old: bytes, new: bytes) -> None:
    assert old in LINES[0]
    with pytest.raises(JournalError, match="it was edited"):
        read_chain(LINES[0].replace(old, new, 1), PLAN.sha256)


def test_a_changed_line_before_the_last_is_refused_although_it_is_written_as_rebal_writes() -> None:
    old, new = b'"cash_usd":"1000"', b'"cash_usd":"9000"'
    assert old in LINES[0]
    with pytest.raises(JournalError, match="line 2 does not follow"):
        read_chain(LINES[0].replace(old, new) + LINES[1], PLAN.sha256)


@pytest.mark.parametrize("junk", [b"\n", b"{}\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"number":1e999}\n'])
def test_what_is_no_record_is_refused(junk: bytes) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        read_chain(junk, PLAN.sha256)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        read_chain(LINES[0].replace(b'"attempt":1', b'"attempt":1,"more":1'), PLAN.sha256)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_chain(data, PLAN.sha256)
    except JournalError:
        return
    assert b"\n" not in data


@given(st.lists(st.sampled_from(EVERY_KIND), max_size=8))
def test_any_records_survive_being_written(records: list[msgspec.Struct]) -> None:
    data = chain_bytes(PLAN.sha256, records)  # type: ignore[arg-type]
    assert list(read_chain(data, PLAN.sha256).records) == records
