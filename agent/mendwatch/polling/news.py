"""Tells a failure once and its recovery once: to the log and to whoever watches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from mendwatch.clock import Clock
from mendwatch.config.durations import format_duration
from mendwatch.errors import MendwatchError
from mendwatch.model.notices import Announce, Notice
from mendwatch.model.targets import Identity
from mendwatch.model.text import replaced
from mendwatch.polling.health import News
from mendwatch.polling.outcomes import PollOutcome
from mendwatch.polling.standby import Ending
from mendwatch.polling.watches import Watch

_log = structlog.get_logger(__name__)


def words(error: Exception) -> str:
    """Give an error as one printable line; of a bug only the type, because its message may hold anything."""
    if isinstance(error, MendwatchError):
        return replaced(str(error))
    return f"a bug in the provider ({type(error).__name__}); the log has its traceback"


class Teller:
    """Writes the lines of one target."""

    def __init__(self, watch: Watch, clock: Clock, announce: Announce) -> None:
        self._name = watch.target.id
        self._provider = watch.provider.name
        self._clock, self._announce = clock, announce
        self._failing_since: datetime | None = None
        self._log = _log.bind(target=self._name)

    def tell(self, heard: News, outcome: PollOutcome, identity: Identity | None) -> None:
        """Write what there is to tell after a poll."""
        collector = outcome.spec.name
        if heard is News.UP:
            self._up(identity)
        elif heard is News.FAILING and outcome.error is not None:
            self._failing(outcome.error, outcome)
        elif heard is News.RECOVERED:
            self._recovered()
        elif heard is News.COLLECTOR_FAILING and outcome.error is not None:
            self._collector_failing(outcome.error, outcome)
        elif heard is News.COLLECTOR_RECOVERED:
            self._log.info("collector_recovered", collector=collector)

    def _up(self, identity: Identity | None) -> None:
        what = f"{identity.product} {identity.version}".strip() if identity else self._provider
        facts = {"target": self._name, "product": identity.product, "version": identity.version} if identity else {}
        self._log.info("target_up", what=replaced(what))
        self._say("target.up", f"{self._name} is up: {replaced(what)}", {"target": self._name, **facts})

    def _failing(self, error: Exception, outcome: PollOutcome) -> None:
        self._failing_since = self._clock.now()
        hint = error.hint if isinstance(error, MendwatchError) else ""
        facts = {"target": self._name, "collector": outcome.spec.name, "error": outcome.ending.value, "hint": hint}
        self._log.warning("target_failing", code=outcome.ending.value, error=words(error), collector=outcome.spec.name, hint=hint)
        self._say("target.failing", f"{self._name} is failing: {words(error)}", facts)

    def _recovered(self) -> None:
        since, self._failing_since = self._failing_since, None
        away = self._clock.now() - since if since else timedelta(0)
        took = format_duration(timedelta(seconds=round(away.total_seconds())))
        self._log.info("target_recovered", after=took)
        self._say(
            "target.recovered", f"{self._name} has recovered after {took}", {"target": self._name, "seconds": away.total_seconds()}
        )

    def _collector_failing(self, error: Exception, outcome: PollOutcome) -> None:
        if outcome.ending is Ending.UNSUPPORTED:  # no fault of anybody, and nothing to do
            self._log.info("collector_unsupported", collector=outcome.spec.name, reason=words(error))
            return
        hint = error.hint if isinstance(error, MendwatchError) else "This is a fault of the provider: report it with this log."
        bug = None if isinstance(error, MendwatchError) else error
        code = outcome.ending.value
        self._log.warning("collector_failing", code=code, collector=outcome.spec.name, error=words(error), hint=hint, exc_info=bug)

    def _say(self, kind: str, text: str, facts: Mapping[str, object]) -> None:
        self._announce(Notice(self._clock.now(), kind, text, facts))
