"""Files that cannot be read at all: one clear paragraph each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalplan.core.errors import RebalError
from rebalplan.inputs.settings import load_settings
from rebalplan.inputs.text_files import MAX_BYTES


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("settings.ini")


def refusal(path: Path) -> str:
    with pytest.raises(RebalError) as caught:
        load_settings(path)
    return str(caught.value)


def test_a_missing_file_says_to_run_init(path: Path) -> None:
    assert refusal(path) == (
        "settings.ini: no such file. Name another with --config FILE, or run `rebal init` to write a "
        "commented settings.ini."
    )


def test_a_directory_is_no_settings_file(path: Path) -> None:
    path.mkdir()
    assert refusal(path) == "settings.ini: this is a directory, expected a file. Name the file inside it."


def test_a_file_that_may_not_be_read_says_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refusal(path).startswith("settings.ini: cannot be read (Permission denied). Check the path")


def test_a_path_that_no_file_can_have_is_refused(path: Path) -> None:
    assert r"settings\x00.ini: cannot be read" in refusal(Path("settings\0.ini"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x7fELF\x00\x01", "settings.ini: the file is binary, expected UTF-8 text."),
        ("[ibkr]\n".encode("utf-16"), "settings.ini: the file is UTF-16 text, expected UTF-8."),
        ("[ibkr]\n; Zürich\n".encode("latin-1"), "settings.ini:2: a byte here is not UTF-8 text (0xfc)."),
        (b"\n\xe9", "settings.ini:2: a byte here is not UTF-8 text (0xe9)."),
        (b";" * (MAX_BYTES + 1), "settings.ini: the file is over 1,048,576 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused(path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)
    assert refusal(path).startswith(reason)


def test_a_file_of_the_largest_size_is_read(path: Path) -> None:
    text = b"[accounts]\nids = DU1\n[models]\nA = 1\n;"
    path.write_bytes(text.ljust(MAX_BYTES, b"x"))
    assert load_settings(path).account_settings[0].account == "DU1"


INI_PIECES = st.sampled_from(
    (
        "[accounts]\n",
        "[models]\n",
        "[account:DU1]\n",
        "[account:",
        "ids",
        "models",
        "port",
        "=",
        ":",
        "DU1",
        "a:1",
    )
) | st.sampled_from(
    (
        "A = 1",
        "\n",
        "\n  ",
        "\r",
        ";",
        " #",
        ",",
        "%",
        "0.5",
        "-1",
        "1e999999999",
        "nan",
        "\x1b",
        "[",
        "]",
        '"',
        "~x",
    )
)


def only_refuses(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        load_settings(path)
    except RebalError as error:
        assert all(char.isprintable() or char == "\n" for char in str(error))  # noqa: PT017  # either outcome is right


@settings(derandomize=True, deadline=None, max_examples=200)
@given(content=st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    only_refuses(tmp_path_factory.getbasetemp() / "bytes.ini", content)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=400)
@given(pieces=st.lists(INI_PIECES | st.text(max_size=8), max_size=40))
def test_no_text_raises_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    only_refuses(tmp_path_factory.getbasetemp() / "text.ini", "".join(pieces).encode("utf-8", "ignore"))
