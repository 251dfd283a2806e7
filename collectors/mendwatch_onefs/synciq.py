"""Replication: whether SyncIQ works, how its policies fare on both sides, and how old each copy is. From below sync/."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import Reading, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs import synciq_metrics as metrics
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, among, holding, listed, needs_one, told, within, word_of
from mendwatch_onefs.synciq_policies import (
    JobPage,
    PolicyPage,
    ReportPage,
    TargetPage,
    jobs_of,
    named,
    policies_of,
    reports_of,
    target_whole,
    targets_of,
)


class Settings(msgspec.Struct):
    """The answer of sync/settings."""

    settings: Any = None


class SyncIQCollector:
    """Reads settings, policies, each one's newest report, the jobs, and the policies that copy to this cluster."""

    spec = CollectorSpec(
        "synciq",
        interval=120.0,
        timeout=90.0,
        metrics=metrics.METRICS,
        schemas=(metrics.SCHEMA, metrics.POLICY_SCHEMA, metrics.TARGET_SCHEMA),
        privileges=("ISI_PRIV_SYNCIQ",),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch every page once; a release without one of the resources gives the others.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        settings = await session.offered(16, "sync/settings", Settings)
        policies = await listed(session, 14, "sync/policies", PolicyPage, lambda page: page.policies, {})
        newest = {"reports_per_policy": "1"}
        reports = await listed(session, 15, "sync/reports", ReportPage, lambda page: page.reports, newest)
        jobs = await listed(session, 15, "sync/jobs", JobPage, lambda page: page.jobs, {})
        targets = await listed(session, 1, "sync/target/policies", TargetPage, lambda page: page.policies, {})
        needs_one("SyncIQ", settings, policies, reports, jobs, targets)
        known = named(policies or ())
        samples = (
            *settings_of(settings.settings if settings else None, now, drift),
            *(told(metrics.POLICIES, len(policies), now) if policies is not None else ()),
            *policies_of(known, now, drift),
            *reports_of(reports or (), known, now, drift),
            *(jobs_of(jobs, known, now, drift) if jobs is not None else ()),
            *targets_of(targets or (), now, drift),
        )
        names = [name_of(one.name) for one in policies or ()]
        complete = all_told(metrics.POLICY_SCHEMA, names, samples) if policies is not None else frozenset[str]()
        if targets is not None:
            complete |= all_told(metrics.TARGET_SCHEMA, map(target_whole, targets), samples)
        return Reading(samples, complete=complete, drift=drift.counts)


def settings_of(settings: Any, now: datetime, drift: Drift) -> Iterator[Sample]:  # noqa: ANN401 - foreign data
    """Turn sync/settings into samples."""
    state = word_of(drift, "sync/settings: service", within(settings, "service"), metrics.SERVICE_STATES)
    yield from holding(metrics.SERVICE_STATE, state, now)
    yield from told(metrics.SERVICE, among(state, ("on",), metrics.SERVICE_STATES), now)
    yield from told(metrics.RPO_ALERTS, drift.flag("sync/settings: rpo_alerts", within(settings, "rpo_alerts")), now)
