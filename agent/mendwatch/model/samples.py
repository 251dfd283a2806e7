"""Samples, events and the schemas that rules are written against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MetricKind(StrEnum):
    """Prometheus' kinds that a collector can give."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric, declared before its first sample.

    `name` follows Prometheus' naming rules in base units (bytes, seconds, ratio 0 to 1); a counter ends in
    `_total`. `help` names the source's own key. `labels` come after the target's own label (`cluster`).
    """

    name: str
    help: str
    kind: MetricKind = MetricKind.GAUGE
    unit: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of one metric. Unknown is no sample; it is never 0.

    `labels` are values in the order of the spec's label names. `time` is when the source measured it, where
    the source tells, else when it was read.
    """

    metric: str
    value: float
    labels: tuple[str, ...] = ()
    time: datetime | None = None


class Severity(StrEnum):
    """How bad an event is, in OneFS' order."""

    INFORMATION = "information"
    WARNING = "warning"
    CRITICAL = "critical"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened or holds on a target.

    `key` identifies the event on its target for de-duplication. `kind` is the source's symbolic name.
    `message` and every value of `attributes` are untrusted text: people and devices wrote them.
    `active` tells whether the condition holds; None is a one-shot event.
    """

    key: str
    kind: str
    subject: str
    message: str
    severity: Severity
    active: bool | None
    time: datetime
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """What a rule's `on:` names: the fields that one subject has at one moment.

    A record is made of all samples of one poll that share the values of `labels`. `fields` maps the name that
    a condition uses to the metric that gives its value. A field without a sample has no value, and a
    condition that needs it has no answer.
    """

    name: str
    labels: tuple[str, ...]
    fields: Mapping[str, str]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one collection gave: samples and events, empty where there is nothing."""

    samples: tuple[Sample, ...] = ()
    events: tuple[Event, ...] = ()
    #: Whether `events` are all that hold now, so that an absent one is over.
    events_complete: bool = False
