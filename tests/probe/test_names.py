"""Looking names up, without a resolver."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from cockpit.probe.names import HOLD, Names, system_lookup
from cockpit.session.clock import ManualClock


class Resolver:
    """Answers with what a test says, and keeps what it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses: Sequence[str] = addresses
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        await asyncio.sleep(0)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.addresses


async def test_an_address_is_taken_as_it_is() -> None:
    resolver = Resolver("10.0.0.1")
    names = Names(ManualClock(), resolver)
    assert await names.addresses("127.0.0.1") == ("127.0.0.1",)
    assert await names.addresses("::1") == ("::1",)
    assert resolver.asked == []


async def test_several_addresses_take_turns() -> None:
    names = Names(ManualClock(), Resolver("10.0.0.1", "10.0.0.2", "10.0.0.3"))
    assert {(await names.addresses("web"))[0] for _ in range(3)} == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}


async def test_the_other_family_comes_second() -> None:
    names = Names(ManualClock(), Resolver("::1", "127.0.0.1"))
    assert await names.addresses("localhost") == ("::1", "127.0.0.1")


async def test_one_question_serves_all_for_a_while() -> None:
    clock, resolver = ManualClock(), Resolver("10.0.0.1")
    names = Names(clock, resolver)
    await asyncio.gather(*(names.addresses("web") for _ in range(10)))
    await clock.advance(HOLD - 0.1)
    await names.addresses("web")
    assert resolver.asked == ["web"]
    await clock.advance(0.2)
    await names.addresses("web")
    assert resolver.asked == ["web", "web"]


async def test_a_failure_holds_as_long_and_heals() -> None:
    clock, resolver = ManualClock(), Resolver()
    names = Names(clock, resolver)
    for _ in range(3):
        with pytest.raises(socket.gaierror, match="not known"):
            await names.addresses("web")
    assert resolver.asked == ["web"]
    resolver.addresses = ("10.0.0.1",)
    await clock.advance(HOLD)
    assert await names.addresses("web") == ("10.0.0.1",)


async def test_a_question_survives_whoever_asked_first() -> None:
    resolver = Resolver("10.0.0.1")
    names = Names(ManualClock(), resolver)
    first = asyncio.create_task(names.addresses("web"))
    await asyncio.sleep(0)
    second = asyncio.create_task(names.addresses("web"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ("10.0.0.1",)


@pytest.mark.parametrize("host", ["", "a" * 70 + ".example", "\ud800", "nowhere.invalid\x00"])
async def test_the_systems_resolver_fails_in_one_way(host: str) -> None:
    with pytest.raises(socket.gaierror):
        await system_lookup(host)


async def test_the_systems_resolver_knows_localhost() -> None:
    assert set(await system_lookup("localhost")) & {"127.0.0.1", "::1"}
