"""The one error of the embedded gateway."""

from __future__ import annotations


class SimError(Exception):
    """Something about the scenario, the state file or the port that the user can act on.

    The message is readable as it stands: what is wrong, where, what to do next.
    """
