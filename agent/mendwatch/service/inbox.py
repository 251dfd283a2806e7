"""Received alerts on their way: kept first, acknowledged then, judged after.

What was acknowledged is on disk. So when the agent dies between the two, the next one judges it: it begins with everything that is
kept. Judging the same word again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from mendwatch.alerting.foreign_messages import Message
from mendwatch.clock import Clock
from mendwatch.errors import Refused, StoreError
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.received import Received
from mendwatch.service import garbage
from mendwatch.service.judgement import Judgement
from mendwatch.store.interface import ReceivedAlerts

_log = structlog.get_logger(__name__)

#: Alerts of a message after which what they leave is taken out of the way of Python's garbage collector.
LARGE = 500
#: Alerts that may wait to be judged; a sender that brings more is asked to come again.
BACKLOG = 20_000
#: How long words are kept: resolved ones, so that late ones are known as such; and those of alerts that nobody speaks of any more.
RESOLVED_KEPT, SILENT_KEPT = timedelta(days=7), timedelta(days=30)
#: Seconds between two rounds of forgetting, and before the store is asked again.
_FORGET, _PAUSE = 3600.0, 5.0
_TRUNCATED = "truncated"


class Inbox:
    """Takes messages. Make it inside the running loop."""

    def __init__(self, received: ReceivedAlerts, judgement: Judgement, metrics: AgentMetrics, clock: Clock) -> None:
        self._received = received
        self._judgement = judgement
        self._metrics = metrics
        self._clock = clock
        self._waiting: list[Received] = []
        self._news = asyncio.Event()
        self._forgot: float | None = None

    async def take(self, message: Message) -> None:
        """Keep the alerts of a message; they are judged soon after.

        Raises:
            Refused: too many are open, or wait.
            StoreError: the store does not answer. In both cases nothing of the message was kept.
        """
        if len(self._waiting) > BACKLOG:
            raise Refused("too many received alerts wait to be judged", hint="Nothing to do: the sender tries again.")
        _put_away(message.alerts)
        receipt = await self._received.take(message.alerts)
        _put_away(message.alerts)
        counts = {str(result): many for result, many in receipt.results.items()}
        self._metrics.deliveries.alerts(message.source, {**counts, _TRUNCATED: message.truncated})
        self._waiting += receipt.standing
        self._news.set()

    async def run(self) -> None:
        """Judge what is kept, then what comes, until cancelled."""
        while not await self.recall():
            await self._clock.sleep(_PAUSE)
        while True:
            await self._news.wait()
            self._news.clear()
            words, self._waiting = self._waiting, []
            await self._judge(words)
            _put_away(words)
            await self._forget()

    async def recall(self) -> bool:
        """Judge everything that is kept: after a start, and after rules have changed. Tells whether the store answered.

        All of it at once: of two alerts, the one that silences the other may be kept in a later page.
        """
        words: list[Received] = []
        try:
            while page := await self._received.standing(after=words[-1].mark if words else ""):
                words += page
        except StoreError as problem:
            _log.warning("received alerts cannot be read", reason=str(problem), hint=problem.hint)
            return False
        await self._judge(words)
        return True

    async def _judge(self, words: Sequence[Received]) -> None:
        try:
            await self._judgement.receive(words, self._clock.now())
        except Exception:  # noqa: BLE001 - a fault of ours in one alert must not stop the agent, which would meet it at every start
            _log.exception("received alerts were not judged")
            self._metrics.bug("webhook")

    async def _forget(self) -> None:
        """Forget old words, once an hour; nothing grows while nothing comes."""
        moment = self._clock.monotonic()
        if self._forgot is not None and moment - self._forgot < _FORGET:
            return
        now = self._clock.now()
        try:
            await self._received.prune(resolved_before=now - RESOLVED_KEPT, silent_before=now - SILENT_KEPT)
        except StoreError as problem:
            _log.info("received alerts not forgotten", reason=str(problem))
        else:
            self._forgot = moment


def _put_away(words: Sequence[Received]) -> None:
    if len(words) > LARGE:
        garbage.put_away()
