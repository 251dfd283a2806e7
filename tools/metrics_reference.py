"""Writes docs/reference/metrics.md from the declarations of every provider, so that page and program never differ.

usage: python tools/metrics_reference.py          (rewrites the page)
"""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path

from mendwatch.config.durations import format_duration
from mendwatch.metrics import health
from mendwatch.model.samples import MetricSpec, RecordSchema
from mendwatch.provider import Collector, CollectorSpec, Provider

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "metrics.md"
_INTRODUCTION = """\
# Every metric

This page is generated from what the collectors declare: `python tools/metrics_reference.py` renews it. Every series also has the
target's own label (named below) and the labels that you gave to the target. Unknown is no series; it is never 0. A series vanishes
three intervals after its last poll. `mendwatch check` and `mendwatch rules check` know the same names.

The agent's own metrics begin with `mendwatch_`; `# HELP` on `/metrics` says what each is.
"""


def page() -> str:
    """Give the whole page: a chapter for each provider, a section for each collector."""
    providers = [entry.load() for entry in sorted(entry_points(group="mendwatch.providers"))]
    return "\n".join([_INTRODUCTION, *(_chapter(provider) for provider in providers)])


def _chapter(provider: Provider) -> str:
    head = f"## Provider `{provider.name}`\n\nThe target's own label is `{provider.target_label}`.\n"
    core = f"### Of every target\n\n{_metrics(health.specs(provider.metric_prefix))}"
    collectors = sorted(provider.collectors(), key=_name)
    return "\n".join([head, core, *(_section(collector.spec) for collector in collectors)])


def _name(collector: Collector) -> str:
    return collector.spec.name


def _section(spec: CollectorSpec) -> str:
    needs = f" It needs {', '.join(f'`{name}`' for name in spec.privileges)}." if spec.privileges else ""
    facts = f"Every {format_duration(timedelta(seconds=spec.interval))}, at most {spec.budget:,} series.{needs}"
    schemas = "\n".join(map(_schema, spec.schemas))
    return f"### Collector `{spec.name}`\n\n{facts}\n\n{_metrics(spec.metrics)}{schemas}"


def _metrics(specs: tuple[MetricSpec, ...]) -> str:
    rows = [f"| `{one.name}` | {one.kind.value} | {_labels(one.labels)} | {_cell(one.help)} |" for one in specs]
    return "\n".join(["| metric | kind | labels | what it is |", "| --- | --- | --- | --- |", *rows, ""])


def _schema(schema: RecordSchema) -> str:
    fields = ", ".join(f"`{name}`" for name in schema.fields)
    labels = _labels(schema.labels) or "none"
    return f"\nRules: `on: {schema.name}`, one record for each of: {labels}. {_cell(schema.help)} Fields: {fields}.\n"


def _labels(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
