"""Sweeps in a network of their own: both kinds of socket, both families, silence, errors of routers, and other people's replies."""

from __future__ import annotations

from typing import Any

import pytest
from namespaces import answer_of, need_namespace, writable

SWEEP = """
import asyncio, json, socket, sys, time
from pathlib import Path
from mendwatch.clock import SystemClock
from mendwatch_icmp.asking import ask
from mendwatch_icmp.sweep import Plan, Surroundings
from mendwatch_icmp.wire import SocketWire

def setting(name, value):
    Path("/proc/sys/net", name).write_text(value)

def opening(kind):
    def opened(family):
        protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
        return SocketWire(socket.socket(family, kind, protocol))
    return opened

def sweep(addresses, kind, **plan):
    how = Plan(**{"count": 1, "interval": 0, "timeout": 1.0, "rate": 100_000, **plan})
    started = time.perf_counter()
    answers = asyncio.run(ask(addresses, how, Surroundings(SystemClock()), opening(getattr(socket, kind))))
    return {
        "took": time.perf_counter() - started,
        "available": answers.available, "dropped": answers.dropped,
        "hosts": {host: [one.wanted, one.answered, one.times, one.lost] for host, one in answers.tallies.items()},
    }
"""


@pytest.fixture(autouse=True)
async def _namespace() -> None:
    await need_namespace()
    if not writable("ipv4/ping_group_range"):
        pytest.skip("no network namespace: /proc/sys cannot be written here")


async def _sweep(script: str, *arguments: str) -> Any:  # noqa: ANN401 - as JSON has it
    return await answer_of(SWEEP + script, *arguments)


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_RAW"])
async def test_both_kinds_of_socket_reach_both_families_with_times_of_the_kernel(kind: str) -> None:
    found = await _sweep("print(json.dumps(sweep([('127.0.0.1', 0), ('::1', 0, 0, 0)], sys.argv[1], count=3)))", kind)
    assert found["available"] == {"ipv4": True, "ipv6": True}
    for wanted, answered, times, lost in found["hosts"].values():
        assert (wanted, answered, lost) == (3, 3, {})
        assert all(0 < seconds < 0.01 for seconds in times)


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_RAW"])
@pytest.mark.parametrize(("hosts", "count"), [(250, 2), (5000, 1)])
async def test_hosts_that_are_silent_are_all_lost_in_hardly_more_than_the_timeout(kind: str, hosts: int, count: int) -> None:
    script = """
setting("ipv4/icmp_echo_ignore_all", "1")
hosts = [(f"127.2.{n >> 8}.{n & 255}", 0) for n in range(1, int(sys.argv[2]) + 1)]
print(json.dumps(sweep(hosts, sys.argv[1], count=int(sys.argv[3]), rate=20_000, timeout=0.5)))
"""
    found = await _sweep(script, kind, str(hosts), str(count))
    assert len(found["hosts"]) == hosts
    assert all(tally == [count, 0, [], {"timeout": count}] for tally in found["hosts"].values())
    assert 0.5 <= found["took"] < 3.5, "one after the other, they would take minutes; a busy machine may add a little"


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_RAW"])
async def test_an_error_of_a_router_is_the_reason_of_that_address_and_of_no_other(kind: str) -> None:
    script = """
import os
os.system("ip route add unreachable 10.1.0.0/16 table local; ip route add prohibit 10.2.0.0/16")
print(json.dumps(sweep([("10.2.0.1", 0), ("127.0.0.1", 0), ("203.0.113.1", 0), ("127.0.0.2", 0)], sys.argv[1])))
"""
    found = (await _sweep(script, kind))["hosts"]
    assert {host: tally[3] for host, tally in found.items() if tally[3]} == {
        "10.2.0.1": {"unsendable": 1},
        "203.0.113.1": {"unsendable": 1},
    }
    assert [found[host][1] for host in ("127.0.0.1", "127.0.0.2")] == [1, 1]


async def test_two_sweeps_at_a_time_do_not_take_each_others_replies() -> None:
    script = """
async def both():
    hosts = [(f"127.3.0.{n}", 0) for n in range(1, 201)]
    around, plan = Surroundings(SystemClock()), Plan(3, 0.01, 1.0, 100_000)
    return await asyncio.gather(*(ask(hosts, plan, around, opening(socket.SOCK_RAW)) for _ in range(3)))
tallies = [one for found in asyncio.run(both()) for one in found.tallies.values()]
print(json.dumps([[one.wanted, one.answered, len(one.times), one.lost] for one in tallies]))
"""
    found = await _sweep(script)
    assert found == [[3, 3, 3, {}]] * 600


async def test_replies_that_nobody_asked_for_are_no_answers() -> None:
    script = """
setting("ipv4/icmp_echo_ignore_all", "1")
forger = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
wire = opening(socket.SOCK_RAW)(socket.AF_INET)
right = bytearray(wire.request(5)); right[0] = 0
heard = []
def listen():
    time.sleep(0.01)
    wire.receive(lambda *reply: heard.append(reply[:2]), lambda *_: None)
for position in (1, 4, 8, 15, None):
    packet = bytearray(right)
    if position is not None:
        packet[position] ^= 1
    forger.sendto(packet, ("127.0.0.1", 0))
    listen()
print(json.dumps(heard))
"""
    assert await _sweep(script) == [["127.0.0.1", 5]]  # the last, which is as it should be


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_RAW"])
async def test_an_icmp_error_that_quotes_our_request_is_read_from_the_queue(kind: str) -> None:
    script = """
from struct import pack
from mendwatch_icmp.packets import checksum_of
setting("ipv4/icmp_echo_ignore_all", "1")
wire = opening(getattr(socket, sys.argv[1]))(socket.AF_INET)
router = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
heard = []
def told(code, packet):
    quote = pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(packet), 0, 0, 64, 1, 0, bytes([127, 0, 0, 1]), bytes([127, 0, 0, 9])) + packet
    error = bytes([3, code, 0, 0, 0, 0, 0, 0]) + quote
    router.sendto(error[:2] + pack("!H", checksum_of(error)) + error[4:], ("127.0.0.1", 0))
    wire.receive(lambda *_: None, lambda *error: heard.append(error))
wire.send(wire.request(5), ("127.0.0.9", 0))
ours = wire.request(5)
told(13, ours)
told(1, ours)
told(1, ours[:8] + b"somebody" + ours[16:])
wire.send(wire.request(6), ("127.0.0.9", 0))
print(json.dumps(heard))
"""
    assert await _sweep(script, kind) == [["127.0.0.9", 5, "prohibited"], ["127.0.0.9", 5, "unreachable"]]


async def test_packets_that_this_machine_drops_are_told() -> None:
    script = """
wire = opening(socket.SOCK_RAW)(socket.AF_INET)
wire._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
packet = wire.request(1)
heard = []
for _ in range(2):
    for n in range(1, 200):
        wire.send(packet, (f"127.4.0.{n}", 0))
    wire.receive(lambda *reply: heard.append(reply), lambda *_: None)
print(json.dumps([len(heard), wire.dropped]))
"""
    heard, dropped = await _sweep(script)
    assert 0 < heard < 398
    assert dropped >= 150
