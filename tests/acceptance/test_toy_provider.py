"""A provider that somebody else wrote, installed beside the agent, is watched and judged; no line of the agent changes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import aiohttp
import yaml

from mendwatch.service.state import ADDRESS

_PACKAGE = '''
"""A provider of pretended lamps."""
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from mendwatch.model.samples import Columns, Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Identity
from mendwatch.provider import CollectorSpec


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lamps: int = 3


class Session:
    def __init__(self, lamps):
        self.lamps = lamps
        self.layout = Layout([("lamp_on", (str(number),)) for number in range(lamps)])

    async def identify(self):
        return Identity("corridor", "Lamps", "1")

    async def close(self):
        pass


class Lamps:
    spec = CollectorSpec(
        "lamps", interval=1.0, timeout=1.0,
        metrics=(MetricSpec("lamp_on", "Whether a lamp is on.", labels=("lamp",)), MetricSpec("lamp_lamps", "How many there are.")),
        schemas=(RecordSchema("lamp", ("lamp",), {"lit": "lamp_on"}),),
    )

    async def collect(self, session, now):
        columns = Columns(session.layout, [1.0] * session.lamps)
        return Reading((Sample("lamp_lamps", float(session.lamps)),), columns=(columns,), complete=frozenset({"lamp"}))


@dataclass(frozen=True)
class Toy:
    name: str = "toy"
    target_label: str = "corridor"
    metric_prefix: str = "lamp"
    options_model: type = Options
    needs_credential: bool = False

    def open(self, target, credential):
        return Session(target.options["lamps"])

    def collectors(self):
        return (Lamps(),)

    def streams(self):
        return ()

    def playbook_environment(self, target, credential):
        return {}


PROVIDER = Toy()
'''
_RULE = """
groups:
- name: lamps
  rules:
  - alert: LampIsOn
    on: lamp
    when: lit == 1.0
    key: [corridor, lamp]
    labels: {severity: info}
    annotations: {summary: "Lamp {{ lamp }} is on.", description: "It was meant to be off.", runbook_url: "https://example.org/lamp"}
"""
_PATIENCE = 30.0


def _install(folder: Path) -> None:
    """Lay the package and its entry point down as an installer does."""
    (folder / "mendwatch_toy.py").write_text(_PACKAGE, "utf-8")
    facts = folder / "mendwatch_toy-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mendwatch-toy\nVersion: 1.0\n", "utf-8")
    (facts / "entry_points.txt").write_text("[mendwatch.providers]\ntoy = mendwatch_toy:PROVIDER\n", "utf-8")


def _configure(folder: Path) -> Path:
    (folder / "rules").mkdir()
    (folder / "rules" / "lamps.yaml").write_text(_RULE, "utf-8")
    settings = {
        "state_dir": str(folder / "state"),
        "listen": "127.0.0.1:0",
        "shipped_rules": False,
        "rules": ["rules"],
        "runs": {"directory": str(folder / "run")},
        "targets": [{"name": "north", "provider": "toy", "address": "here", "options": {"lamps": 5}}],
    }
    path = folder / "mendwatch.yaml"
    path.write_text(yaml.safe_dump(settings), "utf-8")
    return path


async def _page_with(url: str, word: str) -> str:
    async with asyncio.timeout(_PATIENCE), aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{url}/metrics") as answer:
                page = await answer.text()
            if word in page:
                return page
            await asyncio.sleep(0.05)


async def _address(folder: Path) -> str:
    async with asyncio.timeout(_PATIENCE):
        while True:
            with contextlib.suppress(FileNotFoundError):
                if text := (folder / "state" / ADDRESS).read_text("utf-8"):
                    return text
            await asyncio.sleep(0.05)


async def test_a_provider_that_is_only_installed_is_watched_and_judged(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    _install(packages)
    config = _configure(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(packages), "MENDWATCH_CONFIG": str(config), "HOME": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        agent = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "mendwatch"), "run", env=environment, stdout=log, stderr=log, cwd=tmp_path
        )
    try:
        page = await _page_with(await _address(tmp_path), 'mendwatch_alerts{state="firing"} 5.0')
    finally:
        with contextlib.suppress(ProcessLookupError):
            agent.send_signal(signal.SIGTERM)
        await agent.wait()

    assert page.count('lamp_on{corridor="north",lamp="') == 5
    assert 'lamp_lamps{corridor="north"} 5.0' in page
    assert 'lamp_up{corridor="north"} 1.0' in page
