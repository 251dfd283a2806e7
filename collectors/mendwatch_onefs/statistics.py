"""Statistics: CPU, network, disks, file system and protocols of every node, from statistics/current.

One release lacks a key that another has, one node is slow, one value is text: each costs its own samples and nothing else.
Nodes are labelled by their logical number, which people use, and never by their device id, which differs from it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from mendwatch.errors import BadAnswer, Denied, Unreachable, Unsupported
from mendwatch.model.samples import MetricKind, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs import statistic_others
from mendwatch_onefs.cluster import ClusterConfig, lnn_by_devid
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.failures import Rejected
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.statistic_groups import KNOWN
from mendwatch_onefs.statistic_keys import STATISTICS
from mendwatch_onefs.statistic_table import specs_of
from mendwatch_onefs.statistics_answers import Answer, Reader
from mendwatch_onefs.statistics_asks import Ask, batches
from mendwatch_onefs.statistics_bays import bay_keys, read_bays
from mendwatch_onefs.statistics_catalogue import read_catalogue
from mendwatch_onefs.statistics_codes import hopeless, mend, worth_another_try
from mendwatch_onefs.statistics_refusals import refused_keys
from mendwatch_onefs.statistics_sheets import Page, Sheet, missing
from mendwatch_onefs.statistics_standing import Standing

#: Seconds by which OneFS must give up on a slow node before we give up on the request.
_HEAD_START = 2.0

MISSING = MetricSpec(
    "powerscale_statistics_missing",
    "Values that the last poll did not get, by the reason that OneFS gives, or for want of a bay (statistics/current: error_code).",
    labels=("reason",),
)
LEFT = MetricSpec(
    "powerscale_statistics_parked_keys",
    "Keys of the chosen groups that are not asked for, by the reason (statistics/keys, statistics/current: error_code).",
    labels=("reason",),
)
READ = MetricSpec(
    "powerscale_statistics_values_total", "Values that were read since the session began (statistics/current).", MetricKind.COUNTER
)
NEWS = MetricSpec(
    "powerscale_statistics_new_values_total",
    "Values that were read and that the cluster had measured anew (statistics/current: time).",
    MetricKind.COUNTER,
)


def _schema(name: str, labels: tuple[str, ...], prefix: str) -> RecordSchema:
    fields = {s.metric.removeprefix(prefix): s.metric for s in STATISTICS if s.label_names == labels}
    return RecordSchema(name, labels, fields, help=f"Statistics of one {name} at one moment.")


class StatisticsCollector:
    """Reads statistics/current for the chosen groups of keys, of all nodes at once."""

    spec = CollectorSpec(
        "statistics",
        interval=30.0,
        timeout=60.0,
        metrics=(*specs_of(KNOWN), *statistic_others.specs(), MISSING, LEFT, READ, NEWS),
        schemas=(_schema("node", ("node",), "powerscale_node_"), _schema("cluster", (), "powerscale_cluster_")),
        budget=400_000,
        privileges=("ISI_PRIV_STATISTICS",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Ask what is due once, and give everything that is known."""
        standing, drift = session.memory(Standing), Drift()
        await _learn(standing, session)
        standing.arranged(session.options.statistics.groups, now)
        for sheet, page, answer in await _answers(standing, session, now, drift):
            if page.take(answer, now):
                sheet.turn_over()
                standing.moved = standing.moved or (page.frame is not None and page.frame.about_disks)
            standing.values += page.read
            standing.news += page.news
            await asyncio.sleep(0)  # each answer by itself is short; all of a large cluster are not
        if standing.moved:
            await _place(standing, session, drift)
        return await _reading(standing, now, drift)


async def _learn(standing: Standing, session: OneFSSession) -> None:
    """Read the catalogue and the numbers of the nodes, at first and after an upgrade."""
    if not standing.outdated(session.release):
        return
    release = session.release
    try:
        catalogue = await read_catalogue(session)
    except Unsupported:
        catalogue = None
    try:
        config = await session.offered(3, "cluster/config", ClusterConfig)
    except Denied:
        config = None  # the answers tell the numbers as well; this is for those that do not
    standing.learn(release, catalogue, lnn_by_devid(config) if config is not None else {})


async def _answers(standing: Standing, session: OneFSSession, now: datetime, drift: Drift) -> Sequence[tuple[Sheet, Page, Answer]]:
    """Ask all requests that are due, and once more for what some node did not give at first."""
    started = session.clock.monotonic()
    found: list[tuple[Sheet, Page, Answer]] = []
    for sheet, page in standing.due(now):
        found.append((sheet, page, await _asked(standing, session, page, now, drift)))
        await asyncio.sleep(0)  # decoding is one step of a poll, and what is made of it the next
    for _, page, answer in found:
        if session.clock.monotonic() - started < session.options.timeout:
            await _try_again(session, page, answer, drift)
        standing.park(hopeless(answer), now)
        standing.set_apart(answer.odd)
    return found


async def _asked(standing: Standing, session: OneFSSession, page: Page, now: datetime, drift: Drift) -> Answer:
    """Ask one request; when the release refuses a key of it, park that key and go without the request for this poll."""
    try:
        body = await _current(session, page.ask.keys)
    except (Unsupported, Rejected):
        refused = await refused_keys(page.ask.keys, lambda keys: _current(session, keys))
        if refused is None:
            raise
        standing.park(dict.fromkeys(refused, "refused"), now)
        left = tuple(one for one in page.ask.wanted if one.key not in refused)
        page = Page(Ask(left, page.ask.interval, page.ask.patient))
        body = await _current(session, page.ask.keys)
    return page.reader.read(body, drift)


async def _try_again(session: OneFSSession, page: Page, answer: Answer, drift: Drift) -> None:
    again = next(batches(dict.fromkeys(worth_another_try(answer), 1)), [])
    if again:
        wanted = tuple(one for one in page.ask.wanted if one.key in again)
        with contextlib.suppress(BadAnswer, Denied, Unreachable, Unsupported):  # what there is must not be lost for what might be
            mend(answer, Reader(Ask(wanted, 0.0, patient=True)).read(await _current(session, again), drift))


async def _place(standing: Standing, session: OneFSSession, drift: Drift) -> None:
    """Ask which bay each disk is in, because disks or nodes came or went; what could not be asked now is asked again."""
    keys, nodes = bay_keys(standing.catalogue), max(1, len(standing.lnns))
    try:
        standing.place(await read_bays(keys, nodes, lambda some: _current(session, some), drift))
    except (Unsupported, Rejected):
        standing.place({})
    except (BadAnswer, Denied, Unreachable):
        return  # their other numbers must not be lost for it


async def _current(session: OneFSSession, keys: Sequence[str]) -> bytes:
    query = {
        "keys": ",".join(keys),
        "devid": "all",
        "degraded": "true",
        "show_nodes": "true",
        "timeout": str(max(1, int(session.options.timeout - _HEAD_START))),
    }
    return await session.body(1, "statistics/current", query)


async def _reading(standing: Standing, now: datetime, drift: Drift) -> Reading:
    columns = []
    for sheet in standing.sheets:
        columns.append(await sheet.columns(standing.lnns, standing.bays))
        await asyncio.sleep(0)
    return Reading(tuple(_own(standing, now)), columns=tuple(one for one in columns if one.values), drift=drift.counts)


def _own(standing: Standing, now: datetime) -> Iterator[Sample]:
    counts: Mapping[MetricSpec, Mapping[str, int]] = {MISSING: missing(standing.sheets), LEFT: standing.parked()}
    for spec, by_reason in counts.items():
        for reason, count in by_reason.items():
            yield Sample(spec.name, float(count), (reason,), now)
    yield Sample(READ.name, float(standing.values), (), now)
    yield Sample(NEWS.name, float(standing.news), (), now)
