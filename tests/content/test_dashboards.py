"""The dashboards: what every one of them promises to who imports it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from itertools import combinations
from pathlib import Path
from typing import Any

import panels
import promql_parser
import pytest
import yaml
from declared import declared

ROOT = Path(__file__).parents[2]
BOARDS: dict[str, dict[str, Any]] = dict(panels.dashboards())
DECLARED = declared()
#: What Prometheus adds to every series.
SCRAPED = {"instance", "job"}
#: The unit that a metric's suffix asks for; a query that divides or counts has its own.
UNITS = {"_bytes_per_second": "Bps", "_operations_per_second": "ops", "_bytes": "bytes", "_ratio": "percentunit", "_seconds": "s"}
#: Functions and operators that keep the unit of what they are given.
KEEPS = r"(?:sum|max|min|avg|topk|bottomk)\b[^()]*\(|clamp_min\(|predict_linear\(|\(|\)|\[[^\]]*\]|\d+,|, \d+|> 0$|\s"
every_board = pytest.mark.parametrize("board", [pytest.param(board, id=name) for name, board in BOARDS.items()])


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def matched(selector: promql_parser.VectorSelector) -> dict[str, str]:
    return {one.name: one.value for one in selector.matchers.matchers}


def variables(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in board["templating"]["list"]}


def chosen(query: panels.Query) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each metric of a query with its matchers, the variables standing for themselves."""
    values = {**panels.VARIABLES, "$cluster": "CLUSTER", "$node": "NODE", "$instance": "INSTANCE"}
    for selector in selectors(panels.substitute(query.raw, values)):
        yield selector.name or "", matched(selector)


def test_there_is_a_board_for_each_question_and_the_first_is_found_where_it_was() -> None:
    assert sorted(board["uid"] for board in BOARDS.values()) == [
        "mendwatch-agent",
        "mendwatch-powerscale-capacity",
        "mendwatch-powerscale-nodes",
        "mendwatch-powerscale-overview",
        "mendwatch-powerscale-performance",
        "mendwatch-powerscale-protection",
        "mendwatch-powerscale-services",
    ]
    assert all(board["uid"] == f"mendwatch-{Path(name).stem}" for name, board in BOARDS.items())


async def test_the_files_are_what_the_tool_writes() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "tools/dashboards", "--check", cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (0, "")


@every_board
def test_a_board_can_be_imported_anywhere(board: dict[str, Any]) -> None:
    assert board["id"] is None
    assert len(board["uid"]) <= 40
    assert not {"__inputs", "__requires", "__elements"} & board.keys()
    assert board["tags"] == ["mendwatch", "powerscale"]
    assert board["title"].startswith("PowerScale: ")
    assert board["description"].endswith(".")
    assert 15 <= len(list(panels.panels(board))) <= 22


@every_board
def test_a_board_leads_to_all_others_and_keeps_what_was_chosen(board: dict[str, Any]) -> None:
    (link,) = board["links"]
    assert (link["type"], link["tags"], link["includeVars"], link["keepTime"]) == ("dashboards", ["mendwatch"], True, True)


def links(panel: dict[str, Any]) -> Iterator[str]:
    """Give the URL of every link of a panel's cells."""
    entries = [entry for override in panel["fieldConfig"]["overrides"] for entry in override["properties"]]
    return (link["url"] for entry in entries if entry["id"] == "links" for link in entry["value"])


def test_a_link_of_a_row_names_a_board_its_variables_and_a_column_that_is_there() -> None:
    known = {board["uid"]: variables(board) for board in BOARDS.values()}
    found = [(panel, url) for board in BOARDS.values() for panel in panels.panels(board) for url in links(panel)]
    assert found
    for panel, url in found:
        uid, query = re.fullmatch(r"/d/([\w-]+)\?(.*)", url).groups()  # type: ignore[union-attr]
        assert set(re.findall(r"var-(\w+)=", query)) <= known[uid].keys()
        assert set(re.findall(r"__data\.fields\.(\w+)", query)) <= panels.organization(panel)["renameByName"].keys()
        assert {"${datasource:queryparam}", "${__url_time_range}"} <= set(re.findall(r"\$\{[^}]*\}", query))


def test_no_two_boards_share_a_uid_or_a_title() -> None:
    for key in ("uid", "title"):
        assert len({board[key] for board in BOARDS.values()}) == len(BOARDS)


@every_board
def test_panel_ids_are_unique_rows_hold_nothing_hidden_and_no_title_stands_twice(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in [*panels.panels(board), *board["panels"]]]
    titles = [panel["title"] for panel in panels.panels(board)]
    assert len(set(ids)) == len(board["panels"])
    assert len(set(titles)) == len(titles)


@every_board
def test_panels_fit_the_grid_and_do_not_overlap(board: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 and place["h"] > 0 for place in places)
    for one, two in combinations(places, 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        above = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert beside or above, (one, two)


@every_board
def test_the_data_source_is_a_variable_everywhere(board: dict[str, Any]) -> None:
    first, *others = board["templating"]["list"]
    assert (first["type"], first["query"], first["name"]) == ("datasource", "prometheus", "datasource")
    asked = [panel["datasource"] for panel in panels.panels(board)]
    asked += [target["datasource"] for panel in panels.panels(board) for target in panel["targets"]]
    asked += [variable["datasource"] for variable in others if variable["type"] == "query"]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in asked)


@every_board
def test_variables_are_used_and_every_one_that_is_used_is_there(board: dict[str, Any]) -> None:
    texts = [query.raw for query in panels.panel_queries(board)]
    texts += [str(one["query"]) for one in board["templating"]["list"]]
    used = {name for text in texts for name in panels.uses(text)} | {"datasource"}
    assert {name for name in used if not name.startswith("__")} == variables(board).keys()
    assert "cluster" in used


@every_board
def test_choices_are_sorted_fresh_and_offer_all(board: dict[str, Any]) -> None:
    for name, one in list(variables(board).items())[1:]:
        if one["type"] == "query":
            assert (one["includeAll"], one["multi"], one["refresh"], one["current"]) == (True, True, 2, {})
            assert one["sort"] == (3 if name == "node" else 1)
            assert one["definition"] == one["query"]["query"]
        else:
            assert one["type"] == "custom"
            assert [option["value"] for option in one["options"]] == one["query"].split(",")
            assert one["current"] == one["options"][0]
    for selector, label in panels.variable_queries(board).values():
        (found,) = selectors(selector)
        assert label in DECLARED[found.name or ""] | SCRAPED


@every_board
def test_a_panel_says_what_it_shows_and_in_which_unit(board: dict[str, Any]) -> None:
    for panel in panels.panels(board):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["description"].endswith("."), panel["title"]
        assert defaults["unit"], panel["title"]
        assert defaults["thresholds"]["steps"][0]["value"] is None
        if defaults["unit"] == "percentunit":
            assert defaults["min"] == 0, panel["title"]


@every_board
def test_every_unit_is_one_that_grafana_knows(board: dict[str, Any]) -> None:
    units = {panel["fieldConfig"]["defaults"]["unit"] for panel in panels.panels(board)}
    units |= {query.unit for query in panels.panel_queries(board)} - {None}
    assert units <= {"none", "short", "percentunit", "s", "bytes", "Bps", "ops", "cps", "celsius", "rotrpm"}


@every_board
def test_a_panel_is_of_a_type_that_grafana_still_has(board: dict[str, Any]) -> None:
    assert {panel["type"] for panel in panels.panels(board)} <= {"stat", "timeseries", "table", "state-timeline", "bargauge"}


@every_board
def test_thresholds_rise_and_a_panel_of_yes_and_no_has_words_for_both(board: dict[str, Any]) -> None:
    for panel in panels.panels(board):
        cells = [panel["fieldConfig"]["defaults"]]
        cells += [panels.cell(panel, one["matcher"]["options"]) for one in panel["fieldConfig"]["overrides"]]
        for look in cells:
            values = [step["value"] for step in look.get("thresholds", {"steps": []})["steps"]][1:]
            assert values == sorted(values), panel["title"]
            assert all({"0", "1"} <= words["options"].keys() for words in look.get("mappings", [])), panel["title"]


@every_board
def test_queries_of_a_panel_have_their_own_letters_and_legends(board: dict[str, Any]) -> None:
    for panel in panels.panels(board):
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)
        legends = [target["legendFormat"] for target in panel["targets"] if target["format"] == "time_series"]
        assert all(legends), panel["title"]
        assert len(set(legends)) == len(legends), panel["title"]


@every_board
def test_every_legend_and_every_column_names_labels_that_exist(board: dict[str, Any]) -> None:
    for panel in panels.panels(board):
        for target in panel["targets"]:
            known = SCRAPED.union(
                *(DECLARED[one.name or ""] for one in selectors(panels.substitute(target["expr"], panels.VARIABLES)))
            )
            known |= set(re.findall(r'"(\w+)", "[^"]*", "\w*", "', target["expr"]))  # what label_replace adds
            grouped = {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", target["expr"]) for label in group.split(",")}
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) | grouped <= known, panel["title"]


@every_board
def test_a_table_has_one_row_for_its_keys_and_a_look_for_each_column(board: dict[str, Any]) -> None:
    for panel in (one for one in panels.panels(board) if one["type"] == "table"):
        assert all((one["format"], one["instant"], one["range"]) == ("table", True, False) for one in panel["targets"])
        shown = {one for target in panel["targets"] if (one := panels.column(panel, target["refId"]))}
        names = panels.organization(panel)["renameByName"]
        assert all("unit" in panels.cell(panel, name) for name in shown), panel["title"]
        assert len(set(names.values())) == len(names), panel["title"]
        assert {one["displayName"] for one in panel["options"]["sortBy"]} <= set(names.values())
        grouped = [re.findall(r"\bby \(([^)]*)\)", target["expr"])[0] for target in panel["targets"]]
        labels = [{label.strip() for label in group.split(",")} for group in grouped]
        assert set.union(*labels) == {name for name in names if not name.startswith("Value")}, panel["title"]
        assert set.intersection(*labels) in labels, panel["title"]


@every_board
def test_the_unit_fits_the_metrics(board: dict[str, Any]) -> None:
    for query in panels.panel_queries(board):
        bare = re.sub(r"\{[^}]*\}", "", query.raw)
        plain = re.sub(KEEPS, "", bare)
        unit = next((unit for suffix, unit in UNITS.items() if plain.endswith(suffix)), None)
        if plain in DECLARED and unit and query.unit is not None:
            assert query.unit == unit, (query.panel, query.raw)


@every_board
def test_a_query_is_promql_over_metrics_and_labels_that_are_declared(board: dict[str, Any]) -> None:
    for query in panels.panel_queries(board):
        for selector in selectors(query.expression):
            assert selector.name in DECLARED, (query.panel, selector.name)
            assert matched(selector).keys() <= DECLARED[selector.name] | SCRAPED, (query.panel, selector.name)


@every_board
def test_a_query_asks_only_for_what_was_chosen(board: dict[str, Any]) -> None:
    offered = variables(board)
    for query in panels.panel_queries(board):
        for name, found in chosen(query):
            labels = DECLARED[name]
            assert found.get("cluster") == "CLUSTER" or "cluster" not in labels, (query.panel, name)
            if "node" in offered and "node" in labels and not name.startswith("powerscale_healthcheck"):
                assert found.get("node") == "NODE", (query.panel, name)
            if "instance" in offered and name.startswith(("mendwatch_", "process_")):
                assert found.get("instance") == "INSTANCE", (query.panel, name)


@every_board
def test_rates_span_what_grafana_knows_to_hold_enough_scrapes(board: dict[str, Any]) -> None:
    for query in panels.panel_queries(board):
        assert re.findall(r"\b(?:rate|irate)\((?!.*?\[\$__rate_interval\])", query.raw) == [], query.raw
        assert re.findall(r"\bincrease\((?!.*?\[(?:\$__rate_interval|1h)\])", query.raw) == [], query.raw


@every_board
def test_a_ranking_is_short_enough_to_read(board: dict[str, Any]) -> None:
    for query in panels.panel_queries(board):
        assert all(3 <= int(number) <= 25 for number in re.findall(r"\b(?:topk|bottomk)\((\d+)", query.raw))


@every_board
def test_no_variable_is_left_unknown(board: dict[str, Any]) -> None:
    for query in panels.panel_queries(board):
        assert panels.uses(query.expression) == set(), query.raw


def test_every_collector_is_on_some_board() -> None:
    used = {name for board in BOARDS.values() for query in panels.panel_queries(board) for name, _ in chosen(query)}
    collectors = [one.spec for entry in entry_points(group="mendwatch.providers") for one in entry.load().collectors()]
    assert [spec.name for spec in collectors if used.isdisjoint(metric.name for metric in spec.metrics)] == []


def test_provisioning_files_have_what_grafana_reads() -> None:
    folder = panels.FOLDER.parent / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "mendwatch.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "mendwatch.yaml").read_text())["providers"]
    assert (source["type"], source["access"], source["jsonData"]["timeInterval"]) == ("prometheus", "proxy", "30s")
    assert (provider["type"], provider["options"]["path"]) == ("file", "/var/lib/grafana/dashboards/mendwatch")
