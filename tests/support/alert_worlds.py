"""An alert engine and a cluster whose quotas and nodes a test fills, shared by the tests of alerting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema
from mendwatch.alerting.steps import Step
from mendwatch.alerting.subjects import fingerprint
from mendwatch.model.alerts import Alert
from mendwatch.model.samples import Reading, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

START = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
USAGE, LIMIT = "storage_quota_usage_bytes", "storage_quota_hard_limit_bytes"
FULL = """
  - alert: Full
    on: quota
    match: ['type="directory"']
    when: usage_bytes / hard_limit_bytes > 0.9
    clear: usage_bytes / hard_limit_bytes < 0.85
    key: [cluster, path]
    labels: {severity: warning}
    annotations: {summary: '{{ path }} is {{ pct(usage_bytes / hard_limit_bytes) }} full'}
    remediate:
      remediation: storage/quota_raise
      variables: {path: path, limit: int(hard_limit_bytes * 1.5)}
      mode: approve
      verify: {when: usage_bytes / hard_limit_bytes < 0.7, within: 10m}
"""
WAITING = FULL.replace("clear:", "for: 3m\n    clear:")
DOWN = """
  - {alert: Down, on: node, when: up < 1.0}
"""
INHIBITED = FULL.replace("key:", "inhibited_by: [{alert: Down, equal: [cluster]}]\n    key:") + DOWN

A = fingerprint("Full", {"cluster": "lab", "path": "/a"})


class World:
    """An engine, and a cluster whose quotas a test fills; `all_of` names a schema of which a poll has every subject."""

    def __init__(self, rules: RuleSet, known: dict[str, KnownSchema]) -> None:
        self.rules = rules
        self.engine = AlertEngine(rules, Renderer(Path()))
        self.known = known
        self.now = START
        self.target = Target("lab", "storage", "", {"site": "zurich"})
        self.said: list[str] = []

    def quotas(
        self, after: float = 1, kind: str = "directory", *, all_of: str = "", **quotas: tuple[float | None, float | None]
    ) -> Step:
        """Let minutes pass, then poll: `a=(usage, limit)` is the quota /a."""
        samples = []
        for name, values in quotas.items():
            for metric, value in zip((USAGE, LIMIT), values, strict=True):
                if value is not None:
                    samples.append(Sample(metric, value, (f"/{name}", kind)))
        return self.poll("quota", samples, after, all_of=all_of)

    def node(self, up: float, after: float = 0) -> Step:
        return self.poll("node", [Sample("storage_node_up", up, ("1",))], after)

    def poll(self, schema: str, samples: list[Sample], after: float, *, all_of: str = "") -> Step:
        self.now += after * MINUTE
        known = self.known[schema]
        spec = CollectorSpec(schema, 60.0, 10.0, known.metrics, (known.schema,))
        reading = Reading(tuple(samples), complete=frozenset({all_of} if all_of else ()))
        return self._told(self.engine.observe(self.target, "cluster", spec, reading, self.now))

    def wait(self, minutes: float) -> Step:
        self.now += minutes * MINUTE
        return self._told(self.engine.tick(self.now))

    def restart(self) -> tuple[Alert, ...]:
        """Lose everything but the alerts."""
        alerts = self.engine.alerts()
        self.engine = AlertEngine(self.rules, Renderer(Path()))
        return self.engine.restore(alerts)

    def _told(self, step: Step) -> Step:
        self.said += [f"{item.alert.rule} {item.before.value}>{item.alert.state.value}" for item in step.transitions]
        return step


MakeWorld = Callable[[str], World]
