"""A day on a healthy cluster, on a clock of its own: every collector, every shipped rule as it is shipped, and not one alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from incident_world import staged

from mendwatch import content
from mendwatch.alerting import flaps, loading, schemas
from mendwatch.alerting.engine import AlertEngine
from mendwatch.model.targets import Target
from mendwatch.polling import providers
from mendwatch.render.renderer import Renderer

TARGET = Target("c1", "onefs", "", {})
PACE = timedelta(minutes=5)
DAY = timedelta(days=1)


@pytest.mark.long
async def test_a_healthy_day_raises_no_alert(tmp_path: Path) -> None:
    rules = loading.load([content.folder("rules")], schemas.of_providers(providers.discover(["icmp", "onefs"]).values()))
    engine = AlertEngine(rules, Renderer(Path()))
    raised: set[str] = set()
    polls = 0
    async with staged(tmp_path) as scene:
        specs = {one.spec.name: replace(one.spec, interval=PACE.total_seconds()) for one in scene.collectors}
        begun = scene.clock.now()
        while scene.clock.now() - begun < DAY:
            poll, now = await scene.poll(), scene.clock.now()
            assert not poll.failures
            for name, reading in poll.readings.items():
                engine.observe(TARGET, "cluster", specs[name], reading, now)
            engine.tick(now)
            raised |= {f"{one.rule} at {now - begun}" for one in engine.alerts() if flaps.is_raised(one)}
            polls += 1
            scene.clock.move(PACE.total_seconds())

    assert raised == set()
    assert polls == DAY // PACE
