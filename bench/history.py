"""Memory and time of the embedded history: bytes per sample and per series, one poll, and the worst queries.

Run: python bench/history.py. Bytes are tracemalloc's. Times are the median CPU time of five rounds; on a shared machine
they double from one minute to the next.
"""

from __future__ import annotations

import math
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from statistics import median
from time import process_time

from mendwatch.errors import UserError
from mendwatch.history.memory import MemoryHistory
from mendwatch.model.samples import Columns, Layout, MetricSpec, Sample
from mendwatch.model.targets import Target

START = datetime(2030, 1, 1, tzinfo=UTC)
EVERY = timedelta(seconds=30)
TARGET = Target("prod-1", "onefs", "https://prod-1:8080", {"site": "muc"})
SPECS = [MetricSpec(f"powerscale_quota_bench_{n}_bytes", f"Bench {n}.", labels=("path", "type")) for n in range(11)]
PATHS, POLLS, ROUNDS = 10_000, 20, 5
HOUR = timedelta(hours=1)


@dataclass
class Held:
    """A history and how many polls it has taken."""

    history: MemoryHistory
    polls: int = 0

    def poll(self, samples: list[Sample]) -> None:
        """Take one poll."""
        self.history.append(TARGET, "cluster", samples, START + self.polls * EVERY)
        self.polls += 1

    def poll_columns(self, columns: Columns) -> None:
        """Take one poll of a layout."""
        self.history.append(TARGET, "cluster", (), START + self.polls * EVERY, columns=(columns,))
        self.polls += 1

    def query(self, selector: str, limit: int, window: timedelta = HOUR) -> str:
        """Ask once, and say in a word what came of it."""
        try:
            found = self.history.query(selector, since=window, now=START + self.polls * EVERY, limit=limit)
        except UserError as problem:
            return f"refused: {problem}"
        return f"{found.series_total} series"


def main() -> int:
    """Print everything."""
    sizes()
    times()
    return 0


def sizes() -> None:
    """Print bytes per series, from the first poll, and per sample, from those after it."""
    for paths in (10, 100, PATHS):
        tracemalloc.start()
        held, count = empty(), paths * len(SPECS)
        before = traced()
        held.poll(samples(0, paths))
        first = traced()
        for n in range(POLLS):
            held.poll(samples(n + 1, paths))
        last = traced()
        tracemalloc.stop()
        print(
            f"memory {count:>6} series: {(first - before) / count:5.0f} bytes per series after one poll (labels included), "
            f"{(last - first) / count / POLLS:5.1f} bytes per sample after that"
        )


def times() -> None:
    """Print the time of polls and of queries over 110,000 series, and over long windows of few."""
    held, polls = empty(), [samples(n, PATHS) for n in range(ROUNDS)]
    fresh = iter(polls)
    print(f"append {len(polls[0])} samples, new series: {cpu(lambda: empty().poll(polls[0])) * 1e3:6.1f} ms")
    print(f"append {len(polls[0])} samples, same series: {cpu(lambda: held.poll(next(fresh))) * 1e3:6.1f} ms")
    other = [polls[2][:-1], polls[2]]
    print(f"append {len(polls[0])} samples, one more or less: {cpu(lambda: held.poll(other[held.polls % 2])) * 1e3:6.1f} ms")
    of_columns()
    ask("110,000 series", held, queries())
    few = empty()
    for n in range(720):
        few.poll(samples(n, 100))
    ask("1,100 series, 6 h", few, [('{type="directory"}', 50), (SPECS[0].name, 50), (SPECS[0].name, 5)], 6 * HOUR)
    most = empty()
    for n in range(150):
        most.poll(samples(n, 2000)[::11])
    ask("2,000 series of 150 numbers", most, [(SPECS[0].name, 50)])


def of_columns() -> None:
    """Print the time of polls that come as columns, of the same layout and of a new one, with all numbers and with some."""
    heads = sorted((one.metric, one.labels) for one in samples(0, PATHS))
    layout, other, values = Layout(heads), Layout(heads[:-1]), [at * 1.37 for at in range(len(heads))]
    some = [math.nan if at % 7 == 0 else value for at, value in enumerate(values)]
    held, turns = empty(), cycle([Columns(other, values[:-1]), Columns(layout, values)])
    held.poll_columns(Columns(layout, values))
    same = cpu(lambda: held.poll_columns(Columns(layout, values)))
    sparse = cpu(lambda: held.poll_columns(Columns(layout, some, absent=len(heads) // 7 + 1)))
    new = cpu(lambda: held.poll_columns(next(turns)))
    print(f"append {len(heads)} samples as columns, same layout: {same * 1e3:6.1f} ms; a seventh absent: {sparse * 1e3:6.1f} ms")
    print(f"append {len(heads)} samples as columns, another layout each time: {new * 1e3:6.1f} ms")


def queries() -> list[tuple[str, int]]:
    """Give selectors that cost most, with limits."""
    name = SPECS[0].name
    return [
        ('{__name__=~".+"}', 50),
        (name, 50),
        (f'{name}{{path=~"/ifs/data/1.*"}}', 50),
        ('{path="/ifs/data/77"}', 50),
        ('{path=~".*/77"}', 50),
        ('{path=~"nothing",type=~"nothing"}', 50),
        ("{" + ",".join(f'path=~"(/ifs/)+.*{n}.*"' for n in range(10)) + "}", 50),
        ("{" + ",".join(f'path!~"no{n}"' for n in range(9)) + ',path!=""}', 50),
        ("x" * 500, 50),
    ]


def ask(what: str, held: Held, asked: list[tuple[str, int]], window: timedelta = HOUR) -> None:
    """Time queries."""
    for selector, limit in asked:
        spent = cpu(lambda s=selector, n=limit: held.query(s, n, window)) * 1e3
        print(f"query {what} {selector[:50]:<50} limit {limit:>2}: {spent:7.1f} ms  {held.query(selector, limit, window)[:110]}")


def empty() -> Held:
    """Give a history that knows the metrics."""
    made = MemoryHistory()
    made.declare("cluster", SPECS)
    return Held(made)


def samples(poll: int, paths: int) -> list[Sample]:
    """Make one poll, a record after the other; no label is shared with another sample, which is the worst for memory and time."""
    return [Sample(spec.name, (at * 7919 + poll) * 1.37, (f"/ifs/data/{at}", "directory")) for at in range(paths) for spec in SPECS]


def cpu(work: Callable[[], object]) -> float:
    """Give the median CPU seconds of a call."""
    spent = []
    for _ in range(ROUNDS):
        start = process_time()
        work()
        spent.append(process_time() - start)
    return median(spent)


def traced() -> int:
    """Give the bytes that are held now."""
    return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    sys.exit(main())
