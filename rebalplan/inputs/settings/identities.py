"""Reads the accounts that the file names."""

from __future__ import annotations

import re

import msgspec

from rebalplan.inputs.findings import Findings
from rebalplan.inputs.settings.lines import Entry, Section
from rebalplan.inputs.settings.reading import Values
from rebalplan.inputs.settings.values import ValueRefusedError, account_id
from rebalplan.inputs.wording import shown

_WRITE_IDS = "write ids = DU1234567, DU1234568 under [accounts]"
_OLDER_PREFIX = "portfolio"
_PREFIXES = ("account", _OLDER_PREFIX)


class AccountSection(msgspec.Struct, frozen=True):
    """A section about one account, whose id is in upper case."""

    account: str
    section: Section


def read_ids(accounts: Section, values: Values, findings: Findings) -> tuple[str, ...]:
    """Return the account ids in upper case and in file order.

    ``[ibkr] account_id`` of older files counts when ``[accounts]`` has no ids.
    """
    entry = next((entry for entry in accounts.entries if entry.key == "ids"), None)
    single = values.get("account_id")
    single_id = str(single.value) if single else ""
    if entry is not None:
        if single is not None and single_id:
            findings.warn(
                "account_id has no effect, because [accounts] has ids; delete the line", line=single.line
            )
        return _ids_of(entry, findings)
    if single is not None and single_id:
        return tuple(filter(None, [_account(single_id, "account_id", single.line, findings)]))
    findings.error(f"no account is named; {_WRITE_IDS}", line=accounts.line)
    return ()


def _ids_of(entry: Entry, findings: Findings) -> tuple[str, ...]:
    texts = [(part.line, text) for part in entry.parts for text in re.split(r"[,\s]+", part.text) if text]
    if not texts:
        findings.error(f"ids is empty; {_WRITE_IDS}", line=entry.line)
    ids: dict[str, int] = {}
    for line, text in texts:
        account = _account(text, "ids", line, findings)
        if account in ids:
            findings.warn(
                f"account {account} is listed twice, first on line {ids[account]}; it is kept once", line=line
            )
        elif account:
            ids[account] = line
    return tuple(ids)


def read_account_sections(sections: tuple[Section, ...], findings: Findings) -> tuple[AccountSection, ...]:
    """Return the sections [account:ID], in older files [portfolio:ID]."""
    found: dict[str, AccountSection] = {}
    for section in sections:
        prefix, _, text = section.title.partition(":")
        if not is_account_section(section):
            continue
        if prefix.casefold() == _OLDER_PREFIX:
            findings.warn(
                "[portfolio:…] is the older name of [account:…] and read as such", line=section.line
            )
        account = _account(text, "the section's name", section.line, findings)
        if account in found:
            first = found[account].section.line
            findings.error(
                f"account {account} has a second section, the first is on line {first}; join the two",
                line=section.line,
            )
        elif account:
            found[account] = AccountSection(account, section)
    return tuple(found.values())


def is_account_section(section: Section) -> bool:
    """Return whether the section is about one account."""
    prefix, colon, _ = section.name.partition(":")
    return bool(colon) and prefix in _PREFIXES


def _account(text: str, where: str, line: int, findings: Findings) -> str:
    """Return the id in upper case, or an empty string after noting the error."""
    kind = account_id()
    try:
        return str(kind.read(text))
    except ValueRefusedError:
        findings.error(f"{shown(text)} in {where} is no account id; allowed is {kind.allowed}", line=line)
        return ""
