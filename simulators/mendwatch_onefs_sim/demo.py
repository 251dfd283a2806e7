"""The demo's pretended cluster: the simulator as a child process that ends with its parent, whatever ends the parent.

It tells the agent nothing but what a person would write into the configuration; what became of the incident it asks the
cluster itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from mendwatch.errors import MendwatchError
from mendwatch.provider import Demo, DemoTarget, Gym
from mendwatch_onefs_sim.__main__ import VARIABLES
from mendwatch_onefs_sim.certificates import write_private
from mendwatch_onefs_sim.gym.hall import OnefsGym
from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH
from mendwatch_onefs_sim.server import MONITOR, REMEDIATE

NAME = "demo-cluster"

_START_SECONDS = 30
_STOP_SECONDS = 5
_CALL_SECONDS = 5
_TIB = 2**40
_NEARLY_FULL = 0.9
_OK = 200


class OnefsDemo:
    """One simulated cluster whose project quota fills up; begin, watch, mend, prove."""

    def __init__(self, fill_seconds: float = 5) -> None:
        self._fill_seconds = fill_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._facts: Mapping[str, Any] = {}
        self._hard_limit_before: int | None = None

    async def start(self, folder: str) -> DemoTarget:
        """Start the cluster; certificates, passwords and its log go below `folder`.

        Raises:
            MendwatchError: the simulator did not become ready.
        """
        place = _made(folder)
        passwords = {name: secrets.token_urlsafe(24) for name in (MONITOR, REMEDIATE)}
        files = _kept(place, passwords)
        self._process = await _spawn(place, passwords)
        self._facts = await self._ready(place)
        return DemoTarget((_cluster(self._facts, files), _reachability(self._facts)), _remarks(self._facts))

    async def begin(self) -> str:
        """Let the quota fill up, and tell so."""
        quota = await self._quota()
        self._hard_limit_before = int(quota["hard_limit"])
        await self._call("POST", "/incidents/quota-fill", {"path": DEMO_PATH, "seconds": self._fill_seconds})
        share = quota["usage_bytes"] / quota["hard_limit"]
        return (
            f"The quota {DEMO_PATH} ({quota['hard_limit'] / _TIB:.1f} TiB) fills from {share:.0%} to 95% of its hard limit "
            f"within {self._fill_seconds:g} s."
        )

    async def proof(self) -> Mapping[str, object]:
        """Ask the cluster what has become of the quota and of the event that it opened; sizes are bytes.

        `mended` is true when the hard limit was raised far enough that the quota is no longer nearly full. `raises` counts
        the changes that the cluster accepted.
        """
        quota, groups = await self._quota(), await self._event_groups()
        before, after = self._hard_limit_before, int(quota["hard_limit"])
        raised = before is not None and after > before
        return {
            "mended": raised and quota["usage_bytes"] <= _NEARLY_FULL * after,
            "path": DEMO_PATH,
            "hard_limit_before": before,
            "hard_limit_after": after,
            "usage_bytes": quota["usage_bytes"],
            "raises": await self._changes(quota["id"]),
            "event_groups": [group["id"] for group in groups],
            "event_group_resolved": bool(groups) and all(group["resolved"] for group in groups),
        }

    async def stop(self) -> None:
        """End the cluster; never fails, and does nothing the second time."""
        process, self._process = self._process, None
        if process is None:
            return
        _close_input(process)
        for end in (_leave, process.terminate, process.kill):
            if process.returncode is None:
                end()
            if await _ended(process):
                return

    def gym(self) -> Gym:
        """Give the gym on such clusters."""
        return OnefsGym()

    async def _ready(self, folder: Path) -> Mapping[str, Any]:
        process = self._process
        line = b""
        if process is not None and process.stdout is not None:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
            except TimeoutError:
                line = b""
        if not line:
            await self.stop()
            raise MendwatchError("the simulated cluster did not start", hint=f"Read {folder / 'simulator.log'}.")
        facts: Mapping[str, Any] = json.loads(line)
        return facts

    async def _quota(self) -> Mapping[str, Any]:
        state = await self._call("GET", "/state")
        quota: Mapping[str, Any] = next(quota for quota in state["quotas"] if quota["path"] == DEMO_PATH)
        return quota

    async def _event_groups(self) -> list[Mapping[str, Any]]:
        state = await self._call("GET", "/state")
        return [group for group in state["events"] if group["specifier"].get("path") == DEMO_PATH]

    async def _changes(self, quota: str) -> int:
        answer = await self._call("GET", "/requests")
        puts = [record for record in answer["requests"] if record["method"] == "PUT" and record["path"].endswith(f"/{quota}")]
        return sum(_OK <= record["status"] < _OK + 100 for record in puts)

    async def _call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        timeout = aiohttp.ClientTimeout(total=_CALL_SECONDS)
        url = f"{self._facts['control_url']}{path}"
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.request(method, url, json=body) as response:
                response.raise_for_status()
                return await response.json()
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise MendwatchError(
                f"the simulated cluster does not answer at {url}: {problem}", hint="Start the demo again."
            ) from problem


def _made(folder: str) -> Path:
    place = Path(folder).resolve()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _kept(folder: Path, passwords: Mapping[str, str]) -> dict[str, Path]:
    """Write each password to a file of its own that only the owner reads; the agent's configuration refers to them."""
    files = {name: folder / f"{name}.password" for name in passwords}
    for name, file in files.items():
        write_private(file, passwords[name].encode())
    return files


async def _spawn(folder: Path, passwords: Mapping[str, str]) -> asyncio.subprocess.Process:
    secret = {VARIABLES[name]: password for name, password in passwords.items()}
    with (folder / "simulator.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "mendwatch_onefs_sim", "--name", NAME, "--folder", str(folder), "--exit-with-parent"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, **secret},
            start_new_session=True,  # Ctrl-C reaches the agent only, which then ends us in order
        )


def _close_input(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _leave() -> None:
    """Do nothing: the child was told already, by the end of its input."""


async def _ended(process: asyncio.subprocess.Process) -> bool:
    try:
        await asyncio.wait_for(process.communicate(), _STOP_SECONDS)
    except TimeoutError:
        return False
    return True


def _cluster(facts: Mapping[str, Any], files: Mapping[str, Path]) -> Mapping[str, object]:
    """Give the target's stanza as a person would write it, but with short intervals: nobody waits 30 s in a demo."""
    return {
        "name": NAME,
        "provider": "onefs",
        "address": facts["url"],
        "labels": {"site": "demo"},
        "credentials": {
            "read": {"username": MONITOR, "password": f"file:{files[MONITOR]}"},
            "write": {"username": REMEDIATE, "password": f"file:{files[REMEDIATE]}"},
        },
        "collectors": {"quotas": {"interval": "1s"}, "events": {"interval": "1s"}, "statistics": {"interval": "2s"}},
        "options": {"ca_file": facts["ca_file"]},
    }


def _reachability(facts: Mapping[str, Any]) -> Mapping[str, object]:
    host = str(facts["url"]).removeprefix("https://").rpartition(":")[0]
    return {"name": f"{NAME}-ping", "provider": "icmp", "address": host, "labels": {"site": "demo"}}


def _remarks(facts: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"The simulated cluster answers at {facts['url']} (certificate authority: {facts['ca_file']}).",
        f"Its control API, to make more go wrong: {facts['control_url']}",
    )


DEMO: Demo = OnefsDemo()
