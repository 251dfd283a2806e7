"""From one reading to looks at its subjects: by plan where numbers come in columns, singly where they come as samples. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mendwatch.alerting.records import Look, Plan, Shape
from mendwatch.alerting.slices import Slices, Steps
from mendwatch.model.samples import Reading, Sample

#: Samples that are looked at between two chances to pause, and what that costs.
_CHUNK, _UNITS = 1000, 500


def gathered(shape: Shape, plan: Plan, reading: Reading, now: datetime, slices: Slices) -> Steps[Iterator[Look]]:
    """Give a look at every subject of a reading, those of samples before those of columns. `now` is when the poll began."""
    drafts = _Drafts(shape, now)
    for start in range(0, len(reading.samples), _CHUNK):
        drafts.sort_in(reading.samples[start : start + _CHUNK])
        if slices.full(_UNITS):
            yield
    if not drafts.found and not drafts.named:
        return plan.looks(reading.columns)
    for at, look in enumerate(plan.looks(reading.columns)):
        drafts.overlay(look)
        if not at % _CHUNK and slices.full(_UNITS):
            yield
    return drafts.looks()


@dataclass(slots=True)
class _Draft:
    values: list[float]
    times: list[float] | None = None


@dataclass(slots=True)
class _Drafts:
    """Looks as they are put together; `named` are subjects that are there and gave no finite number (so far)."""

    shape: Shape
    now: datetime
    found: dict[tuple[str, ...], _Draft] = field(default_factory=dict)
    named: dict[tuple[str, ...], None] = field(default_factory=dict)

    def sort_in(self, samples: Iterable[Sample]) -> None:
        """Put each sample where it belongs. Of one field and subject given twice, the last value stands, and so does its time."""
        own: object = None
        draft = _Draft([])
        for sample in samples:
            place = self.shape.places.get(sample.metric)
            if place is None:
                continue
            if not math.isfinite(sample.value):
                self.named[_subject(sample, place[1])] = None
                continue
            if place[1] is not None or sample.labels is not own:  # most sources give the samples of a subject side by side
                draft = self._draft(_subject(sample, place[1]))
                own = sample.labels if place[1] is None else None
            draft.values[place[0]] = sample.value
            time = sample.time
            if draft.times is not None or (time is not None and time < self.now):
                draft.times = draft.times or self.shape.blank()
                draft.times[place[0]] = time.timestamp() if time is not None and time < self.now else math.nan

    def overlay(self, look: Look) -> None:
        """Add what columns have of a subject."""
        subject, values, times = look
        draft = self._draft(subject)
        for at, value in enumerate(values or ()):
            if math.isfinite(value):
                draft.values[at] = value
                draft.times = draft.times or (None if times is None else self.shape.blank())
                if draft.times is not None:
                    draft.times[at] = math.nan if times is None else times[at]

    def looks(self) -> Iterator[Look]:
        """Give every look, and at last those who were only named."""
        for subject, draft in self.found.items():
            yield subject, draft.values, draft.times
        for subject in self.named:
            if subject not in self.found:
                yield subject, None, None

    def _draft(self, subject: tuple[str, ...]) -> _Draft:
        draft = self.found.get(subject)
        if draft is None:
            draft = self.found[subject] = _Draft(self.shape.blank())
        return draft


def _subject(sample: Sample, order: Sequence[int] | None) -> tuple[str, ...]:
    return sample.labels if order is None else tuple([sample.labels[index] for index in order])
