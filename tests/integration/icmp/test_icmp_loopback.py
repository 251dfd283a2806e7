"""Real echo requests: to this machine, to nobody, and to names."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from mendwatch.errors import Unreachable, Unsupported
from mendwatch.model.targets import Target
from mendwatch_icmp import PROVIDER
from mendwatch_icmp.session import IcmpSession

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
FAST = {"count": 2, "interval": 0.01, "timeout": 0.3}


def _session(address: str, **options: object) -> IcmpSession:
    session = PROVIDER.open(Target("t", "icmp", address, options={**FAST, **options}), None)
    assert isinstance(session, IcmpSession)
    return session


async def _ping(address: str, **options: object) -> dict[str, float]:
    try:
        reading = await PROVIDER.collectors()[0].collect(_session(address, **options), NOW)
    except Unsupported as problem:
        if "CI" in os.environ:
            raise
        pytest.skip(f"no ICMP on this machine: {problem}")
    return {sample.metric: sample.value for sample in reading.samples}


@pytest.mark.parametrize(("address", "family"), [("127.0.0.1", "any"), ("localhost", "ipv4")])
async def test_this_machine_answers(address: str, family: str) -> None:
    found = await _ping(address, family=family)
    assert found["icmp_reachable"] == 1.0
    assert found["icmp_loss_ratio"] == 0.0
    assert 0 < found["icmp_rtt_min_seconds"] <= found["icmp_rtt_avg_seconds"] <= found["icmp_rtt_max_seconds"] < 0.3


async def test_this_machine_answers_over_ipv6() -> None:
    try:
        found = await _ping("::1")
    except Unreachable as problem:
        pytest.skip(f"no IPv6 on this machine: {problem}")
    assert found["icmp_reachable"] in {0.0, 1.0}
    assert ("icmp_rtt_avg_seconds" in found) == (found["icmp_reachable"] == 1.0)


@pytest.mark.parametrize("address", ["240.0.0.1", "127.255.255.255"], ids=["nobody there", "cannot even be sent"])
async def test_a_dead_host_is_data_with_full_loss_and_no_time(address: str) -> None:
    assert await _ping(address) == {"icmp_reachable": 0.0, "icmp_loss_ratio": 1.0}


async def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid") as caught:
        await _session("no-such-host.invalid").ping()
    assert "DNS" in caught.value.hint
    with pytest.raises(Unreachable):
        await _session("no-such-host.invalid").identify()


async def test_a_name_is_identified_by_the_address_that_it_has() -> None:
    session = _session("localhost", family="ipv4")
    identity = await session.identify()
    await session.close()
    assert identity.name == "localhost"
    assert identity.capabilities == {"address:127.0.0.1"}


async def test_a_name_whose_last_part_has_digits_is_resolved_too() -> None:
    with pytest.raises(Unreachable, match="cannot be resolved"):
        await _session("host-1.rack2").ping()
