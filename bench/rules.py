"""What it costs to judge ten thousand quotas with 1, 3 and 50 rules, beside rules that are walked as dictionaries.

Run: python bench/rules.py [quotas]. Every figure is CPU time of one poll after the first, the best of some; the longest slice is
how long the loop would have been held. The peer does less: it knows no alerts, no clocks and no labels.
"""

from __future__ import annotations

import gc
import operator
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.table import Poll
from mendwatch.model.samples import Columns, Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

LABELS = ("path", "type")
FIELDS = ("usage_bytes", "hard_limit_bytes", "soft_limit_bytes", *(f"more_{number}" for number in range(11)))
METRICS = tuple(MetricSpec(f"q_{name}", "", labels=LABELS) for name in FIELDS)
SCHEMA = RecordSchema("quota", LABELS, {name: f"q_{name}" for name in FIELDS})
KNOWN = KnownSchema(SCHEMA, "cluster", 60.0, METRICS)
SPEC = CollectorSpec("quotas", 60.0, 10.0, METRICS, (SCHEMA,), budget=1_000_000)
TARGET = Target("lab", "bench", "")
START = datetime(2030, 1, 1, tzinfo=UTC)
POLLS = 5

#: What is wrong with a quota: as a condition, and as the peer's dictionary.
CONDITIONS = (
    ("usage_bytes / hard_limit_bytes > 0.9", {"left": "usage_bytes", "by": "hard_limit_bytes", "is": ">", "than": 0.9}),
    ("usage_bytes > soft_limit_bytes", {"left": "usage_bytes", "by": None, "is": ">", "than": "soft_limit_bytes"}),
    ("more_0 < 1.0", {"left": "more_0", "by": None, "is": "<", "than": 1.0}),
)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {">": operator.gt, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one poll cost: seconds of CPU in all, and in the longest slice."""

    cpu: float
    slice: float = 0.0


def engine(count: int) -> AlertEngine:
    """Make an engine with so many rules, all of which concern every quota."""
    lines = ["groups:", "- name: bench", "  rules:"]
    for number in range(count):
        when = CONDITIONS[number % len(CONDITIONS)][0]
        lines.append(f"  - {{alert: R{number}, on: quota, when: {when}, for: 5m, annotations: {{s: '{{{{ path }}}}'}}}}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rules.yaml")
        path.write_text("\n".join(lines), "utf-8")
        return AlertEngine(loading.load([path], {"quota": KNOWN}), Renderer(Path()))


class Quotas:
    """Polls of so many quotas. `busy` ones have another usage at every poll."""

    def __init__(self, count: int, *, busy: bool) -> None:
        self._subjects = [(f"/ifs/data/{number}", "directory") for number in range(count)]
        self._layout = Layout((metric.name, subject) for metric in METRICS for subject in self._subjects)
        self._busy = busy

    def value(self, metric: int, poll: int) -> float:
        """Give one number; nothing is ever wrong, so that what is measured is the judging and not the alerts."""
        return 1000.0 if metric in {1, 2} else 100.0 + poll if self._busy and not metric else 100.0

    def columns(self, poll: int) -> Reading:
        """Give a poll in columns."""
        values = [self.value(metric, poll) for metric in range(len(METRICS)) for _ in self._subjects]
        return Reading(columns=(Columns(self._layout, values),), complete=frozenset({"quota"}))

    def samples(self, poll: int) -> Reading:
        """Give a poll in samples."""
        found = (
            Sample(spec.name, self.value(metric, poll), subject)
            for subject in self._subjects
            for metric, spec in enumerate(METRICS)
        )
        return Reading(tuple(found), complete=frozenset({"quota"}))

    def dictionaries(self, poll: int) -> list[dict[str, float | str]]:
        """Give a poll as the peer wants it, which costs the peer nothing."""
        numbers = {name: self.value(metric, poll) for metric, name in enumerate(FIELDS)}
        return [{"path": path, "type": kind, **numbers} for path, kind in self._subjects]


def judged(count: int, readings: Iterator[Reading]) -> list[Figure]:
    """Judge poll after poll."""
    judging, found = engine(count), []
    for number, reading in enumerate(readings):
        slices = []
        steps = judging.observing(Poll(TARGET, "cluster", SPEC, reading, START + timedelta(minutes=number)))
        while True:
            began = time.process_time()
            done = next(steps, steps)
            slices.append(time.process_time() - began)
            if done is steps:
                break
        found.append(Figure(sum(slices), max(slices)))
    return found


def interpreted(count: int, polls: Iterator[list[dict[str, float | str]]]) -> list[Figure]:
    """Walk every rule as a dictionary over every quota as a dictionary."""
    rules, found = [CONDITIONS[number % len(CONDITIONS)][1] for number in range(count)], []
    for events in polls:
        began = time.process_time()
        worried = sum(1 for event in events for rule in rules if _holds(rule, event))
        found.append(Figure(time.process_time() - began))
        if worried:
            raise AssertionError
    return found


def _holds(rule: Mapping[str, object], event: Mapping[str, float | str]) -> bool:
    left, by, than = event.get(str(rule["left"])), rule.get("by"), rule["than"]
    if not isinstance(left, float):
        return False
    if by is not None:
        divisor = event.get(str(by))
        if not isinstance(divisor, float) or not divisor:
            return False
        left /= divisor
    limit = event.get(than) if isinstance(than, str) else than
    return isinstance(limit, float) and _COMPARE[str(rule["is"])](left, limit)


def tell(what: str, count: int, quotas: int, figures: list[Figure]) -> None:
    """Print one line."""
    first, best = figures[0], min(figures[1:], key=lambda figure: figure.cpu)
    longest = max(figure.slice for figure in figures[1:])
    each, met = best.cpu / quotas * 1e6, first.cpu / quotas * 1e6
    print(
        f"{count:>3} rules, {what:<28}{quotas / best.cpu:>11,.0f} records/s {each:>6.2f} us each, {each / count:.2f} per rule,"
        f" slice {longest * 1e3:>4.1f} ms; first poll {met:>5.1f} us, slice {first.slice * 1e3:>4.1f} ms"
    )


def main() -> None:
    """Measure every number of rules over changing and unchanged quotas, and the peer beside them."""
    quotas = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    gc.disable()  # a full collection of the whole process is nobody's slice; it is measured with the agent
    for count in (1, 3, 50):
        busy, still = Quotas(quotas, busy=True), Quotas(quotas, busy=False)
        tell("columns, every usage changes", count, quotas, judged(count, map(busy.columns, range(POLLS))))
        tell("columns, nothing changes", count, quotas, judged(count, map(still.columns, range(POLLS))))
        tell("samples, every usage changes", count, quotas, judged(count, map(busy.samples, range(POLLS))))
        tell("samples, nothing changes", count, quotas, judged(count, map(still.samples, range(POLLS))))
        tell("peer: dictionaries", count, quotas, interpreted(count, map(busy.dictionaries, range(POLLS))))
        gc.collect()


if __name__ == "__main__":
    main()
