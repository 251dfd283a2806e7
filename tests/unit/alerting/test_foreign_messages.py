"""Messages of Alertmanager and Grafana: read whole or refused whole, whatever is in them, and never for long at a time."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from foreign_worlds import START, a_message, an_alert, resolved
from hypothesis import given, settings
from hypothesis import strategies as st

from mendwatch.alerting import foreign_messages
from mendwatch.alerting.foreign_messages import Message, MessageError, MessageTooLarge, mark, reading
from mendwatch.alerting.slices import finished

GRAFANA = {
    "receiver": "mendwatch",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "High memory usage", "team": "blue", "zone": "us-1"},
            "annotations": {"description": "The system has high memory usage", "__orgId__": "1"},
            "startsAt": "2029-12-31T09:51:03.157076+02:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example.net/alerting/1afz29v7z/edit",
            "fingerprint": "c6eadffa33fcdf37",
            "silenceURL": "https://grafana.example.net/alerting/silence/new",
            "dashboardURL": "",
            "panelURL": "",
            "values": {"B": 44.23943737541908, "C": 1, "D": None},
            "valueString": "[ var='B' labels={} value=44.23 ]",
            "imageURL": None,
        }
    ],
    "groupLabels": {},
    "commonLabels": {"team": "blue"},
    "commonAnnotations": {},
    "externalURL": "https://grafana.example.net/",
    "version": "1",
    "groupKey": '{}:{alertname="High memory usage"}',
    "truncatedAlerts": 0,
    "title": "[FIRING:1]  (High memory usage blue)",
    "state": "alerting",
    "message": "**Firing**",
}


def read(message: object, now: datetime = START) -> Message:
    return finished(reading(json.dumps(message).encode(), "alertmanager", now))


def refused(alert: Mapping[str, Any]) -> str:
    with pytest.raises(MessageError) as problem:
        read(a_message([an_alert(path="/ifs/good"), alert]))
    assert problem.value.hint
    return str(problem.value)


def test_an_alertmanagers_message_is_read() -> None:
    (alert,) = read(a_message([an_alert()])).alerts

    assert alert.labels == {"alertname": "QuotaFull", "cluster": "lab", "path": "/ifs/a", "severity": "critical"}
    assert (alert.source, alert.fingerprint, alert.resolved, alert.ends_at) == ("alertmanager", "c0ffee", False, None)
    assert alert.starts_at == datetime(2030, 1, 1, 11, 59, 30, 123457, UTC)
    assert (alert.received_at, alert.annotations) == (START, {"summary": "a quota is full"})


def test_a_grafanas_message_is_read_by_the_same_code() -> None:
    (alert,) = read(GRAFANA).alerts

    assert alert.labels == {"alertname": "High memory usage", "team": "blue", "zone": "us-1"}
    assert alert.starts_at == datetime(2029, 12, 31, 7, 51, 3, 157076, UTC)


def test_what_is_not_known_is_left_out_and_what_is_missing_and_harmless_is_no_fault() -> None:
    bare = {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2030-01-01T12:00:00Z"}

    message = read({"alerts": [bare], "of the future": [{"x": 1}]})

    assert [(alert.fingerprint, alert.annotations, alert.ends_at) for alert in message.alerts] == [("", {}, None)]


def test_a_message_without_alerts_says_nothing() -> None:
    assert read(a_message([])).alerts == ()
    assert read({"alerts": None}).alerts == ()  # how Go writes an empty list


def test_left_out_alerts_are_counted() -> None:
    assert read(a_message([an_alert()], truncatedAlerts=7)).truncated == 7


def test_an_end_is_when_it_was_told_where_the_sender_does_not_say() -> None:
    (alert,) = read(a_message([{**an_alert(), "status": "resolved", "endsAt": "0001-01-01T00:00:00Z"}])).alerts

    assert (alert.resolved, alert.ends_at) == (True, START)


def test_an_end_is_never_before_its_beginning() -> None:
    (alert,) = read(a_message([resolved(an_alert(), START - timedelta(hours=1))])).alerts

    assert alert.ends_at == alert.starts_at


def test_an_empty_label_is_none() -> None:
    (alert,) = read(a_message([an_alert(path="")])).alerts

    assert "path" not in alert.labels


def test_labels_stay_as_they_are_and_texts_become_one_readable_line() -> None:
    odd = an_alert(path="/ifs/\u202ea\n", annotations={"summary": "one\n\ttwo \u202ethree\0", "number": 5, "no": None, "empty": ""})

    (alert,) = read(a_message([odd])).alerts

    assert alert.labels["path"] == "/ifs/\u202ea\n"
    assert alert.annotations == {"summary": "one two \ufffdthree\ufffd"}


def test_a_long_annotation_is_cut() -> None:
    (alert,) = read(a_message([an_alert(annotations={"a": "x" * 10_000})])).alerts

    assert len(alert.annotations["a"]) == foreign_messages.KEPT_OF_ANNOTATION


def test_the_same_alert_has_the_same_mark_and_another_one_has_another() -> None:
    marks = [
        mark("f", {"a": "1", "b": "2"}),
        mark("f", {"b": "2", "a": "1"}),
        mark("g", {"a": "1", "b": "2"}),
        mark("f", {"a": "12", "b": ""}),
        mark("", {"a": "1", "b": "2"}),
    ]

    assert marks[0] == marks[1]
    assert len(set(marks)) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "pending"}, "alert 2 of 2 has the status 'pending', which is neither firing nor resolved"),
        ({"startsAt": "2030-01-01T12:00:00"}, "alert 2 of 2 cannot be read"),
        ({"startsAt": "yesterday"}, "alert 2 of 2 cannot be read"),
        ({"startsAt": "0001-01-01T00:00:00Z"}, "does not say when it began"),
        ({"startsAt": "2030-01-03T12:00:00Z"}, "more than a day after our own clock"),
        ({"startsAt": "9999-12-31T23:59:59-12:00"}, "more than a day after our own clock"),
        ({"endsAt": "2031-01-01T00:00:00Z"}, "endsAt of alert 2 of 2"),
        ({"labels": {"a": 1}}, "Expected `str`, got `int`"),
        ({"labels": {"a\n": "x"}}, "a label whose name cannot be printed"),
        ({"labels": None}, "Expected `object`, got `null`"),
        ({"fingerprint": "a\nb"}, "no usable fingerprint"),
        ({"fingerprint": 5}, "Expected `str | null`, got `int`"),
        ({"annotations": []}, "Expected `object | null`, got `array`"),
    ],
)
def test_what_cannot_be_understood_is_refused_whole_and_named(change: dict[str, Any], words: str) -> None:
    assert words in refused({**an_alert(), **change})


@pytest.mark.parametrize("missing", ["status", "labels", "startsAt"])
def test_what_matters_must_be_there(missing: str) -> None:
    assert f"missing required field `{missing}`" in refused({key: value for key, value in an_alert().items() if key != missing})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"alerts":{}}',
        b'{"alerts":[1]}',
        b"\xff",
        b'{"alerts":' + b"[" * 100_000,
        b"{" + b'"a":{' * 9999,
    ],
    ids=lambda body: repr(body[:14]),
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(MessageError):
        finished(reading(body, "alertmanager", START))


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(labels={f"l{number}": "x" for number in range(65)}),
        an_alert(annotations={f"a{number}": "x" for number in range(65)}),
        an_alert(labels={"l" * 129: "x"}),
        an_alert(labels={"l": "x" * 2049}),
    ],
)
def test_an_alert_that_is_too_large_is_refused_with_its_bounds(alert: dict[str, Any]) -> None:
    with pytest.raises(MessageTooLarge) as problem:
        read(a_message([alert]))
    assert "at most" in problem.value.hint


def test_a_message_that_is_too_large_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MessageTooLarge, match="10001 alerts") as problem:
        read({"alerts": [0] * 10_001})
    assert "max_alerts" in problem.value.hint

    monkeypatch.setattr(foreign_messages, "LARGEST", 100)
    with pytest.raises(MessageTooLarge, match="bytes"):
        read(a_message([an_alert()]))


def test_a_storm_is_read_in_slices_that_hold_nobody() -> None:
    body = json.dumps(a_message([an_alert(path=f"/ifs/{number}") for number in range(10_000)])).encode()

    steps, spans = reading(body, "alertmanager", START), []
    while True:
        began = time.thread_time()
        try:
            next(steps)
        except StopIteration as end:
            alerts = end.value.alerts
            break
        finally:
            spans.append(time.thread_time() - began)

    assert len(alerts) == 10_000
    # The first slice finds where each alert begins. The bound is 10 ms; a busy machine is not what is measured here.
    assert sorted(spans)[-2] < 0.01
    assert len(spans) > 100


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["firing", "2030-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in items for place in _places(inner, (*path, key)))]


def _mutated(message: Any, place: tuple[Any, ...], junk: Any, *, drop: bool) -> Any:  # noqa: ANN401 - JSON
    if not place:
        return junk
    changed = copy.deepcopy(message)
    parent = changed
    for key in place[:-1]:
        parent = parent[key]
    if drop:
        del parent[place[-1]]
    else:
        parent[place[-1]] = junk
    return changed


def _outcome(body: bytes) -> Message | str:
    try:
        return finished(reading(body, "alertmanager", START))
    except MessageError as problem:
        return str(problem)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from([a_message([an_alert(), resolved(an_alert(path="/b"), START)]), GRAFANA]))
def test_a_mutated_message_is_read_whole_or_refused_in_our_own_words(data: st.DataObject, message: dict[str, Any]) -> None:
    place = data.draw(st.sampled_from(_places(message)))
    mutant = _mutated(message, place, data.draw(JUNK), drop=data.draw(st.booleans()))

    found = _outcome(json.dumps(mutant).encode())

    if isinstance(found, str):
        assert found.isprintable()
        return
    assert len(found.alerts) == len(mutant["alerts"] or ())
    for alert in found.alerts:
        assert alert.starts_at.tzinfo is UTC
        assert alert.ends_at is not None or not alert.resolved
        assert all(text.isprintable() for text in alert.annotations.values())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=6), st.integers(0, 6))
def test_a_damaged_message_is_read_or_refused_in_our_own_words(place: int, junk: bytes, cut: int) -> None:
    body = json.dumps(a_message([an_alert(), an_alert(path="/b")])).encode()
    damaged = body[:place] + junk + body[place + cut :]

    found = _outcome(damaged)

    assert isinstance(found, Message) or found.isprintable()
