"""Real echo requests: to this machine, to nobody, and to names."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch_icmp import PROVIDER
from mendwatch_icmp.session import IcmpSession

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
FAST = {"count": 2, "interval": 0.01, "timeout": 0.3}

Ask = Callable[..., Awaitable[Reading]]


def _session(address: str, **options: object) -> IcmpSession:
    session = PROVIDER.open(Target("t", "icmp", address, options={**FAST, **options}), None)
    assert isinstance(session, IcmpSession)
    return session


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    opened: list[IcmpSession] = []

    async def once(address: str, **options: object) -> Reading:
        opened.append(_session(address, **options))
        reading = await PROVIDER.collectors()[0].collect(opened[-1], NOW)
        if 0.0 in [sample.value for sample in reading.samples if sample.metric == "icmp_available"]:
            _unavailable()
        return reading

    yield once
    for session in opened:
        await session.close()


def _unavailable() -> None:
    if "CI" in os.environ:
        pytest.fail("this machine allows no ICMP socket")
    pytest.skip("this machine allows no ICMP socket")


def values(reading: Reading, address: str) -> dict[str, float]:
    return {sample.metric: sample.value for sample in reading.each() if sample.labels[:1] == (address,)}


@pytest.mark.parametrize(("address", "family"), [("127.0.0.1", "any"), ("localhost", "ipv4")])
async def test_this_machine_answers(ask: Ask, address: str, family: str) -> None:
    found = values(await ask(address, family=family), address)
    assert found["icmp_reachable"] == 1.0
    assert found["icmp_loss_ratio"] == 0.0
    assert 0 < found["icmp_rtt_min_seconds"] <= found["icmp_rtt_avg_seconds"] <= found["icmp_rtt_max_seconds"] < 0.3


async def test_this_machine_answers_over_ipv6(ask: Ask) -> None:
    found = values(await ask("::1"), "::1")
    if found["icmp_reachable"] == 0.0:
        pytest.skip("this machine has no IPv6 on its loopback")
    assert found["icmp_loss_ratio"] == 0.0
    assert 0 < found["icmp_rtt_min_seconds"] < 0.3


@pytest.mark.parametrize("address", ["240.0.0.1", "127.255.255.255"], ids=["nobody there", "cannot even be sent"])
async def test_a_dead_host_is_data_with_full_loss_a_reason_and_no_time(ask: Ask, address: str) -> None:
    found = values(await ask(address), address)
    assert found == {"icmp_reachable": 0.0, "icmp_loss_ratio": 1.0, "icmp_lost_requests": 2.0}


async def test_a_name_that_does_not_resolve_is_a_finding_and_the_others_are_asked(ask: Ask) -> None:
    reading = await ask("no-such-host.invalid", addresses=["127.0.0.1", "host-1.rack2.invalid"])
    assert values(reading, "no-such-host.invalid") == {"icmp_reachable": 0.0, "icmp_name_resolved": 0.0}
    assert values(reading, "host-1.rack2.invalid") == {"icmp_reachable": 0.0, "icmp_name_resolved": 0.0}
    assert values(reading, "127.0.0.1")["icmp_reachable"] == 1.0
    assert reading.complete == {"reachability"}


async def test_a_name_is_identified_by_the_address_that_it_has() -> None:
    session, missing = _session("localhost", family="ipv4"), _session("no-such-host.invalid")
    identity, nobody = await session.identify(), await missing.identify()
    await session.close()
    await missing.close()
    assert identity.name == "localhost"
    assert identity.capabilities == {"address:127.0.0.1"}
    assert nobody.capabilities == frozenset()


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.0/8 is all local on Linux alone")
async def test_five_thousand_hosts_answer_without_one_dropped_packet(ask: Ask) -> None:
    hosts = [{"name": f"node-{n}", "address": f"127.1.{n >> 8}.{n & 255}"} for n in range(1, 5001)]
    reading = await ask("127.0.0.1", addresses=hosts, rate=200_000, timeout=5.0)
    reachable, losses, *_ = (one.values for one in reading.columns)
    assert (len(reachable), sum(reachable), sum(losses)) == (5001, 5001.0, 0.0)
    assert {sample.metric: sample.value for sample in reading.samples} == {"icmp_available": 1.0, "icmp_dropped_replies": 0.0}


async def test_the_layout_stays_the_same_from_poll_to_poll() -> None:
    session, collector = _session("127.0.0.1", addresses=["127.0.0.2"]), PROVIDER.collectors()[0]
    first, second = await collector.collect(session, NOW), await collector.collect(session, NOW)
    await session.close()
    assert [one.layout is two.layout for one, two in zip(first.columns, second.columns, strict=True)] == [True] * 8
