"""What can go wrong in asking the simulator for something; the control API answers these with 404 and 400."""

from __future__ import annotations


class Unknown(LookupError):
    """There is no such corp, application, account, person or message."""


class Impossible(ValueError):
    """What was asked contradicts the state of the simulated world."""
