"""A whole dashboard: its variables, its links, its rows of panels, and how it is written to a file.

It places panels from left to right and from top to bottom, counts their ids, and puts the chosen clusters, nodes or agents
into every query, so that a board's own file holds short queries and no coordinates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from panels import SOURCE, Panel

COLUMNS = 24
WIDTH = 132
#: Grafana 11 writes this version; later ones migrate it.
_SCHEMA = 39
_METRIC = re.compile(r"\b((?:powerscale|mendwatch|process)_\w+)(\{[^}]*\})?")
_ALL_OF = {"powerscale": 'cluster=~"$cluster"', "mendwatch": 'instance=~"$instance"', "process": 'instance=~"$instance"'}


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice of the reader: the values of a label of a metric. `sort` is Grafana's number: 1 by letters, 3 by numbers."""

    name: str
    label: str
    metric: str
    sort: int = 1


CLUSTER = Variable("cluster", "Cluster", "powerscale_up")
NODE = Variable("node", "Node", 'powerscale_node_up{cluster=~"$cluster"}', 3)
INSTANCE = Variable("instance", "Agent", "mendwatch_build_info")


@dataclass(frozen=True, slots=True)
class Window:
    """A choice of how far back growth is looked at."""

    name: str = "window"
    label: str = "Growth of the last"
    values: tuple[str, ...] = ("1d", "6h", "7d", "30d")


@dataclass(frozen=True, slots=True)
class Row:
    """Panels below a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard; `name` is its file, and its uid with `mendwatch-` before it."""

    name: str
    title: str
    description: str
    variables: tuple[Variable | Window, ...]
    rows: tuple[Row, ...]
    since: str = "now-6h"
    refresh: str = "30s"

    @property
    def uid(self) -> str:
        """What links to it name."""
        return f"mendwatch-{self.name}"

    def document(self) -> dict[str, Any]:
        """Give the dashboard as Grafana imports it."""
        return {
            "annotations": {"list": [_ANNOTATIONS]},
            "description": self.description,
            "editable": True,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "id": None,
            "links": [_LINK],
            "panels": list(self._panels()),
            "refresh": self.refresh,
            "schemaVersion": _SCHEMA,
            "tags": ["mendwatch", "powerscale"],
            "templating": {"list": [_SOURCE_VARIABLE, *(_variable(one) for one in self.variables)]},
            "time": {"from": self.since, "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": self.uid,
            "version": 1,
            "weekStart": "",
        }

    def text(self) -> str:
        """Give the file: what fits in a line stands in one."""
        return "\n".join(_written(self.document(), 0)) + "\n"

    def _panels(self) -> Iterator[dict[str, Any]]:
        names = {one.name for one in self.variables}
        number, top = 0, 0
        for row in self.rows:
            number += 1
            yield _heading(number, top, row.title)
            top += 1
            for place in _placed(row.panels, top):
                number += 1
                yield {**_chosen(place[1].body, names), "gridPos": place[0], "id": number}
                top = max(top, place[0]["y"] + place[0]["h"])


def link(board: str, label: str | None = None, variable: str = "cluster") -> str:
    """Give the URL of another dashboard, which keeps the time and the data source; `label` is what the clicked row is about."""
    about = f"var-{variable}=${{__data.fields.{label}}}" if label else f"${{{variable}:queryparam}}"
    return f"/d/mendwatch-{board}?${{datasource:queryparam}}&{about}&${{__url_time_range}}"


def _placed(panels: tuple[Panel, ...], top: int) -> Iterator[tuple[dict[str, int], Panel]]:
    """Place panels from left to right; a new line begins below the tallest of the last."""
    left, tallest = 0, 0
    for panel in panels:
        if left + panel.width > COLUMNS:
            left, top, tallest = 0, top + tallest, 0
        yield {"h": panel.height, "w": panel.width, "x": left, "y": top}, panel
        left, tallest = left + panel.width, max(tallest, panel.height)


def _heading(number: int, top: int, title: str) -> dict[str, Any]:
    place = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
    return {"collapsed": False, "gridPos": place, "id": number, "panels": [], "title": title, "type": "row"}


def _chosen(body: dict[str, Any], variables: set[str]) -> dict[str, Any]:
    """Let every query of a panel ask only for what the variables of the board choose."""
    targets = [{**target, "expr": choose(target["expr"], variables)} for target in body["targets"]]
    return {**body, "targets": targets}


def choose(expression: str, variables: set[str]) -> str:
    """Put matchers into a query: the board's own of each family of metrics, and `{$node}` written out."""

    def matched(found: re.Match[str]) -> str:
        name, own = found[1], (found[2] or "{}")[1:-1]
        family = _ALL_OF[name.split("_")[0]]
        wanted = [family] if re.search(r"\$(\w+)", family)[1] in variables else []  # type: ignore[index]
        wanted += [one.replace("$node", 'node=~"$node"') if one == "$node" else one for one in re.split(r",\s*", own) if one]
        return f"{name}{{{', '.join(wanted)}}}" if wanted else name

    return _METRIC.sub(matched, expression)


def _variable(one: Variable | Window) -> dict[str, Any]:
    common = {"hide": 0, "label": one.label, "name": one.name, "skipUrlSync": False}
    if isinstance(one, Window):
        options = [{"selected": place == 0, "text": value, "value": value} for place, value in enumerate(one.values)]
        first = {"selected": True, "text": one.values[0], "value": one.values[0]}
        choice = {"current": first, "includeAll": False, "multi": False, "options": options}
        return {**common, **choice, "query": ",".join(one.values), "type": "custom"}
    query = f"label_values({one.metric}, {one.name})"
    asked = {"definition": query, "query": {"qryType": 1, "query": query, "refId": one.name}, "datasource": SOURCE}
    choice = {"allValue": ".+", "current": {}, "includeAll": True, "multi": True, "options": []}
    return {**common, **asked, **choice, "refresh": 2, "regex": "", "sort": one.sort, "type": "query"}


def _written(value: object, depth: int, key: str = "", end: str = "") -> Iterator[str]:
    """Write JSON: what fits in a line in one, the rest over several."""
    before = "  " * depth + (f"{json.dumps(key)}: " if key else "")
    flat = before + json.dumps(value, ensure_ascii=False) + end
    if len(flat) <= WIDTH or not isinstance(value, (dict, list)) or not value:
        yield flat
        return
    pairs = list(value.items()) if isinstance(value, dict) else [("", one) for one in value]
    yield before + ("{" if isinstance(value, dict) else "[")
    for place, (name, one) in enumerate(pairs):
        yield from _written(one, depth + 1, name, "," if place < len(pairs) - 1 else "")
    yield "  " * depth + ("}" if isinstance(value, dict) else "]") + end


_ANNOTATIONS = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}
_LINK = {
    "asDropdown": False,
    "icon": "external link",
    "includeVars": True,
    "keepTime": True,
    "tags": ["mendwatch"],
    "targetBlank": False,
    "title": "mendwatch",
    "tooltip": "Another dashboard of mendwatch, with the same choices and the same time",
    "type": "dashboards",
    "url": "",
}
_SOURCE_VARIABLE = {
    "current": {},
    "hide": 0,
    "includeAll": False,
    "label": "Data source",
    "multi": False,
    "name": "datasource",
    "options": [],
    "query": "prometheus",
    "refresh": 1,
    "regex": "",
    "skipUrlSync": False,
    "type": "datasource",
}
