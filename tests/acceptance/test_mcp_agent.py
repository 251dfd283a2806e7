"""A person decides through MCP; a viewer's token and no token decide nothing."""

from __future__ import annotations

import json
import os
import sys

import aiohttp
import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError
from worlds import GIB, World, until

from mendwatch.model.runs import TERMINAL, RunState

PATH = "/ifs/data/by-mcp"


async def token(world: World, role: str) -> str:
    made = await world.cli("token", "create", "--name", f"test-{role}", "--role", role, "--json")
    assert made.code == 0, made.err
    return str(made.json()["secret"])


async def test_an_approvers_token_approves_over_mcp_and_a_viewers_does_not(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    viewer, approver = await token(world, "viewer"), await token(world, "approver")
    async with world.agent() as agent:
        url = f"{agent.url}/mcp"
        pending = await world.run_in(RunState.PENDING)
        word = {"run_id": pending.id, "plan_hash": pending.plan_hash, "decision": "approve", "reason": "seen"}
        async with Client(url, auth=viewer) as client:
            tools = {tool.name for tool in await client.list_tools()}
            waiting = (await client.call_tool("run_list", {"state": ["pending"]})).structured_content
            with pytest.raises(ToolError):
                await client.call_tool("run_decide", word)
        still = (await world.runs())[0].state
        async with Client(url, auth=approver) as client:
            plan = (await client.call_tool("run_get", {"run_id": pending.id})).structured_content
            await client.call_tool("run_decide", word)
        ended = await world.run_in(*TERMINAL)

    assert tools == {"run_list", "run_get", "target_list", "metric_query", "rule_list", "rule_explain"}
    assert waiting["runs"][0]["id"] == pending.id
    assert still is RunState.PENDING
    assert plan["plan_hash"] == pending.plan_hash
    assert json.loads(plan["variables"]["path"]) == PATH
    assert ended.state is RunState.VERIFIED, ended.note
    assert [(d.actor, d.via) for d in ended.decisions] == [("mcp:test-approver", "mcp")]


async def test_without_a_token_there_is_no_answer(world: World) -> None:
    async with world.agent() as agent, aiohttp.ClientSession() as session:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for headers in ({}, {"Authorization": "Bearer mw_00000000_nonsense"}):
            async with session.post(f"{agent.url}/mcp", json=call, headers=headers) as answer:
                assert answer.status == 401
                assert "run_list" not in await answer.text()


async def test_targets_and_metrics_are_answered_over_stdio_and_nothing_else(world: World) -> None:
    secret = await token(world, "approver")
    async with world.agent() as agent:
        await until(lambda: any("/statistics/current" in request.path for request in world.sim.requests))
        command = [sys.executable, "-m", "mendwatch", "mcp", "--url", f"{agent.url}/mcp"]
        environment = {**world.environment, "MENDWATCH_TOKEN": secret, "PATH": os.environ["PATH"]}
        async with Client(StdioTransport(command[0], command[1:], env=environment)) as client:
            tools = {tool.name for tool in await client.list_tools()}
            targets = (await client.call_tool("target_list", {})).structured_content
            metric = (await client.call_tool("metric_query", {"selector": "powerscale_up"})).structured_content

    assert tools == {"run_list", "run_get", "target_list", "metric_query", "rule_list", "rule_explain"}
    assert [(target["id"], target["up"]) for target in targets["targets"]] == [("lab", True)]
    assert metric["series"][0]["last"] == 1.0
