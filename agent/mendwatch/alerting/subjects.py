"""What the engine remembers of each subject: its alert, and what it last looked like. Memory only; no decisions.

A subject is one value of a rule's key. An entry is one record's place in a source: the numbers of its last look, from which a
Record is made when somebody asks. By far the most looks are never asked about, and must cost next to nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mendwatch.alerting.conditions import Bound
from mendwatch.alerting.records import Pick
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.model.alerts import Alert, AlertState, Record
from mendwatch.model.rules import NoData

#: Three missed polls are silence; one is a hiccup.
INTERVALS = 3


@dataclass(slots=True, eq=False)
class Subject:
    """One rule's view of one subject.

    `alert` is None while there is nothing to say; `answered` is when `when` last had an answer. `entries` are those of the last
    reading that had this subject; `owners` counts all that it has.
    """

    compiled: CompiledRule
    fingerprint: str
    target: str
    key: Mapping[str, str]
    stale_after: timedelta
    answered: datetime
    alert: Alert | None = None
    entries: tuple[Entry, ...] = ()
    owners: int = 0

    @property
    def records(self) -> tuple[Record, ...]:
        """The newest records."""
        return tuple(entry.record() for entry in self.entries)

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels by which others can silence this subject."""
        if self.entries:
            return self.entries[0].labels
        return self.alert.labels if self.alert is not None else self.key

    @property
    def remarks(self) -> Mapping[str, str]:
        """Texts for people that come with what was seen; the rule's own come first. Our own records bring none."""
        return {}

    def blank(self) -> Alert:
        """Give the alert before anything happened."""
        rule = self.compiled.rule
        return Alert(
            fingerprint=self.fingerprint,
            rule=rule.alert,
            target=self.target,
            key=self.key,
            labels={**self.key, **rule.labels},
            state=AlertState.INACTIVE,
            last_seen=self.answered,
            annotations={},
            values={},
        )

    def silent(self, now: datetime) -> bool:
        """Tell whether time alone can change something: nothing was known for longer than a pause, and that was not told yet."""
        alert, no_data = self.alert, self.compiled.rule.no_data
        if alert is None:
            return no_data is NoData.FIRE and now - self.answered >= self.stale_after
        told = alert.state is AlertState.NO_DATA and no_data is NoData.KEEP
        return not told and now - alert.last_seen >= self.stale_after


class Entry:
    """One record of a source, as it last looked."""

    __slots__ = (
        "_record",
        "answers",
        "form",
        "inputs",
        "labels",
        "polled_at",
        "round",
        "subjects",
        "texts",
        "times",
        "values",
    )

    def __init__(self, form: Form, labels: Mapping[str, str], texts: Mapping[str, float | str], now: datetime) -> None:
        self.form = form
        self.labels = labels
        self.texts = texts
        self.polled_at = now
        self.round = 0
        self.subjects: tuple[Subject, ...] = ()
        self.values: Sequence[float] = ()
        self.times: Sequence[float] | None = None
        self.inputs: Sequence[float] | None = None
        self.answers: list[bool | None] = []  # of `when`, for each subject
        self._record: Record | None = None

    def take(self, values: Sequence[float], times: Sequence[float] | None, now: datetime) -> bool:
        """Take a look; tells whether anything changed that a condition names."""
        self.values = values
        self.times = times
        self.polled_at = now
        self._record = None
        inputs = self.form.inputs(values)
        if inputs == self.inputs:
            return False
        self.inputs = inputs
        return True

    def bound(self) -> Bound:
        """Make ready what conditions name."""
        return self.form.bind(self.inputs or (), self.texts)

    def record(self) -> Record:
        """Give the last look as a record.

        It is as old as its oldest value, and never younger than the poll: what was measured before a change must not pass as
        measured after it.
        """
        if self._record is None:
            numbers = zip(self.form.fields, self.values, strict=True)
            values = {name: value for name, value in numbers if math.isfinite(value)}
            times = self._times(values)
            oldest = min(times.values(), default=self.polled_at)
            form = self.form
            self._record = Record(form.schema, form.target, self.labels, values, oldest, self.polled_at, times)
        return self._record

    def _times(self, values: Mapping[str, float]) -> dict[str, datetime]:
        if self.times is None:
            return {}
        polled = self.polled_at.timestamp()
        moments = zip(self.form.fields, self.times, strict=True)
        return {name: datetime.fromtimestamp(max(0.0, time), UTC) for name, time in moments if name in values and time < polled}


@dataclass(frozen=True, slots=True)
class Form:
    """What all entries of a source share. `inputs` picks the numbers that conditions name, and `bind` makes them ready."""

    schema: str
    target: str
    fields: tuple[str, ...]
    inputs: Pick
    bind: Callable[[Iterable[float], Mapping[str, float | str]], Bound]


def fingerprint(rule: str, key: Mapping[str, str]) -> str:
    """Give the name of (rule, key) for ever: 32 hexadecimal digits of SHA-256 over canonical JSON."""
    text = json.dumps([rule, dict(key)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def stale_after(compiled: CompiledRule, interval: float | None) -> timedelta:
    """Give how long silence of a subject is no data: the rule's word, else three intervals of the collector."""
    if compiled.rule.stale_after is not None:
        return compiled.rule.stale_after
    return INTERVALS * timedelta(seconds=compiled.known.interval if interval is None else interval)
