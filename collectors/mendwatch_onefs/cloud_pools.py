"""CloudPools: its pools, its accounts and whether their clouds are reached, and its jobs. From cloud/pools, accounts and jobs.

An account's answer carries its key; nothing here decodes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, among, holding, listed, needs_one, once, tally, told, within, word_of

_POOLS, _ACCOUNTS, _JOBS = "cloud/pools", "cloud/accounts", "cloud/jobs"
POOL_STATES = ("ok", "disabled")
ACCOUNT_STATES = ("ok", "disabled", "unreachable")
JOB_STATES = ("running", "paused", "canceled", "completed", "failed")
_ACTIVE = ("running", "paused")

POOL_STATE = MetricSpec("powerscale_cloud_pool_state", f"1 for the state of the pool ({_POOLS}: state).", labels=("pool", "state"))
POOL_OK = MetricSpec(
    "powerscale_cloud_pool_ok", f"Whether the pool is in a good state, 0 if it is disabled ({_POOLS}: state).", labels=("pool",)
)
ACCOUNT_STATE = MetricSpec(
    "powerscale_cloud_account_state", f"1 for the state of the account ({_ACCOUNTS}: state).", labels=("account", "state")
)
ACCOUNT_OK = MetricSpec(
    "powerscale_cloud_account_ok",
    f"Whether the account is in a good state, 0 if it is disabled or its cloud cannot be reached ({_ACCOUNTS}: state).",
    labels=("account",),
)
ACCOUNT_ENABLED = MetricSpec(
    "powerscale_cloud_account_enabled", f"Whether the account is switched on ({_ACCOUNTS}: enabled).", labels=("account",)
)
JOBS = MetricSpec(
    "powerscale_cloud_jobs", f"CloudPools jobs, those that ended too, by state ({_JOBS}: effective_state).", labels=("state",)
)
FAILED_FILES = MetricSpec(
    "powerscale_cloud_jobs_failed_files", f"Files that the active CloudPools jobs could not move ({_JOBS}: files.total_failed)."
)
METRICS = (POOL_STATE, POOL_OK, ACCOUNT_STATE, ACCOUNT_OK, ACCOUNT_ENABLED, JOBS, FAILED_FILES)

POOL_SCHEMA = RecordSchema("cloud_pool", labels=("pool",), fields={"ok": POOL_OK.name}, help="One CloudPools pool.")
ACCOUNT_SCHEMA = RecordSchema(
    "cloud_account",
    labels=("account",),
    fields={"ok": ACCOUNT_OK.name, "enabled": ACCOUNT_ENABLED.name},
    help="One account of a cloud.",
)


class Named(msgspec.Struct):
    """A pool or an account, as much of it as is used."""

    id: Any = None
    name: Any = None
    state: Any = None
    enabled: Any = None


class Job(msgspec.Struct):
    """One job, as much of it as is used."""

    effective_state: Any = None
    files: Any = None


class PoolPage(msgspec.Struct):
    """One page of the pools."""

    pools: list[Named]
    resume: Any = None


class AccountPage(msgspec.Struct):
    """One page of the accounts."""

    accounts: list[Named]
    resume: Any = None


class JobPage(msgspec.Struct):
    """One page of the jobs."""

    jobs: list[Job]
    resume: Any = None


class CloudPoolsCollector:
    """Reads pools, accounts and jobs of CloudPools."""

    spec = CollectorSpec(
        "cloud_pools",
        interval=300.0,
        timeout=90.0,
        metrics=METRICS,
        schemas=(POOL_SCHEMA, ACCOUNT_SCHEMA),
        privileges=("ISI_PRIV_CLOUDPOOLS",),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch every page once; a release without one of the lists gives the others.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        pools = await listed(session, 7, _POOLS, PoolPage, lambda page: page.pools, {})
        accounts = await listed(session, 7, _ACCOUNTS, AccountPage, lambda page: page.accounts, {})
        jobs = await listed(session, 3, _JOBS, JobPage, lambda page: page.jobs, {})
        needs_one("CloudPools", pools, accounts, jobs)
        samples = (
            *pools_of(pools or (), now, drift),
            *accounts_of(accounts or (), now, drift),
            *(jobs_of(jobs, now, drift) if jobs is not None else ()),
        )
        read = ((POOL_SCHEMA, pools), (ACCOUNT_SCHEMA, accounts))
        complete = [all_told(schema, (name_of(one.name) for one in found), samples) for schema, found in read if found is not None]
        return Reading(samples, complete=frozenset().union(*complete), drift=drift.counts)


def _name(one: Named) -> str | None:
    return name_of(one.name) or name_of(one.id)


def pools_of(pools: Iterable[Named], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn pools into samples."""
    for name, pool in once(pools, _name).items():
        word = word_of(drift, f"{_POOLS}: state", pool.state, POOL_STATES)
        yield from holding(POOL_STATE, word, now, name)
        yield from told(POOL_OK, among(word, ("ok",), POOL_STATES), now, name)


def accounts_of(accounts: Iterable[Named], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn accounts into samples."""
    for name, account in once(accounts, _name).items():
        word = word_of(drift, f"{_ACCOUNTS}: state", account.state, ACCOUNT_STATES)
        yield from holding(ACCOUNT_STATE, word, now, name)
        yield from told(ACCOUNT_OK, among(word, ("ok",), ACCOUNT_STATES), now, name)
        yield from told(ACCOUNT_ENABLED, drift.flag(f"{_ACCOUNTS}: enabled", account.enabled), now, name)


def jobs_of(jobs: Iterable[Job], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the jobs, and the files that the active ones failed on; unknown if one of them does not tell."""
    found = list(jobs)
    words = [word_of(drift, f"{_JOBS}: effective_state", job.effective_state, JOB_STATES) for job in found]
    yield from tally(JOBS, words, JOB_STATES, now)
    active = [job for job, word in zip(found, words, strict=True) if word in _ACTIVE]
    failed = [drift.whole(f"{_JOBS}: files.total_failed", within(job.files, "total_failed")) for job in active]
    sense = all(word in JOB_STATES for word in words) and None not in failed
    yield from told(FAILED_FILES, sum(one or 0 for one in failed) if sense else None, now)
