"""What a machine lets us do: no socket is unavailable, and other systems ask few addresses through icmplib."""

from __future__ import annotations

import errno
import socket
import sys

import icmplib
import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_icmp import fallback
from mendwatch_icmp.asking import Answers, ask
from mendwatch_icmp.fallback import MOST, sweep_few
from mendwatch_icmp.losses import Loss
from mendwatch_icmp.sweep import Plan, Surroundings
from mendwatch_icmp.wire import SocketWire

PLAN = Plan(2, 0.01, 0.5, 1000)


def _refuse(_: socket.AddressFamily) -> SocketWire:
    raise PermissionError(errno.EACCES, "no")


async def test_a_machine_that_allows_no_socket_is_unavailable_and_knows_nothing() -> None:
    found = await ask([("192.0.2.1", 0), ("2001:db8::1", 0, 0, 0)], PLAN, Surroundings(FakeClock()), _refuse)
    assert found == Answers({}, {"ipv4": False, "ipv6": False}, {})


async def test_a_family_that_is_unavailable_says_nothing_of_the_other() -> None:
    def only_v4(family: socket.AddressFamily) -> SocketWire:
        return _refuse(family) if family == socket.AF_INET6 else SocketWire(_pretended())

    found = await ask([("127.0.0.1", 0), ("::1", 0, 0, 0)], Plan(1, 0, 0.05, 1000), Surroundings(FakeClock()), only_v4)
    assert found.available == {"ipv4": True, "ipv6": False}
    assert list(found.tallies) == ["127.0.0.1"]


def _pretended() -> socket.socket:
    """Give a socket that anybody may open; what is sent there nobody hears."""
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


async def test_nothing_to_ask_is_no_sweep() -> None:
    assert await ask([], PLAN, Surroundings(FakeClock()), _refuse) == Answers()


async def test_another_system_asks_through_icmplib(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(address: str, count: int, *_: object, privileged: bool) -> icmplib.Host:
        if not privileged:
            raise icmplib.SocketPermissionError(privileged)
        return icmplib.Host(address, count, [2.5])

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(icmplib, "async_ping", answer)
    found = await ask([("192.0.2.1", 0)], PLAN, Surroundings(FakeClock()), _refuse)
    tally = found.tallies["192.0.2.1"]
    assert found.available == {"ipv4": True}
    assert (tally.wanted, tally.answered, tally.times, tally.lost) == (2, 1, [0.0025], {Loss.TIMEOUT: 1})


async def test_another_system_that_allows_nothing_is_unavailable_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: str, *__: object, privileged: bool) -> icmplib.Host:
        raise icmplib.SocketPermissionError(privileged)

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(icmplib, "async_ping", refuse)
    assert await ask([("192.0.2.1", 0)], PLAN, Surroundings(FakeClock()), _refuse) == Answers(available={"ipv4": False})


async def test_icmplib_is_asked_for_a_few_at_a_time_and_never_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="64"):
        await sweep_few([f"h{n}" for n in range(MOST + 1)], PLAN)
    now, most = 0, 0

    async def watch(address: str, count: int, *_: object, **__: object) -> icmplib.Host:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await FakeClock().sleep(0)
        now -= 1
        return icmplib.Host(address, count, [])

    monkeypatch.setattr(icmplib, "async_ping", watch)
    found = await sweep_few([f"h{n}" for n in range(20)], PLAN)
    assert len(found) == 20
    assert most == fallback.PARALLEL


async def test_what_icmplib_cannot_send_is_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> icmplib.Host:
        raise icmplib.ICMPSocketError

    monkeypatch.setattr(icmplib, "async_ping", fail)
    tally = (await sweep_few(["a"], PLAN))["a"]
    assert (tally.wanted, tally.answered, tally.lost) == (2, 0, {Loss.UNSENDABLE: 2})
