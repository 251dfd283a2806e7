"""Jobs of the Job Engine, one by one: those that are active, and how each type ended last. From job/jobs, job/recent, job/events.

The list tells no time of a pause; the events of the job do. A state that we do not know sets none of the 0/1 metrics: a rule
must not take it for a running job, nor for a paused one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, RecordSchema, Sample
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import among, holding, once, told, word_of

LABELS = ("job_id", "job_type")
ENDED = ("cancelled_user", "cancelled_system", "failed", "failed_not_retried", "succeeded")
BY_SYSTEM = ("paused_system", "paused_policy", "paused_priority")
#: `waiting` is a state of real clusters that the API's own description leaves out.
STATES = ("running", "waiting", "paused_user", *BY_SYSTEM, *ENDED)
REASONS = ("blocked_by_priority",)


def _spec(name: str, words: str, source: str, unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_job_{name}", f"{words} (job/jobs: {source}).", unit=unit, labels=LABELS)


STATE = MetricSpec("powerscale_job_state", "1 for the state of the job (job/jobs: state).", labels=(*LABELS, "state"))
REASON = MetricSpec(
    "powerscale_job_waiting_reason", "1 for what a waiting job waits for (job/jobs: waiting_reason).", labels=(*LABELS, "reason")
)
RUNNING = _spec("running", "Whether the job runs", "state")
WAITING = _spec("waiting", "Whether the job waits for its turn", "state")
PAUSED_BY_USER = _spec("paused_by_user", "Whether somebody paused the job, so that only somebody resumes it", "state paused_user")
PAUSED_BY_SYSTEM = _spec(
    "paused_by_system", "Whether the cluster paused the job and will resume it by itself", "state paused_system, _policy, _priority"
)
SINCE = MetricSpec(
    "powerscale_job_paused_since_timestamp_seconds",
    "When the pause of the job began, in Unix time; absent while it is not paused (job/events: time).",
    unit="seconds",
    labels=LABELS,
)
CREATED = _spec("creation_timestamp_seconds", "When the job was queued, in Unix time", "create_time", "seconds")
STARTED = _spec("start_timestamp_seconds", "When the job started, in Unix time", "start_time", "seconds")
RAN = _spec("running_seconds", "How long the job ran, without its pauses", "running_time", "seconds")
PRIORITY = _spec("priority", "The job's priority, 1 before 10", "priority")
PHASE = _spec("phase", "The phase that the job is in", "current_phase")
PHASES = _spec("phases", "How many phases the job has", "total_phases")
RETRIES = _spec("retries_remaining", "How often the job is tried again if it fails", "retries_remaining")
FIELDS = (RUNNING, WAITING, PAUSED_BY_USER, PAUSED_BY_SYSTEM, SINCE, CREATED, STARTED, RAN, PRIORITY, PHASE, PHASES, RETRIES)
METRICS = (STATE, REASON, *FIELDS)

SCHEMA = RecordSchema(
    "job",
    labels=LABELS,
    fields={spec.name.removeprefix("powerscale_job_"): spec.name for spec in FIELDS},
    help="One active job of the Job Engine.",
)

_TYPE = ("job_type",)
LAST_STATE = MetricSpec(
    "powerscale_job_type_last_state", "1 for how the newest job of this type ended (job/recent: state).", labels=(*_TYPE, "state")
)
LAST_SUCCEEDED = MetricSpec(
    "powerscale_job_type_last_succeeded",
    "Whether the newest ended job of this type succeeded: 0 if it failed or was cancelled (job/recent: state).",
    labels=_TYPE,
)
LAST_END = MetricSpec(
    "powerscale_job_type_last_end_timestamp_seconds",
    "When the newest ended job of this type ended, in Unix time (job/recent: end_time).",
    unit="seconds",
    labels=_TYPE,
)
LAST_RAN = MetricSpec(
    "powerscale_job_type_last_running_seconds",
    "How long the newest ended job of this type ran (job/recent: running_time).",
    unit="seconds",
    labels=_TYPE,
)
LAST_METRICS = (LAST_STATE, LAST_SUCCEEDED, LAST_END, LAST_RAN)
LAST_SCHEMA = RecordSchema(
    "job_type",
    labels=_TYPE,
    fields={spec.name.removeprefix("powerscale_job_type_"): spec.name for spec in LAST_METRICS[1:]},
    help="How the newest ended job of one type ended.",
)


class Job(msgspec.Struct):
    """One job, as much of it as is used."""

    id: Any = None
    type: Any = None
    state: Any = None
    waiting_reason: Any = None
    create_time: Any = None
    start_time: Any = None
    end_time: Any = None
    running_time: Any = None
    priority: Any = None
    current_phase: Any = None
    total_phases: Any = None
    retries_remaining: Any = None


class JobPage(msgspec.Struct):
    """One page of job/jobs."""

    jobs: list[Job]
    resume: Any = None


class Recent(msgspec.Struct):
    """The answer of job/recent."""

    recent_jobs: list[Job]


class JobEvent(msgspec.Struct):
    """One event of one job."""

    job_id: Any = None
    time: Any = None


class JobEvents(msgspec.Struct):
    """The answer of job/events; `resume` is set where there are more than were asked for."""

    events: list[JobEvent]
    resume: Any = None


def key_of(job: Job) -> tuple[str, str] | None:
    """Give the labels of a job; None where it cannot be named."""
    number, kind = name_of(job.id), name_of(job.type)
    return (number, kind) if number and kind else None


def state_of(job: Job, drift: Drift) -> str | None:
    """Give the state of a job."""
    return word_of(drift, "job/jobs: state", job.state, STATES)


def samples_of(jobs: Iterable[Job], since: Mapping[str, datetime], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the active jobs into samples; `since` is when the pause of a job began, by its id."""
    for labels, job in once(jobs, key_of).items():
        word = state_of(job, drift)
        yield from holding(STATE, word, now, *labels)
        yield from holding(REASON, word_of(drift, "job/jobs: waiting_reason", job.waiting_reason, REASONS), now, *labels)
        for spec, some in ((RUNNING, ("running",)), (WAITING, ("waiting",)), (PAUSED_BY_USER, ("paused_user",))):
            yield from told(spec, among(word, some, STATES), now, *labels)
        yield from told(PAUSED_BY_SYSTEM, among(word, BY_SYSTEM, STATES), now, *labels)
        for spec, value in _numbers(job, since.get(labels[0]), drift):
            yield from told(spec, value, now, *labels)


def _numbers(job: Job, since: datetime | None, drift: Drift) -> Iterator[tuple[MetricSpec, float | None]]:
    yield SINCE, since.timestamp() if since else None
    yield CREATED, _epoch(drift, "job/jobs: create_time", job.create_time)
    yield STARTED, _epoch(drift, "job/jobs: start_time", job.start_time)
    yield RAN, drift.quantity("job/jobs: running_time", job.running_time)
    yield PRIORITY, drift.whole("job/jobs: priority", job.priority)
    yield PHASE, drift.whole("job/jobs: current_phase", job.current_phase)
    yield PHASES, drift.whole("job/jobs: total_phases", job.total_phases)
    yield RETRIES, drift.whole("job/jobs: retries_remaining", job.retries_remaining)


def _epoch(drift: Drift, field: str, value: Any) -> float | None:  # noqa: ANN401 - foreign data
    found = drift.moment(field, value)
    return found.timestamp() if found else None


def paused(jobs: Iterable[Job]) -> list[tuple[str, str]]:
    """Give the ids of the jobs that are paused, by whomever, each with its state."""
    found = ((labels[0], state_of(job, Drift())) for labels, job in once(jobs, key_of).items())
    return [(number, state) for number, state in found if state in {"paused_user", *BY_SYSTEM}]


def pause_began(answer: JobEvents, drift: Drift) -> datetime | None:
    """Give the time of the newest event; None where the answer has only a part of the events, whose newest may be missing."""
    times = [drift.moment("job/events: time", event.time) for event in answer.events]
    return None if answer.resume else max((time for time in times if time is not None), default=None)


def last_of(recent: Iterable[Job], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Tell for each type how the newest of its ended jobs ended; one without an end may be the newest, so nobody knows it then."""
    newest: dict[str, tuple[datetime, Job]] = {}
    uncertain: set[str | None] = set()
    for job in recent:
        kind, ended = name_of(job.type), drift.moment("job/recent: end_time", job.end_time)
        if kind is None or ended is None:
            uncertain.add(kind)
        elif kind not in newest or ended > newest[kind][0]:
            newest[kind] = (ended, job)
    for kind, (ended, job) in newest.items():
        if uncertain & {kind, None}:
            continue
        word = word_of(drift, "job/recent: state", job.state, STATES)
        yield from holding(LAST_STATE, word, now, kind)
        yield from told(LAST_SUCCEEDED, among(word, ("succeeded",), ENDED), now, kind)
        yield from told(LAST_END, ended.timestamp(), now, kind)
        yield from told(LAST_RAN, drift.quantity("job/recent: running_time", job.running_time), now, kind)
