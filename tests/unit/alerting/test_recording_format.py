"""A recording gives back exactly what the engine got: numbers, kinds of numbers, times, texts, order."""

from __future__ import annotations

import math
from array import array
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting.recording.events import Began, Event, Heard, Observed, Recalled, Ruled, Ticked, Why
from mendwatch.alerting.recording.frames import HEAD, frame, payload
from mendwatch.alerting.recording.items import RecordingError
from mendwatch.alerting.recording.reading import Reader
from mendwatch.alerting.recording.writing import Writer
from mendwatch.alerting.table import Poll
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.received import Received
from mendwatch.model.samples import Columns, Layout, MetricKind, MetricSpec, Reading, RecordSchema, Sample, Severity
from mendwatch.model.samples import Event as TargetEvent
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec

NOW = datetime(2030, 1, 1, 12, 0, 0, 123457, tzinfo=UTC)
METRICS = (
    MetricSpec("q_used", "", MetricKind.GAUGE, "bytes", ("path",)),
    MetricSpec("q_ops_total", "", MetricKind.COUNTER, "", ("path",)),
    MetricSpec("q_other", "", labels=("path",)),
)
SPEC = CollectorSpec("quotas", 30.0, 10.0, METRICS, (RecordSchema("quota", ("path",), {"used": "q_used", "ops": "q_ops_total"}),))
TARGET = Target("lab", "storage", "https://somebody:secret@10.0.0.1", {"site": "zürich \ud800"})
LAYOUT = Layout([(name, (f"/{at}",)) for name in ("q_used", "q_other", "q_ops_total") for at in range(3)])
NUMBERS = st.one_of(st.floats(width=64), st.integers(-(2**60), 2**60), st.integers(0, 5))


def poll(reading: Reading, now: datetime = NOW) -> Observed:
    return Observed(Poll(TARGET, "cluster", SPEC, reading, now))


def back(*events: Event) -> list[Event]:
    writer, reader = Writer(), Reader()
    return [again for event in events for again in reader.events(b"".join(writer.pieces([event])))]


def same(one: object, other: object) -> bool:
    """Compare as `==` does, but NaN with NaN, and whole numbers with whole ones only."""
    return repr(one) == repr(other)


@given(st.lists(st.lists(st.floats(), min_size=9, max_size=9), min_size=1, max_size=4))
def test_arrays_come_back_as_the_same_numbers_that_lists_do(polls: list[list[float]]) -> None:
    given_lists, given_arrays = (
        back(*(poll(Reading(columns=(Columns(LAYOUT, kind(values), kind([0.5] * 9)),))) for values in polls))
        for kind in (list, partial(array, "d"))
    )
    for one, other in zip(given_lists, given_arrays, strict=True):
        assert isinstance(one, Observed)
        assert isinstance(other, Observed)
        (mine,), (theirs,) = one.poll.reading.columns, other.poll.reading.columns
        assert same(mine.values, theirs.values)
        assert same(mine.times, theirs.times)


@given(st.lists(st.lists(NUMBERS, min_size=9, max_size=9), min_size=1, max_size=4))
def test_the_numbers_of_columns_come_back_bit_by_bit_without_those_that_no_rule_can_name(polls: list[list[float]]) -> None:
    kept = [0, 1, 2, 6, 7, 8]
    found = back(*(poll(Reading(columns=(Columns(LAYOUT, values, [1.5 * at for at in range(9)]),))) for values in polls))

    for event, values in zip(found, polls, strict=True):
        assert isinstance(event, Observed)
        (columns,) = event.poll.reading.columns
        assert same(columns.values, [values[at] for at in kept])
        assert columns.times == [1.5 * at for at in kept]
        assert columns.layout.metrics == tuple(LAYOUT.metrics[at] for at in kept)
        assert columns.layout.labels == tuple(LAYOUT.labels[at] for at in kept)


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["q_used", "q_ops_total", "q_other"]),
                NUMBERS,
                st.sampled_from(["/a", "/b", "/\udcff", "\0"]),
                st.sampled_from([None, NOW - timedelta(microseconds=1), datetime(1960, 1, 1, tzinfo=UTC)]),
            ),
            max_size=6,
        ),
        max_size=4,
    )
)
def test_samples_come_back_in_their_order_with_their_times(polls: list[list[tuple[str, float, str, datetime | None]]]) -> None:
    given_ = [tuple(Sample(metric, value, (path,), time) for metric, value, path, time in rows) for rows in polls]
    found = back(*(poll(Reading(samples)) for samples in given_))

    assert same(
        [event.poll.reading.samples for event in found if isinstance(event, Observed)],
        [tuple(one for one in samples if one.metric != "q_other") for samples in given_],
    )


def test_a_layout_that_is_the_same_object_stays_one_so_that_the_engine_plans_once() -> None:
    found = back(*(poll(Reading(columns=(Columns(LAYOUT, [float(at)] * 9),))) for at in range(2)))
    first, second = (event.poll for event in found if isinstance(event, Observed))
    assert first.reading.columns[0].layout is second.reading.columns[0].layout
    assert first.spec is second.spec


def test_absent_numbers_are_counted_as_they_were() -> None:
    (event,) = back(poll(Reading(columns=(Columns(LAYOUT, [math.nan, *[1.0] * 8], absent=1),))))
    assert isinstance(event, Observed)
    assert event.poll.reading.columns[0].absent == 1


def test_everything_else_of_a_reading_comes_back_and_no_address() -> None:
    event = TargetEvent("7", "disk", "1", "bad \ud800 disk", Severity.CRITICAL, None, NOW, {"bay": "3"})
    reading = Reading(events=(event,), events_complete=True, complete=frozenset({"quota", "node"}))
    (found,) = back(poll(reading))

    assert isinstance(found, Observed)
    assert found.poll.reading == reading
    assert (found.poll.now, found.poll.target_label, found.poll.target.labels) == (NOW, "cluster", TARGET.labels)
    assert (found.poll.spec.name, found.poll.spec.interval, found.poll.spec.schemas) == ("quotas", 30.0, SPEC.schemas)
    assert found.poll.spec.metrics == METRICS[:2]
    assert b"secret" not in b"".join(Writer().pieces([poll(reading)]))


def test_alerts_rules_beginnings_of_windows_and_ticks_come_back() -> None:
    alert = Alert(
        "f" * 32, "Full", "lab", {"path": "/a"}, {"path": "/a", "severity": "bad"}, AlertState.FIRING, NOW, {"s": "x"},
        {"used": 5, "limit": 0.1}, NOW, NOW, changes=(NOW, NOW + timedelta(microseconds=1)),
    )  # fmt: skip
    events = [
        Began(NOW, Why.START, (alert,) * 45, {"Full": "1" * 64}),
        Ruled(NOW, {"Full": "0" * 64}),
        Heard(NOW, (Received("m", "alertmanager", "f", {"a": "b"}, {}, NOW, None, resolved=False, received_at=NOW),)),
        Recalled(NOW, {("lab", "q_used", ("/a", "\ud800")): ((1.5, 0.1), (2.5, 1e300))}),
        *(Ticked(NOW + timedelta(microseconds=at)) for at in range(3)),
    ]
    assert same(back(*events), events)


def test_half_a_frame_is_none() -> None:
    whole = b"".join(frame(Writer().pieces([Ticked(NOW)])))
    assert payload(whole[: HEAD.size], whole[HEAD.size :]) is not None
    for end in range(len(whole)):
        assert payload(whole[:end][: HEAD.size], whole[HEAD.size : end]) is None


def test_a_frame_with_a_flipped_bit_is_none() -> None:
    whole = b"".join(frame(Writer().pieces([Ticked(NOW)])))
    for at in range(HEAD.size, len(whole)):
        broken = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        assert payload(broken[: HEAD.size], broken[HEAD.size :]) is None


@pytest.mark.parametrize(
    "damage", [b"\xff\0\0\0\0", b"\x07\x09\0\0\0half", b"\x07\x03\0\0\0abc", b"\x05\x02\0\0\0{}", b"\x04\x06\0\0\0[[0,0]"]
)
def test_a_payload_that_is_none_is_refused_and_nothing_else_happens(damage: bytes) -> None:
    with pytest.raises(RecordingError):
        list(Reader().events(damage))
