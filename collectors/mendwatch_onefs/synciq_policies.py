"""From SyncIQ's policies, reports and jobs to samples. Pure. Paths and hosts are text that people wrote, passed on as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import Sample
from mendwatch_onefs import synciq_metrics as metrics
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import among, holding, once, tally, told, word_of

_POLICIES, _REPORTS, _JOBS, _TARGETS = "sync/policies: ", "sync/reports: ", "sync/jobs: ", "sync/target/policies: "


class Policy(msgspec.Struct):
    """One policy of this cluster."""

    name: Any = None
    id: Any = None
    action: Any = None
    source_root_path: Any = None
    target_host: Any = None
    target_path: Any = None
    enabled: Any = None
    conflicted: Any = None
    has_sync_state: Any = None
    last_job_state: Any = None
    last_started: Any = None
    last_success: Any = None
    next_run: Any = None
    rpo_alert: Any = None


class PolicyPage(msgspec.Struct):
    """One page of the policies."""

    policies: list[Policy]
    resume: Any = None


class Report(msgspec.Struct):
    """One report; `error` is the first of `errors`."""

    policy_name: Any = None
    state: Any = None
    start_time: Any = None
    end_time: Any = None
    duration: Any = None
    bytes_transferred: Any = None
    error: Any = None
    errors: Any = None


class ReportPage(msgspec.Struct):
    """One page of the reports."""

    reports: list[Report]
    resume: Any = None


class Job(msgspec.Struct):
    """One job that has not been forgotten yet."""

    policy_name: Any = None
    state: Any = None
    duration: Any = None


class JobPage(msgspec.Struct):
    """One page of the jobs."""

    jobs: list[Job]
    resume: Any = None


class TargetPolicy(msgspec.Struct):
    """A policy of another cluster that copies to this one."""

    name: Any = None
    source_host: Any = None
    last_job_state: Any = None
    failover_failback_state: Any = None
    last_update_from_source: Any = None


class TargetPage(msgspec.Struct):
    """One page of them."""

    policies: list[TargetPolicy]
    resume: Any = None


def named(policies: Iterable[Policy]) -> Mapping[str, Policy]:
    """Give the policies by their names, or by their ids where they have none."""
    return once(policies, lambda one: name_of(one.name) or name_of(one.id))


def policies_of(policies: Mapping[str, Policy], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn policies into samples."""
    for name, policy in policies.items():
        where = (policy.action, policy.source_root_path, policy.target_host, policy.target_path)
        yield from told(metrics.INFO, 1, now, name, *(name_of(part) or "" for part in where))
        for spec, field in ((metrics.ENABLED, "enabled"), (metrics.CONFLICTED, "conflicted"), (metrics.SYNCED, "has_sync_state")):
            yield from told(spec, drift.flag(_POLICIES + field, getattr(policy, field)), now, name)
        state = word_of(drift, f"{_POLICIES}last_job_state", policy.last_job_state, metrics.STATES)
        yield from holding(metrics.STATE, state, now, name)
        yield from told(metrics.FAILED, among(_certain(state), metrics.BAD, metrics.STATES), now, name)
        yield from _times(policy, name, now, drift)


def _times(policy: Policy, name: str, now: datetime, drift: Drift) -> Iterator[Sample]:
    for spec, field in ((metrics.STARTED, "last_started"), (metrics.NEXT, "next_run")):
        moment = drift.moment(_POLICIES + field, getattr(policy, field))
        yield from told(spec, moment.timestamp() if moment else None, now, name)
    success = drift.moment(f"{_POLICIES}last_success", policy.last_success)
    if success is not None:
        yield from told(metrics.SUCCESS, success.timestamp(), now, name)
        yield from told(metrics.AGE, max(0.0, (now - success).total_seconds()), now, name)
    # 0 is OneFS' word for no objective
    yield from told(metrics.RPO, drift.quantity(f"{_POLICIES}rpo_alert", policy.rpo_alert) or None, now, name)


def reports_of(reports: Iterable[Report], policies: Mapping[str, Policy], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the newest report of each policy into samples; reports of policies that are gone are left out."""
    for name, report in _newest(reports, drift).items():
        if name not in policies:
            continue
        yield from holding(metrics.REPORTED, word_of(drift, f"{_REPORTS}state", report.state, metrics.STATES), now, name)
        yield from told(metrics.DURATION, drift.quantity(f"{_REPORTS}duration", report.duration), now, name)
        yield from told(metrics.COPIED, drift.quantity(f"{_REPORTS}bytes_transferred", report.bytes_transferred), now, name)
        ended = drift.moment(f"{_REPORTS}end_time", report.end_time)
        yield from told(metrics.ENDED, ended.timestamp() if ended else None, now, name)
        yield from told(metrics.ERRORS, errors_of(report, drift), now, name)


def errors_of(report: Report, drift: Drift) -> int | None:
    """Give how many errors a report has; None where it does not tell."""
    if isinstance(report.errors, list):
        return max(len(report.errors), int(isinstance(report.error, str) and bool(report.error)))
    if report.errors is not None:
        drift.odd(f"{_REPORTS}errors")
    return 1 if report.error and isinstance(report.error, str) else None


def _newest(reports: Iterable[Report], drift: Drift) -> Mapping[str, Report]:
    """Give each policy's report that started last; the list has no order that is promised.

    Of several of which one does not tell its start nobody knows the newest.
    """
    found: dict[str, list[tuple[float | None, Report]]] = {}
    for report in reports:
        name, started = name_of(report.policy_name), drift.moment(f"{_REPORTS}start_time", report.start_time)
        if name is not None:
            found.setdefault(name, []).append((started.timestamp() if started else None, report))
    certain = {name: group for name, group in found.items() if len(group) == 1 or all(when is not None for when, _ in group)}
    return {name: max(group, key=lambda one: one[0] or 0.0)[1] for name, group in certain.items()}


def jobs_of(jobs: Iterable[Job], policies: Mapping[str, Policy], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the jobs by state, and tell which policies are at work."""
    found = [(job, word_of(drift, f"{_JOBS}state", job.state, metrics.STATES)) for job in jobs]
    yield from tally(metrics.JOBS, [state for _, state in found], metrics.GOING, now)
    running = {name_of(job.policy_name): job for job, state in found if state == "running"}
    certain = all(state is not None for _, state in found) and None not in running
    for name in policies:
        job = running.get(name)
        yield from told(metrics.RUNNING, True if job else False if certain else None, now, name)
        yield from told(metrics.RUNNING_SECONDS, drift.quantity(f"{_JOBS}duration", job.duration) if job else None, now, name)


def targets_of(targets: Iterable[TargetPolicy], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the policies that copy to this cluster into samples."""
    for (name, source), target in once(targets, _target_key).items():
        state = word_of(drift, f"{_TARGETS}last_job_state", target.last_job_state, metrics.STATES)
        failover = word_of(drift, f"{_TARGETS}failover_failback_state", target.failover_failback_state, metrics.FAILOVER_STATES)
        yield from holding(metrics.TARGET_STATE, state, now, name, source)
        yield from holding(metrics.TARGET_FAILOVER, failover, now, name, source)
        yield from told(metrics.TARGET_FAILED, among(_certain(state), metrics.BAD, metrics.STATES), now, name, source)
        updated = drift.moment(f"{_TARGETS}last_update_from_source", target.last_update_from_source)
        yield from told(metrics.TARGET_AGE, max(0.0, (now - updated).total_seconds()) if updated else None, now, name, source)


def _target_key(target: TargetPolicy) -> tuple[str, str] | None:
    name = name_of(target.name)
    return None if name is None else (name, name_of(target.source_host) or "")


def target_whole(target: TargetPolicy) -> tuple[str, str] | None:
    """Give the labels of such a policy, None where one of them is missing."""
    return _target_key(target) if name_of(target.source_host) else None


def _certain(state: str | None) -> str | None:
    """Give a state, but not OneFS' own word for not knowing."""
    return None if state == "unknown" else state
