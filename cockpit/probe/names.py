"""Addresses of host names: looked up rarely, shared by all requests in flight."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache

from cockpit.model.clock import Clock
from cockpit.model.values import dataclass

# Seconds for which a lookup's result is cached, good or bad: not every request should wait for a slow resolver.
HOLD = 5.0
Lookup = Callable[[str], Awaitable[Sequence[str]]]


async def system_lookup(host: str) -> Sequence[str]:
    """Addresses from the system's resolver, in order of preference (RFC 6724). Raises socket.gaierror."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "is not a valid host name") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@lru_cache(maxsize=256)
def is_address(host: str) -> bool:
    """True for an IP address, which needs no lookup."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class _Known:
    until: float
    task: asyncio.Task[Sequence[str]]
    turn: int = 0


class Names:
    """Looks names up through `lookup`, one query per name at a time, and rotates over several addresses."""

    def __init__(self, clock: Clock, lookup: Lookup = system_lookup) -> None:
        self._clock = clock
        self._lookup = lookup
        self._known: dict[str, _Known] = {}

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Addresses to try in order, at least one: the next of the preferred family, then one of the other.

        Raises socket.gaierror.
        """
        if is_address(host):
            return (host,)
        known = self._entry(host)
        # Shielded, because the query is shared and one request's timeout must not cancel it for the others.
        found = await asyncio.shield(known.task)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "has no address")
        preferred = [address for address in found if (":" in address) == (":" in found[0])]
        known.turn += 1
        other = next((address for address in found if address not in preferred), None)
        chosen = preferred[known.turn % len(preferred)]
        return (chosen,) if other is None else (chosen, other)

    def _entry(self, host: str) -> _Known:
        now = self._clock.monotonic()
        known = self._known.get(host)
        if known is None or (known.task.done() and now >= known.until):
            task = asyncio.get_running_loop().create_task(self._ask(host))
            self._known = {name: entry for name, entry in self._known.items() if now < entry.until}
            known = self._known[host] = _Known(now + HOLD, task)
        return known

    async def _ask(self, host: str) -> Sequence[str]:
        return tuple(await self._lookup(host))[:64]
