"""A cluster with pools, nodes that belong to pools, and events; for rules that name more than one record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine, Step
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.table import Poll
from mendwatch.model.alerts import Alert
from mendwatch.model.samples import Event, MetricSpec, Reading, RecordSchema, Sample, Severity
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

SCHEMAS = (
    RecordSchema("pool", ("pool",), {"used": "pool_used", "size": "pool_size"}),
    RecordSchema("node", ("node", "pool"), {"busy": "node_busy", "errors": "node_errors_total", "up": "node_up"}),
    RecordSchema.of_events("event", ("category",)),
)


def _known(schema: RecordSchema) -> KnownSchema:
    declared = tuple(MetricSpec(name, "help", labels=schema.labels) for name in schema.fields.values())
    return KnownSchema(schema, "cluster", 60.0, schema.event_metrics or declared)


KNOWN = {schema.name: _known(schema) for schema in SCHEMAS}
SPECS = {name: CollectorSpec(f"{name}s", 60.0, 10.0, known.metrics, (known.schema,)) for name, known in KNOWN.items()}


class DerivedWorld:
    """An engine over these schemas; minutes pass when a test says so. `said` are the transitions."""

    def __init__(self, folder: Path, rules: str, start: datetime) -> None:
        self._folder = folder
        self.rules = self.load(rules)
        self.engine = AlertEngine(self.rules, Renderer(folder))
        self.now = start
        self.said: list[str] = []

    def load(self, rules: str) -> RuleSet:
        path = self._folder / "rules.yaml"
        path.write_text("groups:\n- name: test\n  rules:\n" + rules, "utf-8")
        return loading.load([path], KNOWN)

    def nodes(self, after: float = 1, *, target: str = "lab", complete: bool = False, **nodes: dict[str, float | str]) -> Step:
        """Poll nodes: `n1={"pool": "a", "busy": 0.5}`."""
        return self._poll(
            "node", ("node", "pool"), {name: {"node": name, **one} for name, one in nodes.items()}, after, target, complete
        )

    def pools(self, after: float = 1, *, target: str = "lab", complete: bool = False, **pools: dict[str, float | str]) -> Step:
        """Poll pools: `a={"used": 9.0, "size": 10.0}`."""
        return self._poll("pool", ("pool",), {name: {"pool": name, **one} for name, one in pools.items()}, after, target, complete)

    def events(self, *events: Event, after: float = 1, complete: bool = True) -> Step:
        """Poll events."""
        self.now += timedelta(minutes=after)
        return self.take("event", Reading(events=events, events_complete=complete))

    def event(self, key: str, kind: str = "DISK", *, active: bool | None = True, category: str = "100", age: float = 0) -> Event:
        time = self.now - timedelta(minutes=age)
        return Event(key, kind, "bay 1", "text", Severity.CRITICAL, active, time, {"category": category})

    def wait(self, minutes: float) -> Step:
        self.now += timedelta(minutes=minutes)
        return self._told(self.engine.tick(self.now))

    def firing(self) -> list[tuple[str, ...]]:
        return sorted((alert.rule, *alert.key.values()) for alert in self.engine.alerts())

    def restart(self) -> tuple[Alert, ...]:
        alerts = self.engine.alerts()
        self.engine = AlertEngine(self.rules, Renderer(self._folder))
        return self.engine.restore(alerts)

    def take(self, schema: str, reading: Reading, target: str = "lab") -> Step:
        poll = Poll(Target(target, "storage", ""), "cluster", SPECS[schema], reading, self.now)
        return self._told(self.engine.observe(poll.target, poll.target_label, poll.spec, poll.reading, poll.now))

    def _poll(
        self,
        schema: str,
        labels: Iterable[str],
        subjects: dict[str, dict[str, float | str]],
        after: float,
        target: str,
        complete: bool,  # noqa: FBT001 - a word of the tests' own
    ) -> Step:
        self.now += timedelta(minutes=after)
        fields = KNOWN[schema].schema.fields
        samples = [
            Sample(fields[field], value, tuple(str(one[label]) for label in labels))
            for one in subjects.values()
            for field, value in one.items()
            if field in fields and isinstance(value, float)
        ]
        return self.take(schema, Reading(tuple(samples), complete=frozenset({schema} if complete else ())), target)

    def _told(self, step: Step) -> Step:
        self.said += [f"{item.alert.rule} {item.before.value}>{item.alert.state.value}" for item in step.transitions]
        return step
