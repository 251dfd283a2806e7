"""What to tell who asked and got nothing: whether the metric is unknown, silent, or has no such label."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest

from mendwatch.config.durations import format_duration
from mendwatch.history.selectors import Selector

_NEAREST, _VALUES = 3, 5


@dataclass(frozen=True, slots=True)
class Known:
    """What the history knows of the question: declared metrics and when each was last seen.

    `values` are those of the question's labels on the series of its metric, where no series matches; `newest` is the last
    sample of the series that match, in or out of the window.
    """

    metrics: frozenset[str]
    last: Mapping[str, datetime]
    values: Mapping[str, Collection[str]]
    newest: datetime | None


def empty(wanted: Selector, known: Known, now: datetime) -> str:
    """Say in one sentence why nothing was found and what to try."""
    if known.newest is not None:
        return f"{_subject(wanted)} exists, but not in this window: its last sample is {_ago(known.newest, now)}"
    if known.values:
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
        values = known.values.get(matcher.label, ())
        if values and not any(map(matcher.accepts, values)):
            more = f" and {len(values) - _VALUES} more" if len(values) > _VALUES else ""
            told.append(f"{matcher.label} has the values {', '.join(map(repr, nsmallest(_VALUES, values)))}{more}")
    why = "; ".join(told) or "each matcher finds some, but none has all"
    return f"{_subject(wanted)} exists, and no series matches: {why}"


def _subject(wanted: Selector) -> str:
    return wanted.metric or "what matches"


def _ago(then: datetime, now: datetime) -> str:
    age = max(now - then, timedelta(0))
    seconds = int(age.total_seconds())
    size = next((size for size in (86400, 3600, 60) if seconds >= 2 * size), 1)
    return f"{format_duration(timedelta(seconds=seconds // size * size))} old"
