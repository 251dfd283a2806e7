"""Rules over windows, joined records and peers: judged with the values of this very reading, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from derived_worlds import DerivedWorld

from mendwatch.alerting.slices import Slices, finished

RATE = "  - {alert: Errors, on: node, when: 'rate(errors, 5m) > 1', key: [cluster, node]}\n"
BUSY = "  - {alert: Busy, on: node, when: 'avg_over(busy, 3m) > 0.8', clear: 'max_over(busy, 2m) < 0.5', key: [cluster, node]}\n"
JOINED = """  - alert: FullAndBusy
    on: node
    with: {its: {on: pool, equal: [cluster, pool]}}
    when: busy > 0.5 && its.used / its.size > 0.9
    key: [cluster, node]
"""
PEERS = "  - {alert: Alone, on: node, when: 'up == 1 && count_where(up == 1, pool) == 1', key: [cluster, node]}\n"
ABSENT = "  - {alert: Gone, on: node, when: 'absent_for(up) > 2m', key: [cluster, node]}\n"

Begin = Callable[[str], DerivedWorld]


@pytest.fixture
def begin(tmp_path: Path, start: datetime) -> Begin:
    return lambda rules: DerivedWorld(tmp_path, rules, start)


def test_a_rate_needs_two_points_and_sees_a_counter_begin_anew(begin: Begin) -> None:
    w = begin(RATE)
    w.nodes(n1={"pool": "a", "errors": 1000.0})
    assert w.said == []
    w.nodes(n1={"pool": "a", "errors": 1100.0})
    assert w.said == ["Errors inactive>firing"]
    w.nodes(n1={"pool": "a", "errors": 5.0})
    assert w.said == ["Errors inactive>firing", "Errors firing>inactive"]


def test_a_window_is_asked_at_every_reading_also_when_the_number_stays(begin: Begin) -> None:
    w = begin(RATE)
    for errors in (0.0, 400.0, 400.0, 400.0, 400.0, 400.0, 400.0):
        w.nodes(n1={"pool": "a", "errors": errors})
    assert w.said == ["Errors inactive>firing", "Errors firing>inactive"]


def test_clear_has_windows_of_its_own(begin: Begin) -> None:
    w = begin(BUSY)
    for busy in (0.9, 0.9, 0.7, 0.4):
        w.nodes(n1={"pool": "a", "busy": busy})
    assert w.said == ["Busy inactive>firing"]
    w.nodes(n1={"pool": "a", "busy": 0.4})
    assert w.said == ["Busy inactive>firing", "Busy firing>inactive"]


def test_only_what_a_rule_names_is_remembered(begin: Begin) -> None:
    w = begin(RATE)
    w.nodes(n1={"pool": "a", "errors": 1.0, "busy": 0.5})
    (source,) = w.engine._table._sources.values()
    (entry,) = source.entries.values()

    assert [(feed.field, feed.seconds, feed.way) for feed in entry.trails] == [("errors", 300.0, "rate")]


def test_a_join_takes_the_newest_record_with_equal_labels(begin: Begin) -> None:
    w = begin(JOINED)
    w.pools(a={"used": 95.0, "size": 100.0}, b={"used": 5.0, "size": 100.0})
    w.nodes(after=0, n1={"pool": "a", "busy": 0.9}, n2={"pool": "b", "busy": 0.9}, n3={"pool": "c", "busy": 0.9})

    assert w.firing() == [("FullAndBusy", "lab", "n1")]


def test_a_reading_of_the_joined_side_judges_those_who_join_it(begin: Begin) -> None:
    w = begin(JOINED)
    w.nodes(n1={"pool": "a", "busy": 0.9})
    w.pools(after=0, a={"used": 95.0, "size": 100.0})
    assert w.said == ["FullAndBusy inactive>firing"]
    w.pools(after=0.1, a={"used": 5.0, "size": 100.0})
    assert w.said[1:] == ["FullAndBusy firing>inactive"]


def test_records_of_another_target_are_never_joined(begin: Begin) -> None:
    w = begin(JOINED)
    w.pools(target="other", a={"used": 95.0, "size": 100.0})
    w.nodes(after=0, n1={"pool": "a", "busy": 0.9})

    assert w.said == []


def test_a_joined_record_that_is_too_old_has_no_value(begin: Begin) -> None:
    w = begin(JOINED)
    w.pools(a={"used": 95.0, "size": 100.0})
    w.nodes(after=3, n1={"pool": "a", "busy": 0.9})

    assert w.said == []


def test_an_alert_whose_joined_side_falls_silent_is_no_data_and_not_resolved(begin: Begin) -> None:
    w = begin(JOINED)
    w.pools(a={"used": 95.0, "size": 100.0})
    for _ in range(7):
        w.nodes(n1={"pool": "a", "busy": 0.9})
        w.wait(0)

    assert w.said == ["FullAndBusy inactive>firing", "FullAndBusy firing>no_data"]


def test_the_joined_side_alone_does_not_keep_an_old_record_alive(begin: Begin) -> None:
    w = begin(JOINED)
    w.nodes(n1={"pool": "a", "busy": 0.9})
    for _ in range(8):
        w.pools(a={"used": 95.0, "size": 100.0})
        w.wait(0)

    assert w.said == ["FullAndBusy inactive>firing", "FullAndBusy firing>no_data"]


def test_a_joined_record_that_a_complete_reading_lacks_is_gone(begin: Begin) -> None:
    w = begin(JOINED)
    w.pools(a={"used": 95.0, "size": 100.0}, complete=True)
    w.nodes(after=0, n1={"pool": "a", "busy": 0.9})
    w.pools(b={"used": 95.0, "size": 100.0}, complete=True)
    w.nodes(n1={"pool": "a", "busy": 0.9})
    w.wait(0)
    assert w.said == ["FullAndBusy inactive>firing"]
    w.nodes(n1={"pool": "a", "busy": 0.9})
    w.wait(2)

    assert w.said == ["FullAndBusy inactive>firing", "FullAndBusy firing>no_data"]


def test_a_window_can_be_over_a_joined_field(begin: Begin) -> None:
    w = begin(JOINED.replace("its.used / its.size > 0.9", "delta(its.used, 10m) > 50"))
    w.pools(a={"used": 10.0})
    w.nodes(after=0, n1={"pool": "a", "busy": 0.9})
    w.pools(a={"used": 70.0})

    assert w.said == ["FullAndBusy inactive>firing"]


def test_peers_are_counted_in_the_same_reading_and_by_their_labels(begin: Begin) -> None:
    w = begin(PEERS)
    nodes = {"n1": {"pool": "a", "up": 1.0}, "n2": {"pool": "a", "up": 1.0}, "n3": {"pool": "b", "up": 1.0}}
    w.nodes(**nodes)
    assert w.firing() == [("Alone", "lab", "n3")]
    w.nodes(**{**nodes, "n2": {"pool": "a", "up": 0.0}})
    assert w.firing() == [("Alone", "lab", "n1"), ("Alone", "lab", "n3")]


def test_peers_of_another_target_are_not_counted(begin: Begin) -> None:
    w = begin(PEERS)
    w.nodes(target="other", n9={"pool": "a", "up": 1.0})
    w.nodes(after=0, n1={"pool": "a", "up": 1.0})

    assert w.firing() == [("Alone", "lab", "n1"), ("Alone", "other", "n9")]


def test_peers_that_no_rule_is_about_are_counted_too(begin: Begin) -> None:
    w = begin(PEERS.replace("when:", "match: ['node=\"n1\"'], when:"))
    w.nodes(n1={"pool": "a", "up": 1.0}, n2={"pool": "a", "up": 1.0})
    assert w.firing() == []
    w.nodes(n1={"pool": "a", "up": 1.0}, complete=True)
    assert w.firing() == [("Alone", "lab", "n1")]


def test_a_count_by_what_only_the_library_can_ask(begin: Begin) -> None:
    w = begin("  - {alert: Odd, on: node, when: 'count_where(node.matches(\"n[12]\")) == 2', key: [cluster, node]}\n")
    w.nodes(n1={"pool": "a", "up": 1.0}, n2={"pool": "a", "up": 1.0}, n3={"pool": "a", "up": 1.0})

    assert len(w.firing()) == 3


def test_what_is_absent_is_asked_also_where_the_reading_lacks_the_record(begin: Begin) -> None:
    w = begin(ABSENT)
    w.nodes(n1={"pool": "a", "up": 1.0}, n2={"pool": "a", "up": 1.0})
    for _ in range(3):
        w.nodes(n2={"pool": "a", "up": 1.0})
    assert w.firing() == [("Gone", "lab", "n1")]
    w.nodes(n1={"pool": "a", "up": 1.0}, n2={"pool": "a", "up": 1.0})
    assert w.said == ["Gone inactive>firing", "Gone firing>inactive"]


def test_a_field_that_is_absent_from_a_record_that_is_there(begin: Begin) -> None:
    w = begin(ABSENT)
    for _ in range(4):
        w.nodes(n1={"pool": "a", "busy": 1.0})

    assert w.firing() == [("Gone", "lab", "n1")]


def test_a_reload_keeps_the_windows_that_are_the_same(begin: Begin) -> None:
    w = begin(RATE)
    w.nodes(n1={"pool": "a", "errors": 0.0})
    before, w.rules = w.engine, w.load(RATE + BUSY)
    w.restart()
    finished(w.engine._table.inherit(before._table, w.now, Slices()))
    w.nodes(n1={"pool": "a", "errors": 400.0})

    assert w.said == ["Errors inactive>firing"]


def test_a_window_begins_with_what_the_history_has(begin: Begin) -> None:
    w = begin(RATE)
    asked = []

    def recall(_: object, metric: str, labels: tuple[str, ...], since: datetime) -> list[tuple[float, float]]:
        asked.append((metric, labels, (w.now - since).total_seconds()))
        return [(w.now.timestamp() - 60.0, 0.0)]

    w.engine._table.recall = recall
    w.nodes(n1={"pool": "a", "errors": 400.0})

    assert asked == [("node_errors_total", ("n1", "a"), 300.0)]
    assert w.said == ["Errors inactive>firing"]


def test_a_record_tells_the_derived_values_that_its_rule_names(begin: Begin) -> None:
    w = begin(RATE + PEERS)
    for errors in (0.0, 400.0):
        w.nodes(n1={"pool": "a", "errors": errors, "up": 1.0})
    subjects = {subject.compiled.rule.alert: subject for subject in w.engine._table}

    assert dict(subjects["Errors"].records[0].derived) == {"rate(errors, 5m)": pytest.approx(400 / 60)}
    assert dict(subjects["Alone"].records[0].derived) == {"count_where(up == 1, pool)": 1.0}


def test_a_change_is_verified_by_what_a_window_says(begin: Begin) -> None:
    w = begin(RATE)
    for errors in (0.0, 400.0):
        w.nodes(n1={"pool": "a", "errors": errors})
    (alert,) = w.engine.alerts()
    before = w.engine.verify("Errors", alert.fingerprint, w.now)
    w.nodes(n1={"pool": "a", "errors": 401.0}, after=5)
    w.nodes(n1={"pool": "a", "errors": 402.0})
    after = w.engine.verify("Errors", alert.fingerprint, w.now)

    assert (before.holds, before.reason) == (False, "rate(errors, 5m) > 1 holds with rate(errors, 5m)=6.66667")
    assert (after.holds, after.reason) == (True, "rate(errors, 5m) > 1 does not hold with rate(errors, 5m)=0.0166667")


def test_what_a_complete_reading_lacks_is_not_joined_in_that_very_reading(begin: Begin) -> None:
    w = begin(JOINED)
    w.pools(a={"used": 95.0, "size": 100.0}, complete=True)
    w.nodes(after=0, n1={"pool": "a", "busy": 0.9})
    fired = w.now
    w.pools(b={"used": 95.0, "size": 100.0}, complete=True)

    assert [alert.last_seen for alert in w.engine.alerts()] == [fired]


def test_a_calm_record_is_asked_again_when_another_shares_its_subject(begin: Begin) -> None:
    w = begin("  - {alert: Busy, on: node, when: busy > 0.8, clear: busy < 0.1, key: [cluster, pool]}\n")
    calm: dict[str, float | str] = {"pool": "a", "busy": 0.2}
    for _ in range(3):
        w.nodes(n1=calm)
    w.nodes(n1=calm, n2={"pool": "a", "busy": 0.9})
    w.nodes(n1=calm, n2={"pool": "a", "busy": 0.0})

    assert w.said == ["Busy inactive>firing"]
    assert len(next(iter(w.engine._table)).entries) == 2


def test_silence_is_noticed_although_the_clock_was_set_back(begin: Begin) -> None:
    made = begin(
        "  - {alert: Busy, on: node, when: busy > 0.5, stale_after: 3m}\n"
        "  - {alert: Silent, on: node, when: up < 1.0, no_data: fire}\n"
    )
    made.nodes(n1={"pool": "a", "busy": 0.9, "up": 1.0})
    made.now -= timedelta(hours=3)
    for _ in range(5):
        made.wait(1)

    assert sorted(made.said) == ["Busy firing>no_data", "Busy inactive>firing", "Silent inactive>firing"]
