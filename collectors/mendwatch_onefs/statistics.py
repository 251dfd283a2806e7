"""Statistics: CPU, network, disks, file system and protocols of every node, from statistics/current.

One release lacks a key that another has, one node is slow, one value is text: each costs its own samples and nothing else.
Nodes are labelled by their logical number, which people use, and never by their device id, which differs from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.cluster import ClusterConfig, lnn_by_devid
from mendwatch_onefs.decoding import flag, moment, number, whole
from mendwatch_onefs.failures import Rejected
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.statistic_keys import STATISTICS, Statistic

#: Bytes that the keys of one request may take; Apache's limit for the whole line is about 8,100.
BATCH = 7000
#: Codes of a value that can be used: none, fine, and fine although another node is missing.
_GOOD = {None, 0, 3}
_REASONS = {
    1: "not_present",
    2: "not_implemented",
    4: "stale",
    5: "connection_timeout",
    6: "timeout",
    7: "no_history",
    8: "system",
    9: "not_configured",
    10: "no_data",
}
#: Seconds by which OneFS must give up on a slow node before we give up on the request.
_HEAD_START = 2.0

MISSING = MetricSpec(
    "powerscale_statistics_missing",
    "Values that the last poll did not get, by the reason that OneFS gives (statistics/current: error_code).",
    labels=("reason",),
)


class Value(msgspec.Struct):
    """One value of one key at one node; `node` is the logical number, `devid` 0 the whole cluster."""

    key: Any = None
    devid: Any = None
    node: Any = None
    time: Any = None
    value: Any = None
    error_code: Any = None


class CurrentStatistics(msgspec.Struct):
    """The answer of statistics/current."""

    stats: list[Value]


class Key(msgspec.Struct):
    """One entry of statistics/keys."""

    key: Any = None


class KeyPage(msgspec.Struct):
    """The answer of statistics/keys."""

    keys: list[Key]
    resume: Any = None


def _specs(statistics: Iterable[Statistic]) -> tuple[MetricSpec, ...]:
    """Declare each metric once; its help names every key that it comes from."""
    families: dict[str, list[Statistic]] = {}
    for statistic in statistics:
        families.setdefault(statistic.metric, []).append(statistic)
    return tuple(_spec(name, members) for name, members in families.items())


def _spec(name: str, members: Sequence[Statistic]) -> MetricSpec:
    first = members[0]
    keys = ", ".join(member.key for member in members)
    field = f" field {first.field}" if first.field else ""
    return MetricSpec(name, f"{first.help} OneFS: {keys}{field}.", unit=first.unit.base, labels=first.label_names)


def _schema(name: str, labels: tuple[str, ...], prefix: str) -> RecordSchema:
    fields = {s.metric.removeprefix(prefix): s.metric for s in STATISTICS if s.label_names == labels}
    return RecordSchema(name, labels, fields, help=f"Statistics of one {name} at one moment.")


def _by_key(statistics: Iterable[Statistic]) -> Mapping[str, tuple[Statistic, ...]]:
    table: dict[str, tuple[Statistic, ...]] = {}
    for statistic in statistics:
        table[statistic.key] = (*table.get(statistic.key, ()), statistic)
    return table


_TABLE = _by_key(STATISTICS)
#: All keys that are asked for.
KEYS: tuple[str, ...] = tuple(_TABLE)


class StatisticsCollector:
    """Reads statistics/current for the default keys, of all nodes at once."""

    spec = CollectorSpec(
        "statistics",
        interval=30.0,
        timeout=60.0,
        metrics=(*_specs(STATISTICS), MISSING),
        schemas=(_schema("node", ("node",), "powerscale_node_"), _schema("cluster", (), "powerscale_cluster_")),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        values = [value for batch in batches(_wanted(session)) for value in await self._fetch(session, batch)]
        nodes = await self._nodes(session, values)
        return Reading((*samples_of(values, nodes, now), *missing_of(values, now)))

    async def _fetch(self, session: OneFSSession, keys: Sequence[str]) -> list[Value]:
        """Read one batch; when the release refuses a key, learn which it has and read those."""
        try:
            return await self._current(session, keys)
        except (Unsupported, Rejected):
            session.known_keys = await self._known(session)
            rest = [key for key in keys if key in session.known_keys]
            if not rest or len(rest) == len(keys):
                raise
            return await self._current(session, rest)

    async def _current(self, session: OneFSSession, keys: Sequence[str]) -> list[Value]:
        query = {
            "keys": ",".join(keys),
            "devid": "all",
            "degraded": "true",
            "show_nodes": "true",
            "timeout": str(max(1, int(session.options.timeout - _HEAD_START))),
        }
        return (await session.get(1, "statistics/current", CurrentStatistics, query)).stats

    async def _known(self, session: OneFSSession) -> frozenset[str]:
        pages = session.pages(1, "statistics/keys", KeyPage, {})
        return frozenset([key.key async for page in pages for key in page.keys if isinstance(key.key, str)])

    async def _nodes(self, session: OneFSSession, values: Iterable[Value]) -> Mapping[int, int]:
        """Give the node number of each device, asked for only where an answer does not tell it."""
        if all(value.node is not None for value in values if whole(value.devid)):
            return {}
        return lnn_by_devid(await session.get(3, "cluster/config", ClusterConfig))


def _wanted(session: OneFSSession) -> Sequence[str]:
    return KEYS if session.known_keys is None else [key for key in KEYS if key in session.known_keys]


def batches(keys: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    """Split keys so that each batch, joined by commas, stays under `size` bytes."""
    batch: list[str] = []
    length = 0
    for key in keys:
        if batch and length + len(key) + 1 > size:
            yield batch
            batch, length = [], 0
        batch.append(key)
        length += len(key) + 1
    if batch:
        yield batch


def samples_of(values: Iterable[Value], nodes: Mapping[int, int], now: datetime) -> tuple[Sample, ...]:
    """Turn an answer into samples.

    `nodes` maps device ids to logical node numbers for values that do not carry one. A value that is missing, refused, of an
    unknown key or not understood gives no sample.
    """
    found: dict[tuple[str, tuple[str, ...]], Sample] = {}
    stamp, time = None, now  # one answer has few different times: the last one is nearly always right
    for value in values:
        if not isinstance(value.key, str) or value.key not in _TABLE or _error(value) not in _GOOD:
            continue
        if value.time != stamp:
            stamp, time = value.time, moment(value.time, now)
        for sample in _samples(value, _lnn(value, nodes), time):
            found[(sample.metric, sample.labels)] = sample
    return tuple(found.values())


def missing_of(values: Iterable[Value], now: datetime) -> tuple[Sample, ...]:
    """Count the values that OneFS could not give, by its reason."""
    counts: dict[str, int] = {}
    for value in values:
        code = _error(value)
        if code not in _GOOD:
            reason = _REASONS.get(code or 0, "other")
            counts[reason] = counts.get(reason, 0) + 1
    return tuple(Sample(MISSING.name, float(count), (reason,), now) for reason, count in counts.items())


def _error(value: Value) -> int | None:
    """Give the error code; one that cannot be read is an error."""
    if value.error_code is None:
        return None
    code = whole(value.error_code)
    return -1 if code is None else code


def _samples(value: Value, lnn: str | None, time: datetime) -> Iterator[Sample]:
    for statistic in _TABLE[value.key]:
        reading = _number(value.value, statistic.field)
        if reading is None or (statistic.per_node and lnn is None):
            continue
        place = (lnn,) if statistic.per_node and lnn is not None else ()
        labels = (*place, *statistic.label_values)
        yield Sample(statistic.metric, statistic.unit.convert(reading), labels, time)


def _number(raw: Any, field: str | None) -> float | None:  # noqa: ANN401 - foreign data
    """Give the number of a scalar value, or of one field of a structured one."""
    if type(raw) is float:  # the usual case
        return number(raw) if field is None else None
    if field is not None:
        entries = raw if isinstance(raw, list) else [raw]
        raw = entries[0].get(field) if len(entries) == 1 and isinstance(entries[0], dict) else None
    truth = flag(raw) if isinstance(raw, bool) or (isinstance(raw, str) and raw.isalpha()) else None
    return number(raw) if truth is None else float(truth)


def _lnn(value: Value, nodes: Mapping[int, int]) -> str | None:
    """Give the logical number of the value's node as a label; None where nobody knows it."""
    lnn = whole(value.node) or nodes.get(whole(value.devid) or 0)
    return str(lnn) if lnn else None
