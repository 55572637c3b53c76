"""Sends the log to stderr with ``--verbose``, and to the file of ``[io] log_file``."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rebalplan.apply.journal.records import AnyRecord, Commission
from rebalplan.core.errors import RebalError
from rebalplan.inputs.settings import Settings
from rebalplan.render.log_lines import log_line

_KEPT_FILES = 5
_FILE_BYTES = 1_000_000
_SHOWN_DIGITS = 4
_ANY_ID = "D?[UFI][0-9]{4,}"
"""Any account id: the broker's answers name other accounts of the login too."""

_LOG = logging.getLogger("rebalplan.apply")


class _Lines(logging.Formatter):
    """One line per event, in UTC. Only the last four characters of an account id are shown."""

    def __init__(self, accounts: Iterable[str]) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime
        names = "|".join([*sorted(map(re.escape, accounts), key=len, reverse=True), _ANY_ID])
        self._ids = re.compile(rf"(?<![A-Za-z0-9])(?:{names})(?![A-Za-z0-9])")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self._ids.sub(lambda found: f"…{found.group()[-_SHOWN_DIGITS:]}", super().format(record))


def _is_told(record: logging.LogRecord) -> bool:
    """Return whether a record belongs in the log. The libraries' steps do so only at DEBUG."""
    own = record.name.startswith("rebalplan")
    return own or record.levelno >= logging.WARNING or logging.getLogger().level <= logging.DEBUG


def quiet_logs() -> None:
    """Keep the libraries' logs to themselves, unless ``--verbose`` has said where they go."""
    logging.basicConfig(handlers=[logging.NullHandler()])


def log_to_stderr() -> None:
    """Send the log to stderr, from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(()))
    handler.addFilter(_is_told)
    handler.set_name(__name__)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


def open_logs(settings: Settings) -> None:
    """Send the log to the file of the settings too, at ``[io] log_level``, with account ids shortened everywhere.

    Raises ``RebalError`` for a file that cannot be written.
    """
    quiet_logs()
    root, lines = logging.getLogger(), _Lines(settings.accounts.ids)
    root.setLevel(settings.io.log_level)
    if settings.io.log_file is not None:
        root.addHandler(_file_handler(settings.io.log_file))
    for own in root.handlers:
        if own.get_name() == __name__:
            own.setFormatter(lines)


def _file_handler(path: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=_KEPT_FILES, encoding="utf-8")
    except OSError as error:
        raise RebalError(
            f"the log cannot be written to {path} ({error.strerror or error}): correct [io] log_file, or set it to none"
        ) from error
    handler.set_name(__name__)
    handler.addFilter(_is_told)
    return handler


def close_logs() -> None:
    """Undo ``log_to_stderr`` and ``open_logs``."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if handler.get_name() == __name__]:
        root.removeHandler(handler)
        handler.close()


def log_record(record: AnyRecord) -> None:
    """Log the journal's latest record."""
    level = logging.DEBUG if isinstance(record, Commission) else logging.INFO
    _LOG.log(level, "%s", log_line(record))
