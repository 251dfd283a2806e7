"""The one session of a target: opened lazily, proved once before the collectors share it, closed exactly once.

While it is unproved only one poll at a time may use it, so that a wrong password is tried once and not once per collector.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from mendwatch.errors import BadAnswer, ConfigurationError, Denied, Unreachable, Unsupported
from mendwatch.model.targets import Identity
from mendwatch.polling.watches import Watch
from mendwatch.provider import Session

_log = structlog.get_logger(__name__)

#: Seconds that a session may take to log out.
CLOSE_PATIENCE = 2.0


class Conversation:
    """Keeps the session over polls."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._session: Session | None = None
        self._proved = False
        self._lock = asyncio.Lock()
        self.identity: Identity | None = None

    async def session(self, admit: Callable[[], None], on_failure: Callable[[Exception], None]) -> Session:
        """Give the session, proved by its identity.

        `admit` is asked again after waiting for another poll's proof, and raises if the target stands by by now.
        `on_failure` is told before the next waiting poll gets its turn.

        Raises:
            TargetError: the proof failed.
        """
        if self._session is not None and self._proved:
            return self._session
        async with self._lock:
            admit()
            try:
                return await self._prove()
            except Exception as problem:
                on_failure(problem)
                raise

    def doubt(self) -> None:
        """Prove the session again before the next poll; a target that was away may be another release when it is back."""
        self._proved = False

    async def close(self) -> None:
        """Close the session, if there is one; the next poll opens another."""
        session, self._session, self._proved = self._session, None, False
        if session is None:
            return
        try:
            async with asyncio.timeout(CLOSE_PATIENCE):
                await session.close()
        except Exception as problem:  # noqa: BLE001 - closing must not keep the agent from stopping, whatever a provider does
            _log.warning("session_not_closed", target=self._watch.target.id, error=f"{type(problem).__name__}: {problem}")

    async def _prove(self) -> Session:
        session = self._session = self._session or self._open()
        if not self._proved:
            try:
                self.identity = await session.identify()
            except (Denied, Unsupported, BadAnswer) as problem:
                # It answered and let us in: the collectors may still be able to read what they need.
                _log.info("target_not_identified", target=self._watch.target.id, error=str(problem))
            self._proved = self._session is session
        return session

    def _open(self) -> Session:
        try:
            return self._watch.provider.open(self._watch.target, self._watch.credential())
        except ConfigurationError as problem:
            raise Unreachable(str(problem), hint=problem.hint) from problem
