"""Plan files on disk: found by path, id, prefix or ``latest``; written once, whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path

from rebalplan.core.errors import PlanFileError, RebalError, RefusedError, UsageError
from rebalplan.core.references import parse_reference
from rebalplan.core.text import count, printable
from rebalplan.plan.codec import MAX_BYTES, Envelope, check_readable, decode
from rebalplan.system.files import write_atomically

_PLAN_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}\.json")
_FILE_OF_A_PLAN = re.compile(r"(\d{8}t\d{6}z-[0-9a-f]{12})\.(?:json|journal\.jsonl)")
JOURNAL_SUFFIX = ".journal.jsonl"
"""The name of a journal is the plan's id and this. It stands beside the plan."""
_JOURNAL_NAME = re.compile(rf"(\d{{8}}T\d{{6}}Z-[0-9a-f]{{12}}){re.escape(JOURNAL_SUFFIX)}")
_SHORTEST_PREFIX = 4
LATEST = "latest"
_HEAD_BYTES = 1024
"""``replay_of`` is among the first fields of a plan, so it is within these bytes."""
_LONGEST_PATH = 4096
_REPLAY = re.compile(rb'^    "replay_of": "', re.MULTILINE)


class PlanStore:
    """The folder of plans. Nothing in it is ever rewritten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ids(self) -> list[str]:
        """Return the ids of all plans in the folder, oldest first; raises ``RebalError`` when it is unreadable."""
        try:
            names = [entry.name for entry in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RebalError(
                f"cannot read the plan folder {self.folder}: {error.strerror}. Correct [io] plan_dir"
            ) from error
        return sorted(name.removesuffix(".json") for name in names if _PLAN_NAME.fullmatch(name))

    def find(self, reference: str) -> Path:
        """Return the file that a path, an id, a unique prefix of one or ``latest`` names.

        The name of a plan's file or journal and the reference of an order name their plan too, in any case and with
        spaces around them. Raises ``UsageError`` when there is none or more than one.
        """
        path = as_path(reference)
        if path is not None:
            return path
        ids, name = self.ids(), _plain_name(reference)
        if name == LATEST:
            if not ids:
                raise UsageError(f"there is no plan in {self.folder} yet: make one with `rebal plan`")
            return self._path(next((i for i in reversed(ids) if not self._is_replay(i)), ids[-1]))
        found = [i for i in ids if i.lower().startswith(name) or i.partition("-")[2].startswith(name)]
        if len(name) < _SHORTEST_PREFIX or not found:
            return self._other_file(reference, len(ids))
        if len(found) > 1:
            raise UsageError(
                f"{printable(reference)!a} could be {', '.join(found[:5])}: give more characters"
            )
        return self._path(found[0])

    def _other_file(self, reference: str, plans: int) -> Path:
        """Return a file that happens to have this name, so that reading it says whether it is a plan."""
        path = Path(reference.strip())
        if reference.strip() and is_there(path):
            return path
        raise UsageError(
            f"no plan in {self.folder} is called {printable(reference)!a} ({count(plans, 'plan')} there). "
            f"Give a file, an id, its first {_SHORTEST_PREFIX} or more characters, or `latest`"
        )

    def _is_replay(self, plan_id: str) -> bool:
        """Tell from a plan's first lines whether it replays another one; ``latest`` means one made at the broker."""
        try:
            with self._path(plan_id).open("rb") as file:
                return _REPLAY.search(file.read(_HEAD_BYTES)) is not None
        except OSError:
            return False

    def _path(self, plan_id: str) -> Path:
        return self.folder / f"{plan_id}.json"

    def require_name(self, path: Path, plan_id: str) -> None:
        """Raise ``PlanFileError`` for a plan in this folder that is not called after its id: no command would find it.

        Elsewhere a plan may have any name: git gives its drivers a temporary file.
        """
        if path.parent.resolve() == self.folder.resolve():
            require_own_name(path, plan_id)

    def write(self, envelope: Envelope, data: bytes) -> Path:
        """Return the path of a plan under its id, and write it unless it is there with the same bytes.

        The bytes are read back before: rebal never writes a plan that it would refuse. Raises ``RebalError`` when the
        folder or the disk does not take it.
        """
        check_readable(envelope, data)
        path = self._path(envelope.id)
        if not path.exists():
            _write(path, data)
        elif not path.is_file() or _read(path) != data:
            raise RefusedError(
                f"{path} exists with other content and plans are never rewritten: move it away",
                code="RB606",
            )
        return path


def is_plan_name(plan_id: str) -> bool:
    """Tell whether a name, without its suffix, is one that a plan file can have."""
    return _PLAN_NAME.fullmatch(f"{plan_id}.json") is not None


def as_path(reference: str) -> Path | None:
    """Return the file that a reference to a plan names, or ``None`` when it is an id, a prefix or ``latest``."""
    text = reference.strip()
    path = Path(text)
    if len(path.parts) > 1 or text.startswith(("./", ".\\")):
        return path
    if path.suffix == ".json" and (is_there(path) or not _FILE_OF_A_PLAN.fullmatch(text.lower())):
        return path
    return None


def _plain_name(reference: str) -> str:
    """Return an id, a prefix or ``latest`` in lower case; a file's name or an order's reference becomes its plan's."""
    name = reference.strip().lower()
    order, file = parse_reference(name), _FILE_OF_A_PLAN.fullmatch(name)
    if order is not None:
        return order.plan
    return file[1] if file is not None else name


def is_there(path: Path) -> bool:
    """Tell whether a path exists; a name that no file can have does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_plan(path: Path) -> Envelope:
    """Return the plan in ``path``; raises ``PlanFileError`` for one that this tool did not write as it is."""
    data = _read(path)
    try:
        envelope = decode(data)
    except PlanFileError as error:
        why = f"{_shown(path)} is refused: {error}{_way_out(path, error)}"
        raise PlanFileError(why, code=error.finding.code, field=error.finding.where.field) from error
    if _PLAN_NAME.fullmatch(path.name) and path.stem != envelope.id:
        raise _misnamed(path, envelope.id)
    return envelope


def _way_out(path: Path, error: PlanFileError) -> str:
    """Say what to give instead of a file that is no plan at all."""
    if error.finding.code != "RB101":
        return ""
    journal = _JOURNAL_NAME.fullmatch(path.name)
    if journal is not None:
        return f". It is the journal of a plan: give {journal[1]}"
    return ". Give a file that `rebal plan` wrote, as it wrote it"


def require_own_folder(path: Path, folder: Path) -> None:
    """Raise ``RefusedError`` for a plan elsewhere than in the plan folder: a copy or a link has no journal there."""
    if path.parent.resolve() != folder.resolve():
        raise RefusedError(
            f"{_shown(path)} is not in the plan folder {folder}, where the journals are: apply the plan that is there",
            code="RB605",
        )


def require_own_name(path: Path, plan_id: str) -> None:
    """Raise ``PlanFileError`` for a plan that is not called after its id: a copy would get a journal of its own."""
    if path.name != f"{plan_id}.json":
        raise _misnamed(path, plan_id)


def _misnamed(path: Path, plan_id: str) -> PlanFileError:
    return PlanFileError(
        f"{_shown(path)} is refused: it holds the plan {plan_id}, so call it {plan_id}.json",
        code="RB106",
        field="id",
    )


def _shown(path: Path) -> str:
    """Return the path for a message: names in a pull request are anybody's text."""
    return printable(str(path), _LONGEST_PATH)


def _write(path: Path, data: bytes) -> None:
    try:
        write_atomically(path, data)
    except OSError as error:
        raise RebalError(
            f"cannot write {path}: {error.strerror}. Nothing was written; free space or choose another folder "
            "([io] plan_dir)"
        ) from error


def _read(path: Path) -> bytes:
    """Return the bytes of a file that is no larger than a plan may be, whatever kind of file it is."""
    try:
        if path.is_dir():
            raise PlanFileError(f"{_shown(path)} is a folder, not a plan file", code="RB101")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise PlanFileError(
                f"{_shown(path)} has {size:,} bytes, more than the {MAX_BYTES:,} a plan may have",
                code="RB102",
            )
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {_shown(path)}. Give a plan file, its id, or `latest` for the last one made"
        ) from None
    except OSError as error:
        raise RebalError(f"cannot read {_shown(path)}: {error.strerror}") from error
