"""A call to the provider's API, as its handlers see it."""

from __future__ import annotations

from dataclasses import dataclass

from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import JsonObject
from scrm.simulate.world import App, Corp


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`query` without the access token; `upload` is the file of a multipart body, if there is one."""

    sim: SimulatedWeCom
    corp: Corp
    app: App
    query: dict[str, str]
    body: JsonObject
    upload: tuple[str, str, bytes] | None = None

    def blame(self, rule: str, detail: str) -> None:
        """Record that the client broke a rule of the provider."""
        self.sim.blame(rule, detail, self.app.name)
