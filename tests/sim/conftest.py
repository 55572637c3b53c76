"""The real client library, imported once with an event loop at hand."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from .interpreter import Interpreter


@pytest.fixture(scope="session")
def library() -> Iterator[Any]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield importlib.import_module("ib_insync")
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def interpret(library: Any, caplog: pytest.LogCaptureFixture) -> Interpreter:
    return Interpreter(library, caplog)
