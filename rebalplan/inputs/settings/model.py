"""The structs of settings.ini.

Field names and defaults are those of the file, so the key table is derived from here and from
``rebalplan.core.policy``.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from rebalplan.core.finding import Finding, InFile
from rebalplan.core.policy import Policy
from rebalplan.core.vocabulary import ConfirmMode, Endpoint
from rebalplan.inputs.findings import MAY_PROTECT


class IbkrSettings(msgspec.Struct, frozen=True):
    """How the broker is used.

    ``timeout_sec`` bounds each single request, ``messages_per_sec`` all that leaves over the connections of a run.
    """

    mode: Literal["tws", "sim"] = "tws"
    read_only: bool = True
    timeout_sec: Decimal = Decimal(30)
    messages_per_sec: int = 40


class ModelWeight(msgspec.Struct, frozen=True):
    """A model's share of an account: ``weight`` is a fraction, ``model`` the name as settings.ini has it."""

    model: str
    weight: Decimal


class AccountSettings(msgspec.Struct, frozen=True):
    """The settings of one account: its own values over the global ones.

    ``account`` is in upper case. ``portfolios`` is the CSV file, absolute or relative to the working
    directory. ``read_only`` is the account's own: it holds beside that of ``IbkrSettings`` and never lifts it.
    """

    account: str
    endpoint: Endpoint
    portfolios: Path
    models: tuple[ModelWeight, ...]
    policy: Policy
    allow_live: bool = False
    read_only: bool = False


class AccountsSettings(msgspec.Struct, frozen=True):
    """The order and pace of a run's accounts. Retries and backoff are for reads and connects only.

    ``ids`` are the accounts in upper case, each once, in the order of the run.
    """

    confirm_mode: ConfirmMode = ConfirmMode.PER_ACCOUNT
    pacing_sec: Decimal = Decimal(1)
    retries: int = 3
    backoff_sec: Decimal = Decimal("0.5")
    backoff_max_sec: Decimal = Decimal(8)
    ids: tuple[str, ...] = ()


class IoSettings(msgspec.Struct, frozen=True):
    """The folders and files of rebal, absolute or relative to the working directory. ``log_file`` may be ``None``."""

    plan_dir: Path = Path("plans")
    report_dir: Path = Path("reports")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_file: Path | None = None


class SimSettings(msgspec.Struct, frozen=True):
    """The embedded gateway's files. ``scenario`` is ``None`` for the built-in one."""

    scenario: Path | None = None
    state: Path = Path(".rebal/sim.json")


class Settings(msgspec.Struct, frozen=True):
    """The whole file. ``account_settings`` are in the order of ``[accounts] ids``."""

    path: Path
    ibkr: IbkrSettings
    accounts: AccountsSettings
    account_settings: tuple[AccountSettings, ...]
    io: IoSettings
    sim: SimSettings
    warnings: tuple[Finding[InFile], ...] = ()

    @property
    def unread_protections(self) -> tuple[Finding[InFile], ...]:
        """Return the warnings about unknown keys that may be misspelled protections: ``--yes`` is refused beside them.

        These are unknown keys of [limits], [accounts] and [approval], sections with similar names, and unknown keys
        elsewhere that are similar to a protecting one.
        """
        return tuple(warning for warning in self.warnings if warning.code == MAY_PROTECT)
