"""What a cluster, a network or a configuration can do wrong: each its own error type, with a hint that fits."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mendwatch.errors import BadAnswer, Denied, MendwatchError, TargetError, Throttled, Unreachable, Unsupported
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.statistics import StatisticsCollector
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Open = Callable[..., OneFSSession]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
STATISTICS = "/platform/1/statistics"


@asynccontextmanager
async def _port(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Give the address of a port that speaks as `serve` says."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _wrong(session: OneFSSession) -> TargetError:
    with pytest.raises(TargetError) as caught:
        await StatisticsCollector().collect(session, NOW)
    assert caught.value.hint
    assert caught.value.hint != MendwatchError.default_hint
    return caught.value


async def test_a_wrong_authority_is_unreachable_and_the_hint_names_ca_file_and_fingerprint(opened: Open, tmp_path: Path) -> None:
    other = Simulator(SimulatorOptions(folder=tmp_path / "other"))
    error = await _wrong(opened(ca_file=other.ca_file))
    assert type(error) is Unreachable
    assert "certificate" in str(error)
    assert "ca_file" in error.hint
    assert "fingerprint" in error.hint


async def test_the_systems_store_does_not_trust_a_clusters_own_authority(simulator: Simulator, opened: Open) -> None:
    error = await _wrong(opened(ca_file=None))
    assert type(error) is Unreachable
    assert "ca_file" in error.hint
    assert simulator.requests == []


async def test_a_pinned_certificate_is_trusted(simulator: Simulator, opened: Open) -> None:
    assert (await opened(fingerprint=simulator.fingerprint).identify()).name == "demo-cluster"


async def test_another_certificate_than_the_pinned_one_gets_no_password(simulator: Simulator, opened: Open) -> None:
    error = await _wrong(opened(fingerprint="ab" * 32))
    assert type(error) is Unreachable
    assert simulator.fingerprint in str(error)
    assert simulator.requests == []


async def test_a_ca_file_that_is_none_is_unreachable_and_says_so(opened: Open, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for path in (tmp_path / "absent.pem", empty):
        error = await _wrong(opened(ca_file=path))
        assert type(error) is Unreachable
        assert str(path) in str(error)
        assert "PEM" in error.hint


async def test_a_closed_port_is_unreachable_and_names_the_address(opened: Open) -> None:
    async with _port(lambda _, writer: writer.drain()) as url:
        pass
    error = await _wrong(opened(url=url))
    assert type(error) is Unreachable
    assert url.removeprefix("https://") in str(error)
    assert "firewall" in error.hint


async def test_a_name_that_does_not_resolve_is_unreachable_and_the_hint_is_about_names(opened: Open) -> None:
    error = await _wrong(opened(url="https://no-such-host.invalid:8080"))
    assert type(error) is Unreachable
    assert "DNS" in error.hint


async def test_a_port_that_speaks_no_tls_is_unreachable_and_the_hint_says_tls(opened: Open) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with _port(plain) as url:
        error = await _wrong(opened(url=url))
    assert type(error) is Unreachable
    assert "TLS" in error.hint


async def test_a_hung_server_is_unreachable_within_the_timeout(simulator: Simulator, opened: Open) -> None:
    session = opened(timeout=0.3)
    await session.identify()
    simulator.faults.add(Fault("hang", path=STATISTICS, times=None, seconds=3600))
    started = time.perf_counter()
    error = await _wrong(session)
    assert type(error) is Unreachable
    assert time.perf_counter() - started < 2
    assert "timeout" in error.hint


async def test_a_port_that_accepts_and_says_nothing_is_unreachable_within_the_timeout(opened: Open) -> None:
    async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with _port(mute) as url:
        started = time.perf_counter()
        error = await _wrong(opened(url=url, timeout=0.3))
    assert type(error) is Unreachable
    assert time.perf_counter() - started < 2


async def test_a_server_that_drips_its_answer_is_unreachable_within_the_timeout(simulator: Simulator, opened: Open) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with _port(drip, simulator._tls()) as url:
        started = time.perf_counter()
        error = await _wrong(opened(url=url, timeout=0.4))
    assert type(error) is Unreachable
    assert time.perf_counter() - started < 2


async def test_a_server_that_speaks_no_http_is_a_bad_answer_without_the_requests_headers(
    simulator: Simulator, opened: Open
) -> None:
    async def shell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        await reader.read()

    async with _port(shell, simulator._tls()) as url:
        error = await _wrong(opened(url=url))
    assert type(error) is BadAnswer
    assert error.__cause__ is None


async def test_a_connection_that_is_cut_before_an_answer_is_unreachable(simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault("close", path=STATISTICS, times=None))
    assert type(await _wrong(opened())) is Unreachable


@pytest.mark.parametrize("kind", ["truncated_body", "garbage"])
async def test_a_body_that_is_cut_or_garbled_is_a_bad_answer(kind: str, simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault(kind, path=STATISTICS, times=None))
    assert type(await _wrong(opened())) is BadAnswer


async def test_an_html_page_instead_of_an_answer_is_a_bad_answer(simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault("status", path=STATISTICS, status=200, body="<html>Maintenance</html>", times=None))
    error = await _wrong(opened())
    assert type(error) is BadAnswer
    assert "HTML" in str(error)


async def test_a_good_answer_under_a_wrong_content_type_is_still_good(simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault("content_type", path=STATISTICS, times=None))
    assert (await StatisticsCollector().collect(opened(), NOW)).samples


@pytest.mark.parametrize("status", [200, 403])
async def test_a_bare_array_of_errors_is_denied_and_names_the_privilege(status: int, simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault("bare_array", path=STATISTICS, status=status, times=None))
    error = await _wrong(opened())
    assert type(error) is Denied
    assert "ISI_PRIV_STATISTICS" in error.hint


async def test_a_release_without_the_endpoint_is_unsupported(simulator: Simulator, opened: Open) -> None:
    body = {"errors": [{"code": "AEC_NOT_FOUND", "message": "Path not found"}]}
    simulator.faults.add(Fault("status", path=STATISTICS, status=404, body=body, times=None))
    assert type(await _wrong(opened())) is Unsupported


@pytest.mark.parametrize("status", [429, 503])
async def test_a_cluster_that_asks_for_patience_gets_it(status: int, simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault("status", path=STATISTICS, status=status, headers={"Retry-After": "33"}, times=None))
    error = await _wrong(opened())
    assert isinstance(error, Throttled)
    assert error.after == 33.0


async def test_a_redirect_is_not_followed_with_the_session(simulator: Simulator, opened: Open) -> None:
    session = opened()
    await session.identify()
    headers = {"Location": f"{simulator.url}/elsewhere"}
    simulator.faults.add(Fault("status", path=STATISTICS, status=302, headers=headers, times=None))
    assert type(await _wrong(session)) is BadAnswer
    assert not [request for request in simulator.requests if request.path == "/elsewhere"]


async def test_a_long_error_is_cut(simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault("status", path=STATISTICS, status=500, body={"errors": [{"message": "x" * 5000}]}, times=None))
    assert len(str(await _wrong(opened()))) < 400


async def test_after_any_fault_the_next_poll_is_whole_again(simulator: Simulator, opened: Open) -> None:
    session = opened(timeout=1)
    whole = {(sample.metric, sample.labels) for sample in (await StatisticsCollector().collect(session, NOW)).samples}
    for kind in ("truncated_body", "garbage", "close", "bare_array"):
        simulator.faults.add(Fault(kind, path=STATISTICS, times=None))
        await _wrong(session)
        simulator.faults.clear()
        again = (await StatisticsCollector().collect(session, NOW)).samples
        assert {(sample.metric, sample.labels) for sample in again} == whole
