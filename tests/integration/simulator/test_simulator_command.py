"""The simulator as a command and as the demo's cluster: child processes that end, whatever ends their parent."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import ssl
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mendwatch.config.settings import Settings, TargetSettings
from mendwatch.errors import MendwatchError
from mendwatch_onefs_sim.demo import DEMO, OnefsDemo
from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH

SECRETS = {"MENDWATCH_SIM_MONITOR_PASSWORD": "canary-of-the-monitor", "MENDWATCH_SIM_REMEDIATE_PASSWORD": "canary-of-the-other"}
Json = Any


@asynccontextmanager
async def command(
    *arguments: str, environment: dict[str, str] | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Json]]:
    """Start the command and read its first line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "mendwatch_onefs_sim", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        yield process, json.loads(line) if line else None
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/state") as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def gone(url: str) -> bool:
    """Wait up to 10 s until nothing listens any more: another process ends, and only its port tells."""
    for _ in range(200):
        if not await answers(url):
            return True
        await asyncio.sleep(0.05)
    return False


def mode(path: str | Path) -> int:
    return stat.S_IMODE(Path(str(path).removeprefix("file:")).stat().st_mode)


def content(path: str) -> str:
    return Path(path.removeprefix("file:")).read_text("utf-8")


def everything_in(folder: Path) -> str:
    return "".join(content(str(file)) for file in folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_tells_where_it_is_and_ends_cleanly_by_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    async with command("--folder", str(tmp_path / "cluster"), "--nodes", "2") as (process, facts):
        assert await answers(facts["control_url"])
        assert {name: mode(file) for name, file in facts["password_files"].items()} == {"monitor": 0o600, "remediate": 0o600}
        assert mode(tmp_path / "cluster") == 0o700
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, errors) == (0, b"")


async def test_passwords_of_the_environment_reach_no_file_no_output_and_no_command_line(tmp_path: Path) -> None:
    async with command("--folder", str(tmp_path), "--exit-with-parent", environment=SECRETS) as (process, facts):
        assert facts["password_files"] == {}
        shown = json.dumps(facts) + content(f"/proc/{process.pid}/cmdline")
        assert not [secret for secret in SECRETS.values() if secret in shown + everything_in(tmp_path)]
        body = {"username": "monitor", "password": SECRETS["MENDWATCH_SIM_MONITOR_PASSWORD"], "services": ["platform"]}
        pin = aiohttp.Fingerprint(bytes.fromhex(facts["fingerprint"]))
        async with (
            aiohttp.ClientSession() as session,
            session.post(facts["url"] + "/session/1/session", json=body, ssl=pin) as answer,
        ):
            assert answer.status == 201


async def test_without_a_folder_nothing_is_left_behind() -> None:
    async with command() as (process, facts):
        folder = Path(facts["ca_file"]).parent
        assert mode(folder) == 0o700
        process.terminate()
        await asyncio.wait_for(process.communicate(), 10)
        assert not folder.exists()


async def test_it_ends_when_its_parent_closes_the_input(tmp_path: Path) -> None:
    async with command("--folder", str(tmp_path), "--exit-with-parent") as (process, facts):
        assert await answers(facts["control_url"])
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 0


async def test_a_port_that_is_taken_is_said_in_a_line_with_a_hint(tmp_path: Path) -> None:
    async with command("--folder", str(tmp_path / "one")) as (_, facts):
        port = facts["control_url"].rpartition(":")[2]
        async with command("--folder", str(tmp_path / "two"), "--control-port", port) as (process, nothing):
            _, errors = await asyncio.wait_for(process.communicate(), 10)
            assert (nothing, process.returncode) == (None, 2)
            assert b"cannot listen" in errors
            assert b"Choose other ports" in errors
            assert b"Traceback" not in errors


async def test_the_demo_is_told_as_configuration_with_secrets_in_files(tmp_path: Path) -> None:
    demo = OnefsDemo()
    target = await demo.start(str(tmp_path))
    await demo.stop()
    settings = Settings(targets=list(target.targets))  # type: ignore[arg-type]
    assert [(one.name, one.provider) for one in settings.targets] == [("demo-cluster", "onefs"), ("demo-cluster-ping", "icmp")]
    accounts = [settings.targets[0].credentials.read, settings.targets[0].credentials.write]
    assert [account.username for account in accounts if account] == ["monitor", "remediate"]
    assert [mode(account.password) for account in accounts if account] == [0o600, 0o600]
    assert not [account for account in accounts if account and content(account.password) in repr(target)]


async def test_the_demo_proves_that_a_quota_was_mended(tmp_path: Path) -> None:
    demo = OnefsDemo(fill_seconds=0.1)
    target = await demo.start(str(tmp_path))
    try:
        assert DEMO_PATH in await demo.begin()
        before = await filled(demo)
        assert [before[fact] for fact in ("mended", "raises", "hard_limit_after")] == [False, 0, before["hard_limit_before"]]
        await mend(Settings(targets=list(target.targets)).targets[0])  # type: ignore[arg-type]
        after = await demo.proof()
        assert [after[fact] for fact in ("mended", "raises", "hard_limit_after")] == [True, 1, 4 * 2**40]
        assert after["event_group_resolved"] is False, "raising the limit does not resolve the event"
    finally:
        await demo.stop()
    await demo.stop()
    with pytest.raises(MendwatchError):
        await demo.proof()


async def filled(demo: OnefsDemo) -> Mapping[str, object]:
    """Wait until the cluster has opened its event: it runs on real time in another process."""
    while not (proof := await demo.proof())["event_groups"]:  # noqa: ASYNC110 - nothing tells but asking
        await asyncio.sleep(0.02)
    return proof


async def mend(target: TargetSettings) -> None:
    """Raise the limit as a playbook would."""
    assert target.credentials.write is not None
    context = ssl.create_default_context(cafile=str(target.options["ca_file"]))
    secret = f"remediate:{content(target.credentials.write.password)}"
    header = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    quotas = f"{target.address}/platform/19/quota/quotas"
    async with aiohttp.ClientSession(headers=header, connector=aiohttp.TCPConnector(ssl=context)) as session:
        async with session.get(quotas, params={"path": DEMO_PATH}) as answer:
            quota = (await answer.json())["quotas"][0]
        async with session.put(f"{quotas}/{quota['id']}", json={"thresholds": {"hard": 4 * 2**40}}) as answer:
            assert answer.status == 204


PARENT = """
import asyncio, sys
from mendwatch_onefs_sim.demo import OnefsDemo

async def main():
    target = await OnefsDemo().start(sys.argv[1])
    print(target.remarks[-1].split()[-1], flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_a_killed_parent_leaves_no_cluster_behind(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    url = (await asyncio.wait_for(parent.stdout.readline(), 20)).decode().strip()
    assert await answers(url)
    parent.kill()
    await parent.communicate()
    assert await gone(url)


async def test_a_demo_that_cannot_start_says_where_to_read_why(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").mkdir()  # the simulator cannot write its certificate here
    with pytest.raises(MendwatchError) as problem:
        await OnefsDemo().start(str(tmp_path))
    assert "simulator.log" in problem.value.hint


def test_the_entry_point_is_a_demo_that_has_not_started() -> None:
    assert isinstance(DEMO, OnefsDemo)
