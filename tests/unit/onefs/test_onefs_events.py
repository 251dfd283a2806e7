"""From event groups to events and counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mendwatch.model.samples import Event, Severity
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.event_definitions import Category, Definition, Definitions, definitions_of
from mendwatch_onefs.event_groups import EventGroup, EventPage, events_of, newest_of, severity_of
from mendwatch_onefs.event_lists import EventLists, detail_of
from mendwatch_onefs.events import counts_of

NONE = Definitions()
KNOWN = definitions_of(
    [
        Definition("500010001", "QUOTA_THRESHOLD_VIOLATION", "500000000"),
        Definition("400050004", "SW_CELOG_HEARTBEAT", "400000000"),
        Definition("600010001", "SNAP_CREATE_FAILED", None),
        Definition(None, None, "100000000"),
    ],
    [Category("500000000", "QUOTA_EVENTS"), Category(None, None)],
)
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def _groups(*groups: dict[str, object]) -> list[EventGroup]:
    return decode(json.dumps({"eventgroups": groups, "resume": None, "total": len(groups)}).encode(), EventPage, "test").eventgroups


def _event(**fields: object) -> Event:
    (event,) = events_of(_groups({"id": "1", **fields}), NOW, NONE, {}, Drift())
    return event


def test_the_recorded_event_group_is_read(recorded: Callable[[str], bytes]) -> None:
    page = decode(recorded("from-tests/eventgroup_occurrence_quota.json"), EventPage, "recorded")
    (event,) = events_of(page.eventgroups, NOW, KNOWN, {}, Drift())
    assert event == Event(
        key="724916",
        kind="QUOTA_THRESHOLD_VIOLATION",
        subject="devid 6",
        message="SmartQuotas threshold violation",
        severity=Severity.INFORMATION,
        active=True,
        time=datetime(2026, 6, 7, 4, 0, 35, tzinfo=UTC),
        attributes={"devid": "6", "code": "500010001", "category": "QUOTA_EVENTS"},
    )


def test_an_event_about_a_path_has_it_as_its_subject_and_attribute() -> None:
    event = _event(specifier={"devid": 1, "path": "/ifs/a", "val": 95.5, "flags": [1, "x"], "none": None, "hard": True})
    assert event.subject == "/ifs/a"
    assert event.attributes == {"devid": "1", "path": "/ifs/a", "val": "95.5", "flags": '[1, "x"]', "hard": "true"}


def test_an_event_of_the_whole_cluster_says_so() -> None:
    assert _event(specifier={"devid": 0}).subject == "cluster"
    assert _event().subject == "cluster"


def test_only_what_is_known_to_be_resolved_is_over() -> None:
    assert _event(resolved=True).active is None
    assert _event(resolved=False).active is True
    assert _event(resolved=None).active is True


@pytest.mark.parametrize("causes", [None, [], [[]], "x", [None], [[None, None]], {"a": 1}, [{"a": 1}]])
def test_an_event_without_a_cause_is_still_an_event(causes: object) -> None:
    event = _event(causes=causes)
    assert (event.kind, event.message) == ("unknown", "")


def test_a_cause_without_a_description_has_its_name() -> None:
    assert _event(causes=[["SYS_DISK_VARFULL"]]).kind == "SYS_DISK_VARFULL"


@pytest.mark.parametrize(
    ("raw", "severity"),
    [("critical", Severity.CRITICAL), (" Emergency", Severity.EMERGENCY), ("brand-new", "warning"), (None, "warning")],
)
def test_a_severity_that_is_not_known_is_a_warning(raw: object, severity: str) -> None:
    drift = Drift()
    assert severity_of(raw, drift) == severity
    assert bool(drift.counts) is (str(raw).strip().lower() not in {"critical", "emergency"})


def test_the_instance_stands_for_a_missing_id_and_without_both_there_is_no_event() -> None:
    assert _event(id=None, eventgroup_instance="77").key == "77"
    assert events_of(_groups({"causes": []}, {"id": ""}), NOW, NONE, {}, Drift()) == ()


def test_a_group_that_two_pages_carry_is_one_event() -> None:
    assert len(events_of(_groups({"id": "1"}, {"id": "1"}), NOW, NONE, {}, Drift())) == 1


def test_open_groups_are_counted_by_severity_and_none_is_a_true_0() -> None:
    groups = _groups(
        {"id": "1", "severity": "critical"},
        {"id": "2", "severity": "critical", "ignore": True},
        {"id": "3", "severity": "warning", "resolved": True},
    )
    counts = {(sample.metric, sample.labels): sample.value for sample in counts_of(groups, NONE, NOW)}
    assert counts == {
        ("powerscale_events_open", ("information",)): 0.0,
        ("powerscale_events_open", ("warning",)): 0.0,
        ("powerscale_events_open", ("critical",)): 2.0,
        ("powerscale_events_open", ("emergency",)): 0.0,
        ("powerscale_events_ignored", ()): 1.0,
    }


def test_text_of_a_cluster_is_passed_on_literally() -> None:
    nasty = "{{ lookup('pipe','id') }} <script> {val:.1f}"
    assert _event(causes=[["K", nasty]]).message == nasty


def test_a_cause_that_is_a_number_gets_its_symbolic_name_from_the_cluster() -> None:
    (event,) = events_of(_groups({"id": "1", "causes": [["600010001", "text"]]}), NOW, KNOWN, {}, Drift())
    assert (event.kind, event.attributes) == ("SNAP_CREATE_FAILED", {"code": "600010001"})


def test_a_kind_that_the_cluster_does_not_define_keeps_the_name_that_the_group_has() -> None:
    (event,) = events_of(_groups({"id": "1", "causes": [["BRAND_NEW", "text"]]}), NOW, KNOWN, {}, Drift())
    assert (event.kind, event.attributes) == ("BRAND_NEW", {})


@pytest.mark.parametrize("word", ["SW_CELOG_HEARTBEAT", "400050004"])
@pytest.mark.parametrize("definitions", [NONE, KNOWN])
def test_a_heartbeat_is_no_trouble_but_tells_when_reporting_was_tested(word: str, definitions: Definitions) -> None:
    groups = _groups({"id": "1", "causes": [[word, "x"]], "severity": "critical", "time_noticed": 1_700_000_000})
    assert events_of(groups, NOW, definitions, {}, Drift()) == ()
    counts = {(sample.metric, sample.labels): sample.value for sample in counts_of(groups, definitions, NOW)}
    assert counts.pop(("powerscale_events_heartbeat_timestamp_seconds", ())) == 1_700_000_000.0
    assert set(counts.values()) == {0.0}


def test_the_age_of_the_oldest_group_is_told_by_severity_and_never_for_a_time_that_is_unknown() -> None:
    noon = int(NOW.timestamp())
    groups = _groups(
        {"id": "1", "severity": "critical", "time_noticed": noon - 60},
        {"id": "2", "severity": "critical", "time_noticed": str(noon - 600)},
        {"id": "3", "severity": "warning", "time_noticed": "soon"},
    )
    ages = {s.labels: s.value for s in counts_of(groups, NONE, NOW) if s.metric == "powerscale_events_oldest_age_seconds"}
    assert ages == {("critical",): 600.0}


def test_the_newest_single_event_gives_message_number_and_node_but_never_the_name_of_the_kind(
    recorded: Callable[[str], bytes],
) -> None:
    lists = decode(recorded("from-tests/eventlist_snapshot_failed.json"), EventLists, "recorded").eventlists
    detail = detail_of(lists, "1")
    assert (detail.message, detail.attributes) == ("Snapshot creation failed", {"code": "600010001"})
    groups = _groups({"id": "1", "causes": [["SNAP_CREATE_FAILED", "general"]]})
    (event,) = events_of(groups, NOW, NONE, {"1": detail}, Drift())
    assert (event.kind, event.message) == ("SNAP_CREATE_FAILED", "Snapshot creation failed")


def test_a_list_without_events_says_nothing() -> None:
    assert detail_of([], "1").message == ""


def test_who_ignored_or_resolved_and_how_often_it_happened_are_attributes() -> None:
    ignored = _event(ignore=True, event_count=3)
    assert ignored.attributes == {"ignored": "true", "events": "3"}
    over = _event(resolved=True, resolver="USER", resolve_time=1_700_000_000)
    assert over.attributes == {"resolver": "USER", "resolved_at": "1700000000"}


def test_a_parameter_of_an_event_cannot_pass_for_what_the_cluster_says_of_the_group() -> None:
    event = _event(ignore=True, specifier={"ignored": "no", "path": "/ifs/a"})
    assert event.attributes == {"ignored": "true", "path": "/ifs/a"}


def test_the_newest_time_of_groups_is_the_clusters_own() -> None:
    assert newest_of(_groups({"time_noticed": 5, "last_event": "9", "resolve_time": 0}, {"time_noticed": "x"})) == 9.0
    assert newest_of([]) is None
