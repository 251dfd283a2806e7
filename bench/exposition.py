"""What a scrape over HTTP costs: our page beside prometheus-client's own handler, both on uvicorn, in one process, in turn.

Run: python bench/exposition.py. A client in another process reads both. Figures are CPU time of the serving process (user and
system) per series, medians of the rounds; ratios are what counts, as a shared machine doubles absolute figures from one
minute to the next. The longest stall is how late a task of the same loop was that wants to run every millisecond: by the
clock, where other programs of a shared machine count too, and in CPU time of the loop's own thread, where they do not.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import sys
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter, process_time, thread_time

from prometheus_client import CollectorRegistry, Gauge, Metric, make_asgi_app
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from mendwatch.metrics.families import Families
from mendwatch.metrics.formats import Format
from mendwatch.model.samples import Columns, Layout, MetricSpec
from mendwatch.model.targets import Target
from mendwatch.web.app import Views, build
from mendwatch.web.server import WebServer

SERIES, LARGE, ROUNDS, METRICS = 100_000, 245_000, 5, 20
TARGET = Target("prod-1", "onefs", "https://prod-1:8080")
SPECS = [MetricSpec(f"powerscale_node_bench_{n}_bytes", f"Bench {n}.", labels=("node", "drive")) for n in range(METRICS)]
TEXT, OPENMETRICS = "text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@dataclass(frozen=True)
class Ask:
    """One kind of scrape."""

    name: str
    accept: str
    encoding: str = "identity"


ASKS = [Ask("text", TEXT), Ask("OpenMetrics", OPENMETRICS), Ask("OpenMetrics, gzip", OPENMETRICS, "gzip")]


class Reader:
    """A client in a process of its own."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_read_for_ever, args=(theirs,), daemon=True)
        self._process.start()

    async def get(self, port: int, ask: Ask, *, body: bool = False) -> bytes:
        """Scrape once; the page itself comes only where it is wanted."""
        self._pipe.send((port, ask.accept, ask.encoding, body))
        return await asyncio.to_thread(self._pipe.recv)

    def close(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()


def main() -> int:
    """Print everything; exit 1 where two pages differ."""
    return asyncio.run(measure())


async def measure() -> int:
    """Serve all pages and read them in turn."""
    families, registry, big = ours(SERIES), theirs(SERIES), ours(LARGE)
    page = list(families.pieces(1))
    apps: dict[str, ASGIApp] = {
        "ours": application(families),
        "client": Starlette(routes=[Mount("/", make_asgi_app(registry))]),
        "bytes": Starlette(routes=[Mount("/", partial(only_bytes, page))]),
        "empty": application(Families()),
        "big": application(big),
    }
    async with AsyncExitStack() as stack:
        reader = Reader()
        stack.callback(reader.close)
        ports = {name: await serve(stack, app) for name, app in apps.items()}
        if not await same(reader, ports):
            print("the two pages differ", file=sys.stderr)
            return 1
        await report(reader, ports)
        await stalls(reader, ports)
    return 0


async def report(reader: Reader, ports: dict[str, int]) -> None:
    """Print CPU per series of ours and of prometheus-client's, asked in turn, and what HTTP itself costs."""
    print(f"{SERIES} series of {METRICS} families, 3 labels, over HTTP; CPU nanoseconds per series, median of {ROUNDS}")
    for ask in ASKS:
        spent: dict[str, list[float]] = {"ours": [], "client": []}
        for name in ["ours", "client"] * ROUNDS:
            spent[name].append(await cpu(reader, ports[name], ask))
        mine, other = (median(spent[name]) / SERIES * 1e9 for name in ("ours", "client"))
        print(f"  {ask.name:<18} ours {mine:6.0f}   prometheus-client's handler {other:6.0f}   ratio {other / mine:5.1f}")
    bare = median([await cpu(reader, ports["bytes"], ASKS[0]) for _ in range(ROUNDS)])
    empty = median([await cpu(reader, ports["empty"], ASKS[0]) for _ in range(ROUNDS * 5)])
    print(f"  of which uvicorn and sockets, for bytes that are ready: {bare / SERIES * 1e9:.0f}")
    print(f"  a request on a new connection with an empty page: {empty * 1e6:.0f} us")


async def stalls(reader: Reader, ports: dict[str, int]) -> None:
    """Print the longest stall of the loop while pages are read, one reader at a time and two."""
    print("longest stall of the loop while scraped, milliseconds (idle: what the machine does by itself)")
    clock, busy = await stall(asyncio.sleep(2))
    print(f"  idle: by the clock {clock:6.1f}, in CPU time {busy:6.1f}")
    for name, size in (("ours", SERIES), ("big", LARGE), ("client", SERIES)):
        found = [await stall(reader.get(ports[name], ask)) for ask in ASKS for _ in range(3)]
        for what, values in zip(("by the clock", "in CPU time"), zip(*found, strict=True), strict=True):
            print(f"  {name:<6} {size} series, {what}: worst of {len(found)} {max(values):6.1f}, median {median(values):6.1f}")


async def same(reader: Reader, ports: dict[str, int]) -> bool:
    """Tell whether both give the same series and values in every format."""
    for ask, read in zip(ASKS, (read_text, read_openmetrics, read_openmetrics), strict=True):
        pages = [await reader.get(ports[name], ask, body=True) for name in ("ours", "client")]
        plain = [gzip.decompress(page) if ask.encoding == "gzip" else page for page in pages]
        print(f"{ask.name}: {len(plain[0]) / SERIES:.0f} bytes per series, {len(pages[0]) / SERIES:.1f} sent")
        mine, other = (series(read(page.decode())) for page in plain)
        if mine != other or len(mine) != SERIES:
            return False
    return True


def series(page: Iterable[Metric]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Give the numbers of a page that was read."""
    return {(one.name, frozenset(one.labels.items())): one.value for family in page for one in family.samples}


def ours(size: int) -> Families:
    """Give a filled store."""
    families = Families()
    families.declare("cluster", SPECS)
    layout = Layout((spec.name, labels) for spec in SPECS for labels in labels_of(size))
    columns = Columns(layout, [value(at) for at in range(len(layout))])
    assert families.publish(TARGET, "cluster", "bench", (), columns=(columns,), now=0, lifetime=60) == ()
    return families


def theirs(size: int) -> CollectorRegistry:
    """Give prometheus-client's registry with the same series."""
    registry = CollectorRegistry()
    at = 0
    for spec in SPECS:
        gauge = Gauge(spec.name, spec.help, ("cluster", *spec.labels), registry=registry)
        for labels in labels_of(size):
            gauge.labels(TARGET.id, *labels).set(value(at))
            at += 1
    return registry


def labels_of(size: int) -> list[tuple[str, str]]:
    """Give the labels of each metric's series."""
    return [(str(at % 64), f"bay-{at}") for at in range(size // METRICS)]


def value(at: int) -> float:
    """Give a number with the digits that counters and rates have."""
    return at * 7919 * 1.37


def application(families: Families) -> ASGIApp:
    """Give the agent's own application over a store."""

    def pieces(form: Format) -> Iterator[bytes]:
        yield from families.pieces(1, form)
        yield form.end

    return build(Views(pieces, lambda: ()))


async def only_bytes(page: list[bytes], _scope: Scope, _receive: Receive, send: Send) -> None:
    """Send what is ready."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in page:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def serve(stack: AsyncExitStack, app: ASGIApp) -> int:
    """Serve an application until the stack ends; give its port."""
    server = WebServer(app, "127.0.0.1", 0)
    await server.start()
    stack.push_async_callback(server.stop)
    return server.port


async def cpu(reader: Reader, port: int, ask: Ask) -> float:
    """Give the CPU seconds of this process for one scrape."""
    start = process_time()
    await reader.get(port, ask)
    return process_time() - start


async def stall(work: Awaitable[object]) -> tuple[float, float]:
    """Give the milliseconds that a task waited at most while something was done, by the clock and in the thread's CPU time."""
    late, busy, doing = 0.0, 0.0, asyncio.ensure_future(work)
    while not doing.done():
        start, before = perf_counter(), thread_time()
        await asyncio.sleep(0.001)
        late, busy = max(late, perf_counter() - start - 0.001), max(busy, thread_time() - before)
    await doing
    return late * 1e3, busy * 1e3


def _read_for_ever(pipe: Connection) -> None:
    while (asked := pipe.recv()) is not None:
        port, accept, encoding, body = asked
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/metrics", headers={"Accept": accept, "Accept-Encoding": encoding})
        answer = connection.getresponse()
        page = answer.read()
        assert answer.status == 200
        connection.close()
        pipe.send(page if body else b"")


if __name__ == "__main__":
    sys.exit(main())
