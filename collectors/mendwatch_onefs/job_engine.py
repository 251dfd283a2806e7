"""The Job Engine: whether it works as one, what it does, and what keeps it from doing more.

From job/job-summary, job/jobs, job/recent and job/policies, and job/events for the jobs that are paused. FlexProtect is counted by
itself, because its absence matters as much as its presence: it repairs what a failed drive left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs import jobs
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import flag, name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, listed, needs_one, tally, told, within
from mendwatch_onefs.jobs import Job, JobEvents, JobPage, Recent

#: Job types that restore protection after a drive or a node was lost.
PROTECTION = ("FlexProtect", "FlexProtectLin")
#: Paused jobs whose events are asked for in one poll, and events of one of them.
_PAUSED, _EVENTS = 20, 1000
#: The most that job/recent gives.
_RECENT = "100"


def _spec(name: str, words: str, source: str, labels: tuple[str, ...] = ()) -> MetricSpec:
    return MetricSpec(f"powerscale_job_engine_{name}", f"{words} ({source}).", labels=labels)


CONNECTED = _spec("connected", "Whether the engines of all nodes that are up reach the coordinator", "job/job-summary: connected")
ENABLED = _spec("enabled", "Whether the Job Engine is switched on", "job/job-summary: job_d_enabled")
DEGRADED = _spec(
    "cluster_degraded", "Whether the cluster is degraded, so that most jobs wait", "job/job-summary: cluster_is_degraded"
)
RUN_DEGRADED = _spec("run_degraded", "Whether jobs may run while the cluster is degraded", "job/job-summary: run_degraded")
EXCLUDED = _spec(
    "nodes_excluded", "Whether a node is down or read-only and not looked at", "job/job-summary: down_or_read_only_nodes"
)
DISCONNECTED = _spec(
    "disconnected_nodes", "Nodes that do not reach the coordinator", "job/job-summary: connected, disconnected_nodes"
)
SUMMARY = (CONNECTED, ENABLED, DEGRADED, RUN_DEGRADED, EXCLUDED, DISCONNECTED)
JOBS = _spec("jobs", "Active jobs by state", "job/jobs: state", ("state",))
PROTECTING = _spec("protection_jobs", "Active FlexProtect and FlexProtectLin jobs", "job/jobs: type")
POLICIES = _spec("impact_policies", "Impact policies", "job/policies")

SCHEMA = RecordSchema(
    "job_engine",
    labels=(),
    fields={spec.name.removeprefix("powerscale_job_engine_"): spec.name for spec in (*SUMMARY, PROTECTING)},
    help="The Job Engine of the cluster.",
)


class Summary(msgspec.Struct):
    """The answer of job/job-summary; what is inside goes through `Drift`."""

    summary: Any = None


class PolicyPage(msgspec.Struct):
    """One page of job/policies."""

    policies: list[Any]
    resume: Any = None


class JobEngineCollector:
    """Reads the state of the Job Engine and of every active job."""

    spec = CollectorSpec(
        "job_engine",
        interval=60.0,
        timeout=60.0,
        metrics=(*SUMMARY, JOBS, PROTECTING, POLICIES, *jobs.METRICS, *jobs.LAST_METRICS),
        schemas=(SCHEMA, jobs.SCHEMA, jobs.LAST_SCHEMA),
        privileges=("ISI_PRIV_JOB_ENGINE",),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once; a release without one of the resources gives the others.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        summary = await session.offered(16, "job/job-summary", Summary)
        active = await listed(session, 10, "job/jobs", JobPage, lambda page: page.jobs, {})
        recent = await session.offered(3, "job/recent", Recent, {"limit": _RECENT})
        policies = await listed(session, 1, "job/policies", PolicyPage, lambda page: page.policies, {})
        needs_one("the Job Engine", summary, active, recent, policies)
        since = await _pauses(session, active or (), drift)
        samples = (
            *(summary_of(summary.summary, now, drift) if summary else ()),
            *(jobs.samples_of(active, since, now, drift) if active is not None else ()),
            *(counts_of(active, now) if active is not None else ()),
            *(jobs.last_of(recent.recent_jobs, now, drift) if recent else ()),
            *(told(POLICIES, len(policies), now) if policies is not None else ()),
        )
        complete = all_told(jobs.SCHEMA, map(jobs.key_of, active), samples) if active is not None else frozenset[str]()
        return Reading(samples, complete=complete, drift=drift.counts)


async def _pauses(session: OneFSClient, active: Iterable[Job], drift: Drift) -> dict[str, datetime]:
    """Ask when the pauses of the paused jobs began; what the cluster does not tell is left out."""
    found: dict[str, datetime] = {}
    for number, state in jobs.paused(active)[:_PAUSED]:
        query = {"job_id": number, "state": state, "limit": str(_EVENTS)}
        try:
            began = jobs.pause_began(await session.get(3, "job/events", JobEvents, query), drift)
        except Unsupported:
            break
        if began is not None:
            found[number] = began
    return found


def summary_of(summary: Any, now: datetime, drift: Drift) -> Iterator[Sample]:  # noqa: ANN401 - foreign data
    """Turn job/job-summary into samples."""
    fields = {
        CONNECTED: "connected",
        ENABLED: "job_d_enabled",
        DEGRADED: "cluster_is_degraded",
        RUN_DEGRADED: "run_degraded",
        EXCLUDED: "down_or_read_only_nodes",
    }
    for spec, field in fields.items():
        yield from told(spec, drift.flag(f"job/job-summary: {field}", within(summary, field)), now)
    yield from told(DISCONNECTED, disconnected(summary), now)


def disconnected(summary: Any) -> int | None:  # noqa: ANN401 - foreign data
    """Tell how many nodes are disconnected: OneFS lists them only while not all are connected."""
    nodes = within(summary, "disconnected_nodes")
    if isinstance(nodes, list) and nodes:
        return len(nodes)
    return 0 if flag(within(summary, "connected")) is True else None


def counts_of(active: Iterable[Job], now: datetime) -> Iterator[Sample]:
    """Count the active jobs; all pages have been read, so that none is a true 0."""
    found = list(active)
    active_states = [state for state in jobs.STATES if state not in jobs.ENDED]
    yield from tally(JOBS, [jobs.state_of(job, Drift()) for job in found], active_states, now)
    types = [name_of(job.type) for job in found]
    yield from told(PROTECTING, None if None in types else sum(kind in PROTECTION for kind in types), now)
