"""The stage of one drill: a temporary folder, rules with short times, a pretended target, and an agent of its own."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mendwatch import content
from mendwatch.cli.demo.stage import dump
from mendwatch.clock import SystemClock
from mendwatch.config import documents, loading
from mendwatch.config.durations import parse_duration
from mendwatch.errors import UserError
from mendwatch.polling import providers
from mendwatch.provider import DemoTarget, Drill, Gym, Trainer
from mendwatch.service.agent import Agent
from mendwatch.service.build import build

#: What a rule looks back at, and its thresholds, stay as they are shipped.
QUICK = {"keep_firing_for": "0s", "stale_after": "2m"}
#: Seconds that each doubling of a rule's own wait is worth here.
_DOUBLING = 3.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands when a drill begins."""

    gym: Gym
    agent: Agent
    folder: Path


def gym_of(provider: str) -> Gym:
    """Give the gym of a provider.

    Raises:
        UserError: no installed package has one.
    """
    found = {point.name: point for point in entry_points(group="mendwatch.demos")}
    demo = found[provider].load() if provider in found else None
    if not isinstance(demo, Trainer):
        raise UserError(f"there is no gym of {provider!r}", hint=f"Installed are: {', '.join(sorted(found)) or 'none'}.")
    return demo.gym()


@asynccontextmanager
async def built(gym: Gym, drill: Drill, provider: str) -> AsyncIterator[Stage]:
    """Build all of it for one drill and take it down again, whatever happens in between."""
    folder = Path(tempfile.mkdtemp(prefix="mendwatch-gym-"))
    try:
        target = await gym.start(folder / "target")
        try:
            _write(folder, provider, target, drill)
            agent = await build(loading.load(folder / "mendwatch.yaml"), folder, SystemClock())
            async with agent:
                yield Stage(gym, agent, folder)
        finally:
            await gym.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def adapted(rules: Mapping[str, Any], drill: Drill) -> dict[str, Any]:
    """Give a rule file with the gym's times and without its tests, which hold for the shipped times only.

    The one remediation that the drill is about asks for approval; all others observe.
    """
    groups = [{**group, "rules": [_adapted(rule, drill) for rule in group["rules"]]} for group in rules["groups"]]
    return {"groups": groups}


def _adapted(rule: Mapping[str, Any], drill: Drill) -> Mapping[str, Any]:
    quick = {**rule, **QUICK, "for": f"{1000 * shortened(rule.get('for', '0s')):.0f}ms"}
    if "remediate" not in rule:
        return quick
    wanted = drill.run is not None and drill.run.alert == rule["alert"]
    return {**quick, "remediate": {**rule["remediate"], "mode": "approve" if wanted else "observe"}}


def shortened(wait: str) -> float:
    """Give the seconds that a rule waits here for its own wait: 0 for none, 10 for five minutes, 21 for an hour, 35 for a day.

    Nobody waits for a day in a gym. But longer waits stay longer, so that an alert which is to hold another one back comes first.
    """
    return _DOUBLING * math.log2(1 + parse_duration(wait).total_seconds() / 30)


def _write(folder: Path, provider: str, target: DemoTarget, drill: Drill) -> None:
    rules = folder / "rules"
    rules.mkdir(mode=0o700)
    for path in sorted((content.folder("rules") / provider).glob("*.yaml")):
        dump(rules / path.name, adapted(documents.read(path).data, drill))
    paces = {one.spec.name: {"interval": f"{drill.pace}s"} for one in providers.discover([provider])[provider].collectors()}
    settings = {
        "state_dir": str(folder / "state"),
        "listen": "127.0.0.1:0",
        "shipped_rules": False,
        "rules": [str(rules)],
        "runs": {"directory": str(folder / "run")},
        "targets": [{**stanza, "collectors": paces} for stanza in target.targets],
    }
    dump(folder / "mendwatch.yaml", settings)
