"""The collectors of hardware, pools, network, clocks and certificates against a simulated cluster over HTTPS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from simulated import Series, series

from mendwatch.errors import Denied, Unsupported
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Collector
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.capacity import CapacityCollector
from mendwatch_onefs.certificates import CertificatesCollector
from mendwatch_onefs.network import NetworkCollector
from mendwatch_onefs.nodes import NodesCollector
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.storage_pools import StoragePoolsCollector
from mendwatch_onefs.synciq_certificates import SyncIQCertificatesCollector
from mendwatch_onefs.time_skew import TimeSkewCollector
from mendwatch_onefs_sim.conditions import Condition
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Open = Callable[..., OneFSSession]


def every_collector(clock: FakeClock) -> dict[str, Collector]:
    made = (
        NodesCollector(), StoragePoolsCollector(), CapacityCollector(), NetworkCollector(), TimeSkewCollector(clock),
        CertificatesCollector(), SyncIQCertificatesCollector(),
    )  # fmt: skip
    return {collector.spec.name: collector for collector in made}


NAMES = ("nodes", "storage_pools", "capacity", "network", "time_skew", "certificates", "synciq_certificates")
#: The privilege that is missing first, for each collector whose resources need one.
PRIVILEGES = {
    "nodes": "ISI_PRIV_DEVICES",
    "storage_pools": "ISI_PRIV_SMARTPOOLS",
    "capacity": "ISI_PRIV_STATISTICS",
    "network": "ISI_PRIV_NETWORK",
    "certificates": "ISI_PRIV_CERTIFICATE",
    "synciq_certificates": "ISI_PRIV_SYNCIQ",
}
LOGIN = "ISI_PRIV_LOGIN_PAPI"


@pytest.fixture
def read(opened: Open, clock: FakeClock) -> Callable[[str], Awaitable[Series]]:
    """Give what polls one collector once, over one session."""
    session, collectors = opened(), every_collector(clock)

    async def poll(name: str) -> Series:
        reading = await collectors[name].collect(session, clock.now())
        assert reading.drift == {}
        declared = {spec.name: len(spec.labels) for spec in collectors[name].spec.metrics}
        found = series(reading)
        assert all(declared[metric] == len(labels) for metric, labels in found)
        return found

    return poll


@asynccontextmanager
async def _cluster(options: SimulatorOptions) -> AsyncIterator[OneFSSession]:
    """Give a session with another cluster."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(options))
        target = Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file})
        session = OneFSProvider(clock=options.clock).open(target, Credential("monitor", Secret(simulator.accounts["monitor"])))
        stack.push_async_callback(session.close)
        yield session


def _allowed(folder: Path, clock: FakeClock, *privileges: str) -> SimulatorOptions:
    """Give a cluster whose account `monitor` may read what these privileges permit, and nothing else."""
    return SimulatorOptions(folder, clock=clock, privileges={"monitor": dict.fromkeys((LOGIN, *privileges), "r")})


@pytest.mark.parametrize("name", NAMES)
async def test_every_number_is_declared_and_nothing_is_odd(name: str, read: Callable[[str], Awaitable[Series]]) -> None:
    assert await read(name)


async def test_what_breaks_in_the_cluster_is_in_the_next_poll(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session, collectors, cluster = opened(), every_collector(clock), simulator.cluster

    async def found(name: str) -> Series:
        return series(await collectors[name].collect(session, clock.now()))

    cluster.machines.set_readonly(2, on=True)
    cluster.machines.fail_supply(3)
    cluster.machines.fill_var(4, 0.97)
    cluster.machines.fail_drive(2, 4)
    cluster.fabric.set_status(1, "ext-2")
    cluster.fabric.suspend("pool1", [4])
    nodes, network, pools = [await found(name) for name in ("nodes", "network", "storage_pools")]
    assert nodes[("powerscale_node_readonly", ("2",))] == 1
    assert nodes[("powerscale_node_power_supplies_failed", ("3",))] == 1
    assert nodes[("powerscale_node_partition_used_ratio", ("4", "/var"))] == pytest.approx(0.97, abs=1e-3)
    assert nodes[("powerscale_drive_healthy", ("2", "4"))] == 0
    assert network[("powerscale_interface_up", ("1", "ext-2"))] == 0
    assert network[("powerscale_network_pool_node_suspended", ("groupnet0.subnet0.pool1", "4"))] == 1
    assert pools[("powerscale_node_pool_health_flag", ("h700_60tb_96gb", "devices_smartfailed"))] == 1


async def test_a_node_that_is_down_loses_only_its_own_series(tmp_path: Path, clock: FakeClock) -> None:
    per_node = ("nodes", "time_skew", "network")
    states: list[dict[str, set[tuple[str, tuple[str, ...]]]]] = []
    for at, down in enumerate((frozenset[int](), frozenset({3}))):
        async with _cluster(SimulatorOptions(tmp_path / str(at), clock=clock, down=down)) as session:
            collectors = every_collector(clock)
            states.append({name: set(series(await collectors[name].collect(session, clock.now()))) for name in per_node})
    whole, degraded = states
    for name in per_node:
        assert degraded[name] <= whole[name]
        assert {labels[0] for _, labels in whole[name] - degraded[name]} == {"3"}
    assert ("powerscale_node_answers", ("3",)) in degraded["nodes"]


@pytest.mark.parametrize("name", sorted(PRIVILEGES))
async def test_an_account_that_may_not_is_told_which_privilege_is_missing(name: str, tmp_path: Path, clock: FakeClock) -> None:
    async with _cluster(_allowed(tmp_path, clock)) as session:
        with pytest.raises(Denied, match=PRIVILEGES[name]) as caught:
            await every_collector(clock)[name].collect(session, clock.now())
    assert "isi auth roles modify" in (caught.value.hint or "")


@pytest.mark.parametrize("name", NAMES)
async def test_the_declared_privileges_are_all_that_a_collector_needs(name: str, tmp_path: Path, clock: FakeClock) -> None:
    collector = every_collector(clock)[name]
    async with _cluster(_allowed(tmp_path, clock, *collector.spec.privileges)) as session:
        assert (await collector.collect(session, clock.now())).size


@pytest.mark.parametrize("name", [name for name in NAMES if name != "certificates"])
async def test_a_release_without_the_endpoints_is_unsupported(
    name: str, simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    await session.latest()
    simulator.faults.add(Fault("status", path="/platform", status=404, times=None))
    with pytest.raises(Unsupported):
        await every_collector(clock)[name].collect(session, clock.now())


@pytest.mark.parametrize(
    ("name", "missing", "left"),
    [
        ("capacity", "/platform/5/storagepool/settings", "powerscale_filesystem_used_ratio"),
        ("capacity", "/platform/1/cluster/statfs", "powerscale_spillover_enabled"),
        ("storage_pools", "/platform/1/storagepool", "powerscale_node_pools"),
        ("network", "/platform/16/network", "powerscale_access_zones"),
        ("network", "/platform/3/zones", "powerscale_interface_up"),
    ],
)
async def test_a_release_that_lacks_a_part_gives_the_rest(
    name: str, missing: str, left: str, simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    simulator.faults.add(Fault("status", path=missing, status=404, times=None))
    found = series(await every_collector(clock)[name].collect(opened(), clock.now()))
    assert left in {metric for metric, _ in found}


async def test_each_collector_asks_for_the_lowest_version_that_has_its_fields(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    for collector in every_collector(clock).values():
        await collector.collect(session, clock.now())
    asked = {request.path.removeprefix("/platform/") for request in simulator.requests if request.path.startswith("/platform/")}
    assert asked == {
        "latest", "3/cluster/nodes", "16/storagepool/storagepools", "1/storagepool/status", "1/storagepool/unprovisioned",
        "1/cluster/statfs", "5/storagepool/settings", "16/network/interfaces", "10/network/groupnets", "16/network/subnets",
        "16/network/pools", "3/network/rules", "3/zones", "3/network/dnscache", "3/cluster/time", "4/certificate/server",
        "7/certificate/authority", "7/sync/certificates/server", "7/sync/certificates/peer",
    }  # fmt: skip


@pytest.mark.parametrize("release", ["9.5.0.0", "9.9.0.0", "9.14.0.0"])
async def test_every_release_is_understood(release: str, tmp_path: Path, clock: FakeClock) -> None:
    async with _cluster(SimulatorOptions(tmp_path, clock=clock, release=release)) as session:
        for name, collector in every_collector(clock).items():
            reading = await collector.collect(session, clock.now())
            assert (reading.drift, bool(reading.size)) == ({}, True), name
            assert reading.complete <= {schema.name for schema in collector.spec.schemas}


async def test_the_skew_of_each_clock_is_measured(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    simulator.cluster.conditions.put(2, Condition(clock=90.0))
    simulator.cluster.conditions.put(3, Condition(clock=-5.0))
    found = series(await TimeSkewCollector(clock).collect(opened(), clock.now()))
    skews = [found[("powerscale_node_time_skew_seconds", (lnn,))] for lnn in "1234"]
    slack = found[("powerscale_time_uncertainty_seconds", ())]
    assert skews == pytest.approx([0, 90, -5, 0], abs=slack)
    assert slack < 1
    assert found[("powerscale_time_spread_seconds", ())] == 95


async def test_the_certificate_of_the_handshake_is_the_one_that_the_port_shows(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    found = series(await CertificatesCollector().collect(opened(), clock.now()))
    host, port = simulator.url.removeprefix("https://").split(":")
    pem = await asyncio.to_thread(ssl.get_server_certificate, (host, int(port)))
    ends = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    assert found[("powerscale_api_certificate_expiry_timestamp_seconds", ())] == ends.timestamp()
