"""How many records a second the alert engine judges, with 1, 50 and 1000 rules. Run: python bench/rules.py [records]."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

LABELS = ("path", "type")
METRICS = (MetricSpec("q_usage", "", labels=LABELS), MetricSpec("q_limit", "", labels=LABELS))
KNOWN = KnownSchema(RecordSchema("quota", LABELS, {"usage": "q_usage", "limit": "q_limit"}), "cluster", 60.0, METRICS)
SPEC = CollectorSpec("quotas", 60.0, 10.0, METRICS, (KNOWN.schema,))
TARGETS = [Target(f"c{number}", "bench", "") for number in range(50)]
PER_POLL = 100
START = datetime(2030, 1, 1, tzinfo=UTC)


def rules(count: int, *, matched: bool) -> str:
    """Write rules: `matched` ones concern every record, the others one cluster each."""
    lines = ["groups:", "- name: bench", "  rules:"]
    for number in range(count):
        match = "" if matched else f", match: ['cluster=\"c{number}\"']"
        lines.append(
            f"  - {{alert: R{number}, on: quota, when: usage / limit > 0.9, clear: usage / limit < 0.85, for: 5m,"
            f" labels: {{severity: warning}}, annotations: {{s: '{{{{ path }}}}'}}{match}}}"
        )
    return "\n".join(lines)


def reading(poll: int) -> Reading:
    """One poll: a hundred quotas, one of them full in every second poll."""
    samples = []
    for number in range(PER_POLL):
        full = number == 0 and poll % 2 == 0
        subject = (f"/ifs/data/{number}", "directory")
        samples += [Sample("q_usage", 95.0 if full else 50.0 + poll % 7, subject), Sample("q_limit", 100.0, subject)]
    return Reading(tuple(samples))


def measure(count: int, records: int, *, matched: bool) -> None:
    """Judge so many records and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rules.yaml")
        path.write_text(rules(count, matched=matched), "utf-8")
        began = time.perf_counter()
        loaded = loading.load([path], {"quota": KNOWN})
        load = time.perf_counter() - began
    engine = AlertEngine(loaded, Renderer(Path()))
    readings = [reading(poll) for poll in range(14)]
    warm = len(TARGETS) * 2
    transitions = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for poll in range(warm + records // PER_POLL):
        if poll == warm:
            wall, cpu = time.perf_counter(), time.process_time()
        now = START + timedelta(seconds=60 * (poll // len(TARGETS)))
        target = TARGETS[poll % len(TARGETS)]
        transitions += len(engine.observe(target, "cluster", SPEC, readings[poll // len(TARGETS) % 14], now).transitions)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    done = records // PER_POLL * PER_POLL
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    kind = "every rule matches" if matched else "a rule per cluster"
    print(
        f"{count:>5} rules, {kind}: {done / wall:>9,.0f} records/s, {cpu / done * 1e6:>7.1f} us CPU per record,"
        f" load {load * 1000:>6.0f} ms, {transitions} transitions, peak RSS {rss} MiB"
    )


def main() -> None:
    """Measure every size."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for count in (1, 50, 1000):
        measure(count, records, matched=False)
    for count in (1, 50):
        measure(count, records // 10, matched=True)


if __name__ == "__main__":
    main()
