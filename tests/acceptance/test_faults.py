"""Whatever a cluster answers, the agent goes on, says what is wrong, and no number turns 0."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from worlds import AgentProcess, World, until

from mendwatch.clock import SystemClock
from mendwatch_onefs_sim.certificates import make_certificates
from mendwatch_onefs_sim.faults import Fault

SECRET = "canary-wrong-pw"


def series(page: str, name: str) -> dict[str, float]:
    """Give the series of a metric, by their labels."""
    rows = [line.rsplit(" ", 1) for line in page.splitlines() if line.startswith(f"{name}{{")]
    return {labels: float(value) for labels, value in rows}


def failures(agent: AgentProcess) -> list[dict[str, str]]:
    """Give the log's lines that tell of failing."""
    rows = [json.loads(line) for line in agent.text().splitlines() if line.startswith("{")]
    return [row for row in rows if "failing" in row["event"]]


async def test_a_wrong_password_is_tried_exactly_once_by_the_whole_agent(world: World) -> None:
    (world.folder / "monitor.password").write_text(SECRET, "utf-8")
    agent = await world.start(ready=False)
    await until(lambda: bool(failures(agent)))
    # Every collector has been due several times by now; none of them may knock again.
    await asyncio.sleep(3)

    logins = [request for request in world.sim.requests if request.path.endswith("/session") and request.method == "POST"]
    page = await world.page(agent, "/metrics")

    assert [login.status for login in logins] == [401]
    assert set(series(page, "powerscale_up").values()) == {0.0}
    assert series(page, "powerscale_quota_usage_bytes") == {}
    assert [row["code"] for row in failures(agent)] == ["authentication_failed"]
    assert failures(agent)[0]["hint"]
    assert SECRET not in agent.text()
    assert agent.process.returncode is None


@pytest.mark.parametrize("case", ["wrong CA", "closed port"])
async def test_a_target_that_cannot_be_reached_or_trusted_is_told_once_with_a_hint(world: World, case: str) -> None:
    target = world.target()
    if case == "wrong CA":
        other = world.folder / "other"
        other.mkdir()
        stranger = make_certificates(other, SystemClock().now())
        target = world.target(options={"ca_file": str(stranger.ca_file)})
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            target = world.target(address=f"https://127.0.0.1:{free.getsockname()[1]}")
    world.configure(targets=[target])
    agent = await world.start(ready=False)
    await until(lambda: bool(failures(agent)))
    page = await world.page(agent, "/metrics")

    assert [row["code"] for row in failures(agent)] == ["unreachable"]
    assert ("ca_file" in failures(agent)[0]["hint"]) is (case == "wrong CA")
    assert set(series(page, "powerscale_up").values()) == {0.0}
    assert agent.process.returncode is None


FAULTS = {
    "401 as HTML": Fault("html_401", path="/platform/15/quota", times=3),
    "bare array": Fault("bare_array", path="/platform/15/quota", times=3, status=200),
    "truncated body": Fault("truncated_body", path="/platform/15/quota", times=3),
    "503": Fault("status", path="/platform/15/quota", times=3, status=503, headers={"Retry-After": "1"}),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_strange_answer_is_counted_and_no_value_changes(world: World, name: str) -> None:
    world.quota("/ifs/data/steady")
    agent = await world.start()
    before = series(await world.page(agent, "/metrics"), "powerscale_quota_hard_limit_bytes")

    world.sim.faults.add(FAULTS[name])
    await until(lambda: len(world.sim.faults.waiting()) == 0 or world.sim.faults.waiting()[0].times != 3)
    pages = [await world.page(agent, "/metrics") for _ in range(3)]

    assert before
    for page in pages:
        now = series(page, "powerscale_quota_hard_limit_bytes")
        assert now in (before, {}), name
    assert "mendwatch_poll_errors_total{" in pages[-1]
    assert "mendwatch_bugs_total{" not in pages[-1]
    assert agent.process.returncode is None
