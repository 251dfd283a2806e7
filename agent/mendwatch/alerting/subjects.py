"""What the engine remembers of each subject: its alert, and what it last looked like. Memory only; no decisions.

A subject is one value of a rule's key. An entry is one record's place in a source: the numbers of its last look, from which a
Record is made when somebody asks. By far the most looks are never asked about, and must cost next to nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring_ascii as _quoted

from mendwatch.alerting import states
from mendwatch.alerting.panel import Matched, Panel
from mendwatch.alerting.records import Pick
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.windows import Feed, Marks, Trail
from mendwatch.model.alerts import Alert, AlertState, Record
from mendwatch.model.rules import NoData

#: Three missed polls are silence; one is a hiccup.
INTERVALS = 3
#: How many answers are asked in one unit of work.
_ASKS = 4
#: What concerns a record that no rule is about.
NONE_MATCHED = Matched((), (), (), (), {})


@dataclass(slots=True, eq=False)
class Subject:
    """One rule's view of one subject.

    `alert` is None while there is nothing to say; `answered` is when `when` last had an answer, as far as anything depends on it.
    `entries` are those of the last reading that had this subject; `owners` counts all that it has.
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
        return tuple(entry.record(self.compiled) for entry in self.entries)

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
        if self.answered - now >= states.SET_BACK:
            self.answered = now
        if alert is None:
            return no_data is NoData.FIRE and now - self.answered >= self.stale_after
        told = alert.state is AlertState.NO_DATA and no_data is NoData.KEEP
        return (not told and now - alert.last_seen >= self.stale_after) or alert.last_seen - now >= states.SET_BACK


class Entry:
    """One record of a source, as it last looked.

    `own` are the numbers that conditions name, `numbers` these and the derived values after them; `texts` are the labels that they
    name. `answers` are of `when`, for each of `subjects`. A `calm` entry had nothing that anything could follow for, and as long
    as its answers stay, its subjects need not be looked at.
    """

    __slots__ = (
        "_read",
        "_record",
        "answers",
        "calm",
        "form",
        "labels",
        "marks",
        "matched",
        "numbers",
        "own",
        "polled_at",
        "round",
        "subjects",
        "texts",
        "times",
        "trails",
        "values",
    )

    def __init__(self, form: Form, labels: Mapping[str, str], texts: tuple[str | None, ...], now: datetime) -> None:
        self.form = form
        self.labels = labels
        self.texts = texts
        self.polled_at = now
        self.round = 0
        self.subjects: tuple[Subject, ...] = ()
        self.matched = NONE_MATCHED
        self.values: Sequence[float] = ()
        self.times: Sequence[float] | None = None
        self.own: tuple[float, ...] = ()
        self.numbers: tuple[float, ...] = ()
        self.answers: list[bool | None] = []
        self.calm = False
        self.trails: dict[Feed, Trail] = {}
        self.marks: dict[Feed, Marks] = {}
        self._read: Sequence[float] | None = None
        self._record: Record | None = None

    def take(self, values: Sequence[float], times: Sequence[float] | None, now: datetime) -> bool:
        """Take a look; tells whether anything changed that a condition names."""
        self.values = values
        self.times = times
        self.polled_at = now
        self._record = None
        read = self.form.pick(values)
        if read == self._read:
            return False
        self._read = read
        own = tuple(map(float, read))
        total = sum(own)
        # The sum is finite only if every number is; where it is not, what is infinite has no value.
        self.own = own if total - total == 0.0 else tuple([one if math.isfinite(one) else math.nan for one in own])
        return True

    def ask(self) -> int:
        """Put the conditions of all its rules to the numbers; gives what that cost."""
        numbers, texts = self.numbers, self.texts
        answers = [ask(numbers, texts) for ask in self.matched.asks]
        if answers != self.answers:
            self.answers = answers
            self.calm = False
        return 1 + len(answers) // _ASKS

    def remember(self, now: float) -> None:
        """Add the last look to the windows over it; `now` is when it was taken."""
        for feed, trail in self.trails.items():
            value, time = self._measured(feed.field, now)
            if value == value:  # noqa: PLR0124 - NaN is the one number that is not itself
                trail.add(time, value)
        for feed, marks in self.marks.items():
            value, time = self._measured(feed.field, now)
            if value == value:  # noqa: PLR0124 - as above
                marks.read, marks.measured = now, time

    def record(self, compiled: CompiledRule | None = None) -> Record:
        """Give the last look as a record, with the derived values that a rule names.

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
        derived = self.form.panel.derived(compiled, self.numbers) if compiled is not None else {}
        return replace(self._record, derived=derived) if derived else self._record

    def _measured(self, field: str, now: float) -> tuple[float, float]:
        """Give a field of the last look, NaN where it has no value, and when it was measured."""
        at = self.form.places[field]
        value = self.values[at]
        time = self.times[at] if self.times is not None else now
        return value if math.isfinite(value) else math.nan, min(now, time)

    def _times(self, values: Mapping[str, float]) -> dict[str, datetime]:
        if self.times is None:
            return {}
        polled = self.polled_at.timestamp()
        moments = zip(self.form.fields, self.times, strict=True)
        return {name: datetime.fromtimestamp(max(0.0, time), UTC) for name, time in moments if name in values and time < polled}


@dataclass(frozen=True, slots=True)
class Form:
    """What all entries of a source share: the schema's fields and their places; `pick` takes those that conditions name."""

    schema: str
    target: str
    fields: tuple[str, ...]
    places: Mapping[str, int]
    pick: Pick
    panel: Panel


def fingerprint(rule: str, key: Mapping[str, str]) -> str:
    """Give the name of (rule, key) for ever: 32 hexadecimal digits of SHA-256 over canonical JSON."""
    # What json.dumps([rule, key], sort_keys=True) gives, in a fifth of the time: every event that matches a rule has its own.
    labels = ",".join([f"{_quoted(name)}:{_quoted(key[name])}" for name in sorted(key)])
    return hashlib.sha256(f"[{_quoted(rule)},{{{labels}}}]".encode()).hexdigest()[:32]


def stale_after(compiled: CompiledRule, interval: float | None) -> timedelta:
    """Give how long silence of a subject is no data: the rule's word, else three intervals of the collector."""
    if compiled.rule.stale_after is not None:
        return compiled.rule.stale_after
    return INTERVALS * timedelta(seconds=compiled.known.interval if interval is None else interval)
