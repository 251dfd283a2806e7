"""SmartDedupe: how much is deduplicated and what that saves. From dedupe/dedupe-summary, whose counts are blocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import told, within

_SOURCE = "dedupe/dedupe-summary"


def _spec(name: str, words: str, field: str) -> MetricSpec:
    return MetricSpec(f"powerscale_dedupe_{name}_bytes", f"{words} ({_SOURCE}: {field} times block_size).", unit="bytes")


FIELDS = {
    "logical_blocks": _spec("logical", "Logical bytes that were deduplicated", "logical_blocks"),
    "saved_logical_blocks": _spec("saved_logical", "Logical bytes that deduplication saved", "saved_logical_blocks"),
    "estimated_physical_blocks": _spec(
        "estimated_physical", "Physical bytes that were deduplicated, as the cluster estimates", "estimated_physical_blocks"
    ),
    "estimated_saved_blocks": _spec(
        "estimated_saved", "Physical bytes that deduplication saved, as the cluster estimates", "estimated_saved_blocks"
    ),
}
METRICS = tuple(FIELDS.values())
SCHEMA = RecordSchema(
    "dedupe",
    labels=(),
    fields={spec.name.removeprefix("powerscale_dedupe_"): spec.name for spec in METRICS},
    help="What SmartDedupe did on the whole cluster.",
)


class Answer(msgspec.Struct):
    """The answer; what is inside goes through `Drift`."""

    summary: Any = None


class DedupeCollector:
    """Reads dedupe/dedupe-summary."""

    spec = CollectorSpec(
        "dedupe", interval=900.0, timeout=60.0, metrics=METRICS, schemas=(SCHEMA,), privileges=("ISI_PRIV_JOB_ENGINE",)
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        answer = await session.get(1, _SOURCE, Answer)
        return Reading(tuple(samples_of(answer.summary, now, drift)), drift=drift.counts)


def samples_of(summary: Any, now: datetime, drift: Drift) -> Iterator[Sample]:  # noqa: ANN401 - foreign data
    """Turn blocks into bytes; without a size of the block none of them means anything."""
    size = drift.quantity(f"{_SOURCE}: block_size", within(summary, "block_size"))
    for field, spec in FIELDS.items():
        blocks = drift.quantity(f"{_SOURCE}: {field}", within(summary, field))
        yield from told(spec, blocks * size if blocks is not None and size else None, now)
