"""The machine's own disk: what is flushed, and who holds the lock."""

from __future__ import annotations

import errno
import os
from contextlib import nullcontext
from pathlib import Path
from stat import S_ISDIR

import pytest
from filelock import FileLock

from rebalplan.core.errors import DiskError, RefusedError
from rebalplan.system.disk import SystemDisk


class Flushes:
    """Counts ``os.fsync``: how many bytes a file had then, or that it was a folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._flush = os.fsync
        self.seen: list[int | str] = []
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        self.seen.append("folder" if S_ISDIR(found.st_mode) else found.st_size)
        self._flush(descriptor)


def test_every_append_is_flushed_to_the_disk_with_all_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, disk = tmp_path / "journal", SystemDisk()
    path.write_bytes(b"")
    flushes = Flushes(monkeypatch)
    disk.append(path, b"one\n")
    disk.append(path, b"two\n")
    assert flushes.seen == [4, 8]
    assert disk.read(path) == b"one\ntwo\n"


@pytest.mark.skipif(os.name == "nt", reason="a folder cannot be flushed there")
def test_the_folder_of_a_new_file_is_flushed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes = Flushes(monkeypatch)
    for _ in range(2):
        SystemDisk().append(tmp_path / "journal", b"one\n")
    assert flushes.seen == [4, "folder", 8]


@pytest.mark.skipif(os.name == "nt", reason="a folder cannot be flushed there")
@pytest.mark.parametrize(("code", "fails"), [(errno.EIO, True), (errno.ENOSPC, True), (errno.EINVAL, False)])
def test_a_folder_that_is_not_flushed_stops_unless_its_file_system_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, fails: bool
) -> None:
    flush = os.fsync

    def refuse(descriptor: int) -> None:
        if S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(DiskError, match="nothing more is sent") if fails else nullcontext():
        SystemDisk().append(tmp_path / "journal", b"one\n")


def test_a_cut_is_flushed_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"one\ntw")
    flushes = Flushes(monkeypatch)
    SystemDisk().truncate(path, 4)
    assert (path.read_bytes(), flushes.seen) == (b"one\n", [4])


def test_a_flush_that_fails_is_an_error_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fail(descriptor: int) -> None:
        calls.append(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DiskError, match="nothing more is sent"):
        SystemDisk().append(tmp_path / "journal", b"one\n")
    assert len(calls) == 1


def test_a_lock_is_held_by_one_at_a_time_and_free_again_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "plans" / ".lock"
    with (
        SystemDisk().lock(path),
        pytest.raises(RefusedError, match="nothing was sent"),
        SystemDisk().lock(path),
    ):
        pass
    with SystemDisk().lock(path):
        pass
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
@pytest.mark.parametrize("removed", ["before it is locked", "after it is locked"])
def test_a_lock_of_a_file_that_its_last_holder_removes_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: str
) -> None:
    path, acquire = tmp_path / ".lock", FileLock.acquire
    taken: list[FileLock] = []

    def crossed(lock: FileLock, timeout: float) -> None:
        taken.append(lock)
        if len(taken) == 1 and removed == "before it is locked":
            path.unlink()
        acquire(lock, timeout=timeout)
        if len(taken) == 1 and removed == "after it is locked":
            path.unlink()
            path.touch()

    monkeypatch.setattr(FileLock, "acquire", crossed)
    with SystemDisk().lock(path):
        assert len(taken) == 2
        with pytest.raises(RefusedError), SystemDisk().lock(path):
            pass
