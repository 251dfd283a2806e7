"""How many quotas there are of each type, also of those that nobody reads. From quota/quotas-summary.

The list of quotas is read for the types that the options name; this tells what stays unseen, for the price of one small answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import at
from mendwatch_onefs.series import Finding, samples
from mendwatch_onefs.session import OneFSSession

RESOURCE = "quota/quotas-summary"
#: The types that OneFS counts; it does not count those of default-directory.
TYPES = ("directory", "user", "group", "default-user", "default-group")


def _spec(name: str, words: str, fields: str, labels: tuple[str, ...] = ()) -> MetricSpec:
    return MetricSpec(f"powerscale_quotas{name}", f"{words} ({RESOURCE}: {fields}).", labels=labels)


QUOTAS = _spec("", "Quotas of one type, read or not", "directory_quotas_count and the like", ("type",))
LINKED = _spec("_linked", "Quotas of users and groups that follow a default quota", "linked_quotas_count")
UNREAD = _spec("_unread", "Quotas of the types that the option quota_types leaves out", "directory_quotas_count and the like")
SCHEMA = RecordSchema(
    "quotas", (), {"linked": LINKED.name, "unread": UNREAD.name}, help="All quotas of the cluster together, also those not read."
)


class QuotasSummary(msgspec.Struct):
    """The answer."""

    summary: Any = None


class QuotasSummaryCollector:
    """Reads quota/quotas-summary."""

    spec = CollectorSpec(
        "quotas_summary",
        interval=300.0,
        timeout=25.0,
        metrics=(QUOTAS, LINKED, UNREAD),
        schemas=(SCHEMA,),
        budget=100,
        privileges=("ISI_PRIV_QUOTA",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        answer = await session.get(1, RESOURCE, QuotasSummary)
        return reading_of(answer, session.options.quota_types, now)


def reading_of(answer: QuotasSummary, read: tuple[str, ...], now: datetime) -> Reading:
    """Turn the answer into samples; `read` are the types whose quotas are read."""
    drift = Drift()
    return Reading(samples(_findings(answer.summary, read, drift), now, RESOURCE, drift), drift=drift.counts)


def _findings(summary: Any, read: tuple[str, ...], drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    counts = {kind: _count(summary, f"{kind.replace('-', '_')}_quotas_count", drift) for kind in TYPES}
    for kind, count in counts.items():
        yield QUOTAS, (kind,), count
    yield LINKED, (), _count(summary, "linked_quotas_count", drift)
    unread = [count for kind, count in counts.items() if kind not in read]
    yield UNREAD, (), None if None in unread else float(sum(filter(None, unread)))


def _count(summary: Any, field: str, drift: Drift) -> float | None:  # noqa: ANN401 - foreign data
    return drift.whole(f"{RESOURCE}: {field}", at(summary, field))
