"""The kill switch as the agent sees it: the file in the state folder, the metric, and an audit row for a file that came or went.

A file writes no audit row by itself, so the agent does when it sees it. It starts and stops nothing.
"""

from __future__ import annotations

from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Gauge

from mendwatch.errors import StoreError
from mendwatch.remediation import stopping
from mendwatch.remediation.parts import Parts
from mendwatch.store.interface import Store
from mendwatch.web.stopping import Hands

log = structlog.get_logger(__name__)

#: The file in the state folder whose being there stops runs; what stands in it is the reason.
STOP_FILE = "runs.stopped"
_REASON_SIGNS = 200
#: Who is audited: a file does not say who wrote it.
_ACTOR = "file:runs.stopped"


class StopFile:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> str | None:
        """Say why runs are stopped by the file, None where it is not there. One that cannot be looked at stops runs, too."""
        try:
            if not self._path.exists():
                return None
            text = self._path.read_bytes()[: 4 * _REASON_SIGNS].decode("utf-8", "replace")
        except OSError as problem:
            return f"runs are stopped: whether there is a file {STOP_FILE} in the state folder cannot be told ({problem.strerror})"
        reason = "".join(sign if sign.isprintable() else " " for sign in text).strip()[:_REASON_SIGNS]
        return f"runs were stopped by the file {STOP_FILE} in the state folder{f': {reason}' if reason else ''}"


class Stops:
    """Looks now and then whether runs are stopped, for whatever reason."""

    def __init__(self, parts: Parts, registry: CollectorRegistry) -> None:
        self._parts = parts
        self._seen: str | None = None
        words = "Whether runs are stopped: by the command, the API, the file or the setting."
        self._gauge = Gauge("mendwatch_runs_stopped", words, registry=registry)

    async def look(self) -> None:
        """Look once; where the store does not answer, what was seen stays."""
        try:
            await self._audit(self._parts.stop_file())
            self._gauge.set(bool(await stopping.stopped(self._parts)))
        except StoreError:
            return

    async def _audit(self, found: str | None) -> None:
        if (found is None) == (self._seen is None):
            return
        what = "runs.allowed" if found is None else "runs.stopped"
        await self._parts.store.audit.append(_ACTOR, what, "runs", {"reason": found or "the file is gone"})
        self._seen = found
        log.warning("the kill switch in the state folder changed", stopped=found is not None, reason=found)


def stop_hands(store: Store) -> Hands:
    """Give what the endpoints of the kill switch do."""

    async def allow(actor: str, reason: str) -> bool:
        return await stopping.allow(store, actor, reason) is not None

    async def refused(actor: str, path: str, why: str) -> object:
        return await store.audit.append(actor, "runs.switch_refused", "runs", {"path": path, "why": why})

    return Hands(lambda actor, reason: stopping.stop(store, actor, reason), allow, refused)
