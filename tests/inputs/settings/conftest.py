"""A settings.ini in an empty working directory, and snapshots that read as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from rebalplan.core.errors import InputError
from rebalplan.inputs.settings import Settings, load_settings
from tests.snapshots import TextSnapshot

Load = Callable[[str], Settings]


@pytest.fixture
def text_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextSnapshot)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write the text as settings.ini of a new working directory and load it."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text: str) -> Settings:
        path = Path("settings.ini")
        path.write_text(text, encoding="utf-8", newline="")
        return load_settings(path)

    return write_and_load


@pytest.fixture
def problems(load: Load) -> Callable[[str], list[str]]:
    """Load a text that must be refused and return its problems as lines."""

    def refused(text: str) -> list[str]:
        with pytest.raises(InputError) as caught:
            load(text)
        return str(caught.value).splitlines()

    return refused
