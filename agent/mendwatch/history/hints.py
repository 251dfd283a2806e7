"""What to tell who asked and got nothing: whether the metric is unknown, silent, or has no such label."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mendwatch.config.durations import format_duration
from mendwatch.history.selectors import Selector

_NEAREST, _VALUES = 3, 5


@dataclass(frozen=True, slots=True)
class Known:
    """What the history knows of the question: declared metrics, when each was last seen, the labels of its series.

    `newest` is the last sample of the series that match, in or out of the window.
    """

    metrics: frozenset[str]
    last: Mapping[str, datetime]
    labels: Sequence[Mapping[str, str]]
    newest: datetime | None


def empty(wanted: Selector, known: Known, now: datetime) -> str:
    """Say in one sentence why nothing was found and what to try."""
    if known.newest is not None:
        return f"{_subject(wanted)} exists, but not in this window: its last sample is {_ago(known.newest, now)}"
    if known.labels and (wanted.metric is None or wanted.metric in known.last):
        return _no_such_labels(wanted, known)
    if wanted.metric is None:
        return "no series is held that matches; search for metrics by words first"
    if wanted.metric in known.last:
        return f"{wanted.metric} exists; its last sample is {_ago(known.last[wanted.metric], now)} and is no longer held"
    if wanted.metric in known.metrics:
        return f"{wanted.metric} is declared, but no target has given a sample of it yet"
    near = difflib.get_close_matches(wanted.metric, sorted(known.metrics), n=_NEAREST, cutoff=0.5)
    return f"there is no metric {wanted.metric}" + (f"; did you mean {', '.join(near)}?" if near else "; search for it by words")


def _no_such_labels(wanted: Selector, known: Known) -> str:
    told = []
    for matcher in wanted.matchers:
        values = sorted({labels.get(matcher.label, "") for labels in known.labels})
        if not any(matcher.accepts(value) for value in values) and matcher.label != "__name__":
            more = f" and {len(values) - _VALUES} more" if len(values) > _VALUES else ""
            told.append(f"{matcher.label} has the values {', '.join(map(repr, values[:_VALUES]))}{more}")
    why = "; ".join(told) or "each matcher finds some, but none has all"
    return f"{_subject(wanted)} exists with {len(known.labels)} series, and none matches: {why}"


def _subject(wanted: Selector) -> str:
    return wanted.metric or "what matches"


def _ago(then: datetime, now: datetime) -> str:
    age = max(now - then, timedelta(0))
    seconds = int(age.total_seconds())
    size = next((size for size in (86400, 3600, 60) if seconds >= 2 * size), 1)
    return f"{format_duration(timedelta(seconds=seconds // size * size))} old"
