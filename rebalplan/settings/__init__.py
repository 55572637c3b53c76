"""settings.ini: read into frozen structs, with every problem reported at its file:line."""

from rebalplan.settings.load import load_settings
from rebalplan.settings.model import (
    AccountSettings,
    AccountsSettings,
    Endpoint,
    IbkrSettings,
    IoSettings,
    ModelWeight,
    Settings,
    SimSettings,
)

__all__ = [
    "AccountSettings",
    "AccountsSettings",
    "Endpoint",
    "IbkrSettings",
    "IoSettings",
    "ModelWeight",
    "Settings",
    "SimSettings",
    "load_settings",
]
