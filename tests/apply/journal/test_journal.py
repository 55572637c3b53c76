from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from random import Random

import pytest

from rebalplan.apply.journal.journal import Journal, JournalFile, journal_path, open_journal
from rebalplan.core.errors import DiskError, JournalError, RefusedError
from rebalplan.system.disk import SystemDisk
from tests.apply.journal.support import EVERY_KIND, PLAN, ack, chain_bytes, dispatch, intent
from tests.simulation.disk import SimDisk
from tests.simulation.process import Process, SimulatedCrash, silent

PATH = journal_path(Path("plans/20260302T160000Z-0123456789ab.json"))


def booted(disk: SimDisk, dies_at: int = 0, fails_at: int = 0, tears: float = 0.0) -> SimDisk:
    disk.boot(Process(dies_at, silent), fails_at, tears)
    return disk


def test_it_lies_beside_its_plan() -> None:
    assert PATH.name == "20260302T160000Z-0123456789ab.journal.jsonl"


def test_what_was_appended_is_there_after_a_power_failure() -> None:
    disk = SimDisk()
    journal = Journal(disk, PATH, PLAN)
    for record in EVERY_KIND:
        journal.append(record)
    disk.crash(Random(0), power=True)  # noqa: S311  # reproducible, not secret
    assert Journal(disk, PATH, PLAN).records == EVERY_KIND


@pytest.mark.parametrize("seed", range(30))
def test_a_power_failure_before_the_flush_loses_only_that_record(seed: int) -> None:
    disk = booted(SimDisk(), dies_at=9)
    journal = Journal(disk, PATH, PLAN)
    journal.append(EVERY_KIND[0])
    journal.append(EVERY_KIND[1])
    with pytest.raises(SimulatedCrash):
        journal.append(EVERY_KIND[2])
    disk.crash(Random(seed), power=True)  # noqa: S311  # reproducible, not secret
    booted(disk)
    again = Journal(disk, PATH, PLAN)
    assert EVERY_KIND[:2] == again.records[:2]
    assert len(again.records) in (2, 3)
    again.append(EVERY_KIND[len(again.records)])
    assert Journal(disk, PATH, PLAN).records == again.records


def test_reading_a_torn_journal_writes_nothing() -> None:
    disk = SimDisk()
    Journal(disk, PATH, PLAN).append(intent())
    disk.append(PATH, b'{"number":2')
    before = disk.read(PATH)
    assert Journal(disk, PATH, PLAN).records == (intent(),)
    assert disk.read(PATH) == before


def test_the_first_append_cuts_a_torn_tail_off() -> None:
    disk = SimDisk()
    Journal(disk, PATH, PLAN).append(intent())
    disk.append(PATH, b'{"number":2')
    Journal(disk, PATH, PLAN).append(dispatch())
    assert disk.read(PATH) == chain_bytes(PLAN.sha256, (intent(), dispatch()))


@pytest.mark.parametrize("tears", [0.0, 0.5])
def test_a_record_the_disk_did_not_take_is_not_there_and_nothing_follows_it(tears: float) -> None:
    disk = booted(SimDisk(), fails_at=2, tears=tears)
    journal = Journal(disk, PATH, PLAN)
    journal.append(intent())
    with pytest.raises(DiskError):
        journal.append(dispatch())
    with pytest.raises(DiskError, match="failed before"):
        journal.append(ack())
    assert journal.records == (intent(),)
    assert Journal(booted(disk), PATH, PLAN).records == (intent(),)


def test_a_record_whose_flush_failed_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, flush = tmp_path / PATH.name, os.fsync
    failures = [OSError(errno.EIO, os.strerror(errno.EIO))]

    def fail_once(descriptor: int) -> None:
        if failures:
            raise failures.pop()
        flush(descriptor)

    journal = Journal(SystemDisk(), path, PLAN)
    journal.append(intent())
    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(DiskError):
        journal.append(dispatch())
    assert failures == []
    assert Journal(SystemDisk(), path, PLAN).records == (intent(),)


def test_a_record_that_cannot_be_taken_back_is_read_as_if_it_had_been_sent() -> None:
    disk = booted(SimDisk(), fails_at=2, tears=1.0)
    journal = Journal(disk, PATH, PLAN)
    journal.append(intent())
    with pytest.raises(DiskError):
        journal.append(dispatch())
    assert Journal(booted(disk), PATH, PLAN).records == (intent(), dispatch())


def test_a_broken_journal_is_refused_by_name() -> None:
    disk = SimDisk()
    disk.append(PATH, b"{}\n")
    with pytest.raises(JournalError, match=r"journal\.jsonl: line 1 cannot be read"):
        Journal(disk, PATH, PLAN)


def test_without_its_plan_a_journal_is_read_and_appended_to_by_the_hash_that_it_names() -> None:
    disk = SimDisk()
    Journal(disk, PATH, PLAN).append(intent())
    alone = open_journal(disk, PATH)
    assert (alone.plan, alone.records) == (PLAN.sha256, (intent(),))
    alone.append(dispatch())
    assert Journal(disk, PATH, PLAN).records == (intent(), dispatch())
    assert JournalFile(disk, PATH, PLAN.sha256).records == (intent(), dispatch())


def test_a_journal_without_a_line_names_no_plan() -> None:
    assert open_journal(SimDisk(), PATH).plan == ""


@pytest.mark.parametrize(
    ("old", "new", "way_out"),
    [
        (
            b"\n",
            b"\r\n",
            "line 1 ends with CRLF: convert the file's line ends to LF; the line `*.jsonl text eol=lf` in ",
        ),
        (b"}\n", b"}\n=======\n", "line 2 is a mark of a git merge: keep the longer side"),
        (
            b"DU1",
            b"DU2",
            "line 2 does not follow the line before it (lines are missing or reordered): restore the file",
        ),
    ],
)
def test_a_journal_that_is_not_as_it_was_written_is_refused_with_a_way_out(
    old: bytes, new: bytes, way_out: str
) -> None:
    disk = SimDisk()
    disk.append(PATH, chain_bytes(PLAN.sha256, (intent(), dispatch())).replace(old, new, 1))
    message = re.escape(f"{PATH}: {way_out}")
    with pytest.raises(JournalError, match=message):
        Journal(disk, PATH, PLAN)
    with pytest.raises(JournalError, match=message):
        open_journal(disk, PATH)


def test_two_processes_cannot_hold_one_lock() -> None:
    disk = SimDisk()
    with disk.lock(PATH), pytest.raises(RefusedError, match="another apply"), disk.lock(PATH):
        pass
    with disk.lock(PATH):
        pass
