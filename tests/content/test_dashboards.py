"""The dashboards: what every one of them promises to who imports it."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import panels
import promql_parser
import pytest
import yaml

DASHBOARDS: dict[str, dict[str, Any]] = dict(panels.dashboards())
PANELS = [
    pytest.param(panel, id=f"{name}:{panel['title']}") for name, board in DASHBOARDS.items() for panel in panels.panels(board)
]
QUERIES = [
    pytest.param(query, id=f"{name}:{query.panel}:{query.ref}")
    for name, board in DASHBOARDS.items()
    for query in panels.panel_queries(board)
]
DECLARED = {
    name: set(filter(None, labels.split(",")))
    for name, labels in re.findall(
        r"^(\w+)\{(.*)\}$", (Path(__file__).parents[1] / "golden" / "metrics.txt").read_text(), re.MULTILINE
    )
}
#: The unit that a metric's suffix asks for; a query that divides or counts has its own.
UNITS = {"_bytes_per_second": "Bps", "_operations_per_second": "ops", "_bytes": "bytes", "_ratio": "percentunit", "_seconds": "s"}
every_dashboard = pytest.mark.parametrize("board", [pytest.param(board, id=name) for name, board in DASHBOARDS.items()])
every_panel = pytest.mark.parametrize("panel", PANELS)
every_query = pytest.mark.parametrize("query", QUERIES)


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def test_there_is_an_overview() -> None:
    assert "powerscale-overview.json" in DASHBOARDS
    assert len(QUERIES) > 30


@every_dashboard
def test_a_dashboard_can_be_imported_anywhere(board: dict[str, Any]) -> None:
    assert board["id"] is None
    assert re.fullmatch(r"mendwatch-[a-z0-9-]{1,30}", board["uid"])
    assert not {"__inputs", "__requires", "__elements"} & board.keys()
    assert "mendwatch" in board["tags"]
    assert board["title"]
    assert board["description"]
    assert any(link["tags"] == ["mendwatch"] for link in board["links"])


def test_no_two_dashboards_share_a_uid_or_a_title() -> None:
    for key in ("uid", "title"):
        assert len({board[key] for board in DASHBOARDS.values()}) == len(DASHBOARDS)


@every_dashboard
def test_panel_ids_are_unique_and_rows_hold_nothing_hidden(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in [*panels.panels(board), *board["panels"]]]
    assert len(set(ids)) == len(board["panels"])


@every_dashboard
def test_panels_fit_the_grid_and_do_not_overlap(board: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 and place["h"] > 0 for place in places)
    for one, two in combinations(places, 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        above = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert beside or above, (one, two)


@every_dashboard
def test_the_data_source_is_a_variable_everywhere(board: dict[str, Any]) -> None:
    first = board["templating"]["list"][0]
    assert (first["type"], first["query"], first["name"]) == ("datasource", "prometheus", "datasource")
    chosen = [panel["datasource"] for panel in panels.panels(board)]
    chosen += [target["datasource"] for panel in panels.panels(board) for target in panel["targets"]]
    chosen += [variable["datasource"] for variable in board["templating"]["list"][1:]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in chosen)


@every_dashboard
def test_variables_are_used_sorted_fresh_and_offer_all(board: dict[str, Any]) -> None:
    used = " ".join(query.raw for query in panels.panel_queries(board))
    for variable in board["templating"]["list"][1:]:
        assert f"${variable['name']}" in used
        assert (variable["includeAll"], variable["multi"], variable["sort"], variable["refresh"]) == (True, True, 1, 2)
        assert variable["definition"] == variable["query"]["query"]
        assert variable["current"] == {}
    for metric, label in panels.variable_queries(board).values():
        assert label in DECLARED[metric]


@every_panel
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"][0]["value"] is None
    if defaults["unit"] == "percentunit":
        assert defaults["min"] == 0


@every_panel
def test_a_panel_is_of_a_type_that_grafana_still_has(panel: dict[str, Any]) -> None:
    assert panel["type"] in {"stat", "gauge", "timeseries", "table", "state-timeline", "bargauge", "piechart"}


@every_panel
def test_queries_of_a_panel_have_their_own_letters_and_legends(panel: dict[str, Any]) -> None:
    letters = [target["refId"] for target in panel["targets"]]
    assert len(set(letters)) == len(letters)
    assert all(target["legendFormat"] for target in panel["targets"] if target["format"] == "time_series")


@every_panel
def test_the_unit_fits_the_metrics(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        expression = panels.substitute(target["expr"], panels.VARIABLES)
        if isinstance(promql_parser.parse(expression), promql_parser.VectorSelector):
            name = selectors(expression)[0].name or ""
            unit = next((unit for suffix, unit in UNITS.items() if name.endswith(suffix)), None)
            assert unit in {None, panel["fieldConfig"]["defaults"]["unit"]}, name


@every_query
def test_a_query_is_promql_over_metrics_and_labels_that_are_declared(query: SimpleNamespace) -> None:
    for selector in selectors(query.expression):
        assert selector.name in DECLARED, selector.name
        unknown = {matcher.name for matcher in selector.matchers.matchers} - DECLARED[selector.name]
        assert unknown == set()


@every_query
def test_a_query_asks_for_the_chosen_clusters_only(query: SimpleNamespace) -> None:
    for selector in selectors(panels.substitute(query.raw, {"$cluster": "CHOSEN", "$__rate_interval": "1m"})):
        if "cluster" in DECLARED[selector.name]:
            assert ("cluster", "CHOSEN") in {(matcher.name, matcher.value) for matcher in selector.matchers.matchers}


@every_query
def test_rates_span_what_grafana_knows_to_hold_enough_scrapes(query: SimpleNamespace) -> None:
    assert re.findall(r"\b(?:rate|increase|irate)\((?!.*?\[\$__rate_interval\])", query.raw) == []


@every_query
def test_no_variable_is_left_unknown(query: SimpleNamespace) -> None:
    assert "$" not in query.expression


def test_every_legend_names_labels_that_exist() -> None:
    for board in DASHBOARDS.values():
        for panel in panels.panels(board):
            for target in panel["targets"]:
                known = {"instance", "job"}.union(
                    *(DECLARED[s.name] for s in selectors(panels.substitute(target["expr"], panels.VARIABLES)))
                )
                assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= known, panel["title"]


def test_provisioning_files_have_what_grafana_reads() -> None:
    folder = panels.FOLDER.parent / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "mendwatch.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "mendwatch.yaml").read_text())["providers"]
    assert (source["type"], source["access"], source["jsonData"]["timeInterval"]) == ("prometheus", "proxy", "30s")
    assert (provider["type"], provider["options"]["path"]) == ("file", "/var/lib/grafana/dashboards/mendwatch")
