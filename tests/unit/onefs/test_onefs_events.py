"""From event groups to events and counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mendwatch.model.samples import Event, Severity
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.events import EventGroup, EventPage, counts_of, events_of, severity_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def _groups(*groups: dict[str, object]) -> list[EventGroup]:
    return decode(json.dumps({"eventgroups": groups, "resume": None, "total": len(groups)}).encode(), EventPage, "test").eventgroups


def _event(**fields: object) -> Event:
    (event,) = events_of(_groups({"id": "1", **fields}), NOW)
    return event


def test_the_recorded_event_group_is_read(recorded: Callable[[str], bytes]) -> None:
    page = decode(recorded("from-tests/eventgroup_occurrence_quota.json"), EventPage, "recorded")
    (event,) = events_of(page.eventgroups, NOW)
    assert event == Event(
        key="724916",
        kind="QUOTA_THRESHOLD_VIOLATION",
        subject="devid 6",
        message="SmartQuotas threshold violation",
        severity=Severity.INFORMATION,
        active=True,
        time=datetime(2026, 6, 7, 4, 0, 35, tzinfo=UTC),
        attributes={"devid": "6"},
    )


def test_an_event_about_a_path_has_it_as_its_subject_and_attribute() -> None:
    event = _event(specifier={"devid": 1, "path": "/ifs/a", "val": 95.5, "flags": [1, "x"], "none": None, "hard": True})
    assert event.subject == "/ifs/a"
    assert event.attributes == {"devid": "1", "path": "/ifs/a", "val": "95.5", "flags": '[1, "x"]', "hard": "true"}


def test_an_event_of_the_whole_cluster_says_so() -> None:
    assert _event(specifier={"devid": 0}).subject == "cluster"
    assert _event().subject == "cluster"


def test_only_what_is_known_to_be_resolved_is_over() -> None:
    assert _event(resolved=True).active is False
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
    assert severity_of(raw) == severity


def test_the_instance_stands_for_a_missing_id_and_without_both_there_is_no_event() -> None:
    assert _event(id=None, eventgroup_instance="77").key == "77"
    assert events_of(_groups({"causes": []}, {"id": ""}), NOW) == ()


def test_a_group_that_two_pages_carry_is_one_event() -> None:
    assert len(events_of(_groups({"id": "1"}, {"id": "1"}), NOW)) == 1


def test_open_groups_are_counted_by_severity_and_none_is_a_true_0() -> None:
    groups = _groups(
        {"id": "1", "severity": "critical"},
        {"id": "2", "severity": "critical", "ignore": True},
        {"id": "3", "severity": "warning", "resolved": True},
    )
    counts = {(sample.metric, sample.labels): sample.value for sample in counts_of(groups, NOW)}
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
