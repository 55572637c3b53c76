"""Faults of files: what must be on the disk is not, or is there by half."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_DISK = "rebalplan/system/disk.py"
_FILES = "rebalplan/system/files.py"
_STORE = "rebalplan/plan/store.py"

DISK: tuple[Mutant, ...] = (
    Mutant(
        "an append is not flushed to the disk",
        _DISK,
        "                file.flush()\n                os.fsync(file.fileno())\n",
        "                file.flush()\n",
        "tests/system/test_disk.py::test_every_append_is_flushed_to_the_disk_with_all_its_bytes",
    ),
    Mutant(
        "an append is flushed to the disk before its bytes left the process",
        _DISK,
        "                file.flush()\n                os.fsync(file.fileno())\n",
        "                os.fsync(file.fileno())\n",
        "tests/system/test_disk.py::test_every_append_is_flushed_to_the_disk_with_all_its_bytes",
    ),
    Mutant(
        "a cut is not flushed to the disk",
        _DISK,
        "                file.truncate(size)\n                os.fsync(file.fileno())\n",
        "                file.truncate(size)\n",
        "tests/system/test_disk.py::test_a_cut_is_flushed_to_the_disk",
    ),
    Mutant(
        "the folder of a new journal is not flushed to the disk",
        _DISK,
        "            if is_new:\n                sync_folder(path.parent)\n",
        "",
        "tests/system/test_disk.py::test_the_folder_of_a_new_file_is_flushed_once",
    ),
    Mutant(
        "a flush that failed counts as done",
        _DISK,
        (
            '            raise DiskError(f"cannot write {path}: {error.strerror}; nothing more is sent") from error\n'
        ),
        "            is_new = is_new and not error.strerror\n",
        "tests/system/test_disk.py::test_a_flush_that_fails_is_an_error_and_not_tried_again",
    ),
    Mutant(
        "the lock excludes nobody",
        _DISK,
        "            lock = FileLock(path)\n",
        '            lock = FileLock(f"{path}.{pinned}")\n',
        "tests/system/test_disk.py::test_a_lock_is_held_by_one_at_a_time_and_free_again_afterwards",
    ),
    Mutant(
        "a plan file is renamed before it is on the disk",
        _FILES,
        "            file.flush()\n            os.fsync(file.fileno())\n",
        "            file.flush()\n",
        "tests/plan/test_store.py::test_a_full_disk_leaves_nothing_behind_and_says_what_to_do",
    ),
    Mutant(
        "a file is written over its old content",
        _FILES,
        "        temporary.replace(path)\n",
        "        path.write_bytes(data)\n        temporary.unlink()\n",
        "tests/plan/test_store.py::test_a_file_takes_its_place_by_a_rename_once_it_is_on_the_disk",
    ),
    Mutant(
        "a plan under the id of another is read",
        _STORE,
        "if _PLAN_NAME.fullmatch(path.name) and path.stem != envelope.id:",
        "if _PLAN_NAME.fullmatch(path.name) and not envelope.id:",
        "tests/plan/test_store.py::test_a_plan_under_the_id_of_another_is_refused",
    ),
    Mutant(
        "a plan is written over another of its id",
        _STORE,
        "        if not path.exists():\n",
        "        if not path.is_dir():\n",
        "tests/plan/test_store.py::test_another_content_under_the_id_is_never_overwritten",
    ),
    Mutant(
        "a plan is written that no command reads",
        _STORE,
        "        check_readable(envelope, data)\n",
        "",
        "tests/plan/test_store.py::test_a_plan_that_would_be_refused_is_never_written",
    ),
    Mutant(
        "only the first digits of a plan file's hash are checked",
        "rebalplan/plan/codec.py",
        "if envelope.sha256 != expected.sha256:",
        "if envelope.sha256[:12] != expected.sha256[:12]:",
        "tests/plan/test_store.py::test_a_plan_file_is_refused_when_one_digit_of_its_hash_is_another",
    ),
    Mutant(
        "a plan elsewhere than in the plan folder is applied",
        _STORE,
        "    if path.parent.resolve() != folder.resolve():\n        raise",
        "    if not path.parent.resolve():\n        raise",
        "tests/plan/test_store.py::test_only_a_plan_of_the_plan_folder_has_its_journal_there",
    ),
)
