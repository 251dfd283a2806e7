"""The items of an evaluation that did not pass: how bad each is, on which node, and whether the cluster has a repair for it.

Pure: from the `details` of an evaluation to samples. Releases before 9.12 know no repairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mendwatch.model.samples import MetricSpec, RecordSchema, Sample
from mendwatch_onefs.decoding import flag, name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import UNKNOWN, among, holding, once, told, within, word_of

_SOURCE = "healthcheck/evaluations: details"
_BEST = 100
LABELS = ("checklist", "item", "node")
SEVERITIES = {"ok": 0, "info": 0, "warning": 1, "critical": 2, "emergency": 3}
STATUSES = (*SEVERITIES, "unsupported", "error")
CRITICAL = ("critical", "emergency")
REPAIR_STATES = ("queued", "action_needed", "failed", "passed", "running", "skipped")

SEVERITY = MetricSpec(
    "powerscale_healthcheck_item_severity",
    f"How bad an item is that did not pass: 0 ok or information, 1 warning, 2 critical, 3 emergency ({_SOURCE}.status).",
    labels=LABELS,
)
SCORE = MetricSpec(
    "powerscale_healthcheck_item_score_ratio",
    f"How good an item is that did not pass; absent where the node cannot tell ({_SOURCE}.value).",
    unit="ratio",
    labels=LABELS,
)
REPAIR = MetricSpec(
    "powerscale_healthcheck_item_repair_state",
    f"1 for the state of the item's repair ({_SOURCE}.repair.status).",
    labels=(*LABELS, "state"),
)
NEEDED = MetricSpec(
    "powerscale_healthcheck_item_repair_needed",
    f"Whether the cluster has a repair for the item and waits for somebody to ask for it ({_SOURCE}.repair.status).",
    labels=LABELS,
)
METRICS = (SEVERITY, SCORE, REPAIR, NEEDED)

SCHEMA = RecordSchema(
    "healthcheck_item",
    labels=LABELS,
    fields={"severity": SEVERITY.name, "score_ratio": SCORE.name, "repair_needed": NEEDED.name},
    help="One item that did not pass in the newest completed evaluation of its checklist.",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item on one node (`cluster` where it is about all); `raw` is what else the cluster tells of it."""

    name: str
    node: str
    status: str
    raw: Mapping[str, Any]


def items_of(details: Any, drift: Drift) -> list[Item] | None:  # noqa: ANN401 - foreign data
    """Give the items that did not pass; None where the list, or the name of one of them, makes no sense."""
    if details is None:
        return []
    if not isinstance(details, list):
        drift.odd(_SOURCE)
        return None
    named = once((one for one in details if flag(within(one, "passed")) is not True), _key)
    unnamed = sum(_key(one) is None for one in details)
    if unnamed:
        drift.odd(f"{_SOURCE}.id")
        return None
    items = [Item(name, node, _status(raw, drift), raw) for (name, node), raw in named.items()]
    # Releases that have no `passed` tell of items that are well when they are asked for all.
    return [item for item in items if item.status != "ok"]


def _key(detail: Any) -> tuple[str, str] | None:  # noqa: ANN401 - foreign data
    name, node = name_of(within(detail, "id")), name_of(within(detail, "node"))
    return (name, node) if name and node else None


def _status(raw: Mapping[str, Any], drift: Drift) -> str:
    """Give the status; the several errors of a check are one, because their texts are long."""
    word = raw.get("status")
    if isinstance(word, str) and word.lower().startswith("error"):
        return "error"
    return word_of(drift, f"{_SOURCE}.status", word, STATUSES) or UNKNOWN


def counts_of(items: Sequence[Item]) -> Mapping[str, int]:
    """Count the items by status; the list has all that did not pass, so that none is a true 0."""
    counts = Counter(item.status for item in items)
    return {status: counts[status] for status in dict.fromkeys((*STATUSES[1:], *sorted(counts)))}


def critical(items: Sequence[Item]) -> int | None:
    """Count the items that are critical or worse; None while there is one of which nobody knows how bad it is."""
    if any(item.status not in STATUSES for item in items):
        return None
    return sum(item.status in CRITICAL for item in items)


def samples_of(checklist: str, items: Sequence[Item], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the items of one checklist into samples."""
    for item in items:
        labels = (checklist, item.name, item.node)
        yield from told(SEVERITY, SEVERITIES.get(item.status), now, *labels)
        yield from told(SCORE, score(item.raw.get("value"), drift), now, *labels)
        repair = word_of(drift, f"{_SOURCE}.repair.status", within(item.raw, "repair", "status"), REPAIR_STATES)
        yield from holding(REPAIR, repair, now, *labels)
        yield from told(NEEDED, among(repair, ("action_needed",), REPAIR_STATES), now, *labels)


def score(value: Any, drift: Drift) -> float | None:  # noqa: ANN401 - foreign data
    """Give the measured value as a ratio; OneFS' -1 is its word for unsupported."""
    if value == -1:
        return None
    found = drift.quantity(f"{_SOURCE}.value", value)
    return found / _BEST if found is not None and found <= _BEST else None
