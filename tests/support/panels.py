"""The panels and queries of a dashboard, for every test that looks at them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "grafana" / "dashboards"

#: What Grafana would put in for its variables; the test that runs queries may give others.
VARIABLES = {
    "$cluster": ".+",
    "$node": ".+",
    "$instance": ".+",
    "$window": "1h",
    "$__rate_interval": "2m",
    "$__interval": "30s",
    "$__range": "1h",
}


@dataclass(frozen=True, slots=True)
class Query:
    """One query of one panel: `raw` as in the file, `expression` with every variable put in.

    `unit` is that of the panel, or of the query's column in a table; None for a column that is hidden, as of `_info` metrics.
    `bounds` are the least and the most that its axis shows. `quiet` tells that the panel is empty while all is well.
    """

    board: str
    panel: str
    ref: str
    raw: str
    expression: str
    unit: str | None
    bounds: tuple[float | None, float | None]
    quiet: bool


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
        Query(
            dashboard["title"],
            panel["title"],
            target["refId"],
            target["expr"],
            substitute(target["expr"], values),
            unit(panel, target["refId"]),
            (panel["fieldConfig"]["defaults"].get("min"), panel["fieldConfig"]["defaults"].get("max")),
            "noValue" in panel["fieldConfig"]["defaults"],
        )
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]


def unit(panel: Mapping[str, Any], ref: str) -> str | None:
    """Give the unit in which a query's values are shown: of the panel, or of the column of a table."""
    if panel["type"] != "table":
        return str(panel["fieldConfig"]["defaults"]["unit"])
    name = column(panel, ref)
    return None if name is None else str(cell(panel, name)["unit"])


def column(panel: Mapping[str, Any], ref: str) -> str | None:
    """Give the name of the column that a table's query fills; None where its value is hidden and only its labels show."""
    organized = organization(panel)
    value = "Value" if len(panel["targets"]) == 1 else f"Value #{ref}"
    return None if organized["excludeByName"].get(value) else str(organized["renameByName"][value])


def organization(panel: Mapping[str, Any]) -> dict[str, Any]:
    """Give how a table orders, names and hides its columns."""
    (found,) = [one["options"] for one in panel["transformations"] if one["id"] == "organize"]
    return dict(found)


def cell(panel: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give what is set for one column of a table, by property."""
    found = [one["properties"] for one in panel["fieldConfig"]["overrides"] if one["matcher"] == {"id": "byName", "options": name}]
    return {one["id"]: one["value"] for properties in found for one in properties}


def variable_queries(dashboard: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Give (selector, label) of every query variable that asks `label_values(selector, label)`, variables put in."""
    found = {}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            inner = variable["query"]["query"].removeprefix("label_values(").removesuffix(")")
            selector, label = inner.rsplit(",", 1)
            found[variable["name"]] = (substitute(selector.strip(), VARIABLES), label.strip())
    return found


def substitute(expression: str, values: Mapping[str, str]) -> str:
    """Put values in for variables, the longest names first."""
    for name in sorted(values, key=len, reverse=True):
        expression = expression.replace(name, values[name])
    return expression


def uses(text: str) -> set[str]:
    """Give the names of the variables in a text; `$1` of a regular expression is none."""
    return set(re.findall(r"\$\{?([a-zA-Z_]\w*)", text))


def words_of(expression: str, label: str) -> list[str]:
    """Give the fixed words that a query writes into a label by label_replace."""
    return re.findall(rf'"{label}", "([^"$]*)", "", ""', expression)
