"""A messaging hub for sales teams: every channel on one customer timeline."""

__version__ = "0.1.0"
