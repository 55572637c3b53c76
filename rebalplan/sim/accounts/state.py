"""The state file: what a gateway remembers between two runs, beside its scenario.

JSON, written whole to a temporary name, synced and renamed. Whoever uses it holds a lock beside it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from rebalplan.sim.accounts.book import BookState
from rebalplan.sim.errors import SimError
from rebalplan.sim.scenario.model import Scenario

if TYPE_CHECKING:
    from filelock import BaseFileLock

FORMAT_VERSION: Final = 2


class _StateFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format_version: int
    scenario: str
    scenario_sha256: str
    book: BookState


class _Marked(msgspec.Struct, frozen=True):
    """What every state file has, whatever its format."""

    format_version: int
    scenario_sha256: str


class _Versioned(msgspec.Struct, frozen=True):
    format_version: int


def read_state(path: Path, scenario: Scenario) -> BookState | None:
    """Return what the file remembers, ``None`` when there is no file yet.

    Raises ``SimError`` when the file is unreadable, of another format, or of another scenario.
    """
    if path.is_dir():
        refuse_foreign_file(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SimError(f"The simulation's state file {path} cannot be read: {error}.") from error
    try:
        version = msgspec.json.decode(data, type=_Versioned).format_version
        if version != FORMAT_VERSION:
            raise SimError(
                f"The state file {path} has format {version}, this version writes {FORMAT_VERSION}. {_RESET}"
            )
        state = msgspec.json.decode(data, type=_StateFile)
    except msgspec.MsgspecError as error:
        refuse_foreign_file(path)
        raise SimError(f"The state file {path} is damaged: {error}. {_RESET}") from error
    if state.scenario_sha256 != scenario.sha256 or not _fits(state.book, scenario):
        raise SimError(
            f"The state file {path} was made with the scenario {state.scenario!r} as it was then, and "
            f"{scenario.source} is not that any more. {_RESET}"
        )
    return state.book


def refuse_foreign_file(path: Path) -> None:
    """Raise ``SimError`` when the path holds anything but a simulation's state: a write would destroy it."""
    if path.is_dir():
        raise SimError(f"{path} is a folder. Set a file as [sim] state, such as .rebal/sim.json.")
    try:
        data = path.read_bytes()
    except OSError:
        return
    try:
        msgspec.json.decode(data, type=_Marked)
    except msgspec.MsgspecError:
        raise SimError(
            f"{path} is no state file of a simulation and is left as it is. Set another file as [sim] state, or delete "
            "it yourself."
        ) from None


_RESET: Final = "Run `rebal sim reset` to start the simulation afresh."


def _fits(state: BookState, scenario: Scenario) -> bool:
    known = {instrument.con_id for instrument in scenario.instruments}
    accounts = [account.id for account in scenario.accounts]
    named = {position.con_id for account in state.accounts for position in account.positions}
    named |= {price.con_id for price in state.prices}
    owners: set[str] = set()
    if state.trading is not None:
        named |= {order.con_id for order in state.trading.orders}
        named |= {execution.con_id for execution in state.trading.executions}
        owners = {order.account for order in state.trading.orders}
    return [account.id for account in state.accounts] == accounts and named <= known and owners <= {*accounts}


def write_state(path: Path, scenario: Scenario, book: BookState) -> None:
    """Replace the file at once. Raises ``SimError`` when the disk does not take it."""
    state = _StateFile(
        format_version=FORMAT_VERSION,
        scenario=scenario.gateway.name,
        scenario_sha256=scenario.sha256,
        book=book,
    )
    data = msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n"
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # before the rename, or a crash could leave an empty file
        temporary.replace(path)
    except OSError as error:
        raise SimError(f"The simulation's state file {path} cannot be written: {error}.") from error


def lock_state(path: Path) -> BaseFileLock:
    """Return the lock of the file, held; its folder is created.

    Raises ``SimError`` when another process (or another gateway of this one) uses the file.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # it imports asyncio

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(path.name + ".lock"), thread_local=False)
        lock.acquire(timeout=0)
    except Timeout:
        raise SimError(
            f"The simulation's state file {path} is in use by another process, such as a running "
            "`rebal sim serve`. Wait for it or stop it, or set another file as [sim] state."
        ) from None
    except OSError as error:
        raise SimError(f"The simulation's state file {path} cannot be locked: {error}.") from error
    return lock
