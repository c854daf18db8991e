"""The demo: a made-up school whose story plays over the real protocols of the simulator and of the hub."""

from scrm.simulate.demo.running import DemoOptions, run_demo

__all__ = ["DemoOptions", "run_demo"]
