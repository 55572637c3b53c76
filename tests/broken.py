"""Plan files broken in every way that reading them must notice, with the code of each refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rebalplan.plan.codec import MAX_BYTES
from tests.forging import Fields, forge

Change = Callable[[Path], Path]
"""Breaks a plan file and returns where it is now."""


def replace(old: bytes, new: bytes) -> Change:
    """Return a change of the first ``old`` that leaves the hash as it was."""

    def change(path: Path) -> Path:
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new, 1))
        return path

    return change


def resign(edit: Callable[[Fields], object]) -> Change:
    """Return a change of the content that makes hash, id and name fit again."""
    return lambda path: forge(path, edit)


def enlarge(path: Path) -> Path:
    with path.open("ab") as sparse:
        sparse.truncate(MAX_BYTES + 1)
    return path


def cash_of_the_first(text: object) -> Callable[[Fields], object]:
    return lambda fields: fields["accounts"][0]["snapshot"].update(cash_usd=text)


def reason_of_the_first(text: str) -> Callable[[Fields], object]:
    return lambda fields: fields["accounts"][0].update(reasons=[text])


def another_id(path: Path) -> Path:
    return replace(f'"id": "{path.stem}"'.encode(), b'"id": "20260101T000000Z-000000000000"')(path)


def crlf(path: Path) -> Path:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    return path


def rename(name: str) -> Change:
    return lambda path: path.rename(path.with_stem(name))


BROKEN: list[tuple[str, str, Change]] = [
    ("RB101", "cut", lambda path: replace(path.read_bytes()[-200:], b"")(path)),
    ("RB101", "empty", lambda path: replace(path.read_bytes(), b"")(path)),
    ("RB101", "missing field", resign(lambda fields: fields.pop("mode"))),
    ("RB101", "unknown field", resign(lambda fields: fields.update(surprise=1))),
    ("RB101", "ill-typed field", resign(lambda fields: fields.update(accounts="none"))),
    ("RB101", "nesting", lambda path: replace(path.read_bytes(), b"[" * 100_000)(path)),
    ("RB102", "too large", enlarge),
    ("RB103", "another format", resign(lambda fields: fields.update(format_version="2.0"))),
    ("RB104", "decimal", resign(cash_of_the_first("1.50"))),
    ("RB104", "exponent", resign(cash_of_the_first("1E+3"))),
    ("RB104", "not finite", resign(cash_of_the_first("NaN"))),
    ("RB104", "control character", resign(reason_of_the_first("one\ntwo"))),
    ("RB104", "integer", resign(lambda f: f["volatile"]["quotes"][0].update(con_id=2**53))),
    ("RB104", "time", resign(lambda f: f["volatile"].update(expires_at="2026-11-26T05:00:00.5Z"))),
    ("RB105", "edited", replace(b'"side": "SELL"', b'"side": "BUY"')),
    ("RB106", "id", another_id),
    ("RB106", "name of another plan", rename("20260101T000000Z-aaaaaaaaaaaa")),
    ("RB106", "name of its own", rename("renamed")),
    ("RB107", "line ends", crlf),
    ("RB107", "spaces", replace(b'"plan": {', b'"plan":  {')),
    ("RB107", "a field twice", replace(b'"plan": {\n', b'"plan": {\n    "mode": "live",\n')),
]
