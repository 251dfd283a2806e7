"""SMB sessions by node and open files: counts only, because users, clients and paths have no bound. From protocols/smb.

A cluster can have a hundred thousand of them. Lists are read up to a bound; beyond it the count is unknown unless the cluster
itself tells it, and a metric says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import text, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import node_number
from mendwatch_onefs.giving import needs_one, size_of, told, within

#: Pages of one list that are read in one poll.
MOST_PAGES = 10
_SESSIONS, _FILES = "protocols/smb/sessions", "protocols/smb/openfiles"

SESSIONS = MetricSpec(
    "powerscale_smb_sessions",
    "Open SMB sessions; absent where there are more than are read (protocols/smb/sessions).",
    labels=("node",),
)
SESSION_FILES = MetricSpec(
    "powerscale_smb_session_open_files",
    "Files that all SMB sessions of the node hold open (protocols/smb/sessions: openfiles).",
    labels=("node",),
)
IDLE = MetricSpec(
    "powerscale_smb_session_idle_max_seconds",
    "How long the quietest SMB session of the node has been idle (protocols/smb/sessions: idle_time).",
    unit="seconds",
    labels=("node",),
)
SESSIONS_CUT = MetricSpec(
    "powerscale_smb_sessions_truncated",
    "Whether the node has more SMB sessions than are read, so that its counts are unknown (protocols/smb/sessions: resume).",
    labels=("node",),
)
FILES = MetricSpec(
    "powerscale_smb_open_files",
    "Files open over SMB, as the answering node lists them; absent where nobody counts them (protocols/smb/openfiles).",
)
LOCKED = MetricSpec(
    "powerscale_smb_open_files_locked",
    "Open files with locks on them; absent where there are more open files than are read (protocols/smb/openfiles: locks).",
)
FILES_CUT = MetricSpec(
    "powerscale_smb_open_files_truncated",
    "Whether there are more open files than are read, so that those with locks are unknown (protocols/smb/openfiles: resume).",
)
METRICS = (SESSIONS, SESSION_FILES, IDLE, SESSIONS_CUT, FILES, LOCKED, FILES_CUT)

SCHEMA = RecordSchema(
    "smb_node",
    labels=("node",),
    fields={
        "sessions": SESSIONS.name,
        "open_files": SESSION_FILES.name,
        "idle_max_seconds": IDLE.name,
        "truncated": SESSIONS_CUT.name,
    },
    help="The SMB sessions of one node.",
)
FILES_SCHEMA = RecordSchema(
    "smb_open_files", labels=(), fields={"open": FILES.name, "locked": LOCKED.name}, help="The files that are open over SMB."
)


class NodeSessions(msgspec.Struct):
    """The sessions of one node, or a part of them where `resume` is set."""

    lnn: Any = None
    sessions: Any = None
    resume: Any = None


class SessionPage(msgspec.Struct):
    """One page of the sessions of all nodes."""

    nodes: list[NodeSessions]
    resume: Any = None


class FilePage(msgspec.Struct):
    """One page of the open files."""

    openfiles: list[Any]
    total: Any = None
    resume: Any = None


P = TypeVar("P", SessionPage, FilePage)


@dataclass(slots=True)
class _Node:
    sessions: list[Any] = field(default_factory=list)
    whole: bool = True


class SmbCollector:
    """Reads the SMB sessions of all nodes and the open files of the one that answers."""

    spec = CollectorSpec(
        "smb", interval=120.0, timeout=90.0, metrics=METRICS, schemas=(SCHEMA, FILES_SCHEMA), privileges=("ISI_PRIV_SMB",)
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch at most so many pages of each list; a release without one of them gives the other.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        sessions = await _some(session, 11, _SESSIONS, SessionPage, {"lnn": "all"})
        files = await _some(session, 1, _FILES, FilePage, {})
        needs_one("SMB", sessions, files)
        samples = (
            *(sessions_of(sessions, now, drift) if sessions else ()),
            *(files_of(files, now, drift) if files else ()),
        )
        return Reading(samples, drift=drift.counts)


async def _some(session: OneFSClient, version: int, resource: str, outline: type[P], query: dict[str, str]) -> list[P] | None:
    """Read pages up to the bound; the last one has a token if there are more."""
    pages: list[P] = []
    try:
        async for page in session.pages(version, resource, outline, query):
            pages.append(page)
            if len(pages) == MOST_PAGES:
                break
    except Unsupported:
        return None
    return pages


def sessions_of(pages: Iterable[SessionPage], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the sessions of every node; of one whose list is cut, or makes no sense, nothing is known."""
    for lnn, node in _by_node(pages, drift).items():
        label = str(lnn)
        yield from told(SESSIONS_CUT, not node.whole, now, label)
        if node.whole:
            yield from told(SESSIONS, len(node.sessions), now, label)
            files = [drift.whole(f"{_SESSIONS}: openfiles", within(one, "openfiles")) for one in node.sessions]
            idle = [drift.quantity(f"{_SESSIONS}: idle_time", within(one, "idle_time")) for one in node.sessions]
            yield from told(SESSION_FILES, _sum(files), now, label)
            yield from told(IDLE, None if None in idle else max((one for one in idle if one is not None), default=None), now, label)


def _by_node(pages: Iterable[SessionPage], drift: Drift) -> dict[int, _Node]:
    """Gather what all pages have of each node; a node is whole if the last page about it leaves nothing over."""
    found: dict[int, _Node] = {}
    rest, anybodys, read = None, False, 0
    for page in pages:
        rest, read = text(page.resume), read + 1
        anybodys = _gather(page, found, drift) or anybodys
    if rest or (anybodys and read > 1):  # whose sessions are on the pages that follow, or were on one of these, is not known
        for node in found.values():
            node.whole = False
    return found


def _gather(page: SessionPage, found: dict[int, _Node], drift: Drift) -> bool:
    """Take one page; tell whether it has sessions of nobody knows whom. A node that stands twice on a page is believed neither."""
    times = Counter(node_number(part.lnn) for part in page.nodes)
    for part in page.nodes:
        lnn = node_number(part.lnn)
        if not lnn or not isinstance(part.sessions, list):
            drift.odd(f"{_SESSIONS}: nodes")
            continue
        node = found.setdefault(lnn, _Node())
        node.sessions += part.sessions
        node.whole = not text(part.resume) and times[lnn] == 1
    return bool(times[None])


def _sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def files_of(pages: list[FilePage], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Count the open files and those with locks; where the list is cut only the cluster's own count is known."""
    read = [file for page in pages for file in page.openfiles]
    cut = bool(text(pages[-1].resume))
    total = whole(pages[0].total)
    yield from told(FILES_CUT, cut, now)
    yield from told(FILES, size_of(len(read), total, len(read) if cut else len(read) + 1), now)
    locks = [drift.whole(f"{_FILES}: locks", within(file, "locks")) for file in read]
    known = not cut and None not in locks
    yield from told(LOCKED, sum(bool(one) for one in locks) if known else None, now)
