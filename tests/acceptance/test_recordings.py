"""`mendwatch record` and `replay`: what a cluster answered, served again as that cluster, without a secret in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from worlds import PASSWORDS, World

from mendwatch.cli import app
from mendwatch.cli.commands import recordings
from mendwatch.provider import DemoTarget


@contextlib.asynccontextmanager
async def _replayed(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """Serve a recording as the command does; give the stanza that it prints."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "mendwatch"), "replay", str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        lines = []
        while not lines or not lines[-1].startswith("#"):
            lines.append((await process.stdout.readline()).decode())
        yield yaml.safe_load("".join(lines))["targets"][0]
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0


async def _pages(world: World, targets: list[dict[str, Any]]) -> str:
    world.configure(targets=targets)
    async with world.agent() as agent, aiohttp.ClientSession() as http:
        await world.ready(agent.url)
        async with http.get(f"{agent.url}/metrics") as answer:
            return await answer.text()


def _series(page: str, prefix: str) -> set[str]:
    return {line.rpartition(" ")[0].replace("replay-demo-cluster", "lab") for line in page.splitlines() if line.startswith(prefix)}


async def test_a_recording_gives_the_same_series_as_the_cluster(world: World) -> None:
    world.configure()
    folder = world.folder / "recording"

    recorded = await world.cli("record", "lab", str(folder), "--json")
    async with _replayed(folder) as stanza:
        quick = {"collectors": {name: {"interval": "500ms"} for name in ("quotas", "events")}}
        replayed = await _pages(world, [{**stanza, **quick}])
    live = await _pages(world, [dict(world.target())])

    assert recorded.code == 0, recorded.err
    assert recorded.json()["exchanges"] > 10
    assert _series(live, "powerscale_quota_") == _series(replayed, "powerscale_quota_") != set()
    assert _series(live, "powerscale_node_cpu") == _series(replayed, "powerscale_node_cpu") != set()


async def test_no_secret_is_in_a_recording(world: World) -> None:
    world.configure()
    folder = world.folder / "recording"

    await world.cli("record", "lab", str(folder))

    text = "".join(path.read_text("utf-8") for path in folder.iterdir())
    assert PASSWORDS["monitor"] not in text
    assert [json.loads(line)["path"] for line in text.splitlines() if '"/session' in line] == []
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


async def test_a_recording_that_fails_leaves_nothing_behind(world: World) -> None:
    (world.folder / "monitor.password").write_text("wrong", "utf-8")
    world.configure()
    (world.folder / "empty").mkdir()

    answers = [await world.cli("record", "lab", str(world.folder / name), "--json") for name in ("new", "empty")]

    assert [answer.code for answer in answers] == [1, 1]
    assert "refuses the login" in answers[0].json()["error"]
    assert not (world.folder / "new").exists()
    assert not any((world.folder / "empty").iterdir())


async def test_a_target_without_an_api_is_told_to_have_no_recording(world: World) -> None:
    world.configure(targets=[{"name": "gateway", "provider": "icmp", "address": "127.0.0.1"}])

    answer = await world.cli("record", "gateway", str(world.folder / "new"))

    assert answer.code == 2
    assert "provider icmp cannot record" in answer.err
    assert not (world.folder / "new").exists()


def test_what_a_recording_says_of_itself_stays_a_comment(capsys: pytest.CaptureFixture[str]) -> None:
    recordings._tell(DemoTarget(({"name": "replay"},), ("OneFS 9.5\ntargets: []\x1b[2J",)))

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == r"# OneFS 9.5\ntargets: []\x1b[2J"


async def test_a_folder_that_holds_something_is_left_alone(world: World) -> None:
    world.configure()

    answer = await world.cli("record", "lab", str(world.folder))

    assert answer.code == 2
    assert "not empty" in answer.err


def test_what_is_no_recording_is_not_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["replay", str(tmp_path)]) == 2
    assert "holds no recording" in capsys.readouterr().err
