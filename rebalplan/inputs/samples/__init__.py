"""The commented settings.ini and portfolios.csv that ``rebal init`` writes."""

from __future__ import annotations

from importlib.resources import files

NAMES = ("settings.ini", "portfolios.csv")


def sample_text(name: str) -> str:
    """Return the text of one of ``NAMES`` with LF line ends; raises KeyError for another name."""
    if name not in NAMES:
        raise KeyError(name)
    return files(__name__).joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")
