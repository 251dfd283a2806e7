"""A cluster whose nodes are named one by one: the session stays with one, and goes to the next when that is gone."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from mendwatch.errors import AuthenticationFailed, BadAnswer, Unreachable
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs import wire
from mendwatch_onefs.cluster import ClusterConfig
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.listeners import Listeners
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions
from mendwatch_onefs_sim.serving import certificates_in, tls_of

Open = Callable[..., OneFSSession]
LOGIN, CONFIG = "/session/1/session", "/platform/3/cluster/config"
NETWORK = "127.77.5"
NODES = tuple(f"{NETWORK}.{lnn}" for lnn in range(1, 5))


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    """Give a cluster of four nodes with an address each."""
    options = SimulatorOptions(folder=tmp_path / "sim", accounts={"monitor": "secret"}, clock=FakeClock(), network=NETWORK)
    async with Simulator(options) as running:
        yield running


@pytest.fixture
async def opened(simulator: Simulator) -> AsyncIterator[Open]:
    """Give what opens a session with the cluster as `localhost`, which only the certificate has to be for."""
    async with AsyncExitStack() as stack:

        def open_session(*addresses: str, **options: object) -> OneFSSession:
            trust = {} if "fingerprint" in options else {"ca_file": simulator.ca_file}
            url = f"https://localhost:{simulator.url.rpartition(':')[2]}"
            target = Target("c1", "onefs", url, options={"addresses": list(addresses), "timeout": 2.0, **trust, **options})
            session = OneFSProvider(clock=FakeClock()).open(target, Credential("monitor", Secret("secret")))
            stack.push_async_callback(session.close)
            return session

        yield open_session


async def _ask(session: OneFSSession) -> object:
    return (await session.get(3, "cluster/config", ClusterConfig)).name


def _nodes(simulator: Simulator, method: str, path: str) -> list[int]:
    """Which node was asked this, each time."""
    return [one.node for one in simulator.requests if (one.method, one.path) == (method, path)]


async def test_everything_goes_to_the_first_address_with_one_login(simulator: Simulator, opened: Open) -> None:
    session = opened(*NODES[1:])
    for _ in range(5):
        assert await _ask(session) == "demo-cluster"
    assert {one.node for one in simulator.requests} == {2}
    assert _nodes(simulator, "POST", LOGIN) == [2]


async def test_the_certificate_must_be_for_the_clusters_own_address(simulator: Simulator) -> None:
    target = Target("c1", "onefs", f"https://elsewhere.invalid:{simulator.url.rpartition(':')[2]}")
    options = {"addresses": [NODES[0]], "ca_file": simulator.ca_file}
    session = OneFSProvider(clock=FakeClock()).open(
        Target("c1", "onefs", target.address, options=options), Credential("monitor", Secret("secret"))
    )
    with pytest.raises(Unreachable, match="not trusted"):
        await session.identify()
    await session.close()
    assert simulator.requests == []


async def test_a_node_that_takes_no_connections_costs_no_question(simulator: Simulator, opened: Open) -> None:
    session = opened(*NODES)
    await _ask(session)
    simulator.cluster.power(1, is_up=False)
    assert await asyncio.gather(*(_ask(session) for _ in range(4))) == ["demo-cluster"] * 4
    assert _nodes(simulator, "POST", LOGIN) == [1, 2]
    assert {one.status for one in simulator.requests} == {200, 201}


async def test_the_last_node_that_lives_is_found_at_once(simulator: Simulator, opened: Open) -> None:
    for lnn in (1, 2, 3):
        simulator.cluster.power(lnn, is_up=False)
    assert await _ask(opened(*NODES)) == "demo-cluster"
    assert {one.node for one in simulator.requests} == {4}


async def test_a_cluster_without_any_node_is_unreachable_and_is_found_again(simulator: Simulator, opened: Open) -> None:
    session = opened(*NODES)
    for lnn in (1, 2, 3, 4):
        simulator.cluster.power(lnn, is_up=False)
    with pytest.raises(Unreachable) as caught:
        await _ask(session)
    assert type(caught.value) is Unreachable
    simulator.cluster.power(3, is_up=True)
    await simulator.settled()
    assert await _ask(session) == "demo-cluster"


async def test_a_node_that_was_left_keeps_no_session_when_it_is_over(simulator: Simulator, opened: Open) -> None:
    session = opened(*NODES, timeout=0.3)
    await _ask(session)
    simulator.faults.add(Fault("hang", path=CONFIG, node=1, times=None, seconds=3600))
    with pytest.raises(Unreachable):
        await _ask(session)
    assert await _ask(session) == "demo-cluster"
    assert simulator.sessions.count(simulator.cluster.elapsed) == 2
    await session.close()
    assert sorted(_nodes(simulator, "DELETE", LOGIN)) == [1, 2]
    assert simulator.sessions.count(simulator.cluster.elapsed) == 0


async def test_a_node_that_was_left_and_is_gone_does_not_keep_the_session_from_closing(simulator: Simulator, opened: Open) -> None:
    session = opened(*NODES)
    await _ask(session)
    simulator.cluster.power(1, is_up=False)
    await _ask(session)
    await session.close()
    assert _nodes(simulator, "DELETE", LOGIN) == [2]


async def test_a_wrong_password_is_tried_at_one_node_only(simulator: Simulator) -> None:
    options = {"addresses": list(NODES), "ca_file": simulator.ca_file}
    target = Target("c1", "onefs", f"https://localhost:{simulator.url.rpartition(':')[2]}", options=options)
    session = OneFSProvider(clock=FakeClock()).open(target, Credential("monitor", Secret("wrong")))
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await session.identify()
    await session.close()
    assert len(simulator.requests) == 1


async def test_the_certificate_of_the_handshake_is_shown(simulator: Simulator, opened: Open) -> None:
    session = opened(*NODES)
    assert session.peer_certificate() is None
    await _ask(session)
    shown = session.peer_certificate()
    assert shown is not None
    assert hashlib.sha256(shown).hexdigest() == simulator.fingerprint
    simulator.cluster.power(1, is_up=False)
    await _ask(session)
    assert session.peer_certificate() == shown


async def test_the_certificate_is_shown_where_it_is_pinned_as_well(simulator: Simulator, opened: Open) -> None:
    session = opened(*NODES, fingerprint=simulator.fingerprint)
    await _ask(session)
    shown = session.peer_certificate()
    assert shown is not None
    assert hashlib.sha256(shown).hexdigest() == simulator.fingerprint


async def test_no_more_than_two_connections_are_open_to_a_cluster(simulator: Simulator, opened: Open) -> None:
    session = opened(NODES[0])
    await asyncio.gather(*(_ask(session) for _ in range(20)))
    assert simulator._listeners is not None
    server = simulator._listeners._runner.server
    assert server is not None
    assert len(server.connections) <= 2


@pytest.fixture
async def swelling(tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """Give a server whose small compressed answers become large."""

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.json_response({"timeout_absolute": 14400}, status=201, headers={"Set-Cookie": "isisessid=1; path=/"})
        body = gzip.compress(b'{"latest": "7", "padding": "' + b" " * 3_000_000 + b'"}')
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answer)
    folder = tmp_path / "swelling"
    certificates = certificates_in(folder, ())
    async with Listeners(application, tls_of(certificates)) as listeners:
        yield listeners.url, certificates.ca_file


async def test_a_compressed_answer_is_measured_by_what_it_becomes(
    swelling: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, authority = swelling
    target = Target("c1", "onefs", url, options={"ca_file": authority})
    session = OneFSProvider(clock=FakeClock()).open(target, Credential("monitor", Secret("secret")))
    assert await session.latest() == 7
    session.forget_release()
    monkeypatch.setattr(wire, "LARGEST_ANSWER", 1_000_000)
    with pytest.raises(BadAnswer, match="larger than 1000000"):
        await session.latest()
    await session.close()
