"""Fault injection: failures of the API, switched on and off while the cluster runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import ApiError, BadRequest, Expired, Forbidden, TooManyRequests, Unauthorized
from cockpit.demo.store.storage import Storage

KINDS = ("stall", "drop", "slow", "410", "429", "401", "403")


@dataclass
class Fault:
    """One fault.

    `kind`: `stall` never answers and silences open watches; `drop` cuts connections, including open watches; `slow`
    waits `seconds`; a number is the status of the answer, 429 with a Retry-After of `seconds`.
    `resource` (a plural) and `verb` limit the fault; it ends after `times` requests (None: when it is cleared).
    """

    kind: str
    resource: str = ""
    verb: str = ""
    times: int | None = None
    seconds: float = 1.0

    def matches(self, verb: str, resource: str) -> bool:
        """Whether a request meets this fault."""
        return self.times != 0 and self.resource in ("", resource) and self.verb in ("", verb)


class Faults:
    """The faults of one cluster."""

    def __init__(self, storage: Storage, clock: DemoClock) -> None:
        self._storage = storage
        self._clock = clock
        self._active: list[Fault] = []
        self._listeners: list[Callable[[], None]] = []

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that are on."""
        return tuple(fault for fault in self._active if fault.times != 0)

    def add(
        self, kind: str, *, resource: str = "", verb: str = "", times: int | None = None, seconds: float = 1.0
    ) -> Fault:
        """Switch a fault on; `compaction` happens at once and drops the history so far."""
        if kind == "compaction":
            self._storage.compact()
            return Fault(kind, times=0)
        if kind not in KINDS:
            raise BadRequest(f"unknown fault {kind!r}; known: {', '.join((*KINDS, 'compaction'))}")
        fault = Fault(kind, resource, verb, times, seconds)
        self._active.append(fault)
        self._tell()
        return fault

    def clear(self) -> None:
        """Switch every fault off."""
        self._active.clear()
        self._tell()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever faults change; the returned function unsubscribes it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def steer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Handle `POST /demo/faults`: a fault's fields (`fault` names its kind), or `{"clear": true}`."""
        if asked.get("clear"):
            self.clear()
        else:
            fields = {key: value for key, value in asked.items() if key in ("resource", "verb", "times", "seconds")}
            self.add(str(asked.get("fault", "")), **fields)
        return {"active": [vars(fault) for fault in self.active]}

    def open_watch(self, resource: str) -> str:
        """The fault that affects a watch that is already open: `stall`, `drop` or ""."""
        for fault in self.active:
            if fault.kind in ("stall", "drop") and fault.matches("watch", resource):
                return fault.kind
        return ""

    def meet(self, verb: str, resource: str) -> Fault | None:
        """The fault that affects this request, if any; decrements its `times`."""
        for fault in self.active:
            if fault.matches(verb, resource):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    async def over(self, fault: Fault) -> None:
        """Wait until the fault is cleared."""
        changed = asyncio.Event()
        end = self.on_change(changed.set)
        try:
            while any(active is fault for active in self._active):
                await changed.wait()
                changed.clear()
        finally:
            end()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def refusal(fault: Fault, resource: str) -> ApiError | None:
    """The error that a fault answers with, if its kind is a status."""
    match fault.kind:
        case "410":
            return Expired("The resourceVersion for the provided list is too old.")
        case "429":
            return TooManyRequests(
                "Too many requests, please try again later.", retry_after=max(1, round(fault.seconds))
            )
        case "401":
            return Unauthorized("Unauthorized")
        case "403":
            return Forbidden(f"{resource} is forbidden: switched off by a fault", details={"kind": resource})
    return None
