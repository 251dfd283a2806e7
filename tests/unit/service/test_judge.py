"""Which events are open is answered from what was read, and never by asking the target once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from mendwatch.alerting.engine import AlertEngine
from mendwatch.errors import NotFound
from mendwatch.model.samples import Event, Reading, Severity
from mendwatch.polling.poller import Poller
from mendwatch.service.events import OpenEvents
from mendwatch.service.judge import FreshJudge
from mendwatch.testing.clock import FakeClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FULL = Event("1", "QUOTA", "quota", "text", Severity.WARNING, active=True, time=NOON)


@dataclass
class Collector:
    last_success: datetime | None


@dataclass
class Standing:
    """Stands where the poller does: it knows who succeeded, and fails a test that polls."""

    collectors: Sequence[Collector] = field(default_factory=list)
    gone: bool = False

    def status_of(self, target: str) -> Any:  # noqa: ANN401 - as much of a TargetStatus as is read
        if self.gone:
            raise NotFound(f"there is no target {target!r}")
        return self


def judge(standing: Standing, events: OpenEvents) -> FreshJudge:
    return FreshJudge(cast("Poller", standing), cast("AlertEngine", None), events, {}, FakeClock())


async def test_events_that_were_read_are_given() -> None:
    events = OpenEvents()
    events.update("lab", "events", Reading(events=(FULL,), events_complete=True))

    assert await judge(Standing([Collector(None)]), events).open_events("lab", "QUOTA") == [FULL]


async def test_nothing_is_known_until_every_collector_has_told() -> None:
    assert await judge(Standing([Collector(NOON), Collector(None)]), OpenEvents()).open_events("lab", "QUOTA") is None


async def test_a_target_that_tells_no_events_has_none() -> None:
    assert await judge(Standing([Collector(NOON)]), OpenEvents()).open_events("lab", "QUOTA") == []


async def test_a_target_that_left_the_configuration_has_none() -> None:
    assert await judge(Standing(gone=True), OpenEvents()).open_events("lab", "QUOTA") == ()
