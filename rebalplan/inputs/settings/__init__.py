"""settings.ini: read into frozen structs, with every problem reported at its file:line."""

from rebalplan.inputs.settings.load import load_settings
from rebalplan.inputs.settings.model import (
    AccountSettings,
    AccountsSettings,
    IbkrSettings,
    IoSettings,
    ModelWeight,
    Settings,
    SimSettings,
)

__all__ = [
    "AccountSettings",
    "AccountsSettings",
    "IbkrSettings",
    "IoSettings",
    "ModelWeight",
    "Settings",
    "SimSettings",
    "load_settings",
]
