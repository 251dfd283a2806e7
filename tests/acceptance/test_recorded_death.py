"""An agent is killed while it records what its rules see: the files answer without it, and the next agent remembers."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from worlds import GIB, PATIENCE, World, until

from mendwatch.service import shelf

RULES = """groups:
- name: own
  rules:
  - alert: Usually
    on: quota
    match: [path="/ifs/data/full"]
    when: avg_over(usage_bytes, 1m) / hard_limit_bytes > 90%
    for: 1s
"""
PATH = "/ifs/data/full"


async def points(world: World) -> int:
    """Ask the agent over how many points its window is."""
    told = (await world.cli("rules", "explain", "Usually", f"path={PATH}", "--json")).json()
    assert told["source"] == "agent"
    records = [record for subject in told["explanation"]["subjects"] for record in subject["records"]]
    (window,) = [one for record in records for one in record["derived"]] or [{"inputs": "0 points"}]
    found = re.search(r"(\d+) point", window["inputs"])
    assert found is not None, window
    return int(found[1])


async def many_points(world: World, least: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await points(world) < least:  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.2)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in shelf.files(folder))


@pytest.mark.long
async def test_a_killed_agents_record_answers_and_its_successor_goes_on_with_every_window(world: World) -> None:
    for path in (world.folder / "rules").glob("*"):
        path.unlink()
    (world.folder / "rules" / "own.yaml").write_text(RULES, "utf-8")
    world.quota(PATH, used=95 * GIB)
    folder = world.folder / "state" / "readings"
    agent = await world.start()
    await until(lambda: "Usually is firing" in agent.text())
    await many_points(world, 7)
    before = size(folder)
    await until(lambda: size(folder) > before)
    await agent.kill()
    (newest,) = shelf.files(folder)[-1:]
    newest.write_bytes(newest.read_bytes()[:-7])  # and the machine lost power: the last frame is torn

    told: Any = (await world.cli("rules", "backtest", "--last", "1h", "--json")).json()
    assert [(one["rule"], one["key"]["path"]) for one in told["episodes"]] == [("Usually", PATH)]
    kept: Any = (await world.cli("rules", "explain", "Usually", f"path={PATH}", "--json")).json()
    assert kept["source"].startswith("files and journal")
    assert [alert["state"] for alert in kept["explanation"]["alerts"]] == ["firing"]

    again = await world.start()
    assert await points(world) >= 5  # of polls every half second; the new agent made one or two
    lines = [json.loads(line) for line in again.text().splitlines() if line.startswith("{")]
    (filled,) = [line for line in lines if line["event"] == "windows filled from the record"]
    assert filled["whole"] is True
    assert "the end of the recorded readings was torn and is cut off" in [line["event"] for line in lines]
    assert "Usually is firing" not in again.text()  # it was told, and nothing began anew
    assert await again.stop() == 0
