"""What the engine remembers: for each rule and subject the alert and the newest records. Memory only; no decisions.

A subject is one value of a rule's key. Which rules concern a record is worked out once, when the record is first seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.model.alerts import Alert, AlertState, Record

#: How long a subject without an alert is remembered after its last record. Long enough for any interval; memory stays bounded.
REMEMBERED = timedelta(days=1)
_SWEPT_EVERY = timedelta(minutes=10)
#: Three missed polls are silence; one is a hiccup.
INTERVALS = 3


@dataclass(slots=True)
class Subject:
    """One rule's view of one subject.

    `alert` is None while there is nothing to say; `answered` is when `when` last had an answer.
    """

    compiled: CompiledRule
    fingerprint: str
    target: str
    key: Mapping[str, str]
    stale_after: timedelta
    answered: datetime
    alert: Alert | None = None
    records: tuple[Record, ...] = ()

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


@dataclass(slots=True)
class _Entry:
    """One record's subjects."""

    subjects: tuple[Subject, ...]
    seen: datetime


@dataclass(slots=True)
class Table:
    """All subjects, found by record and by fingerprint."""

    rules: RuleSet
    _by_fingerprint: dict[tuple[str, str], Subject] = field(default_factory=dict)
    _by_record: dict[tuple[object, ...], _Entry] = field(default_factory=dict)
    _swept: datetime | None = None

    def subjects_of(self, record: Record, interval: float, now: datetime) -> tuple[Subject, ...]:
        """Give the subjects that a record belongs to; worked out when its labels are first seen."""
        identity = (record.schema, *record.labels.values(), *record.labels)
        entry = self._by_record.get(identity)
        if entry is None:
            matching = self.rules.candidates(record.schema, record.labels)
            subjects = tuple(self._subject(item, record, interval, now) for item in matching)
            entry = self._by_record[identity] = _Entry(subjects, now)
        entry.seen = now
        return entry.subjects

    def get(self, rule: str, fingerprint: str) -> Subject | None:
        """Give one subject."""
        return self._by_fingerprint.get((rule, fingerprint))

    def restore(self, alert: Alert) -> bool:
        """Take up an alert from before a restart; False where its rule is gone or has another key."""
        compiled = self.rules.get(alert.rule)
        if compiled is None or set(alert.key) != set(compiled.rule.key):
            return False
        subject = Subject(compiled, alert.fingerprint, alert.target, alert.key, stale_after(compiled, None), alert.last_seen, alert)
        self._by_fingerprint[alert.rule, alert.fingerprint] = subject
        return True

    def __iter__(self) -> Iterator[Subject]:
        return iter(self._by_fingerprint.values())

    def sweep(self, now: datetime) -> None:
        """Forget what has not been seen for long and has no alert."""
        if self._swept is not None and now - self._swept < _SWEPT_EVERY:
            return
        self._swept = now
        self._by_record = {key: entry for key, entry in self._by_record.items() if now - entry.seen < REMEMBERED}
        in_use = {id(subject) for entry in self._by_record.values() for subject in entry.subjects}
        self._by_fingerprint = {
            key: subject for key, subject in self._by_fingerprint.items() if subject.alert is not None or id(subject) in in_use
        }

    def _subject(self, compiled: CompiledRule, record: Record, interval: float, now: datetime) -> Subject:
        key = {label: record.labels[label] for label in compiled.rule.key}
        mark = fingerprint(compiled.rule.alert, key)
        subject = self._by_fingerprint.get((compiled.rule.alert, mark))
        if subject is None:
            subject = Subject(compiled, mark, record.target, key, stale_after(compiled, interval), now)
            self._by_fingerprint[compiled.rule.alert, mark] = subject
        subject.stale_after = stale_after(compiled, interval)
        return subject


def fingerprint(rule: str, key: Mapping[str, str]) -> str:
    """Give the name of (rule, key) for ever: 32 hexadecimal digits of SHA-256 over canonical JSON."""
    text = json.dumps([rule, dict(key)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def stale_after(compiled: CompiledRule, interval: float | None) -> timedelta:
    """Give how long silence of a subject is no data: the rule's word, else three intervals of the collector."""
    if compiled.rule.stale_after is not None:
        return compiled.rule.stale_after
    return INTERVALS * timedelta(seconds=compiled.known.interval if interval is None else interval)
