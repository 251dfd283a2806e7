"""When to tell that a target fails and that it has recovered: once each, however many collectors meet the outage.

Pure. A failure that a collector met at the target's door (nothing answers, wrong password) is over for all as soon as one
of them gets an answer. A collector that ran into its own deadline is believed only when it succeeds itself, so that one
endpoint that always hangs does not make the target fail and recover at every round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from mendwatch.polling.standby import ANSWERED, OF_TARGET, Ending


class News(StrEnum):
    """What there is to tell after a poll."""

    NOTHING = "nothing"
    UP = "up"
    FAILING = "failing"
    RECOVERED = "recovered"
    COLLECTOR_FAILING = "collector_failing"
    COLLECTOR_RECOVERED = "collector_recovered"


@dataclass(frozen=True, slots=True)
class Health:
    """What was told so far.

    `refused` holds the collectors that failed at the target's door, `hanging` those that ran into their deadline, `faulty`
    those whose own reading fails while the target answers. `up` is None until the first poll that says something.
    """

    up: bool | None = None
    refused: frozenset[str] = frozenset()
    hanging: frozenset[str] = frozenset()
    faulty: frozenset[str] = frozenset()

    @property
    def failing(self) -> bool:
        """Whether the target was told to fail."""
        return bool(self.refused or self.hanging)


def judge(health: Health, collector: str, ending: Ending, *, timed_out: bool = False) -> tuple[Health, News]:
    """Give the new health after a poll, and what to tell."""
    if ending in OF_TARGET:
        return _failed(health, collector, timed_out=timed_out), News.NOTHING if health.failing else News.FAILING
    after = _answered(health, collector) if ending in ANSWERED else health
    after, own = _own_fault(after, collector, ending)
    if health.failing and not after.failing:
        return after, News.RECOVERED
    return after, News.UP if health.up is None and after.up and own is News.NOTHING else own


def _failed(health: Health, collector: str, *, timed_out: bool) -> Health:
    if timed_out:
        return replace(health, up=False, hanging=health.hanging | {collector})
    return replace(health, up=False, refused=health.refused | {collector})


def _answered(health: Health, collector: str) -> Health:
    hanging = health.hanging - {collector}
    return replace(health, up=not hanging, refused=frozenset(), hanging=hanging)


def _own_fault(health: Health, collector: str, ending: Ending) -> tuple[Health, News]:
    if ending is Ending.OK:
        mended = collector in health.faulty
        return replace(health, faulty=health.faulty - {collector}), News.COLLECTOR_RECOVERED if mended else News.NOTHING
    new = collector not in health.faulty
    return replace(health, faulty=health.faulty | {collector}), News.COLLECTOR_FAILING if new else News.NOTHING
