"""Panels as Grafana's JSON: charts, single numbers, bars, timelines and tables, each with a title, a description and a unit.

It knows how a panel is written, and nothing of what is shown. `empty` marks what has no data while all is well or while an
option is off; Grafana then shows that text, and the tests know from it which panels need trouble first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from looks import PLAIN, Steps, Words, mappings, thresholds

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BOTTOM = {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True}


@dataclass(frozen=True, slots=True)
class Look:
    """How values are shown: `unit` is Grafana's name; `low` and `high` bound the axis; `empty` is shown where nothing is."""

    unit: str
    steps: Steps = PLAIN
    words: Words = ()
    low: float | None = 0
    high: float | None = None
    empty: str | None = None

    def defaults(self, colour: str = "thresholds") -> dict[str, Any]:
        """Write the field configuration."""
        optional = {"min": self.low, "max": self.high, "noValue": self.empty}
        return {
            "color": {"mode": colour},
            "mappings": mappings(self.words),
            "thresholds": thresholds(self.steps),
            "unit": self.unit,
            **{key: value for key, value in optional.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel and the room it takes of the 24 columns."""

    width: int
    height: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: a query's value, or (with `labels`) labels of it under names of their own.

    `chart` draws the value as a bar within its cell.
    """

    name: str
    expr: str
    look: Look = field(default_factory=lambda: Look("none"))
    labels: tuple[tuple[str, str], ...] = ()
    chart: bool = False


Queries = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """The size of a table, the links of its first key as (title, URL), and the text where there is no row."""

    size: tuple[int, int] = (24, 9)
    links: tuple[tuple[str, str], ...] = ()
    empty: str | None = None


def chart(title: str, description: str, look: Look, *queries: tuple[str, str], size: tuple[int, int] = (8, 8)) -> Panel:
    """Draw lines over time; queries are (expression, legend). Thresholds other than plain are drawn as dashed lines."""
    return _panel("timeseries", (title, description), size, _lines(look, 0), _targets(queries))


def areas(title: str, description: str, look: Look, *queries: tuple[str, str], size: tuple[int, int] = (8, 8)) -> Panel:
    """Draw areas on each other, of parts that make a whole."""
    return _panel("timeseries", (title, description), size, _lines(look, 40), _targets(queries))


def number(title: str, description: str, look: Look, query: str, legend: str = "now", size: tuple[int, int] = (3, 4)) -> Panel:
    """Show one number, now, on a background that says how good it is."""
    return _panel("stat", (title, description), size, look.defaults(), _targets([(query, legend)], now=True))


def bars(title: str, description: str, look: Look, *queries: tuple[str, str], size: tuple[int, int] = (8, 8)) -> Panel:
    """Show one bar for each series, now."""
    return _panel("bargauge", (title, description), size, look.defaults(), _targets(queries, now=True))


def timeline(title: str, description: str, look: Look, *queries: tuple[str, str], size: tuple[int, int] = (12, 8)) -> Panel:
    """Show states over time, one strip for each series."""
    defaults = {**look.defaults(), "custom": {"fillOpacity": 70, "lineWidth": 0}}
    return _panel("state-timeline", (title, description), size, defaults, _targets(queries))


def table(
    title: str,
    description: str,
    keys: Mapping[str, str],
    columns: tuple[Column, ...],
    sort: tuple[str, bool],
    place: Place = Place(),
) -> Panel:
    """Show one row for each set of `keys` (label: name), now; `sort` is (column, whether the largest comes first)."""
    defaults = {**Look("none", low=None, empty=place.empty).defaults(), "custom": {"align": "auto", "filterable": True}}
    targets = [{**target, "format": "table"} for target in _targets([(one.expr, "") for one in columns], now=True)]
    panel = _panel("table", (title, description), place.size, defaults, targets)
    panel.body["options"] = {**_OPTIONS["table"], "sortBy": [{"desc": sort[1], "displayName": sort[0]}]}
    cells = [_cell(one) for one in columns if not one.labels]
    panel.body["fieldConfig"]["overrides"] = [*_links(keys, place.links), *cells]
    panel.body["transformations"] = _arranged(keys, columns)
    return panel


def _panel(
    kind: str, words: tuple[str, str], size: tuple[int, int], defaults: dict[str, Any], targets: list[dict[str, Any]]
) -> Panel:
    body = {
        "datasource": SOURCE,
        "description": words[1],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS[kind],
        "targets": targets,
        "title": words[0],
        "type": kind,
    }
    return Panel(*size, body)


def _targets(queries: Queries, *, now: bool = False) -> list[dict[str, Any]]:
    return [_target(letter, *query, now=now) for letter, query in zip(_LETTERS, queries, strict=False)]


def _target(letter: str, expr: str, legend: str, *, now: bool) -> dict[str, Any]:
    return {
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": expr,
        "format": "time_series",
        "instant": now,
        "legendFormat": legend,
        "range": not now,
        "refId": letter,
    }


def _lines(look: Look, filled: int) -> dict[str, Any]:
    style = "dashed" if look.steps != PLAIN else "off"
    custom = {
        "axisSoftMin": 0,
        "drawStyle": "line",
        "fillOpacity": filled,
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if filled else "none"},
        "thresholdsStyle": {"mode": style},
    }
    return {**look.defaults("palette-classic"), "custom": custom}


def _cell(column: Column) -> dict[str, Any]:
    """Write how one column looks."""
    look = column.look
    coloured = bool(look.words) or look.steps != PLAIN
    kind = {"mode": "basic", "type": "gauge"} if column.chart else {"mode": "basic", "type": "color-background"}
    known = [("unit", look.unit), ("mappings", mappings(look.words)), ("thresholds", thresholds(look.steps))]
    if column.chart:
        known += [("min", 0), ("max", look.high or 1)]
    if coloured or column.chart:
        known.append(("custom.cellOptions", kind))
    return {
        "matcher": {"id": "byName", "options": column.name},
        "properties": [{"id": key, "value": value} for key, value in known],
    }


def _links(keys: Mapping[str, str], links: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    if not links:
        return []
    found = [{"targetBlank": False, "title": title, "url": url} for title, url in links]
    first = next(iter(keys.values()))
    return [{"matcher": {"id": "byName", "options": first}, "properties": [{"id": "links", "value": found}]}]


def _arranged(keys: Mapping[str, str], columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """Put the answers of all queries into one table: rows by their keys, columns in the given order under their names."""
    alone = len(columns) == 1
    names, hidden = dict(keys), {"Time": True}
    for letter, column in zip(_LETTERS, columns, strict=False):
        value = "Value" if alone else f"Value #{letter}"
        if column.labels:
            names.update(column.labels)
            hidden[value] = True
        else:
            names[value] = column.name
    order = {name: place for place, name in enumerate(names)}
    organized = {"excludeByName": hidden, "includeByName": {}, "indexByName": order, "renameByName": names}
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": organized}]


_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Mapping[str, dict[str, Any]] = {
    "timeseries": {"legend": _BOTTOM, "tooltip": {"mode": "multi", "sort": "desc"}},
    "stat": {
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _REDUCED,
        "textMode": "value",
        "wideLayout": True,
    },
    "bargauge": {
        "displayMode": "basic",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _REDUCED,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    },
    "state-timeline": {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "never",
        "tooltip": {"mode": "single", "sort": "none"},
    },
    "table": {"cellHeight": "sm", "footer": {"show": False}, "showHeader": True},
}
