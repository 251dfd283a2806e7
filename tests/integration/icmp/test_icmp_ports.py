"""TCP and TLS ports of this machine: open, closed, silent, and certificates that somebody or nobody vouches for."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from certificates import write_certificate
from cryptography import x509

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch_icmp import PROVIDER
from mendwatch_icmp.addresses import Endpoint
from mendwatch_icmp.connections import Door, bounded
from mendwatch_icmp.session import IcmpSession

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Look = Callable[..., Awaitable[Reading]]


@pytest.fixture
async def look() -> AsyncIterator[Look]:
    async with AsyncExitStack() as stack:

        async def once(what: str, address: str = "127.0.0.1", **options: object) -> Reading:
            session = PROVIDER.open(Target("t", "icmp", address, options={"connect_timeout": 2.0, **options}), None)
            assert isinstance(session, IcmpSession)
            stack.push_async_callback(session.close)
            (collector,) = [one for one in PROVIDER.collectors() if one.spec.name == what]
            return await collector.collect(session, NOW)

        yield once


def values(reading: Reading, address: str = "127.0.0.1") -> dict[str, float]:
    """Give the values of an address, with the reason of a failure in the name of its metric."""
    return {"/".join((sample.metric, *sample.labels[3:])): sample.value for sample in reading.each() if sample.labels[0] == address}


@asynccontextmanager
async def serving(context: ssl.SSLContext | None = None, *, greeting: bytes = b"", host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve on a free port; without a context whatever comes gets the greeting."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(greeting)

    server = await asyncio.start_server(serve, host, 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in writers:
            writer.transport.abort()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("tls")
    write_certificate(folder, "node")
    return folder / "node.crt"


def speaking(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def full() -> Iterator[int]:
    """Listen without ever accepting, until the kernel answers no more: a port that swallows connections."""
    with socket.socket() as listening, ExitStack() as stack:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(address)
        yield int(address[1])


async def test_a_target_without_ports_is_not_looked_at(look: Look) -> None:
    assert (await look("tcp"), await look("tls")) == (Reading(), Reading())


async def test_an_open_port_tells_how_soon_it_answered(look: Look) -> None:
    async with serving() as port:
        reading = await look("tcp", tcp=[port], addresses=[{"name": "loop", "address": "localhost"}], family="ipv4")
    assert reading.complete == {"tcp_port"}
    for address in ("127.0.0.1", "localhost"):
        found = values(reading, address)
        assert found.pop("icmp_tcp_connect_seconds") < 2
        assert found == {"icmp_tcp_connected": 1.0}
    assert {sample.labels for sample in reading.each()} == {("127.0.0.1", "127.0.0.1", str(port)), ("localhost", "loop", str(port))}


async def test_a_closed_port_and_a_silent_one_have_their_own_reasons(look: Look) -> None:
    assert values(await look("tcp", tcp=[closed_port()])) == {"icmp_tcp_connected": 0.0, "icmp_tcp_failure/refused": 1.0}
    with full() as port:
        found = values(await look("tcp", tcp=[port], connect_timeout=0.1))
    assert found == {"icmp_tcp_connected": 0.0, "icmp_tcp_failure/timeout": 1.0}


async def test_a_name_without_address_is_a_finding(look: Look) -> None:
    reading = await look("tcp", "no-such-host.invalid", tcp=[80])
    assert values(reading, "no-such-host.invalid") == {"icmp_tcp_connected": 0.0, "icmp_tcp_failure/unresolved": 1.0}


async def test_no_more_connections_are_made_at_a_time_than_allowed() -> None:
    now, seen = 0, list[int]()

    async def work(door: Door) -> int:
        nonlocal now
        now += 1
        seen.append(now)
        await asyncio.sleep(0)
        now -= 1
        return door.port

    doors = [Door(Endpoint("a", "a"), port, ("127.0.0.1", 0)) for port in range(1, 21)]
    assert await bounded(work, doors, 3) == list(range(1, 21))
    assert max(seen) == 3


async def test_a_certificate_that_somebody_vouches_for_is_verified_and_read(look: Look, certificate: Path) -> None:
    async with serving(speaking(certificate)) as port:
        found = values(await look("tls", tls=[port], ca_file=certificate))
    assert found.pop("icmp_tls_handshake_seconds") > 0
    assert found == {
        "icmp_tls_handshake_completed": 1.0,
        "icmp_tls_certificate_verified": 1.0,
        "icmp_tls_certificate_name_matches": 1.0,
        "icmp_tls_certificate_not_after_timestamp_seconds": _end(certificate),
    }


async def test_a_certificate_that_nobody_vouches_for_is_a_finding_and_is_read(look: Look, certificate: Path) -> None:
    async with serving(speaking(certificate)) as port:
        found = values(await look("tls", tls=[port]))
    assert found["icmp_tls_certificate_verified"] == 0.0
    assert found["icmp_tls_handshake_completed"] == 1.0
    assert found["icmp_tls_certificate_not_after_timestamp_seconds"] == _end(certificate)
    assert found["icmp_tls_certificate_name_matches"] == 1.0


async def test_a_name_that_the_certificate_does_not_have_is_told_beside_the_chain(look: Look, certificate: Path) -> None:
    async with serving(speaking(certificate), host="127.0.0.2") as port:
        found = values(await look("tls", "127.0.0.2", tls=[port], ca_file=certificate), "127.0.0.2")
    assert (found["icmp_tls_certificate_verified"], found["icmp_tls_certificate_name_matches"]) == (1.0, 0.0)


async def test_a_port_that_does_not_speak_tls_says_so(look: Look) -> None:
    async with serving(greeting=b"220 ready\r\n") as port:
        found = values(await look("tls", tls=[port]))
    assert found == {"icmp_tls_handshake_completed": 0.0, "icmp_tls_failure/handshake": 1.0}


async def test_a_port_that_says_nothing_is_waited_for_as_long_as_allowed(look: Look) -> None:
    async with serving() as port:
        found = values(await look("tls", tls=[port], connect_timeout=0.1))
    assert found == {"icmp_tls_handshake_completed": 0.0, "icmp_tls_failure/timeout": 1.0}


async def test_a_closed_tls_port_is_refused(look: Look) -> None:
    assert values(await look("tls", tls=[closed_port()])) == {"icmp_tls_handshake_completed": 0.0, "icmp_tls_failure/refused": 1.0}


async def test_an_authority_that_cannot_be_read_is_told_with_its_file(look: Look, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("absent.pem", "ca.pem"):
        with pytest.raises(Unsupported, match=name) as caught:
            await look("tls", tls=[1], ca_file=tmp_path / name)
        assert "ca_file" in caught.value.hint


def _end(certificate: Path) -> float:
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.timestamp()
