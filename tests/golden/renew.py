"""The golden page: every metric with its help, type and label names, from the declarations. Run it to renew metrics.txt.

A change of any name, help, type or label shows in review, because dashboards and alerts of other people hang on them.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path

from prometheus_client import Metric

from mendwatch.metrics import health
from mendwatch.metrics.agent import AgentMetrics, Watched
from mendwatch.metrics.declarations import Declaration, declare
from mendwatch.provider import Provider

GOLDEN = Path(__file__).parent / "metrics.txt"


def page() -> str:
    """Write the page: the targets' metrics, then the agent's own, each sorted by name."""
    providers = [entry.load() for entry in sorted(entry_points(group="mendwatch.providers"))]
    found = {one.spec.name: one for provider in providers for one in declarations(provider)}
    return "".join([*(_target_metric(found[name]) for name in sorted(found)), *_agent_metrics()])


def declarations(provider: Provider) -> list[Declaration]:
    """Give every metric that targets of a provider can have."""
    specs = [spec for collector in provider.collectors() for spec in collector.spec.metrics]
    return [declare(spec, provider.target_label) for spec in (*specs, *health.specs(provider.metric_prefix))]


def _target_metric(one: Declaration) -> str:
    return f"{one.header.decode()}\n{one.spec.name}{{{','.join((one.target_label, *one.spec.labels))}}}\n"


def _agent_metrics() -> list[str]:
    """Give the agent's own; what the process's collector adds depends on the machine and is left out."""
    metrics = AgentMetrics(datetime(2026, 1, 1, tzinfo=UTC))
    metrics.loop_lagged(0.0)
    metrics.audit_head(0)
    metrics.watch(Watched(lambda: 0, lambda: 0, lambda: 0, lambda: 0, lambda: {("m", "r"): 1}))
    lines = []
    for family in sorted(metrics.registry.collect(), key=lambda one: one.name):
        if family.name.startswith("mendwatch_"):
            name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
            kind = "gauge" if family.type == "info" else family.type
            lines.append(f"# HELP {name} {family.documentation}\n# TYPE {name} {kind}\n{name}{{{_labels(metrics, family)}}}\n")
    return lines


def _labels(metrics: AgentMetrics, family: Metric) -> str:
    if family.samples:
        return ",".join(family.samples[0].labels)
    collector = metrics.registry._names_to_collectors[family.name]  # a family without a series tells its label names nowhere else
    return ",".join(getattr(collector, "_labelnames", ()))


if __name__ == "__main__":
    GOLDEN.write_text(page())
    sys.stdout.write(f"{GOLDEN.name} is renewed; look at the difference before you commit it\n")
