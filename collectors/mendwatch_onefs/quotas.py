"""SmartQuotas: how full every quota is, measured in the unit that its limits apply to. From quota/quotas, every page.

A quota whose accounting is not ready reports numbers that mean nothing, so its usage gives no sample; neither
does a limit that is not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import flag, quantity, text
from mendwatch_onefs.session import OneFSSession

LABELS = ("path", "type")
#: OneFS' words for what limits apply to, and the field of `usage` that has it.
_MEASURES = {"applogicalsize": "applogical", "fslogicalsize": "fslogical", "physicalsize": "physical"}
_LIMITS = ("hard", "soft", "advisory")


def _spec(name: str, words: str, key: str, unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_quota_{name}", f"{words} (quota/quotas: {key}).", unit=unit, labels=LABELS)


USAGE = _spec(
    "usage_bytes", "Bytes used, as the limits count them; absent until accounting is ready", "usage, by thresholds_on", "bytes"
)
INODES = _spec("inodes", "Files and directories; absent until accounting is ready", "usage.inodes")
EFFICIENCY = _spec("efficiency_ratio", "Logical bytes per physical byte, with protection", "efficiency_ratio", "ratio")
REDUCTION = _spec("reduction_ratio", "Logical bytes per byte of data, by compression and deduplication", "reduction_ratio", "ratio")
READY = _spec("ready", "Whether accounting is accurate; 0 while a QuotaScan job is awaited", "ready")
ENFORCED = _spec("enforced", "Whether limits are enforced, or only accounted", "enforced")
LINKED = _spec("linked", "Whether a default quota controls this one, so that it cannot be changed itself", "linked")
LIMITS = {
    name: _spec(f"{name}_limit_bytes", f"The {name} limit; absent if not set", f"thresholds.{name}", "bytes") for name in _LIMITS
}
EXCEEDED = {name: _spec(f"{name}_exceeded", f"Whether the {name} limit was hit", f"thresholds.{name}_exceeded") for name in _LIMITS}
METRICS = (USAGE, *LIMITS.values(), *EXCEEDED.values(), INODES, EFFICIENCY, REDUCTION, READY, ENFORCED, LINKED)

SCHEMA = RecordSchema(
    "quota",
    labels=LABELS,
    fields={spec.name.removeprefix("powerscale_quota_"): spec.name for spec in METRICS},
    help="One quota: what is used, its limits, and whether they were hit (1) or not (0).",
)


class Quota(msgspec.Struct):
    """One quota, as much of it as is used. `thresholds_include_overhead` is how releases before 8.2 chose the measure."""

    path: Any = None
    type: Any = None
    ready: Any = None
    enforced: Any = None
    linked: Any = None
    include_snapshots: Any = None
    thresholds: dict[str, Any] | None = None
    thresholds_on: Any = None
    thresholds_include_overhead: Any = None
    usage: dict[str, Any] | None = None
    efficiency_ratio: Any = None
    reduction_ratio: Any = None


class QuotaPage(msgspec.Struct):
    """One page of the list."""

    quotas: list[Quota]
    resume: Any = None


class QuotasCollector:
    """Reads every quota of the types that the options name."""

    spec = CollectorSpec("quotas", interval=60.0, timeout=120.0, metrics=METRICS, schemas=(SCHEMA,))

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch every page of every type once."""
        quotas = [quota for kind in session.options.quota_types for quota in await self._of_type(session, kind)]
        return Reading(samples_of(quotas, now))

    async def _of_type(self, session: OneFSSession, kind: str) -> list[Quota]:
        pages = session.pages(15, "quota/quotas", QuotaPage, {"type": kind})
        return [quota async for page in pages for quota in page.quotas]


def samples_of(quotas: Iterable[Quota], now: datetime) -> tuple[Sample, ...]:
    """Turn quotas into samples.

    A path can have two quotas of one type, with and without snapshots. The labels cannot tell them apart; the one that is
    enforced is shown, and of two such the one without snapshots. Two hard limits are as good as none: neither tells when writes
    stop, and a remediation could not know which one to change.
    """
    groups: dict[tuple[str, str], list[Quota]] = {}
    for quota in sorted(quotas, key=_rank):
        path, kind = text(quota.path), text(quota.type)
        if path and kind:
            groups.setdefault((path, kind), []).append(quota)
    return tuple(sample for labels, group in groups.items() for sample in _samples(group, labels, now))


def _rank(quota: Quota) -> tuple[bool, bool]:
    return flag(quota.enforced) is not True, flag(quota.include_snapshots) is True


def _samples(group: Sequence[Quota], labels: tuple[str, str], now: datetime) -> Iterator[Sample]:
    ambiguous = sum(_limit(quota, "hard") is not None for quota in group) > 1
    for spec, value in (*_numbers(group[0]), *_flags(group[0])):
        if value is not None and not (ambiguous and spec is LIMITS["hard"]):
            yield Sample(spec.name, float(value), labels, now)


def _numbers(quota: Quota) -> Iterator[tuple[MetricSpec, float | None]]:
    ready = flag(quota.ready) is True
    yield USAGE, usage_of(quota)
    yield INODES, _measured(quota, "inodes")
    yield EFFICIENCY, quantity(quota.efficiency_ratio) if ready else None
    yield REDUCTION, quantity(quota.reduction_ratio) if ready else None
    for name, spec in LIMITS.items():
        yield spec, _limit(quota, name)


def _limit(quota: Quota, name: str) -> float | None:
    return quantity((quota.thresholds or {}).get(name)) or None  # OneFS has no limit of 0: it means none


def _flags(quota: Quota) -> Iterator[tuple[MetricSpec, bool | None]]:
    yield READY, flag(quota.ready)
    yield ENFORCED, flag(quota.enforced)
    yield LINKED, flag(quota.linked)
    for name, spec in EXCEEDED.items():
        yield spec, flag((quota.thresholds or {}).get(f"{name}_exceeded"))


def usage_of(quota: Quota) -> float | None:
    """Give the bytes used in the measure that the limits apply to; None while that is unknown or not ready."""
    if quota.thresholds_on is not None:
        measure = _MEASURES.get(str(quota.thresholds_on))
        return _measured(quota, measure) if measure else None
    overhead = flag(quota.thresholds_include_overhead)
    return None if overhead is None else _measured(quota, "physical" if overhead else "logical")


def _measured(quota: Quota, name: str) -> float | None:
    """Give one field of `usage`, if the quota is ready and the field is not said to be unready."""
    usage = quota.usage or {}
    ready = flag(quota.ready) is True and flag(usage.get(f"{name}_ready", True)) is True
    return quantity(usage.get(name)) if ready else None
