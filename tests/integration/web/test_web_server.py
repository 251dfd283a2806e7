"""The one HTTP application on a real port of the loopback."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mendwatch.clock import SystemClock
from mendwatch.errors import ConfigurationError
from mendwatch.model.targets import Target
from mendwatch.polling.outcomes import CollectorStatus, TargetStatus
from mendwatch.polling.standby import State
from mendwatch.web import server as web_server
from mendwatch.web.app import Views, build
from mendwatch.web.headers import HEADERS
from mendwatch.web.server import WebServer

WAITING = TargetStatus(
    Target("cluster-1", "onefs", "x"),
    "onefs",
    "cluster",
    up=None,
    identity=None,
    state=State.POLLING,
    until=None,
    error=None,
    hint=None,
    collectors=(CollectorStatus("quotas", 30.0, State.POLLING, None, None, None, None, None, None),),
)
PAGE = b"# HELP up Whether it is up.\n# TYPE up gauge\nup 1\n"


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[tuple[WebServer, aiohttp.ClientSession]]:
    server = WebServer(app, "127.0.0.1", 0)
    await server.start()
    try:
        async with aiohttp.ClientSession(server.url) as http:
            yield server, http
    finally:
        await server.stop()


def app(targets: Sequence[TargetStatus] = (), mcp: ASGIApp | None = None, faults: Sequence[str] = ()) -> Starlette:
    return build(Views(lambda _: (piece for piece in [PAGE]), lambda: targets, lambda: faults), mcp=mcp)


async def test_metrics_are_what_was_rendered_with_prometheus_content_type() -> None:
    async with serving(app()) as (_, http), http.get("/metrics") as answer:
        assert await answer.read() == PAGE
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_it_ends_at_once_although_it_seldom_looks() -> None:
    loop = asyncio.get_running_loop()
    async with serving(app()) as (server, _):
        before = loop.time()
        await server.stop()
        assert loop.time() - before < 0.9


async def test_the_date_of_an_answer_is_renewed() -> None:
    clock, dates = SystemClock(), set()
    async with serving(app()) as (_, http):
        for _ in range(40):
            async with http.get("/-/healthy") as answer:
                dates.add(answer.headers["Date"])
            if len(dates) > 1:
                break
            await clock.sleep(0.1)
    assert len(dates) > 1


async def test_alive_is_always_told() -> None:
    async with serving(app([WAITING])) as (_, http), http.get("/-/healthy") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("targets", "faults", "status", "reasons"),
    [
        ([], [], 200, []),
        ([WAITING], [], 503, ["cluster-1 was not polled yet: quotas"]),
        ([], ["the state does not answer"], 503, ["the state does not answer"]),
    ],
)
async def test_ready_tells_the_reasons(targets: list[TargetStatus], faults: list[str], status: int, reasons: list[str]) -> None:
    async with serving(app(targets, faults=faults)) as (_, http), http.get("/-/ready") as answer:
        assert answer.status == status
        body = await answer.json()
        assert (body["ready"], body["reasons"]) == (not reasons, reasons)
        assert list(body["targets"]) == [status.target.id for status in targets]


async def test_a_warning_is_told_and_does_not_make_it_unready() -> None:
    views = Views(lambda _: (piece for piece in [PAGE]), lambda: (), warnings=lambda: ["rules were not loaded anew"])
    async with serving(build(views)) as (_, http):
        async with http.get("/-/ready") as answer:
            assert (answer.status, (await answer.json())["warnings"]) == (200, ["rules were not loaded anew"])
        async with http.get("/") as answer:
            assert "rules were not loaded anew" in await answer.text()


async def test_the_landing_page_is_served() -> None:
    async with serving(app([WAITING])) as (_, http), http.get("/") as answer:
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "cluster-1" in await answer.text()


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/mcp", "/.well-known/x", "/static/../etc/passwd"])
async def test_an_unknown_path_is_not_found(path: str) -> None:
    async with serving(app()) as (_, http), http.get(path, allow_redirects=False) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/ready", "/nothing", "/mcp"])
async def test_every_answer_has_the_security_headers(path: str) -> None:
    async with serving(app(mcp=PlainTextResponse("guest"))) as (_, http), http.get(path) as answer:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "Server" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_here_can_be_changed(method: str) -> None:
    async with serving(app()) as (_, http), http.request(method, "/metrics") as answer:
        assert answer.status == 405


async def test_the_guest_at_mcp_gets_its_requests_and_its_lifespan() -> None:
    lived = []

    async def guest(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{scope['method']} {scope['path']}")(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        lived.append("start")
        yield
        lived.append("end")

    views = Views(lambda _: (piece for piece in [PAGE]), lambda: ())
    async with serving(build(views, mcp=guest, lifespan=lifespan)) as (_, http), http.post("/mcp") as answer:
        assert await answer.text() == "POST /mcp"

    assert lived == ["start", "end"]


async def test_a_free_port_is_taken_and_told() -> None:
    async with serving(app()) as (first, _), serving(app()) as (second, _):
        assert first.port != second.port
        assert first.url == f"http://127.0.0.1:{first.port}"


async def test_a_taken_port_is_told_with_a_hint() -> None:
    async with serving(app()) as (first, _):
        with pytest.raises(ConfigurationError, match=f"port {first.port}") as caught:
            await WebServer(app(), "127.0.0.1", first.port).start()

    assert "port 0" in caught.value.hint


async def test_an_application_that_does_not_start_does_not_end_the_process() -> None:
    @asynccontextmanager
    async def broken(_: Starlette) -> AsyncIterator[None]:
        message = "no disk"
        raise OSError(message)
        yield

    with pytest.raises(ConfigurationError, match="did not start"):
        await WebServer(build(Views(lambda _: (piece for piece in [PAGE]), lambda: ()), lifespan=broken), "127.0.0.1", 0).start()


async def test_signals_stay_with_the_service() -> None:
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    async with serving(app()):
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_stopping_takes_less_than_three_seconds_with_requests_in_flight() -> None:
    arrived, clock = asyncio.Event(), SystemClock()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            arrived.set()
            await asyncio.sleep(0.05)

    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(endless())

    async def hang(_: Request) -> PlainTextResponse:
        await asyncio.Event().wait()
        raise AssertionError

    server = WebServer(Starlette(routes=[Route("/stream", stream), Route("/hang", hang)]), "127.0.0.1", 0)
    await server.start()
    async with aiohttp.ClientSession(server.url) as http:
        waiting = [asyncio.create_task(_read(http, path)) for path in ("/stream", "/hang")]
        await arrived.wait()
        start = clock.monotonic()
        await server.stop()
        took = clock.monotonic() - start
        await asyncio.gather(*waiting, return_exceptions=True)

    assert took < 3.0


async def test_answers_do_not_wait_for_the_clients_acknowledgement() -> None:
    async with serving(app()) as (server, http), http.get("/-/healthy"):
        (connection,) = server._server.server_state.connections
        sock = connection.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_an_idle_server_stops_at_once() -> None:
    clock = SystemClock()
    server = WebServer(app(), "127.0.0.1", 0)
    await server.start()
    async with aiohttp.ClientSession(server.url) as http, http.get("/-/healthy"):
        pass
    start = clock.monotonic()
    await server.stop()

    assert clock.monotonic() - start < 1.9


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"]
)
async def test_who_never_says_what_is_wanted_is_let_go(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(web_server, "PATIENCE", 0.2)
    async with serving(app()) as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(said)
        trickle = asyncio.create_task(_trickle(writer))
        try:
            async with asyncio.timeout(10):
                heard = await reader.read()
        finally:
            trickle.cancel()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    assert heard.count(b"HTTP/1.1") == said.count(b"/-/healthy")


async def test_an_answer_may_take_longer_than_the_patience_with_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "PATIENCE", 0.05)

    async def slow(_: Request) -> PlainTextResponse:
        await asyncio.sleep(0.3)
        return PlainTextResponse("at last")

    async with serving(Starlette(routes=[Route("/", slow)])) as (_, http), http.get("/") as answer:
        assert await answer.text() == "at last"


async def test_wait_returns_when_the_server_has_ended() -> None:
    async with serving(app()) as (server, _):
        waiting = asyncio.create_task(server.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 1)


async def _read(http: aiohttp.ClientSession, path: str) -> bytes:
    async with http.get(path) as answer:
        return await answer.read()


async def _trickle(writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(0.05)
        writer.write(b"x")
