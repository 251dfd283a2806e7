"""A scrape over HTTP: formats, compression, readers at the same time, and a loop that stays free."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from mendwatch.clock import SystemClock
from mendwatch.metrics import exposition
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format
from mendwatch.model.samples import Columns, Layout, MetricSpec
from mendwatch.model.targets import Target
from mendwatch.web.app import Views, build
from mendwatch.web.exposition import Pieces, accepts_gzip
from mendwatch.web.server import WebServer

DRIVE = MetricSpec("ps_drive_size_bytes", "Size.", unit="bytes", labels=("bay",))
SMALL, LARGE = 3, 10_000
PROMETHEUS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def publish(families: Families, layout: Layout, value: float) -> None:
    columns = Columns(layout, [value] * len(layout))
    assert families.publish(Target("prod", "onefs", "x"), "cluster", "drives", (), columns=(columns,), now=0, lifetime=60) == ()


def drives(size: int) -> Layout:
    return Layout((DRIVE.name, (f"bay-{number}",)) for number in range(size))


def filled(size: int) -> Families:
    families = Families()
    families.declare("cluster", (DRIVE,))
    publish(families, drives(size), 1.0)
    return families


def pages_of(families: Families) -> Pieces:
    metrics = AgentMetrics(SystemClock().now())
    return lambda form: exposition.pieces(families, metrics, 1, form)


@asynccontextmanager
async def scraping(pages: Pieces) -> AsyncIterator[aiohttp.ClientSession]:
    server = WebServer(build(Views(pages, lambda: ())), "127.0.0.1", 0)
    await server.start()
    try:
        async with aiohttp.ClientSession(server.url, auto_decompress=False) as http:
            yield http
    finally:
        await server.stop()


def values(page: bytes) -> list[float]:
    return [float(line.rsplit(b" ", 1)[1]) for line in page.split(b"\n") if line.startswith(b"ps_drive_size_bytes{")]


def parsed(page: bytes, form: Format) -> list[float]:
    found = (read_openmetrics if form is Format.OPENMETRICS else read_text)(page.decode())
    return [one.value for family in found for one in family.samples]


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(("accept", "form"), [(PROMETHEUS, Format.OPENMETRICS), ("*/*", Format.TEXT)])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_page_of_any_size_is_whole_in_any_format(size: int, accept: str, form: Format, encoding: str) -> None:
    headers = {"Accept": accept, "Accept-Encoding": encoding}
    async with scraping(pages_of(filled(size))) as http, http.get("/metrics", headers=headers) as answer:
        body = await answer.read()
    compressed = encoding == "gzip" and size == LARGE
    assert answer.headers.get("Content-Encoding") == ("gzip" if compressed else None)
    assert answer.headers["Content-Type"] == form.value
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    page = gzip.decompress(body) if compressed else body
    assert values(page) == [1.0] * size
    assert size > SMALL or len(parsed(page, form)) > size
    assert page.endswith(b"# EOF\n") == (form is Format.OPENMETRICS)
    assert b"mendwatch_build_info{" in page


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("x-gzip", True),
        ("deflate, gzip;q=1.0", True),
        ("*", True),
        ("gzip;q=0, *", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("", False),
        ("gzip;q=x", False),
    ],
)
def test_a_page_is_compressed_only_for_who_asks(header: str, *, asked: bool) -> None:
    assert accepts_gzip(header) == asked


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_head_gives_the_headers_without_writing_a_page(size: int) -> None:
    written: list[Format] = []

    def pages(form: Format) -> Iterator[bytes]:
        written.append(form)
        return pages_of(filled(size))(form)

    async with scraping(pages) as http, http.head("/metrics", headers={"Accept": PROMETHEUS}) as answer:
        assert (answer.status, await answer.read(), written) == (200, b"", [])
        assert answer.headers["Content-Type"] == Format.OPENMETRICS.value


async def test_a_page_is_always_new_whatever_the_reader_has_already() -> None:
    conditions = {"If-None-Match": "*", "If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT", "Range": "bytes=0-1"}
    async with scraping(pages_of(filled(SMALL))) as http, http.get("/metrics", headers=conditions) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert not {"ETag", "Last-Modified", "Accept-Ranges"} & set(answer.headers)


async def test_each_of_many_readers_gets_one_poll_whole_while_polls_go_on() -> None:
    families, layouts, stop = filled(LARGE), [drives(LARGE), drives(LARGE - 1)], asyncio.Event()

    async def keep_polling() -> int:
        number = 1
        while not stop.is_set():
            number += 1
            publish(families, layouts[number % 2], float(number))
            await asyncio.sleep(0)
        return number

    async with scraping(pages_of(families)) as http:
        polling = asyncio.create_task(keep_polling())
        pages = await asyncio.gather(*(_read(http, encoding) for encoding in ["gzip", "identity"] * 4))
        stop.set()
        assert await polling > 10
    for page in pages:
        (number,) = set(found := values(page))
        assert len(found) == LARGE - int(number) % 2


async def test_others_run_while_a_page_is_read() -> None:
    async with scraping(pages_of(filled(5 * LARGE))) as http:
        reading, turns = asyncio.create_task(_read(http, "identity")), 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
    assert len(values(await reading)) == 5 * LARGE
    assert turns > 5 * LARGE / 4096


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_reader_that_leaves_is_not_written_for(encoding: str) -> None:
    closed = asyncio.Event()

    def pages(_: Format) -> Iterator[bytes]:
        try:
            while True:
                yield b"#" * 1_000_000
        finally:
            closed.set()

    async with scraping(pages) as http:
        async with http.get("/metrics", headers={"Accept-Encoding": encoding}) as answer:
            await answer.content.readexactly(1)
        await asyncio.wait_for(closed.wait(), 10)


async def test_a_page_that_breaks_off_is_not_taken_for_a_whole_one() -> None:
    def pages(_: Format) -> Iterator[bytes]:
        yield b"#" * 100_000
        message = "broken"
        raise RuntimeError(message)

    async with scraping(pages) as http, http.get("/metrics") as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def _read(http: aiohttp.ClientSession, encoding: str) -> bytes:
    async with http.get("/metrics", headers={"Accept": PROMETHEUS, "Accept-Encoding": encoding}) as answer:
        body = await answer.read()
    return gzip.decompress(body) if encoding == "gzip" else body
