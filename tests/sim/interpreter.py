"""Messages through ib_insync's decoder, which must have nothing to complain about."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from rebalplan.sim.wire.frames import Message


class FakeWrapper:
    """Records what a decoder calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args: self.calls.append((name, *args))


class Interpreter:
    """Decodes messages with ib_insync's decoder, and fails on anything it complains about."""

    def __init__(self, library: Any, caplog: pytest.LogCaptureFixture) -> None:
        self._decoder = library.decoder.Decoder
        self._caplog = caplog

    def __call__(self, message: Message, version: int) -> tuple[Any, ...]:
        wrapper = FakeWrapper()
        with self._caplog.at_level(logging.DEBUG):
            self._decoder(wrapper, version).interpret(list(message))
        assert self._caplog.records == []
        (call,) = wrapper.calls
        return call
