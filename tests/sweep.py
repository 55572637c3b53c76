"""Long sweeps of one claim: a few cases belong to the quick tests, and all of them to the whole suite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def quick_first(cases: Iterable[Any], quick: int = 1) -> list[Any]:
    """Return the cases for ``parametrize``, those after the first ``quick`` marked as slow.

    A case that is a tuple is one value for each argument.
    """
    return [case if at < quick else _slow(case) for at, case in enumerate(cases)]


def _slow(case: Any) -> Any:
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
