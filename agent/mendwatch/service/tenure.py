"""Whether this agent acts. Agents that share a state agree on one; the others stand by until it is gone.

Only who acts polls, judges and carries runs. Who does not hear from the database for as long as the lease lasts asks it before
anything else: an agent that stood still learns there that another one took over. While nobody can ask, nobody can take over
either, and watching goes on; what would change anything needs the database in any case.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import structlog

from mendwatch.clock import Clock
from mendwatch.errors import StoreError
from mendwatch.model.members import Badge
from mendwatch.store.interface import Fleet

_log = structlog.get_logger(__name__)

#: The files in the state folder: the agent's id, and the lock of the process that has it.
IDENTITY, LOCK = "agent.id", "agent.lock"
#: Seconds that the lease lasts for its holder, who counts from before it asked, which is half a second less than for all others.
LASTS = 5.5
#: Seconds between two words of the agent that acts, and of one that stands by.
RENEW, LOOK = 2.0, 0.5


@contextmanager
def badge(folder: Path) -> Iterator[Badge]:
    """Give this agent's badge, which no other process has meanwhile.

    Raises:
        StoreError: another process has it.
    """
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            hint = "Give each agent a `state_dir` of its own, with the same audit.key in it."
            raise StoreError(f"an agent uses the state folder {folder} already", hint=hint) from problem
        host = socket.gethostname()
        yield Badge(_identity(folder / IDENTITY, host), host, os.getpid(), metadata.version("mendwatch"))
    finally:
        os.close(handle)


class Tenure:
    """This agent's part in the fleet."""

    def __init__(self, fleet: Fleet, badge: Badge, clock: Clock) -> None:
        self._fleet = fleet
        self._badge = badge
        self._clock = clock
        self._fence: int | None = None
        self._until = 0.0
        self._one = asyncio.Lock()
        #: Set once another agent has taken over.
        self.lost = asyncio.Event()

    async def take(self) -> None:
        """Stand by until this agent acts."""
        told = ""
        while self._fence is None:
            try:
                behind = await self._beat()
            except StoreError as problem:
                behind = f"the database: {problem}"
            if self._fence is None:
                if behind != told:
                    _log.info("standing by", agent=self._badge.id, behind=behind)
                told = behind
                await self._clock.sleep(LOOK)
        _log.info("this agent acts", agent=self._badge.id, fence=self._fence)

    async def keep(self) -> None:
        """Hold the lease until another agent has it."""
        while not self.lost.is_set():
            await self._clock.sleep(RENEW)
            await self._ask()

    async def sure(self) -> bool:
        """Tell whether this agent may ask a target something now. Asks the database where the lease may be over."""
        if self._clock.monotonic() >= self._until:
            await self._ask()
        return not self.lost.is_set()

    async def leave(self) -> None:
        """Be gone in order."""
        try:
            await self._fleet.leave(self._badge, self._fence)
        except StoreError as problem:
            _log.info("the lease was not given back; it ends by itself", reason=str(problem))

    async def _ask(self) -> None:
        """Hold the lease on; a database that does not answer leaves everything as it is."""
        try:
            await self._beat()
        except StoreError as problem:
            _log.debug("the lease was not renewed", reason=str(problem))

    async def _beat(self) -> str:
        """Say that we are there; gives who acts. What is lost is lost for good: this process never acts again."""
        async with self._one:
            if self.lost.is_set():
                return ""
            sent, acted = self._clock.monotonic(), self._fence is not None
            answer = await self._fleet.beat(self._badge, self._fence)
            self._fence, self._until = answer.fence, sent + LASTS
            if acted and answer.fence is None:
                _log.warning("another agent acts by now", agent=self._badge.id, acting=answer.acting)
                self.lost.set()
            return answer.acting or ""


def _identity(file: Path, host: str) -> str:
    """Give the id in a file, which is made where there is none."""
    if not file.exists():
        file.write_text(f"{host.partition('.')[0][:40]}-{secrets.token_hex(4)}\n", "ascii", "replace")
    return file.read_text("ascii").strip()
