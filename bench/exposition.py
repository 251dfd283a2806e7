"""CPU time per series: our page against prometheus-client's, in one process, in turn, as a ratio.

Ratios are what counts: on a shared machine absolute figures double from one minute to the next.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import process_time

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mendwatch.metrics.families import Families
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target

SIZES, ROUNDS, METRICS = (10_000, 100_000), 5, 20
TARGET = Target("prod-1", "onefs", "https://prod-1:8080")
SPECS = [MetricSpec(f"powerscale_node_bench_{n}_bytes", f"Bench {n}.", labels=("node", "drive")) for n in range(METRICS)]


def main() -> int:
    """Print one table per size; exit 1 where the two pages differ."""
    print(f"median of {ROUNDS} rounds, CPU nanoseconds per series, {METRICS} families, 3 labels")
    for size in SIZES:
        samples = make_samples(size)
        families, registry, gauges = ours(samples), *theirs(samples)
        if size == SIZES[0] and read(families.render(1)) != read(generate_latest(registry)):
            print("the two pages differ", file=sys.stderr)
            return 1
        report("render", size, lambda f=families: f.render(1), lambda r=registry: generate_latest(r))
        report("update", size, lambda f=families, s=samples: publish(f, s), lambda g=gauges, s=samples: set_all(g, s))
        print(f"  new series {size:>7}: ours {median(cpu(lambda s=samples: ours(s)) for _ in range(ROUNDS)) / size * 1e9:6.0f}")
        held = memory(lambda n=size: ours(make_samples(n))) / size
        print(f"  memory {size:>7} series: ours {held:.0f} bytes per series, its labels included")
    return 0


def make_samples(size: int) -> list[Sample]:
    """Make so many samples with values as counters and rates have them."""
    count = size // METRICS
    return [
        Sample(spec.name, (at * 7919 + number) * 1.37, (str(at % 64), f"bay-{at}"))
        for number, spec in enumerate(SPECS)
        for at in range(count)
    ]


def ours(samples: list[Sample]) -> Families:
    """Give a filled store of ours."""
    families = Families()
    families.declare("cluster", SPECS)
    publish(families, samples)
    return families


def publish(families: Families, samples: list[Sample]) -> None:
    """Publish one poll."""
    assert families.publish(TARGET, "cluster", "bench", samples, now=0, lifetime=60) == ()


def theirs(samples: list[Sample]) -> tuple[CollectorRegistry, dict[str, Gauge]]:
    """Give prometheus-client's registry with the same series."""
    registry = CollectorRegistry()
    gauges = {spec.name: Gauge(spec.name, spec.help, ("cluster", *spec.labels), registry=registry) for spec in SPECS}
    set_all(gauges, samples)
    return registry, gauges


def set_all(gauges: dict[str, Gauge], samples: list[Sample]) -> None:
    """Set every series, as one poll does."""
    for sample in samples:
        gauges[sample.metric].labels("prod-1", *sample.labels).set(sample.value)


def report(what: str, size: int, one: Callable[[], object], two: Callable[[], object]) -> None:
    """Time both in turn and print nanoseconds per series and the ratio."""
    mine, other = [], []
    for _ in range(ROUNDS):
        mine.append(cpu(one))
        other.append(cpu(two))
    a, b = median(mine) / size * 1e9, median(other) / size * 1e9
    print(f"  {what} {size:>7} series: ours {a:6.0f}   prometheus-client {b:6.0f}   ratio {b / a:5.1f}")


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


def memory(make: Callable[[], object]) -> int:
    """Give the bytes that are held by what is made, once the work is done."""
    gc.collect()
    tracemalloc.start()
    kept = make()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return held


def read(page: bytes) -> dict[tuple[str, ...], float]:
    """Read a page into series and numbers."""
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


if __name__ == "__main__":
    sys.exit(main())
