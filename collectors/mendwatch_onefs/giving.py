"""Samples of values that may be unknown, and counts of lists that may not be whole: what the collectors of states share.

It knows no endpoint and no metric. Unknown gives nothing; it is never 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, RecordSchema, Sample
from mendwatch_onefs.client import OneFSClient, Page
from mendwatch_onefs.drift import Drift

#: The label of things whose state is absent or no word.
UNKNOWN = "unknown"

I = TypeVar("I")  # noqa: E741 - an item
K = TypeVar("K")
P = TypeVar("P", bound=Page)


def told(spec: MetricSpec, value: float | None, time: datetime, *labels: str) -> Iterator[Sample]:
    """Give the sample of a value, nothing where it is unknown; a truth is 1 or 0."""
    if value is not None and math.isfinite(value):
        yield Sample(spec.name, float(value), labels, time)


def holding(spec: MetricSpec, word: str | None, time: datetime, *labels: str) -> Iterator[Sample]:
    """Give 1 for the state that holds now; the word is the last label."""
    if word is not None:
        yield Sample(spec.name, 1.0, (*labels, word), time)


def tally(spec: MetricSpec, words: Iterable[str | None], known: Iterable[str], time: datetime) -> Iterator[Sample]:
    """Count the things in each state; the whole list has been read, so that none is a true 0."""
    counts = Counter(word if word is not None else UNKNOWN for word in words)
    for word in dict.fromkeys((*known, *sorted(counts))):
        yield Sample(spec.name, float(counts[word]), (word,), time)


def among(word: str | None, some: Iterable[str], known: Iterable[str]) -> bool | None:
    """Tell whether a state is one of some; None for a state that nobody knows."""
    return None if word is None or word not in known else word in some


def word_of(drift: Drift, field: str, value: Any, known: Iterable[str]) -> str | None:  # noqa: ANN401 - foreign data
    """Give a state as a label: lower case, underscores for spaces; an unknown one is counted and given, what is no text is none."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        drift.odd(field)
        return None
    return drift.word(field, "_".join(value.split()), frozenset(known))


def within(value: Any, *names: str) -> Any:  # noqa: ANN401 - foreign data
    """Give what lies in nested objects below these names, None where there is no such thing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def once(items: Iterable[I], key: Callable[[I], K | None]) -> Mapping[K, I]:
    """Give the items by their keys, of two with the same the first, without those that have none."""
    found: dict[K, I] = {}
    for item in items:
        name = key(item)
        if name is not None:
            found.setdefault(name, item)
    return found


def all_told(schema: RecordSchema, names: Iterable[tuple[str, ...] | str | None], samples: Iterable[Sample]) -> frozenset[str]:
    """Give the schema's name if what is not among the samples is not there: everything has a name, and a number of its own.

    `names` are the labels of everything that the answer tells of, None for what it does not name. What a damaged field takes
    out of the samples must not pass for gone: its alerts would end.
    """
    wanted = {(name,) if isinstance(name, str) else name for name in names}
    fields = set(schema.fields.values())
    return frozenset({schema.name} if wanted <= {sample.labels for sample in samples if sample.metric in fields} else ())


def size_of(read: int, total: int | None, limit: int) -> int | None:
    """Tell how many items a list has of which at most `limit` were asked for; None where nobody knows."""
    if read < limit:
        return read
    return total if total is not None and total >= read else None


def needs_one(what: str, *answers: object | None) -> None:
    """Raise where a release has none of a collector's endpoints.

    Raises:
        Unsupported: every answer is None.
    """
    if all(answer is None for answer in answers):
        raise Unsupported(f"this release has none of the resources of {what}")


async def listed(
    session: OneFSClient, version: int, resource: str, outline: type[P], items: Callable[[P], list[I]], query: Mapping[str, str]
) -> list[I] | None:
    """Read every page of a list; None where this release has no such list.

    Raises:
        TargetError: as `session.pages`, but never Unsupported.
    """
    try:
        return [item async for page in session.pages(version, resource, outline, query) for item in items(page)]
    except Unsupported:
        return None
