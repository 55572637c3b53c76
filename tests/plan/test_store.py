from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec
import pytest

from rebalplan.core.errors import ExitCode, PlanFileError, RebalError, RefusedError, UsageError
from rebalplan.plan.codec import MAX_BYTES, encode
from rebalplan.plan.store import PlanStore, read_plan, require_own_folder
from rebalplan.system.files import write_atomically
from tests.builders import NOW, account, plan

ENVELOPE, DATA = encode(plan())
ID = ENVELOPE.id
HASH = ENVELOPE.sha256[:12]


@pytest.fixture
def plans(tmp_path: Path) -> PlanStore:
    """An empty folder of plans."""
    (tmp_path / "plans").mkdir()
    return PlanStore(tmp_path / "plans")


def touch(plans: PlanStore, *ids: str) -> None:
    for plan_id in ids:
        (plans.folder / f"{plan_id}.json").write_bytes(b"")


JANUARY = "20260101T120000Z-aaaaaaaaaaaa"
FEBRUARY = "20260201T120000Z-abcdefabcdef"
MARCH = "20260301T120000Z-bbbbbbbbbbbb"


# finding


def test_a_plan_is_found_by_its_id(plans: PlanStore) -> None:
    touch(plans, JANUARY, FEBRUARY)
    assert plans.find(JANUARY) == plans.folder / f"{JANUARY}.json"


@pytest.mark.parametrize("prefix", ["202602", "20260201T1", "abcd", "abcdefabcdef"])
def test_a_plan_is_found_by_a_unique_prefix_of_its_id_or_hash(plans: PlanStore, prefix: str) -> None:
    touch(plans, JANUARY, FEBRUARY)
    assert plans.find(prefix) == plans.folder / f"{FEBRUARY}.json"


def test_latest_is_the_plan_made_last(plans: PlanStore) -> None:
    touch(plans, MARCH, JANUARY, FEBRUARY)
    assert plans.find("latest") == plans.folder / f"{MARCH}.json"


def test_latest_passes_over_replays_unless_there_is_nothing_else(plans: PlanStore) -> None:
    replay = encode(plan(replay_of=ID))[1]
    for plan_id in (FEBRUARY, MARCH):
        (plans.folder / f"{plan_id}.json").write_bytes(replay)
    assert plans.find("latest") == plans.folder / f"{MARCH}.json"
    touch(plans, JANUARY)
    assert plans.find("latest") == plans.folder / f"{JANUARY}.json"


@pytest.mark.parametrize(
    "reference",
    [
        f"{FEBRUARY}.json",
        f"{FEBRUARY}.journal.jsonl",
        f" {FEBRUARY}\n",
        FEBRUARY.lower(),
        FEBRUARY.upper(),
        "rb-abcdefabcdef-a02-l07",
        "rb-abcdefabcdef-a02-l07-f",
    ],
)
def test_a_plan_is_found_by_what_screens_and_folders_show_of_it(plans: PlanStore, reference: str) -> None:
    touch(plans, JANUARY, FEBRUARY)
    assert plans.find(reference) == plans.folder / f"{FEBRUARY}.json"


def test_a_name_that_no_plan_has_but_a_file_is_that_file(
    plans: PlanStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(plans, JANUARY)
    monkeypatch.chdir(plans.folder.parent)
    for name in ("settings.ini", f"{MARCH}.json", "latests"):
        Path(name).write_text("[ibkr]\n", encoding="utf-8")
        with pytest.raises(PlanFileError, match=r"it is not a plan file: .* that `rebal plan` wrote"):
            read_plan(plans.find(name))
    Path("latest").write_text("", encoding="utf-8")
    assert plans.find("LATEST") == plans.folder / f"{JANUARY}.json"


def test_a_journal_given_as_a_plan_is_called_one(plans: PlanStore) -> None:
    path = plans.folder / f"{JANUARY}.journal.jsonl"
    path.write_bytes(b"{}\n{}\n")
    with pytest.raises(PlanFileError, match=f"It is the journal of a plan: give {JANUARY}$"):
        read_plan(plans.find(str(path)))


@pytest.mark.parametrize("reference", ["somewhere/plan", "plan.json", "./20260101T120000Z-aaaaaaaaaaaa"])
def test_a_path_is_taken_as_it_is(plans: PlanStore, reference: str) -> None:
    assert plans.find(reference) == Path(reference)


def test_an_ambiguous_prefix_names_what_it_could_be(plans: PlanStore) -> None:
    touch(plans, JANUARY, FEBRUARY)
    with pytest.raises(UsageError, match=f"'2026' could be {JANUARY}, {FEBRUARY}: give more characters"):
        plans.find("2026")


@pytest.mark.parametrize("reference", ["202", "", " ", "2027", "zzzz", "cdef", "a\0b", "x" * 5000])
def test_what_names_no_plan_is_refused_with_what_may_be_given(plans: PlanStore, reference: str) -> None:
    touch(plans, JANUARY, FEBRUARY)
    with pytest.raises(UsageError, match=r"\(2 plans there\)") as caught:
        plans.find(reference)
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_reference_is_shown_without_control_characters(plans: PlanStore) -> None:
    with pytest.raises(UsageError) as caught:
        plans.find("\x1b[31mred\n")
    assert str(caught.value).isprintable()


def test_there_is_no_latest_plan_in_an_empty_or_missing_folder(plans: PlanStore) -> None:
    for folder in (plans.folder, plans.folder / "none"):
        with pytest.raises(UsageError, match="there is no plan in"):
            PlanStore(folder).find("latest")


def test_only_files_with_the_name_of_a_plan_count(plans: PlanStore) -> None:
    touch(plans, JANUARY, f"{JANUARY}.journal", f".{MARCH}", "notes", f"{MARCH}-copy", MARCH.upper())
    assert plans.ids() == [JANUARY]


def test_a_plan_folder_that_is_a_file_is_called_unreadable(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("")
    with pytest.raises(RebalError, match="cannot read the plan folder"):
        PlanStore(tmp_path / "plans").find("latest")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_plan_folder_without_permission_is_called_unreadable(plans: PlanStore) -> None:
    plans.folder.chmod(0)
    try:
        with pytest.raises(RebalError, match="cannot read the plan folder"):
            plans.find("latest")
    finally:
        plans.folder.chmod(0o755)


# reading


def test_a_written_plan_is_read_back(plans: PlanStore) -> None:
    assert read_plan(plans.write(ENVELOPE, DATA)) == ENVELOPE


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read_plan(tmp_path / "none.json")


def test_a_folder_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(PlanFileError, match="is a folder, not a plan file"):
        read_plan(tmp_path)


def test_a_refusal_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "cut.json"
    file.write_bytes(DATA[:-5])
    with pytest.raises(PlanFileError, match=r"cut\.json is refused: it is not a plan file"):
        read_plan(file)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as sparse:
        sparse.truncate(MAX_BYTES + 1)
    with pytest.raises(PlanFileError, match=r"large\.json has 80,000,001 bytes, more than the 80,000,000"):
        read_plan(file)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no endless file")
def test_an_endless_file_is_refused() -> None:
    with pytest.raises(PlanFileError, match="more than the 80,000,000"):
        read_plan(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_why(plans: PlanStore) -> None:
    path = plans.write(ENVELOPE, DATA)
    path.chmod(0)
    with pytest.raises(RebalError, match=r"cannot read .* Permission denied"):
        read_plan(path)


def test_a_plan_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "for-review.json"
    file.write_bytes(DATA)
    assert read_plan(file) == ENVELOPE


def test_a_plan_under_the_id_of_another_is_refused(plans: PlanStore) -> None:
    (plans.folder / f"{JANUARY}.json").write_bytes(DATA)
    with pytest.raises(PlanFileError, match=f"it holds the plan {ID}"):
        read_plan(plans.find(JANUARY))


def test_in_the_plan_folder_a_plan_is_called_by_its_id(plans: PlanStore) -> None:
    plans.require_name(plans.write(ENVELOPE, DATA), ID)
    with pytest.raises(PlanFileError, match=rf"copy\.json is refused: it holds the plan {ID}") as caught:
        plans.require_name(plans.folder / "copy.json", ID)
    assert caught.value.finding.code == "RB106"


def test_a_roundabout_path_into_the_plan_folder_is_still_in_it(plans: PlanStore) -> None:
    with pytest.raises(PlanFileError):
        plans.require_name(plans.folder / ".." / "plans" / "copy.json", ID)


def test_outside_the_plan_folder_a_plan_may_have_any_name(plans: PlanStore, tmp_path: Path) -> None:
    plans.require_name(tmp_path / "copy.json", ID)
    plans.require_name(plans.folder / "old" / "copy.json", ID)


def test_only_a_plan_of_the_plan_folder_has_its_journal_there(plans: PlanStore, tmp_path: Path) -> None:
    require_own_folder(plans.folder / f"{ID}.json", plans.folder)
    require_own_folder(plans.folder / ".." / "plans" / f"{ID}.json", plans.folder)
    with pytest.raises(RefusedError, match="is not in the plan folder"):
        require_own_folder(tmp_path / f"{ID}.json", plans.folder)


@pytest.mark.parametrize(("spare", "is_read"), [(0, True), (-1, False)])
def test_a_file_of_exactly_the_most_bytes_is_read(
    plans: PlanStore, monkeypatch: pytest.MonkeyPatch, spare: int, is_read: bool
) -> None:
    path = plans.write(ENVELOPE, DATA)
    monkeypatch.setattr("rebalplan.plan.store.MAX_BYTES", len(DATA) + spare)
    if is_read:
        assert read_plan(path) == ENVELOPE
        return
    with pytest.raises(
        PlanFileError, match=f"has {len(DATA):,} bytes, more than the {len(DATA) - 1:,}"
    ) as caught:
        read_plan(path)
    assert caught.value.finding.code == "RB102"


def test_a_refusal_keeps_its_code_when_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "edited.json"
    file.write_bytes(DATA.replace(b'"DU1"', b'"DU2"', 1))
    with pytest.raises(PlanFileError) as caught:
        read_plan(file)
    assert caught.value.finding.code == "RB105"


def test_a_file_name_is_shown_without_control_characters(tmp_path: Path) -> None:
    for name in ("a\n::error::b.json", "\x1b[31mred.json"):
        with pytest.raises(UsageError) as caught:
            read_plan(tmp_path / name)
        assert str(caught.value).isprintable()


# writing


def test_a_plan_is_written_under_its_id_with_nothing_beside_it(plans: PlanStore) -> None:
    path = plans.write(ENVELOPE, DATA)
    assert path.name == f"{ID}.json"
    assert path.read_bytes() == DATA
    assert list(plans.folder.iterdir()) == [path]


def test_the_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    path = PlanStore(tmp_path / "new" / "plans").write(ENVELOPE, DATA)
    assert path.exists()


def test_the_same_plan_may_be_written_again(plans: PlanStore) -> None:
    first = plans.write(ENVELOPE, DATA)
    before = first.stat()
    assert plans.write(ENVELOPE, DATA) == first
    assert first.stat().st_ino == before.st_ino


def test_another_content_under_the_id_is_never_overwritten(plans: PlanStore) -> None:
    path = plans.folder / f"{ID}.json"
    path.write_bytes(b"precious")
    with pytest.raises(RefusedError, match="plans are never rewritten"):
        plans.write(ENVELOPE, DATA)
    assert path.read_bytes() == b"precious"


def test_a_folder_under_the_id_is_never_overwritten(plans: PlanStore) -> None:
    (plans.folder / f"{ID}.json").mkdir()
    with pytest.raises(RefusedError, match="plans are never rewritten"):
        plans.write(ENVELOPE, DATA)


def test_a_plan_that_would_be_refused_is_never_written(plans: PlanStore) -> None:
    with pytest.raises(PlanFileError, match="could not be read again as it was made"):
        plans.write(ENVELOPE, DATA.replace(b'"DU1"', b'"DU2"'))
    odd = msgspec.structs.replace(ENVELOPE.plan, mode="play")  # what a defect would do
    with pytest.raises(PlanFileError, match="could not be read again: Invalid enum value"):
        plans.write(*encode(odd))
    assert list(plans.folder.iterdir()) == []


def test_a_plan_is_never_written_under_another_id(plans: PlanStore) -> None:
    with pytest.raises(PlanFileError, match=JANUARY):
        plans.write(msgspec.structs.replace(ENVELOPE, id=JANUARY), DATA)
    assert list(plans.folder.iterdir()) == []


def test_two_plans_of_one_second_have_two_files(plans: PlanStore) -> None:
    other, other_data = encode(plan(account("DU2"), created_at=NOW))
    assert plans.write(ENVELOPE, DATA) != plans.write(other, other_data)
    assert len(plans.ids()) == 2


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_behind_and_says_what_to_do(
    plans: PlanStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(
        RebalError, match=r"No space left on device\. Nothing was written; free space or choose"
    ):
        plans.write(ENVELOPE, DATA)
    assert list(plans.folder.iterdir()) == []


def test_a_full_disk_leaves_an_existing_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_nothing_behind(plans: PlanStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        plans.write(ENVELOPE, DATA)
    assert list(plans.folder.iterdir()) == []


def test_a_folder_that_cannot_be_flushed_does_not_lose_the_plan(
    plans: PlanStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = os.fsync
    calls = []

    def files_only(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 1:
            full_disk()
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    assert plans.write(ENVELOPE, DATA).read_bytes() == DATA


def test_a_plan_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("")
    with pytest.raises(RebalError, match=r"Nothing was written; free space or choose .* \(\[io\] plan_dir\)"):
        PlanStore(tmp_path / "plans").write(ENVELOPE, DATA)


def test_a_plan_file_is_refused_when_one_digit_of_its_hash_is_another(tmp_path: Path) -> None:
    path, digits = tmp_path / "plan.json", ENVELOPE.sha256
    other = digits[:-1] + ("0" if digits[-1] != "0" else "1")
    path.write_bytes(DATA.replace(digits.encode(), other.encode(), 1))
    with pytest.raises(PlanFileError, match="it was edited or damaged"):
        read_plan(path)


def test_a_file_takes_its_place_by_a_rename_once_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rename, flush = tmp_path / "report.csv", Path.replace, os.fsync
    path.write_bytes(b"before")
    seen: list[tuple[str, bytes]] = []

    def flushing(descriptor: int) -> None:
        seen.append(("flush", path.read_bytes()))
        flush(descriptor)

    def renaming(old: Path, new: Path) -> Path:
        seen.append(("rename", path.read_bytes()))
        return rename(old, new)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(Path, "replace", renaming)
    write_atomically(path, b"after")
    assert seen[:2] == [("flush", b"before"), ("rename", b"before")]
    assert path.read_bytes() == b"after"
