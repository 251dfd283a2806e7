"""NFS locks and the sessions of the lock manager: counts only, because clients and paths have no bound. From protocols/nfs.

These lists have a limit and no pages. What the limit cuts off is known only where the cluster tells a total.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import needs_one, size_of, tally, told, within, word_of

#: How many items of each list are asked for.
LIMIT = 5000
_SESSIONS, _LOCKS = "protocols/nfs/nlm/sessions", "protocols/nfs/locks"
HOST_TYPES = ("client", "server", "reverse", "expired")
VERSIONS = ("v3", "v4")

SESSIONS = MetricSpec("powerscale_nfs_lock_sessions", "Hosts that the NFS lock manager knows (protocols/nfs/nlm/sessions).")
BY_TYPE = MetricSpec(
    "powerscale_nfs_lock_sessions_by_host_type",
    "Hosts that the NFS lock manager knows, by what they are to it; absent where there are more than are read "
    "(protocols/nfs/nlm/sessions: host_type).",
    labels=("host_type",),
)
FAILING = MetricSpec(
    "powerscale_nfs_lock_sessions_failing",
    "Hosts that could not be told to reclaim their locks; absent where there are more hosts than are read "
    "(protocols/nfs/nlm/sessions: notify_error).",
)
LOCKS = MetricSpec(
    "powerscale_nfs_locks", "Locks held over NFS; absent while a node does not answer for its own (protocols/nfs/locks)."
)
BY_VERSION = MetricSpec(
    "powerscale_nfs_locks_by_version",
    "Locks held over NFS, by version; absent where there are more than are read (protocols/nfs/locks: version).",
    labels=("version",),
)
OLDEST = MetricSpec(
    "powerscale_nfs_lock_oldest_timestamp_seconds",
    "When the oldest lock was taken, in Unix time; absent where there are more than are read (protocols/nfs/locks: created).",
    unit="seconds",
)
MISSING = MetricSpec(
    "powerscale_nfs_locks_nodes_missing", "Nodes that did not answer for their locks (protocols/nfs/locks: errors)."
)
CUT = MetricSpec(
    "powerscale_nfs_lists_truncated",
    "Whether there are more of them than are read (protocols/nfs/nlm/sessions, protocols/nfs/locks: limit).",
    labels=("list",),
)
METRICS = (SESSIONS, BY_TYPE, FAILING, LOCKS, BY_VERSION, OLDEST, MISSING, CUT)

SCHEMA = RecordSchema(
    "nfs_locks",
    labels=(),
    fields={
        "sessions": SESSIONS.name,
        "sessions_failing": FAILING.name,
        "locks": LOCKS.name,
        "oldest_timestamp_seconds": OLDEST.name,
        "nodes_missing": MISSING.name,
    },
    help="What is locked over NFS on the whole cluster.",
)


class Clients(msgspec.Struct):
    """The answer of nfs/nlm/sessions."""

    clients: list[Any]
    total: Any = None


class Locks(msgspec.Struct):
    """The answer of nfs/locks; `errors` are of nodes that did not answer."""

    locks: list[Any]
    total: Any = None
    errors: Any = None


class NfsCollector:
    """Reads the sessions of the lock manager and the locks."""

    spec = CollectorSpec("nfs", interval=120.0, timeout=60.0, metrics=METRICS, schemas=(SCHEMA,), privileges=("ISI_PRIV_NFS",))

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch once; a release without one of the lists gives the other.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift, query = Drift(), {"limit": str(LIMIT)}
        clients = await session.offered(3, _SESSIONS, Clients, query)
        locks = await session.offered(16, _LOCKS, Locks, query)
        needs_one("NFS locks", clients, locks)
        samples = (
            *(clients_of(clients, now, drift) if clients else ()),
            *(locks_of(locks, now, drift) if locks else ()),
        )
        return Reading(samples, drift=drift.counts)


def clients_of(answer: Clients, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the hosts that the lock manager knows."""
    found, cut = answer.clients, len(answer.clients) >= LIMIT
    yield from told(CUT, cut, now, "sessions")
    yield from told(SESSIONS, size_of(len(found), whole(answer.total), LIMIT), now)
    if cut:
        return
    words = [word_of(drift, f"{_SESSIONS}: host_type", within(one, "host_type"), HOST_TYPES) for one in found]
    yield from tally(BY_TYPE, words, HOST_TYPES, now)
    errors = [within(one, "notify_error") for one in found]
    sense = all(isinstance(one, dict) for one in found) and all(error is None or isinstance(error, str) for error in errors)
    yield from told(FAILING, sum(map(bool, errors)) if sense else None, now)


def locks_of(answer: Locks, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the locks; while a node does not answer for its own, nobody knows how many there are."""
    found, cut = answer.locks, len(answer.locks) >= LIMIT
    missing = len(answer.errors) if isinstance(answer.errors, list) else 0 if answer.errors is None else None
    yield from told(CUT, cut, now, "locks")
    yield from told(MISSING, missing, now)
    if missing != 0:
        return
    yield from told(LOCKS, size_of(len(found), whole(answer.total), LIMIT), now)
    if cut:
        return
    words = [word_of(drift, f"{_LOCKS}: version", within(one, "version"), VERSIONS) for one in found]
    yield from tally(BY_VERSION, words, VERSIONS, now)
    times = [drift.moment(f"{_LOCKS}: created", within(one, "created")) for one in found]
    known = [time for time in times if time is not None]
    yield from told(OLDEST, min(known).timestamp() if known and len(known) == len(times) else None, now)
