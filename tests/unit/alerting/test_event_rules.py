"""Rules over events: an open event is a record until it is over, and what only happened fires once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from derived_worlds import DerivedWorld

DISK = "  - {alert: Disk, on: event, match: ['kind=\"DISK\"'], when: active == 1, labels: {severity: critical}}\n"
KEPT = DISK.replace("when:", "keep_firing_for: 5m, when:")
OLD = "  - {alert: Old, on: event, when: age_seconds > 10m, key: [cluster, kind]}\n"
Begin = Callable[[str], DerivedWorld]


@pytest.fixture
def begin(tmp_path: Path, start: datetime) -> Begin:
    return lambda rules: DerivedWorld(tmp_path, rules, start)


def test_an_open_event_fires_with_its_own_labels_and_ends_when_it_is_over(begin: Begin) -> None:
    w = begin(DISK)
    w.events(w.event("1"), w.event("2", "FAN"))
    (alert,) = w.engine.alerts()
    assert dict(alert.labels) == {
        "cluster": "lab",
        "kind": "DISK",
        "key": "1",
        "subject": "bay 1",
        "severity": "critical",
        "category": "100",
    }
    w.events(w.event("2", "FAN"))
    assert w.said == ["Disk inactive>firing", "Disk firing>inactive"]


def test_an_event_stays_open_where_a_reading_has_not_all_events(begin: Begin) -> None:
    w = begin(DISK)
    w.events(w.event("1"), complete=False)
    w.events(complete=False)
    assert w.said == ["Disk inactive>firing"]
    w.events(w.event("1", active=False), complete=False)
    assert w.said == ["Disk inactive>firing", "Disk firing>inactive"]


def test_what_only_happened_fires_once_and_clears_with_the_next_reading(begin: Begin) -> None:
    w = begin(DISK)
    w.events(w.event("1", active=None))
    w.events(complete=False)
    w.events()
    assert w.said == ["Disk inactive>firing", "Disk firing>inactive"]
    (source,) = w.engine._table._sources.values()
    assert (source.entries, list(w.engine._table)) == ({}, [])


def test_what_is_over_is_kept_firing_for_as_long_as_the_rule_says(begin: Begin) -> None:
    w = begin(KEPT)
    w.events(w.event("1"))
    for _ in range(4):
        w.events()
    assert "Disk" in [alert.rule for alert in w.engine.alerts()]
    for _ in range(3):
        w.events()
    assert w.engine.alerts() == ()
    assert w.said[-1].endswith(">inactive")


def test_an_event_grows_old_although_nothing_new_is_said_of_it(begin: Begin) -> None:
    w = begin(OLD)
    event = w.event("1")
    for _ in range(10):
        w.events(event)
    assert w.said == []
    w.events(event)
    assert w.said == ["Old inactive>firing"]


def test_of_several_events_of_one_subject_the_alert_ends_with_the_last(begin: Begin) -> None:
    w = begin(OLD)
    first, second = w.event("1", age=60), w.event("2", age=60)
    w.events(first, second)
    w.events(second)
    assert w.said == ["Old inactive>firing"]
    w.events()
    assert w.said == ["Old inactive>firing", "Old firing>inactive"]


def test_an_event_that_ended_while_the_agent_was_down_is_over(begin: Begin) -> None:
    w = begin(DISK)
    w.events(w.event("1"), w.event("2"))
    w.restart()
    w.events(w.event("2"))
    assert [alert.key["key"] for alert in w.engine.alerts()] == ["2"]


def test_an_event_of_other_severity_is_another_record_of_the_same_rule(begin: Begin) -> None:
    w = begin(DISK.replace("when:", "key: [cluster, key], when:"))
    w.events(w.event("1", category="100"))
    w.events(w.event("1", category="200"))

    assert w.said == ["Disk inactive>firing"]
    assert w.engine.alerts()[0].labels["category"] == "200"
