"""The demo's stage: a temporary folder with a configuration, shortened rules, a pretended target and an agent on free ports."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import yaml

from mendwatch import content
from mendwatch.config import documents, loading
from mendwatch.config.settings import Settings
from mendwatch.errors import UserError
from mendwatch.provider import Demo, DemoTarget

#: Nobody waits five minutes for a demo to worry; these replace the own times of the shipped rules that mend something.
QUICK = {"for": "2s", "keep_firing_for": "0s", "stale_after": "30s"}


@dataclass(frozen=True, slots=True)
class Set:
    """What stands on the stage before the agent is built."""

    folder: Path
    config: Path
    settings: Settings
    scenario: Demo
    target: DemoTarget


@asynccontextmanager
async def built(provider: str, port: int) -> AsyncIterator[Set]:
    """Build the stage and take it down again, whatever happens in between.

    Raises:
        UserError: no installed package pretends that infrastructure.
    """
    scenario = _scenario(provider)
    folder = Path(tempfile.mkdtemp(prefix="mendwatch-demo-"))
    try:
        target = await scenario.start(str(folder))
        try:
            config = _write(folder, provider, port, target)
            yield Set(folder, config, loading.load(config), scenario, target)
        finally:
            await scenario.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def quickened(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Give a rule file with the demo's times and without its tests, which hold for the shipped times only.

    A rule that mends nothing keeps its times: it has reasons to wait that a demo does not know.
    """
    groups = [{**group, "rules": [_quick(rule) for rule in group["rules"]]} for group in rules["groups"]]
    return {"groups": groups}


def _quick(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**rule, **QUICK} if "remediate" in rule else rule


def _scenario(provider: str) -> Demo:
    found = {point.name: point for point in entry_points(group="mendwatch.demos")}
    if provider not in found:
        raise UserError(f"there is no demo of {provider!r}", hint=f"Known: {', '.join(sorted(found)) or 'none installed'}.")
    scenario: Demo = found[provider].load()
    return scenario


def _write(folder: Path, provider: str, port: int, target: DemoTarget) -> Path:
    rules = folder / "rules"
    rules.mkdir(mode=0o700)
    for path in sorted((content.folder("rules") / provider).glob("*.yaml")):
        dump(rules / path.name, quickened(documents.read(path).data))
    config = folder / "mendwatch.yaml"
    dump(
        config,
        {
            "state_dir": str(folder / "state"),
            "listen": f"127.0.0.1:{port}",
            "shipped_rules": False,
            "rules": [str(rules)],
            "runs": {"directory": str(folder / "run")},
            "targets": [dict(stanza) for stanza in target.targets],
        },
    )
    return config


def dump(path: Path, value: object) -> None:
    """Write a new YAML file that only its owner reads."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        yaml.safe_dump(json.loads(json.dumps(value)), file, sort_keys=False, allow_unicode=True)
