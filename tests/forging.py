"""Plans edited by somebody who knows the file: the hash and the id are made to fit again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

Fields = dict[str, Any]


def fields_of(path: Path) -> Fields:
    """Return what a plan file has under ``plan``."""
    found: Fields = json.loads(path.read_text(encoding="utf-8"))["plan"]
    return found


def forge(path: Path, edit: Callable[[Fields], object]) -> Path:
    """Replace a plan file by the edited plan, under its own right hash, id and name."""
    fields = fields_of(path)
    edit(fields)
    path.unlink()
    return sign(fields, path.parent)


def sign(fields: Fields, folder: Path) -> Path:
    """Write a plan file with a hash, id and name that fit."""
    compact = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(compact.encode()).hexdigest()
    stamp = fields["volatile"]["created_at"].replace("-", "").replace(":", "")
    framed = f'{{"id":"{stamp}-{digest[:12]}","sha256":"{digest}","plan":{compact}}}'
    path = folder / f"{stamp}-{digest[:12]}.json"
    path.write_bytes(msgspec.json.format(framed.encode(), indent=2) + b"\n")
    return path


def edit_order(account: str, quantity: str = "1") -> Callable[[Fields], None]:
    """Return an edit that gives the account's first order another quantity."""

    def edit(fields: Fields) -> None:
        (found,) = (a for a in fields["accounts"] if a["account"] == account)
        assert found["orders"][0]["quantity"] != quantity
        found["orders"][0]["quantity"] = quantity

    return edit
