"""DataMover (SmartSync): its policies, and how the newest job of each stands. From datamover/policies and datamover/jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, among, holding, listed, needs_one, once, tally, told, word_of

LABELS = ("policy",)
_POLICIES, _JOBS = "datamover/policies", "datamover/jobs"
FAILING = ("failing", "failed")
GOOD = ("pending", "running", "finishing", "finished", "shadow_job")
JOB_STATES = (*GOOD, "paused", "cancelling", "cancelled", *FAILING, "invalid")


def _spec(name: str, words: str, source: str, unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_datamover_policy_{name}", f"{words} ({source}).", unit=unit, labels=LABELS)


ENABLED = _spec("enabled", "Whether the policy is switched on", "datamover/policies: enabled")
BY_SYSTEM = _spec(
    "disabled_by_system",
    "Whether DataMover itself disabled the policy, as after a cancelled job",
    "datamover/policies: disabled_by_dm",
)
VALID = _spec("valid", "Whether the policy is valid", "datamover/policies: validity")
JOB_STATE = MetricSpec(
    "powerscale_datamover_policy_job_state",
    "1 for the state of the policy's newest job (datamover/jobs: job_state).",
    labels=(*LABELS, "state"),
)
JOB_FAILED = _spec("job_failed", "Whether the policy's newest job failed or is about to", "datamover/jobs: job_state")
JOB_TASKS = _spec("job_failed_tasks", "Tasks of the policy's newest job that failed", "datamover/jobs: job_failed_tasks")
JOB_START = _spec(
    "job_start_timestamp_seconds", "When the policy's newest job started, in Unix time", "datamover/jobs: job_start_time", "seconds"
)
JOBS = MetricSpec("powerscale_datamover_jobs", f"DataMover jobs by state ({_JOBS}: job_state).", labels=("state",))
FIELDS = (ENABLED, BY_SYSTEM, VALID, JOB_FAILED, JOB_TASKS, JOB_START)
METRICS = (*FIELDS, JOB_STATE, JOBS)

SCHEMA = RecordSchema(
    "datamover_policy",
    labels=LABELS,
    fields={spec.name.removeprefix("powerscale_datamover_policy_"): spec.name for spec in FIELDS},
    help="One DataMover policy and its newest job.",
)


class Policy(msgspec.Struct):
    """One policy, as much of it as is used."""

    id: Any = None
    name: Any = None
    enabled: Any = None
    disabled_by_dm: Any = None
    validity: Any = None


class Job(msgspec.Struct):
    """One job, as much of it as is used."""

    id: Any = None
    job_policy_id: Any = None
    job_state: Any = None
    job_start_time: Any = None
    job_failed_tasks: Any = None


class PolicyPage(msgspec.Struct):
    """One page of the policies."""

    policies: list[Policy]
    resume: Any = None


class JobPage(msgspec.Struct):
    """One page of the jobs."""

    jobs: list[Job]
    resume: Any = None


class DataMoverCollector:
    """Reads policies and jobs of DataMover."""

    spec = CollectorSpec(
        "data_mover", interval=300.0, timeout=60.0, metrics=METRICS, schemas=(SCHEMA,), privileges=("ISI_PRIV_DATAMOVER",)
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch every page once; a release without one of the lists gives the other.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        policies = await listed(session, 15, _POLICIES, PolicyPage, lambda page: page.policies, {})
        jobs = await listed(session, 15, _JOBS, JobPage, lambda page: page.jobs, {})
        needs_one("DataMover", policies, jobs)
        samples = (
            *policies_of(policies or (), newest_of(jobs or ()), now, drift),
            *(jobs_of(jobs, now, drift) if jobs is not None else ()),
        )
        complete = all_told(SCHEMA, (name_of(one.name) for one in policies), samples) if policies is not None else frozenset[str]()
        return Reading(samples, complete=complete, drift=drift.counts)


def newest_of(jobs: Iterable[Job]) -> Mapping[str, Job]:
    """Give the newest job of each policy, by the policy's id; the cluster numbers its jobs upwards.

    A job without a number may be the newest of its policy, and one without a policy that of any: then nobody knows it.
    """
    found = [(whole(job.id), name_of(job.job_policy_id), job) for job in jobs]
    uncertain = {policy for number, policy, _ in found if number is None or policy is None}
    if None in uncertain:
        return {}
    ordered = sorted(((number or 0, job) for number, policy, job in found if policy not in uncertain), key=lambda one: -one[0])
    return once((job for _, job in ordered), lambda job: name_of(job.job_policy_id))


def policies_of(policies: Iterable[Policy], newest: Mapping[str, Job], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn policies into samples, each with what is known of its newest job."""
    for name, policy in once(policies, lambda one: name_of(one.name) or name_of(one.id)).items():
        yield from told(ENABLED, drift.flag(f"{_POLICIES}: enabled", policy.enabled), now, name)
        yield from told(BY_SYSTEM, drift.flag(f"{_POLICIES}: disabled_by_dm", policy.disabled_by_dm), now, name)
        yield from told(VALID, drift.flag(f"{_POLICIES}: validity", policy.validity), now, name)
        job = newest.get(name_of(policy.id) or "")
        if job is not None:
            yield from _job(job, name, now, drift)


def _job(job: Job, policy: str, now: datetime, drift: Drift) -> Iterator[Sample]:
    word = _state(job, Drift())  # counted with all the jobs
    start = drift.moment(f"{_JOBS}: job_start_time", job.job_start_time)
    tasks = len(job.job_failed_tasks) if isinstance(job.job_failed_tasks, list) else None
    yield from holding(JOB_STATE, word, now, policy)
    yield from told(JOB_FAILED, among(word, FAILING, JOB_STATES), now, policy)
    yield from told(JOB_TASKS, tasks, now, policy)
    yield from told(JOB_START, start.timestamp() if start else None, now, policy)


def _state(job: Job, drift: Drift) -> str | None:
    return word_of(drift, f"{_JOBS}: job_state", job.job_state, JOB_STATES)


def jobs_of(jobs: Iterable[Job], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the jobs by state."""
    yield from tally(JOBS, [_state(job, drift) for job in jobs], JOB_STATES, now)
