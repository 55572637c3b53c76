"""Journals of other plans: whom an order there blocks, and what a damaged journal cannot show."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from rebalplan.apply.journal.others import OtherPlan, read_other, unreadable
from rebalplan.apply.journal.records import AnyRecord
from tests.apply.journal.support import (
    AT,
    EVERY_KIND,
    FIRST_BUY,
    PLAN,
    SECOND_BUY,
    SELL,
    ack,
    chain_bytes,
    closed,
    commission,
    dispatch,
    done,
    fill,
    intent,
    resolved,
    run_started,
    unknown,
)

OTHER = "DU2"
NAME = f"plans/{PLAN.id}.journal.jsonl"
WAY_OUT = (
    f"Restore it from git. If the account statement shows that no order of plan {PLAN.id} works any more, "
    f"rename it to {PLAN.id}.journal.jsonl.aside"
)


def of_other(record: AnyRecord) -> AnyRecord:
    """Return a record of DU1 as one of DU2."""
    changes: dict[str, object] = {"account": OTHER}
    for name in ("reference", "line"):
        if hasattr(record, name):
            changes[name] = getattr(record, name).replace("-a01-", "-a02-")
    return msgspec.structs.replace(record, **changes)


TRADED = (
    intent(SELL),
    dispatch(),
    ack(),
    fill("e.1", "40"),
    commission("e.1"),
    done("filled", "40"),
    closed(),
)
FINISHED = (*TRADED, *(of_other(record) for record in TRADED), run_started())
"""A whole run: DU1 in the lines 1 to 7, DU2 in 8 to 14, RUN in 15."""


def lines(*records: AnyRecord) -> list[bytes]:
    return chain_bytes(PLAN.sha256, records).splitlines(keepends=True)


def blocked(
    journal: bytes,
    planned: tuple[str, ...] | None = ("DU1", OTHER),
    asked: tuple[str, ...] = ("DU1", OTHER, "DU3"),
) -> dict[str, str]:
    """Return the sentence of each account that the journal blocks."""
    found = read_other(OtherPlan(PLAN.id, NAME, lambda: planned), journal)
    return {account: found.of(account) for account in asked if found.of(account)}


def names(journal: bytes, planned: tuple[str, ...] | None = ("DU1", OTHER)) -> list[str]:
    return list(blocked(journal, planned))


def without(number: int, count: int = 1) -> bytes:
    """Return the finished journal without some lines."""
    kept = lines(*FINISHED)
    return b"".join(kept[: number - 1] + kept[number - 1 + count :])


def replaced(number: int, text: bytes) -> bytes:
    kept = lines(*FINISHED)
    return b"".join([*kept[: number - 1], text, *kept[number:]])


def whole(*records: AnyRecord) -> bytes:
    return chain_bytes(PLAN.sha256, records)


@pytest.mark.parametrize(
    "records",
    [
        (intent(SELL), dispatch()),
        (dispatch(), ack(), fill("e.1", "10")),
        (dispatch(), unknown()),
        (dispatch(), unknown(), resolved("0", "0"), unknown()),
    ],
)
def test_an_order_without_an_end_blocks_its_account_only(records: tuple[AnyRecord, ...]) -> None:
    assert names(whole(*records)) == ["DU1"]


@pytest.mark.parametrize(
    "records",
    [
        (),
        EVERY_KIND,
        FINISHED,
        (dispatch(), unknown(), resolved("0", "0")),
        (dispatch(), done("cancelled", "0")),
    ],
)
def test_an_order_that_is_over_or_resolved_blocks_nothing(records: tuple[AnyRecord, ...]) -> None:
    assert names(whole(*records)) == []


def test_the_sentence_names_the_command_that_settles_the_order() -> None:
    assert f"`rebal resolve {SELL}`" in blocked(whole(dispatch(), unknown()))["DU1"]
    assert f"`rebal apply {PLAN.id} --resume`" in blocked(whole(dispatch(), ack()))["DU1"]


def test_without_its_plan_a_person_settles_an_order_that_a_resume_would_ask_about() -> None:
    assert f"`rebal resolve {SELL}`" in blocked(whole(dispatch(), ack()), planned=None)["DU1"]


def test_a_torn_journal_is_read_up_to_its_tear() -> None:
    journal = whole(dispatch())
    assert names(journal + b'{"number":2') == ["DU1"]
    assert names(journal[:-5]) == []


def test_a_finished_journal_that_git_gave_crlf_blocks_nothing() -> None:
    assert names(whole(*FINISHED).replace(b"\n", b"\r\n"), planned=None) == []


def test_crlf_does_not_hide_an_open_order() -> None:
    sentence = blocked(whole(dispatch(), unknown()).replace(b"\n", b"\r\n"))["DU1"]
    assert f"convert the line ends of {NAME} to LF, then settle it with `rebal resolve {SELL}`" in sentence


@pytest.mark.parametrize("number", range(1, 16))
def test_a_finished_journal_that_lost_a_line_blocks_only_whose_order_or_end_it_was(number: int) -> None:
    ends = {6: ["DU1"], 7: ["DU1"], 13: [OTHER], 14: [OTHER]}
    assert names(without(number)) == ends.get(number, [])
    assert names(replaced(number, b"\xff\x00\n")) == ends.get(number, [])


def test_of_an_end_that_is_lost_the_sentence_names_file_line_account_and_way_out() -> None:
    assert blocked(without(7)) == {
        "DU1": f"{NAME} is damaged: line 7 does not follow the line before it (lines are missing or reordered), so it "
        f"may hide an open order of DU1. {WAY_OUT}"
    }
    assert blocked(without(13)) == {
        OTHER: f"{NAME} is damaged: line 13 does not follow the line before it (lines are missing or reordered), and "
        f"order {SELL.replace('-a01-', '-a02-')} of DU2 has no end in it. {WAY_OUT}"
    }


def test_an_account_that_is_done_is_not_blocked_by_what_is_lost_after_it() -> None:
    assert names(without(9, 4)) == []


@pytest.mark.parametrize("status", ["declined", "refused"])
def test_an_account_that_was_not_begun_may_have_been_begun_in_lines_that_are_lost_later(status: str) -> None:
    kept = lines(closed(status), *(of_other(record) for record in TRADED), run_started())
    assert names(b"".join(kept[:4] + kept[5:])) == []
    assert names(b"".join(kept[:4] + kept[6:])) == ["DU1"]
    assert names(b"".join(kept[:3] + kept[4:5] + kept[6:])) == []


def test_a_resolved_order_may_have_been_reopened_in_a_line_that_is_lost_later() -> None:
    answered = (
        intent(SELL),
        dispatch(),
        unknown(),
        resolved("0", "0"),
        closed(),
        run_started(),
        *FINISHED[7:],
    )
    kept = lines(*answered)
    assert names(b"".join(kept)) == []
    assert names(b"".join(kept[:8] + kept[9:])) == ["DU1"]


def test_an_answer_that_is_lost_may_have_been_taken_back_in_a_line_that_is_lost_later() -> None:
    kept = lines(*FINISHED)
    assert names(b"".join(kept[:2] + kept[3:9] + kept[10:])) == ["DU1"]


def test_what_is_lost_before_an_account_was_refused_does_not_block_it() -> None:
    kept = lines(*(of_other(record) for record in TRADED), closed("refused"), run_started())
    assert names(b"".join(kept[:2] + kept[4:])) == []


def test_an_account_that_never_began_may_have_begun_in_lines_that_are_lost() -> None:
    assert names(without(3), planned=("DU1", OTHER, "DU3")) == []
    assert names(without(3, 2), planned=("DU1", OTHER, "DU3")) == ["DU3"]


def test_without_the_plan_lines_that_are_lost_may_be_of_any_account() -> None:
    assert names(without(3), planned=None) == []
    found = blocked(without(3, 2), planned=None)
    assert list(found) == ["DU3"]
    assert "its plan is gone, so it may hide an open order. Restore it from git" in found["DU3"]


def test_an_account_that_was_left_incomplete_is_blocked_when_the_journal_is_damaged() -> None:
    kept = lines(*TRADED[:-1], closed("incomplete"), *FINISHED[7:])
    assert names(b"".join(kept)) == []
    assert names(b"".join([*kept[:8], b"junk\n", *kept[8:]])) == ["DU1"]


def merged(common: int, ours: tuple[AnyRecord, ...], theirs: tuple[AnyRecord, ...]) -> bytes:
    """Return what git leaves of two journals that begin alike."""
    first, second = lines(*ours), lines(*theirs)
    assert first[:common] == second[:common]
    return b"".join(
        [
            *first[:common],
            b"<<<<<<< HEAD\n",
            *first[common:],
            b"=======\n",
            *second[common:],
            b">>>>>>> main\n",
        ]
    )


def test_merge_marks_around_ends_block_nothing() -> None:
    found = merged(14, FINISHED, (*FINISHED[:-1], run_started(AT + timedelta(seconds=9))))
    assert names(found, planned=("DU1", OTHER, "DU3")) == []


def test_merge_marks_do_not_hide_an_order_without_an_end_on_either_side() -> None:
    assert names(merged(9, FINISHED, (*FINISHED[:9], of_other(unknown())))) == [OTHER]
    twice = (*FINISHED[:7], of_other(intent(SELL, attempt=2)), *FINISHED[8:])
    assert names(merged(7, (*FINISHED[:7], *FINISHED[7:9]), twice)) == [OTHER]


def test_merge_marks_are_named() -> None:
    assert (
        "line 10 is a mark of a git merge"
        in blocked(merged(9, FINISHED, (*FINISHED[:9], of_other(unknown()))))[OTHER]
    )


def test_lines_in_another_order_are_read_by_their_numbers() -> None:
    assert names(b"".join(reversed(lines(*FINISHED)))) == []
    assert names(b"".join(reversed(lines(*FINISHED[:3])))) == ["DU1"]


def test_a_line_that_stands_twice_changes_nothing() -> None:
    kept = lines(*FINISHED)
    assert names(b"".join([*kept[:2], kept[1], *kept[2:]])) == []


def test_an_order_whose_dispatch_is_lost_is_open_until_its_end() -> None:
    kept = lines(intent(SELL), dispatch(), ack(), closed())
    assert names(kept[0] + b"".join(kept[2:])) == ["DU1"]


def test_lines_that_cannot_be_read_at_the_end_may_be_many() -> None:
    journal = whole(*FINISHED) + b"\x00\x00\n"
    assert names(journal) == []
    assert names(journal, planned=("DU1", OTHER, "DU3")) == ["DU3"]


def test_a_line_of_another_plan_fills_no_gap() -> None:
    stranger = chain_bytes("0" * 64, FINISHED).splitlines(keepends=True)[6]
    assert names(replaced(7, stranger)) == ["DU1"]


def test_of_a_journal_in_which_nothing_can_be_read_the_plans_accounts_are_blocked() -> None:
    why = (
        "line 1 cannot be read (JSON is malformed: invalid character (byte 0)), and no other line can be read"
    )
    assert blocked(b"broken\n", planned=("DU1",)) == {
        "DU1": f"{NAME} is damaged: {why}, so it may hide an open order of DU1. {WAY_OUT}"
    }


def test_without_its_plan_such_a_journal_blocks_every_account() -> None:
    found = blocked("\ufeffx\n".encode("utf-16"), planned=None)
    assert list(found) == ["DU1", OTHER, "DU3"]
    assert "its plan is gone, so it may hide an open order. Restore it from git" in found["DU3"]


def test_a_journal_that_the_disk_does_not_give_blocks_the_plans_accounts() -> None:
    found = unreadable(OtherPlan(PLAN.id, NAME, lambda: ("DU1",)), f"cannot read {NAME}")
    assert found.of("DU1") == f"cannot read {NAME}, so it may hide an open order of DU1. {WAY_OUT}"
    assert found.of(OTHER) == ""


@pytest.mark.parametrize("order", [FIRST_BUY, SECOND_BUY])
def test_a_journal_of_another_plan_under_this_name_is_damaged(order: str) -> None:
    journal = chain_bytes("0" * 64, (intent(order), dispatch(order)))
    assert "it is the journal of another plan, 000000000000…" in blocked(journal)["DU1"]
