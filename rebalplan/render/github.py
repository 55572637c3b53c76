"""The findings of a check as GitHub workflow commands, which become annotations on the lines of the plan.

The syntax is that of GitHub's "Workflow commands" page; the escapes are those of its toolkit
(``@actions/core``, ``command.ts``): ``%``, CR and LF in a message, ``:`` and ``,`` too in a property.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from rebalplan.core.finding import Finding, InPlan, Severity
from rebalplan.render.checked import Checked

Level = Literal["error", "warning", "notice"]

_LEVELS: dict[Severity, Level] = {"error": "error", "warning": "warning", "note": "notice"}
_FIELD = re.compile(r' {2,6}"([a-z0-9_]+)": ')
"""A field of the envelope, the plan or its volatile block; those of accounts and quotes stand further in."""
_ACCOUNT = re.compile(r' {8}"account": (".*"),')
_FIRST_LINE = 1


class Places(msgspec.Struct, frozen=True):
    """The lines, from 1, of a plan file where its fields and accounts begin.

    The keys of ``accounts`` are JSON strings, quotes and escapes included.
    """

    fields: dict[str, int]
    accounts: dict[str, int]

    def line(self, account: str, field: str) -> int:
        """Return the line of the account, or of the field when there is no account, or the first."""
        if account:
            return self.accounts.get(msgspec.json.encode(account).decode(), _FIRST_LINE)
        return self.fields.get(field, _FIRST_LINE)


def find_places(lines: Iterable[str]) -> Places:
    """Return the lines of a plan's fields and accounts; the first line of one that occurs twice."""
    places = Places({}, {})
    for number, line in enumerate(lines, start=1):
        if field := _FIELD.match(line):
            places.fields.setdefault(field[1], number)
        elif account := _ACCOUNT.match(line):
            places.accounts.setdefault(account[1], number)
    return places


def render_github(checked: Checked, file: str, places: Places, all_well: str) -> str:
    """Return one workflow command per finding on ``file``, and a notice with ``all_well`` unless it is empty."""
    commands = [_annotation(finding, file, places) for finding in (*checked.findings, *checked.live)]
    commands += [
        _command("error", file, places.line(account, ""), account, f"could not be read: {why}")
        for account, why in checked.unread.items()
    ]
    if all_well:
        commands.append(_command("notice", file, _FIRST_LINE, "rebal verify", all_well))
    return "\n".join(commands)


def _annotation(finding: Finding[InPlan], file: str, places: Places) -> str:
    account = finding.where.account
    line = places.line(account, finding.where.field)
    title = f"{finding.code} {account}" if account else finding.code
    return _command(_LEVELS[finding.severity], file, line, title, finding.sentence)


def _command(level: Level, file: str, line: int, title: str, message: str) -> str:
    return f"::{level} file={_property(file)},line={line},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Return the text on one line, with the escapes that GitHub turns back for display."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
