"""The panels and queries of a dashboard, for every test that looks at them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "grafana" / "dashboards"

#: What Grafana would put in for its variables; the test that runs queries may give others.
VARIABLES = {"$cluster": ".+", "$__rate_interval": "2m", "$__interval": "30s", "$__range": "1h"}


@dataclass(frozen=True, slots=True)
class Query:
    """One query of one panel: `raw` as in the file, `expression` with every variable put in."""

    panel: str
    ref: str
    raw: str
    expression: str


def dashboards() -> Mapping[str, dict[str, Any]]:
    """Read every dashboard, by file name."""
    return {path.name: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every panel with its own data; rows are looked into."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panels(panel)
        else:
            yield panel


def panel_queries(dashboard: Mapping[str, Any], variables: Mapping[str, str] | None = None) -> list[Query]:
    """Give every query of every panel, ready for Prometheus."""
    values = {**VARIABLES, **(variables or {})}
    return [
        Query(panel["title"], target["refId"], target["expr"], substitute(target["expr"], values))
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]


def variable_queries(dashboard: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Give (metric, label) of every query variable that asks `label_values(metric, label)`."""
    found = {}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            inner = variable["query"]["query"].removeprefix("label_values(").removesuffix(")")
            metric, label = inner.rsplit(",", 1)
            found[variable["name"]] = (metric.strip(), label.strip())
    return found


def substitute(expression: str, values: Mapping[str, str]) -> str:
    """Put values in for variables, the longest names first."""
    for name in sorted(values, key=len, reverse=True):
        expression = expression.replace(name, values[name])
    return expression
