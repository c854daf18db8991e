"""The web: callbacks in, REST and live events for people and integrators, the console's files."""
