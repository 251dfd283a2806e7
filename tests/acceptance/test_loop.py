"""The whole loop by the agent as a process and the commands of an operator, with every secret a canary and the path a trap."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from canaries import cookies, found_in, leaks
from fastmcp import Client
from prometheus_server import free_port
from worlds import GIB, World, until

from mendwatch.model.runs import TERMINAL, RunState

ROOT = Path(__file__).resolve().parents[2]
#: A path that runs a command wherever somebody evaluates it.
TRAP = "/ifs/{{ lookup('pipe','touch pwned') }}"


def look_at_arguments(seen: set[str]) -> None:
    """Note what stands in any process' arguments that holds a password."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            seen.update(found_in(file.read_bytes()))


async def watch_arguments(seen: set[str]) -> None:
    """Look at all processes, several times in the life of the shortest playbook."""
    while True:
        look_at_arguments(seen)
        await asyncio.sleep(0.1)


async def over_mcp(world: World, url: str, run_id: str) -> str:
    """Give everything that a viewer's token reads over MCP, as one text."""
    token = (await world.cli("token", "create", "--name", "canary", "--role", "viewer", "--json")).json()["secret"]
    questions: list[tuple[str, dict[str, object]]] = [
        ("run_list", {}),
        ("run_get", {"run_id": run_id}),
        ("target_list", {}),
        ("metric_query", {"selector": "powerscale_up"}),
    ]
    async with Client(f"{url}/mcp", auth=token) as client:
        answers = [await client.call_tool(name, arguments) for name, arguments in questions]
    return "\n".join(f"{answer.structured_content} {answer.content}" for answer in answers)


async def test_a_hostile_quota_is_mended_literally_and_no_secret_is_left_anywhere(world: World) -> None:
    world.quota(TRAP)
    world.sim.begin("quota-fill", path=TRAP, seconds=1)
    arguments: set[str] = set()
    watcher = asyncio.create_task(watch_arguments(arguments))
    agent = await world.start()

    pending = await world.run_in(RunState.PENDING)
    question = await world.command("runs", "show", pending.id)
    approved = await world.command("runs", "approve", pending.id, "--hash", str(pending.plan_hash), "--yes", "--reason", "tested")
    applying = await world.run_in(RunState.APPLYING, *TERMINAL)
    searched, leaked_while_running = cookies(world), leaks(world)
    verified = await world.run_in(*TERMINAL)
    await until(lambda: len(world.writes("/event/")) == 1)
    report = await world.cli("runs", "show", pending.id)
    pages = [await world.page(agent, path) for path in ("/metrics", "/-/ready", "/")]
    pages.append(await over_mcp(world, agent.url, pending.id))
    audit = await world.cli("audit", "show", "--json")
    chain = await world.cli("audit", "verify")
    code = await agent.stop()
    watcher.cancel()

    assert approved.code == 0, approved.err
    assert applying.state is RunState.APPLYING
    assert verified.state is RunState.VERIFIED, verified
    assert verified.plan is not None
    assert verified.plan.variables["path"] == TRAP
    assert world.hard_limit(TRAP) == 125 * GIB
    assert len(world.writes("/quota/")) == 1
    assert TRAP in question.out
    assert str(pending.plan_hash) in question.out
    assert list(world.folder.rglob("pwned")) == []
    assert list(ROOT.glob("pwned")) == []
    assert chain.code == 0, chain.err
    whats = [row["what"] for row in audit.json()]
    assert [what for what in whats if what.startswith("run.")][:1] == ["run.proposed"]
    assert code == 0, agent.text()
    said = [question.out, question.err, approved.out, report.out, audit.out, agent.text(), *pages]
    assert [text for text in said if found_in(text.encode())] == []
    assert arguments == set()
    assert (bool(searched), leaked_while_running) == (True, [])
    assert leaks(world) == []
    assert world.leftovers() == set()


async def test_a_denied_run_changes_nothing(world: World) -> None:
    world.quota("/ifs/denied", used=95 * GIB)
    async with world.agent():
        pending = await world.run_in(RunState.PENDING)

        denied = await world.cli("runs", "deny", pending.id, "--reason", "not today")
        again = await world.cli("runs", "approve", pending.id, "--hash", str(pending.plan_hash), "--yes")

    assert (denied.code, again.code) == (0, 1), (denied.err, again.err)
    assert "hint:" in again.err
    assert (await world.runs())[0].state is RunState.DENIED
    assert world.writes() == []
    assert world.hard_limit("/ifs/denied") == 100 * GIB


async def test_only_the_hash_of_the_plan_approves_and_a_wrong_one_is_audited(world: World) -> None:
    world.quota("/ifs/hash", used=95 * GIB)
    async with world.agent():
        pending = await world.run_in(RunState.PENDING)

        wrong = await world.cli("runs", "approve", pending.id, "--hash", "0" * 64, "--yes")
        without = await world.cli("runs", "approve", pending.id)

    assert (wrong.code, without.code) == (1, 2), (wrong.err, without.err)
    assert "--hash" in without.err
    assert (await world.runs())[0].state is RunState.PENDING
    rows = (await world.cli("audit", "show", "--json", "--subject", pending.id)).json()
    assert rows[-1]["what"] == "run.decision_refused"
    assert world.writes() == []


@pytest.mark.parametrize("command", [("runs", "show", "run-none00"), ("token", "revoke", "nobody")], ids=["run", "token"])
async def test_what_does_not_exist_is_one_clear_line(world: World, command: tuple[str, ...]) -> None:
    answer = await world.cli(*command)

    assert answer.code == 1, answer.err
    assert [line.split(":")[0] for line in answer.err.splitlines()] == ["error", "hint"]


async def test_targets_tells_how_each_one_stands_and_check_reads_everything(world: World) -> None:
    world.configure(listen=f"127.0.0.1:{free_port()}")
    checked = await world.cli("check", "--json")
    alone = await world.cli("targets", "--json")
    async with world.agent() as agent:
        await world.ready(agent.url)
        together = await world.cli("targets", "--json")

    assert checked.json()["targets"] == ["lab"]
    assert [row["state"] for row in alone.json()] == ["unknown: the agent is not running"]
    assert [row["state"] for row in together.json()] == ["up"]


async def test_check_finds_a_secret_that_cannot_be_read_and_a_provider_that_is_none(world: World) -> None:
    (world.folder / "monitor.password").unlink()
    secret = await world.cli("check")
    world.configure(targets=[world.target(provider="onfs")])
    provider = await world.cli("check")

    assert (secret.code, provider.code) == (1, 1)
    assert "monitor.password" in secret.err
    assert "Did you mean 'onefs'?" in provider.err


NODE_RULE = """
groups:
- name: nodes
  rules:
  - {alert: NodeIsUp, on: node, when: uptime_seconds > 0.0, key: [cluster, node]}
"""


async def test_a_rule_on_statistics_is_measured_anew_although_the_cluster_measured_before_it_was_asked(world: World) -> None:
    (world.folder / "rules" / "own.yaml").write_text(NODE_RULE, "utf-8")
    async with world.agent() as agent:
        await world.ready(agent.url)
        parts = agent._machinery.remedy._parts
        rule = parts.rules("NodeIsUp")
        assert rule is not None
        await until(lambda: "NodeIsUp" in {alert.rule for alert in agent._machinery.judgement._engine.alerts()})
        alerts = [alert for alert in await parts.store.alerts.load() if alert.rule == "NodeIsUp"]
        verdict = await parts.judge.still_firing(rule, alerts[0].fingerprint)

    assert len(alerts) == 4
    assert verdict.holds is True, verdict.reason
