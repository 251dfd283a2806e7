"""Every incident of the simulator against the shipped rules, through the real collectors: which alerts it raises, and no other.

A cluster on which nothing happens raises none. After the end of an incident its alerts are over.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from incident_world import Poll, Story, glimpse, play

from mendwatch import content
from mendwatch.alerting import flaps, loading, schemas
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.model.targets import Target
from mendwatch.polling import providers
from mendwatch.render.renderer import Renderer
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs_sim.gym.drills import ALERTS, UNSEEN
from mendwatch_onefs_sim.incidents.registry import INCIDENTS

START = datetime(2026, 1, 15, tzinfo=UTC)
TARGET = Target("c1", "onefs", "", {})
#: Nothing changes meanwhile, so that what a collector told is given again at this pace instead of its own.
PACE = timedelta(minutes=30)
#: At first a while at a pace that every rule's own `stale_after` allows.
QUICK, QUICKLY = timedelta(minutes=1), 6
#: How long it was quiet before, and how long it is as it is now: longer than every `for` of a rule that has to fire.
QUIET, LONG, OVER = 16, 7, 5


class Judge:
    """The shipped rules over the readings of one cluster, on a clock of their own."""

    def __init__(self, rules: RuleSet) -> None:
        self.engine = AlertEngine(rules, Renderer(Path()))
        specs = (one.spec for one in OneFSProvider().collectors())
        self.specs = {one.name: replace(one, interval=PACE.total_seconds()) for one in specs}
        self.now = START

    def sees(self, poll: Poll, rounds: int, pace: timedelta = PACE) -> None:
        """Let the collectors tell the same again and again."""
        for _ in range(rounds):
            for name, reading in poll.readings.items():
                self.engine.observe(TARGET, "cluster", self.specs[name], reading, self.now)
            self.engine.tick(self.now)
            self.now += pace

    def raised(self) -> set[str]:
        """Give the alerts that somebody was told of."""
        return {alert.rule.removeprefix("PowerScale") for alert in self.engine.alerts() if flaps.is_raised(alert)}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return loading.load([content.folder("rules")], schemas.of_providers(providers.discover(["icmp", "onefs"]).values()))


def judged(rules: RuleSet, quiet: Story, during: Poll) -> tuple[set[str], set[str]]:
    """Give what is raised during an incident and after it; before and after, all is as on the cluster on which nothing happens."""
    judge = Judge(rules)
    judge.sees(quiet.before, QUIET)
    judge.sees(during, QUICKLY, QUICK)
    judge.sees(during, LONG)
    raised = judge.raised()
    judge.sees(quiet.after, OVER)
    return raised, judge.raised()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Give the polls of a cluster on which nothing happens."""
    return asyncio.run(play(tmp_path_factory.mktemp("quiet")))


def test_every_incident_is_detected_or_named_with_the_reason() -> None:
    assert set(ALERTS) | set(UNSEEN) == set(INCIDENTS)
    assert not set(ALERTS) & set(UNSEEN)


def test_a_healthy_cluster_raises_no_alert(rules: RuleSet, quiet: Story) -> None:
    assert judged(rules, quiet, quiet.during) == (set(), set())


@pytest.mark.parametrize("name", sorted(INCIDENTS))
async def test_an_incident_raises_its_alerts_and_they_end_with_it(name: str, rules: RuleSet, quiet: Story, tmp_path: Path) -> None:
    during, after = judged(rules, quiet, await glimpse(tmp_path, name))

    assert during == ALERTS.get(name, set())
    assert after == set()
