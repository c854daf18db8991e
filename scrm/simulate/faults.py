"""Faults one can order: wrong answers, slow answers, no answers."""

from __future__ import annotations

from dataclasses import dataclass

from scrm.simulate.commands import AddFault


@dataclass(slots=True, kw_only=True)
class Fault:
    """An ordered fault; `left` None means it stays until it is removed."""

    id: int
    order: AddFault
    left: int | None


class Faults:
    """The faults in force, in the order they were ordered."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._count = 0

    def add(self, order: AddFault) -> Fault:
        self._count += 1
        fault = Fault(id=self._count, order=order, left=order.times)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def listed(self) -> list[Fault]:
        return list(self._faults)

    def take(self, endpoint: str, app: str) -> list[AddFault]:
        """The faults that strike a call now: every latency, and the first of the others. Uses up one time of each."""
        struck: list[AddFault] = []
        for fault in self._matching(endpoint, app):
            if fault.order.kind == "latency" or not any(order.kind != "latency" for order in struck):
                struck.append(fault.order)
                self._use(fault)
        return struck

    def _matching(self, endpoint: str, app: str) -> list[Fault]:
        return [
            fault for fault in self._faults if fault.order.endpoint in {"*", endpoint} and fault.order.app in {"", app}
        ]

    def _use(self, fault: Fault) -> None:
        if fault.left is None:
            return
        fault.left -= 1
        if fault.left <= 0:
            self._faults.remove(fault)
