"""Stand-ins for providers, first of all WeChat Work: their protocol and encryption, for tests, demos, integrators."""

from scrm.simulate.control import ControlRefused, SimulatorControl
from scrm.simulate.server import RunningServer, create_app, running
from scrm.simulate.setup import World, populate, read_world
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.world import Settings

__all__ = [
    "ControlRefused",
    "RunningServer",
    "Settings",
    "SimulatedWeCom",
    "SimulatorControl",
    "World",
    "create_app",
    "populate",
    "read_world",
    "running",
]
