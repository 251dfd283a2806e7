"""Other rules while the agent runs: by command, by API and by saving a file; a fault changes nothing."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest
import yaml
from worlds import GIB, PATIENCE, AgentProcess, World, until

from mendwatch.model.runs import TERMINAL, RunState
from mendwatch_onefs_sim.faults import Fault

RULE = "  - {alert: %s, on: quota, when: usage_bytes / hard_limit_bytes > 0.9%s}\n"
HEAD = "groups:\n- name: own\n  rules:\n"


def write(world: World, *rules: str) -> Path:
    folder = world.folder / "rules"
    folder.mkdir(exist_ok=True)
    path = folder / "own.yaml"
    path.write_text(HEAD + "".join(rules), "utf-8")
    return path


async def figure(world: World, agent: AgentProcess, name: str) -> str:
    page = await world.page(agent, "/metrics")
    return next((line.split()[-1] for line in page.splitlines() if line.startswith(f"{name} ")), "")


async def test_rules_are_loaded_by_command_and_by_api_and_a_fault_changes_nothing(world: World) -> None:
    for path in (world.folder / "rules").glob("*"):
        path.unlink()
    world.quota("/ifs/data/full", used=95 * GIB)
    file = write(world, RULE % ("First", ""))
    agent = await world.start()
    await until(lambda: "First is firing" in agent.text())

    write(world, RULE % ("First", ""), RULE % ("Second", ""))
    answer = await world.command("reload")
    assert (answer.code, answer.out) == (0, "the agent loaded 2 rules\n"), answer.err
    await until(lambda: "Second is firing" in agent.text())
    assert agent.text().count("First is firing") == 1

    file.write_text(HEAD + RULE % ("Third", ", colour: red"), "utf-8")
    answer = await world.command("reload")
    assert answer.code == 1
    assert "own.yaml:4:" in answer.err
    agent.process.send_signal(signal.SIGHUP)
    await until(lambda: "rules not loaded anew" in agent.text())
    assert await figure(world, agent, "mendwatch_rules_loaded") == "2.0"
    assert await figure(world, agent, "mendwatch_rules_last_reload_successful") == "0.0"

    write(world, RULE % ("Second", ""))
    statuses = await by_api(world, agent)
    assert statuses == {"": 401, "viewer": 403, "operator": 200}
    await until(lambda: "First is resolved" in agent.text())
    assert "its rule is not loaded any more" in agent.text()
    told = yaml.safe_load((await world.cli("audit", "show", "--json")).out)
    assert [row["actor"] for row in told if row["what"] == "rules.loaded"][-1] == "api:operator"
    assert await agent.stop() == 0
    assert (await world.command("reload")).code == 1


async def by_api(world: World, agent: AgentProcess) -> dict[str, int]:
    """Ask without a token, and with one of each role."""
    found = {}
    async with aiohttp.ClientSession() as http:
        for role in ("", "viewer", "operator"):
            secret = (await world.cli("token", "create", "--role", role, "--name", role, "--json")).json()["secret"] if role else ""
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            async with http.post(f"{agent.url}/-/reload", headers=headers) as answer:
                found[role] = answer.status
    return found


@pytest.mark.long
async def test_a_rule_that_is_saved_is_loaded_by_itself(world: World) -> None:
    for path in (world.folder / "rules").glob("*"):
        path.unlink()
    world.quota("/ifs/data/full", used=95 * GIB)
    write(world, RULE % ("First", ""))
    agent = await world.start()
    write(world, RULE % ("Saved", ""))

    await until(lambda: "Saved is firing" in agent.text())
    assert agent.process.returncode is None


@pytest.mark.long
async def test_a_maintenance_window_is_taken_up_while_the_agent_runs_and_a_wrong_one_is_a_warning(world: World) -> None:
    for path in (world.folder / "rules").glob("*"):
        path.unlink()
    world.quota("/ifs/data/full", used=95 * GIB)
    write(world, RULE % ("First", ""))
    agent = await world.start()
    await until(lambda: "First is firing" in agent.text())

    window = {"name": "move", "matchers": ["cluster=lab"], "comment": "the room is moved", "zone": "UTC"}
    world.configure(maintenance=[{**window, "zone": "Mars/Olympus", "start": "2020-01-01T00:00", "end": "2099-01-01T00:00"}])
    agent.process.send_signal(signal.SIGHUP)
    await until(lambda: "rules not loaded anew" in agent.text())
    ready = await world.page(agent, "/-/ready", 200)
    assert "rules were not loaded anew at " in ready
    assert "Mars/Olympus" in ready

    world.configure(maintenance=[{**window, "start": "2020-01-01T00:00", "end": "2099-01-01T00:00"}])
    assert (await world.command("reload")).code == 0
    assert '"warnings":[]' in await world.page(agent, "/-/ready", 200)
    write(world, RULE % ("First", ""), RULE % ("Second", ""))
    assert (await world.command("reload")).code == 0
    async with asyncio.timeout(PATIENCE):
        while (
            "firing" not in yaml.safe_load((await world.cli("rules", "explain", "Second", "--json")).out)["explanation"]["states"]
        ):
            pass
    assert "Second is firing" not in agent.text()  # it fires, and nobody is called
    audited = yaml.safe_load((await world.cli("audit", "show", "--json")).out)
    assert [row["detail"] for row in audited if row["what"] == "maintenance.changed"] == [{"windows": ["move"]}]


@pytest.mark.long
async def test_a_playbook_that_runs_is_not_touched_by_a_reload(world: World) -> None:
    path = "/ifs/data/mended"
    world.quota(path, used=95 * GIB)
    await world.start()
    pending = await world.run_in(RunState.PENDING)
    world.sim.faults.add(Fault("hang", path="/platform", method="PUT", times=1, seconds=3))
    assert (await world.cli("runs", "approve", pending.id, "--hash", str(pending.plan_hash), "--yes")).code == 0
    await until(lambda: not world.sim.faults.waiting())

    file = world.folder / "rules" / "quota_nearly_full.yaml"
    rules = yaml.safe_load(file.read_text("utf-8"))
    rules["groups"][0]["rules"][0]["annotations"]["summary"] = "{{ path }} is said otherwise"
    file.write_text(yaml.safe_dump(rules), "utf-8")
    assert (await world.command("reload")).code == 0
    ended = await world.run_in(*TERMINAL)

    assert (ended.id, ended.state) == (pending.id, RunState.VERIFIED), ended.note
    assert len(world.writes("/quota/")) == 1
    assert world.hard_limit(path) == 125 * GIB
