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


#: Each fault with the error that it must end in.
FAULTS = {
    "401 as HTML": (Fault("html_401", path="/platform/15/quota", times=1), None),
    "bare array": (Fault("bare_array", path="/platform/15/quota", times=3, status=200), "denied"),
    "truncated body": (Fault("truncated_body", path="/platform/15/quota", times=3), "bad_answer"),
    "503": (Fault("status", path="/platform/15/quota", times=3, status=503, headers={"Retry-After": "1"}), "throttled"),
}
#: Metrics that a failed poll changes by their meaning; every other one keeps its value or is absent.
HEALTH = ("powerscale_up", "powerscale_collector_")


def measured(page: str) -> dict[str, float]:
    """Give what the cluster said, without what moves by itself."""
    rows = [line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("powerscale_quota")]
    return {name: float(value) for name, value in rows if not name.startswith(HEALTH)}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_strange_answer_ends_in_its_own_error_and_no_value_turns_0(world: World, name: str) -> None:
    world.quota("/ifs/data/steady")
    fault, code = FAULTS[name]
    agent = await world.start()
    before = measured(await world.page(agent, "/metrics"))
    logins = len([r for r in world.sim.requests if r.path.endswith("/session") and r.method == "POST"])

    world.sim.faults.add(fault)
    await until(lambda: not world.sim.faults.waiting() or world.sim.faults.waiting()[0].times != fault.times)
    pages = [await world.page(agent, "/metrics") for _ in range(5)]
    if code is not None:
        await until(lambda: code in [row["code"] for row in failures(agent)])
    pages.append(await world.page(agent, "/metrics"))

    assert before
    for page in pages:
        now = measured(page)
        assert {key for key, value in now.items() if value == 0.0 and before.get(key, 0.0) != 0.0} == set()
        assert {key for key, value in now.items() if "_limit_" in key and before[key] != value} == set()
    counted = [line for line in pages[-1].splitlines() if line.startswith("mendwatch_poll_errors_total{")]
    if code is None:  # an expired session: one new login, and nobody notices
        assert counted == []
        assert len([r for r in world.sim.requests if r.path.endswith("/session") and r.method == "POST"]) == logins + 1
    else:
        assert {line.split('code="')[1].split('"')[0] for line in counted} == {code}
        assert all(row["hint"] for row in failures(agent))
    assert "mendwatch_bugs_total{" not in pages[-1]
    assert agent.process.returncode is None
