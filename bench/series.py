"""What the series store costs beside HTTP: publishing a poll, a layout that is new, and memory, for samples and for columns.

Run: python bench/series.py. Times are CPU of one process, medians of five rounds, beside prometheus-client's in turn; bytes
are tracemalloc's, and the growth of a fresh process.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import process_time

from prometheus_client import CollectorRegistry, Gauge

from mendwatch.metrics.families import Families
from mendwatch.model.samples import Columns, Layout, MetricSpec, Sample
from mendwatch.model.targets import Target

SERIES, LARGE, ROUNDS, METRICS = 100_000, 245_000, 5, 20
TARGET = Target("prod-1", "onefs", "https://prod-1:8080")
SPECS = [MetricSpec(f"powerscale_node_bench_{n}_bytes", f"Bench {n}.", labels=("node", "drive")) for n in range(METRICS)]
Heads = list[tuple[str, tuple[str, str]]]


def main() -> int:
    """Print everything."""
    times()
    memory()
    return 0


def times() -> None:
    """Print what a poll costs: the same series again, and new ones."""
    heads, families, registry = heads_of(SERIES), empty(), CollectorRegistry()
    gauges = {spec.name: Gauge(spec.name, spec.help, ("cluster", *spec.labels), registry=registry) for spec in SPECS}
    spent: dict[str, list[float]] = {"samples": [], "client": []}
    for _ in range(ROUNDS + 1):
        samples = samples_of(heads)
        spent["samples"].append(cpu(partial(publish, families, samples)))
        spent["client"].append(cpu(partial(set_all, gauges, samples)))
    one = {name: median(found[1:]) / SERIES * 1e9 for name, found in spent.items()}
    print(f"a poll of {SERIES} series, CPU nanoseconds each: samples {one['samples']:.0f}, prometheus-client {one['client']:.0f}")
    print(f"  columns of the same layout: {spent_same(Layout(heads)) * 1e6:.0f} us for all of them")
    for size in (SERIES, LARGE):
        large = Layout(heads_of(size))
        stores = [empty() for _ in range(ROUNDS)]
        new = median(cpu(partial(publish, one, (), Columns(large, numbers(size)))) for one in stores) * 1e3
        print(f"  a new layout of {size} series: {new:.1f} ms to publish, the first page in pieces of {longest(stores[0]):.1f} ms")


def spent_same(layout: Layout) -> float:
    """Give the CPU seconds of a poll of the layout that came last; the numbers of the poll before are let go elsewhere."""
    families = empty()
    kept = [Columns(layout, numbers(SERIES)) for _ in range(ROUNDS + 1)]
    return median([cpu(partial(publish, families, (), one)) for one in kept][1:])


def longest(families: Families) -> float:
    """Give the milliseconds of CPU of the longest piece of a page."""
    worst, start = 0.0, process_time()
    for _ in families.pieces(1):
        worst, start = max(worst, process_time() - start), process_time()
    return worst * 1e3


def memory() -> None:
    """Print bytes per series once a page was made, with the labels and without."""
    for name in ("columns", "samples"):
        traced = traced_bytes(partial(held, name)) / SERIES
        with get_context("spawn").Pool(1) as pool:
            grown = pool.apply(grown_bytes, (name,)) / SERIES
        print(f"memory of {SERIES} series as {name}: {traced:.0f} bytes each, its labels included; a process grows by {grown:.0f}")
    layout = Layout(heads_of(SERIES))
    print(f"  of which the store and the numbers, without the layout: {traced_bytes(partial(filled, layout)) / SERIES:.0f} bytes")
    with get_context("spawn").Pool(1) as pool:
        print(
            f"memory in prometheus-client: a process grows by {pool.apply(grown_bytes, ('client',)) / SERIES:.0f} bytes per series"
        )


def traced_bytes(make: Callable[[], object]) -> int:
    """Give the bytes that are held by what is made."""
    gc.collect()
    tracemalloc.start()
    kept = make()
    gc.collect()
    found, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return found


def grown_bytes(name: str) -> int:
    """Give by how much this process grows for it."""
    gc.collect()
    before = resident()
    kept = held(name)
    gc.collect()
    grown = resident() - before
    del kept
    return grown


def held(name: str) -> object:
    """Make what is to be weighed: every series with labels of its own objects, as a decoder makes them."""
    if name == "client":
        registry = CollectorRegistry()
        gauges = {spec.name: Gauge(spec.name, spec.help, ("cluster", *spec.labels), registry=registry) for spec in SPECS}
        set_all(gauges, samples_of(heads_of(SERIES)))
        return registry
    if name == "columns":
        return filled(Layout(heads_of(SERIES)))
    families = empty()
    publish(families, samples_of(heads_of(SERIES)))
    longest(families)
    return families


def filled(layout: Layout) -> Families:
    """Give a store that holds columns and has made a page."""
    families = empty()
    publish(families, (), Columns(layout, numbers(SERIES)))
    longest(families)
    return families


def resident() -> int:
    """Give the resident bytes of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def empty() -> Families:
    """Give a store that knows the metrics."""
    families = Families()
    families.declare("cluster", SPECS)
    return families


def publish(families: Families, samples: list[Sample] | tuple[()], *columns: Columns) -> None:
    """Publish one poll."""
    assert families.publish(TARGET, "cluster", "bench", samples, columns=columns, now=0, lifetime=60) == ()


def set_all(gauges: dict[str, Gauge], samples: list[Sample]) -> None:
    """Set every series, as one poll does."""
    for sample in samples:
        gauges[sample.metric].labels("prod-1", *sample.labels).set(sample.value)


def heads_of(size: int) -> Heads:
    """Name so many series; metrics share labels, as all fields of a drive do, but no two share an object."""
    return [(spec.name, (str(at % 64), f"bay-{at}")) for spec in SPECS for at in range(size // METRICS)]


def samples_of(heads: Heads) -> list[Sample]:
    """Make samples."""
    return [Sample(metric, value, labels) for (metric, labels), value in zip(heads, numbers(len(heads)), strict=True)]


def numbers(size: int) -> list[float]:
    """Make numbers with the digits that counters and rates have."""
    return [at * 7919 * 1.37 for at in range(size)]


def cpu(work: Callable[[], object]) -> float:
    """Give the CPU seconds of one call, without the garbage collector's."""
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        work()
        return process_time() - start
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())
