"""A pytest plugin for runs on mutants: examples are the same each time, and none that fails is made smaller."""

from __future__ import annotations

from pathlib import Path

from hypothesis import Phase, settings

import rebalplan

if not Path(rebalplan.__file__).is_relative_to(Path.cwd()):
    raise RuntimeError(f"the tests would run on {rebalplan.__file__}, not on the copy")

settings.register_profile(
    "mutants", derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("mutants")
