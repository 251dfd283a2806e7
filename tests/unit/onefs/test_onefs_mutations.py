"""Answers that are damaged in any way: fewer samples or a BadAnswer, never a number that was not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import ANYTHING, UNKNOWN, mutated, places
from stepping import stepped

from mendwatch.errors import BadAnswer
from mendwatch_onefs import cluster, event_groups, events, quota_rows
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.event_definitions import Definitions
from mendwatch_onefs.kept import Kept, columns_of
from mendwatch_onefs.quota_metrics import METRICS
from mendwatch_onefs.statistics_asks import Ask
from mendwatch_onefs.statistics_choice import choose
from mendwatch_onefs.statistics_sheets import Page, Sheet

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
_KEYS = {"node.cpu.idle.avg", "node.open.files", "node.cpu.throttling", "node.protostats.nfs3.total", "ifs.ssd.bytes.used"}
STATISTICS = Ask(tuple(one for one in choose(("default",), None, ()).wanted if one.key in _KEYS), 0.0, patient=False)
Series = dict[tuple[str, tuple[str, ...]], float]

_USAGE = {"applogical": 100, "fslogical": 110, "physical": 150, "inodes": 7, "fslogical_ready": True, "inodes_ready": True}
_LIMITS = {"hard": 1000, "soft": 900, "advisory": 800, "hard_exceeded": True, "soft_exceeded": True, "advisory_exceeded": True}
_QUOTA = {"path": "/ifs/a", "type": "directory", "ready": True, "enforced": True, "linked": True, "include_snapshots": False}
_TOTAL = [{"op_rate": 12.5, "in_rate": 4096.0, "out_rate": 8192.0, "time_avg": 1500.0}]
_NODE = {"devid": 6, "node": 2, "time": 1_700_000_000, "error": None, "error_code": None}

#: Whole answers without a single 0 or false in what is measured, so that a 0 among the samples can only be invented.
ANSWERS: dict[str, dict[str, Any]] = {
    "statistics": {
        "stats": [
            {**_NODE, "key": "node.cpu.idle.avg", "value": 900},
            {**_NODE, "key": "node.open.files", "value": "17"},
            {**_NODE, "key": "node.cpu.throttling", "value": True},
            {**_NODE, "key": "node.protostats.nfs3.total", "value": _TOTAL},
            {"devid": 0, "node": 0, "time": 1_700_000_000, "error_code": 3, "key": "ifs.ssd.bytes.used", "value": 5},
        ]
    },
    "quotas": {"quotas": [{**_QUOTA, "thresholds_on": "fslogicalsize", "usage": _USAGE, "thresholds": _LIMITS}], "resume": None},
    "events": {
        "eventgroups": [
            {"id": "1", "causes": [["K", "text"]], "severity": "critical", "resolved": False, "specifier": {"path": "/x"}}
        ],
        "resume": None,
    },
    "cluster": {"name": "c", "guid": "g", "has_quorum": True, "devices": [{"devid": 1, "lnn": 1, "is_up": True}]},
}


def _statistics(body: bytes) -> Series:
    page = Page(STATISTICS)
    page.take(page.reader.read(body, Drift()), NOW)
    return {(s.metric, s.labels): s.value for s in stepped(Sheet([page]).columns({}, {})).samples()}


def _quotas(body: bytes) -> Series:
    rows = quota_rows.QuotaRows(quota_rows.key_of, NOW.timestamp(), Drift())
    rows.add(decode(body, quota_rows.QuotaPage, "x").quotas)
    (columns,) = asyncio.run(columns_of(METRICS, rows.settled(), rows.columns, Kept())) or (None,)
    return {(s.metric, s.labels): s.value for s in columns.samples()} if columns else {}


def _events(body: bytes) -> Series:
    groups = decode(body, event_groups.EventPage, "x").eventgroups
    list(events.counts_of(groups, Definitions(), NOW))
    found = event_groups.events_of(groups, NOW, Definitions(), {}, Drift())
    return {(event.key, (event.kind,)): 1.0 for event in found}


def _cluster(body: bytes) -> Series:
    return {(s.metric, s.labels): s.value for s in cluster.samples_of(decode(body, cluster.ClusterConfig, "x"), NOW)}


READERS: dict[str, Callable[[bytes], Series]] = {
    "statistics": _statistics,
    "quotas": _quotas,
    "events": _events,
    "cluster": _cluster,
}
NAMES = st.sampled_from(sorted(ANSWERS))


def _read(name: str, body: bytes) -> Series | None:
    try:
        return READERS[name](body)
    except BadAnswer:
        return None


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_whole_answer_has_no_0_to_confuse(name: str) -> None:
    found = _read(name, json.dumps(ANSWERS[name]).encode())
    assert found
    assert 0.0 not in found.values()


@settings(max_examples=300, deadline=None)
@given(NAMES, st.data())
def test_a_value_that_becomes_unknown_never_becomes_a_0(name: str, data: st.DataObject) -> None:
    found = _read(name, mutated(ANSWERS[name], data, UNKNOWN))
    assert found is None or 0.0 not in found.values()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["statistics", "quotas"]), st.data())
def test_a_measured_value_that_becomes_unknown_takes_its_own_sample_away_and_changes_no_other(
    name: str, data: st.DataObject
) -> None:
    whole = _read(name, json.dumps(ANSWERS[name]).encode())
    assert whole is not None
    found = _read(name, mutated(ANSWERS[name], data, st.none()))
    lost_identity = found is not None and {labels for _, labels in found} - {labels for _, labels in whole}
    assert found is None or lost_identity or found.items() <= whole.items()


@settings(max_examples=300, deadline=None)
@given(NAMES, st.data())
def test_any_other_value_in_any_place_is_survived(name: str, data: st.DataObject) -> None:
    found = _read(name, mutated(ANSWERS[name], data, ANYTHING))
    assert found is None or all(isinstance(value, float) for value in found.values())


@settings(max_examples=300, deadline=None)
@given(NAMES, st.data())
def test_a_body_that_is_cut_anywhere_is_a_bad_answer(name: str, data: st.DataObject) -> None:
    body = json.dumps(ANSWERS[name]).encode()
    assert _read(name, body[: data.draw(st.integers(0, len(body) - 1))]) is None


@settings(max_examples=300, deadline=None)
@given(NAMES, st.data())
def test_a_byte_that_flips_is_survived(name: str, data: st.DataObject) -> None:
    body = bytearray(json.dumps(ANSWERS[name]).encode())
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    _read(name, bytes(body))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_recorded_answer_without_one_of_its_fields_gives_a_part_of_its_samples(
    recorded: Callable[[str], bytes], data: st.DataObject
) -> None:
    whole = recorded("csm-metrics-powerscale/platform-3-statistics-current.json")
    answer = json.loads(whole)
    path = data.draw(st.sampled_from([place for place in places(answer) if len(place) == 3]))
    del answer["stats"][path[1]][path[2]]
    found = _read("statistics", json.dumps(answer).encode())
    assert found is not None
    assert found.items() <= READERS["statistics"](whole).items()
