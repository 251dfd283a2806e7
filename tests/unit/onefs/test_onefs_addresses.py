"""Addresses as people write them, and a name that stays with one node."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from mendwatch.errors import ConfigurationError
from mendwatch_onefs.addresses import PinnedResolver, base_url


class RoundRobin(AbstractResolver):
    """A SmartConnect zone: each question leads to another node first."""

    def __init__(self, *nodes: str) -> None:
        self.nodes = list(nodes)
        self.asked = 0
        self.closed = False

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        self.asked += 1
        self.nodes.append(self.nodes.pop(0))
        found = list(self.nodes)
        await asyncio.sleep(0)
        return [ResolveResult(hostname=host, host=node, port=port, family=family, proto=0, flags=0) for node in found]

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("cluster.example.com", "https://cluster.example.com:8080"),
        ("cluster.example.com:443", "https://cluster.example.com:443"),
        ("https://cluster.example.com", "https://cluster.example.com:8080"),
        ("https://127.0.0.1:18443/", "https://127.0.0.1:18443"),
        ("192.0.2.7", "https://192.0.2.7:8080"),
        ("2001:db8::7", "https://[2001:db8::7]:8080"),
        ("[2001:db8::7]:9000", "https://[2001:db8::7]:9000"),
    ],
)
def test_an_address_becomes_the_base_url_with_papis_port(address: str, url: str) -> None:
    made = base_url(address)
    assert f"{made.scheme}://{made.host_subcomponent}:{made.port}" == url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://cluster",
        "https://admin:secret@cluster",
        "https://admin:secret@cluster:port",
        "admin:secret@[cluster",
        "cluster/path",
        "cluster?x=1",
        "https://",
        "cluster:port",
        "cluster:99999",
    ],
)
def test_what_is_no_address_of_a_cluster_is_refused_without_repeating_a_password(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        base_url(address)
    assert "secret" not in str(caught.value)
    assert "host:port" in caught.value.hint


async def test_a_name_is_resolved_once_so_that_the_session_stays_with_its_node() -> None:
    zone = RoundRobin("192.0.2.1", "192.0.2.2", "192.0.2.3")
    resolver = PinnedResolver(zone, [])
    found = {(await resolver.resolve("cluster", 8080))[0]["host"] for _ in range(5)}
    assert len(found) == 1
    assert zone.asked == 1


async def test_every_node_has_its_turn_before_one_that_failed_is_tried_again() -> None:
    nodes = [f"192.0.2.{number}" for number in range(1, 5)]
    failed: list[tuple[str, int]] = []
    tried = []
    for _ in range(8):
        resolver = PinnedResolver(RoundRobin(*nodes), failed)
        tried.append((await resolver.resolve("cluster", 8080))[0]["host"])
        assert resolver.give_up()
    assert set(tried[:4]) == set(nodes)
    assert tried[4:] == tried[:4]


async def test_two_who_resolve_at_once_get_the_same_node() -> None:
    resolver = PinnedResolver(RoundRobin("192.0.2.1", "192.0.2.2"), [])
    found = await asyncio.gather(*(resolver.resolve("cluster", 8080) for _ in range(2)))
    assert found[0] == found[1]


async def test_what_was_never_resolved_has_no_node_to_give_up() -> None:
    assert not PinnedResolver(RoundRobin("192.0.2.1"), []).give_up()


async def test_the_only_node_is_tried_again_although_it_failed() -> None:
    failed: list[tuple[str, int]] = []
    for _ in range(2):
        resolver = PinnedResolver(RoundRobin("192.0.2.1"), failed)
        assert (await resolver.resolve("cluster", 8080))[0]["host"] == "192.0.2.1"
        assert resolver.give_up()


async def test_closing_closes_the_resolver_behind_it() -> None:
    zone = RoundRobin("192.0.2.1")
    await PinnedResolver(zone, []).close()
    assert zone.closed
