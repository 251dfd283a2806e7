"""The MCP server over its real HTTP application, in both eras of the protocol."""

# ruff: noqa: ANN401 - the types of the conftest's fixtures cannot be imported

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext

from mendwatch.errors import StoreError, Unreachable
from mendwatch.mcp_server import budget, server
from mendwatch.mcp_server.limiter import Rate
from mendwatch.model.principals import Role

READS = {"run_list", "run_get", "target_list", "metric_query", "rule_list", "rule_explain"}
ERAS = ("auto", "legacy")
ARGUMENTS: dict[str, dict[str, object]] = {
    "run_list": {"state": ["pending"], "limit": 5},
    "run_get": {"run_id": "run-low-1"},
    "target_list": {},
    "metric_query": {"selector": "up", "window": "1h"},
    "rule_list": {"firing": True},
    "rule_explain": {"rule": "QuotaNearlyFull", "match": ['path="/ifs/data"']},
}
PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def names(tools: list[Any]) -> set[str]:
    return {tool.name for tool in tools}


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SOURCE])
async def test_each_role_sees_and_may_call_its_own_tools(serve: Any, mode: str, role: Role) -> None:
    async with serve() as app, app.client(auth=f"secret-{role}", mode=mode) as client:
        seen = names(await client.list_tools())
        for tool in READS:
            assert not (await client.call_tool(tool, ARGUMENTS[tool])).is_error

    assert seen == READS | ({"run_decide"} if role is Role.APPROVER else set())


async def test_a_token_that_only_delivers_alerts_may_not_even_ask(serve: Any) -> None:
    async with serve() as app, app.http_client() as http:
        answer = await http.post("/mcp", json=PING, headers={**ACCEPT, "Authorization": "Bearer secret-source"})

    assert answer.status_code == 403


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUDITOR])
async def test_who_may_not_decide_is_refused_and_audited(serve: Any, desk: Any, plan_hash: str, mode: str, role: Role) -> None:
    async with serve() as app, app.client(auth=f"secret-{role}", mode=mode) as client:
        with pytest.raises(ToolError, match="Unknown tool"):
            await client.call_tool("run_decide", {"run_id": "run-low-1", "plan_hash": plan_hash, "decision": "approve"})

    assert desk.decisions == []
    assert desk.refusals == [("run-low-1", f"mcp:{role}-anna", "this token may not decide over MCP")]


@pytest.mark.parametrize("mode", ERAS)
async def test_an_approver_decides_exactly_the_plan_it_read(serve: Any, desk: Any, mode: str) -> None:
    async with serve() as app, app.client(auth="secret-approver", mode=mode) as client:
        read = (await client.call_tool("run_get", {"run_id": "run-low-1"})).structured_content
        result = await client.call_tool(
            "run_decide",
            {"run_id": "run-low-1", "plan_hash": read["plan_hash"], "decision": "approve", "reason": "anna agreed"},
        )

    assert desk.decisions == [("run-low-1", "approve", "anna agreed", "mcp:approver-anna")]
    assert result.structured_content["state"] == "approved"
    assert result.content[0].text.startswith("decision approve recorded")


async def test_another_plans_hash_is_refused_and_audited(serve: Any, desk: Any) -> None:
    async with serve() as app, app.client(auth="secret-approver") as client:
        with pytest.raises(ToolError, match=r"the plan has changed\. Read the run again\."):
            await client.call_tool("run_decide", {"run_id": "run-low-1", "plan_hash": "0" * 64, "decision": "approve"})

    assert desk.decisions == []
    assert len(desk.refusals) == 1


@pytest.mark.parametrize("decision", ["approve", "deny", "cancel"])
async def test_high_risk_is_not_decided_here_and_the_answer_says_where(
    serve: Any, desk: Any, plan_hash: str, decision: str
) -> None:
    async with serve() as app, app.client(auth="secret-approver") as client:
        with pytest.raises(ToolError, match="mendwatch runs show run-high-1"):
            await client.call_tool("run_decide", {"run_id": "run-high-1", "plan_hash": plan_hash, "decision": decision})

    assert desk.decisions == []
    assert desk.refusals == [("run-high-1", "mcp:approver-anna", "runs of high risk are not decided over MCP")]


async def test_without_writes_there_is_no_tool_to_decide(serve: Any, desk: Any, plan_hash: str) -> None:
    async with serve(writes=False) as app, app.client(auth="secret-approver") as client:
        assert names(await client.list_tools()) == READS
        with pytest.raises(ToolError, match="Unknown tool"):
            await client.call_tool("run_decide", {"run_id": "run-low-1", "plan_hash": plan_hash, "decision": "approve"})

    assert desk.decisions == []


# --- the door ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}])
async def test_without_a_known_token_there_is_no_answer(serve: Any, desk: Any, headers: dict[str, str]) -> None:
    async with serve() as app, app.http_client() as http:
        answer = await http.post("/mcp", json=PING, headers=ACCEPT | headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert desk.asked == []


async def test_a_revoked_token_ends_with_the_next_request(serve: Any, tokens: Any) -> None:
    async with serve() as app, app.http_client(headers=ACCEPT | {"Authorization": "Bearer secret-viewer"}) as http:
        before = await http.post("/mcp", json=PING)
        tokens.revoked.add("secret-viewer")
        after = await http.post("/mcp", json=PING)

    assert (before.status_code, after.status_code) == (200, 401)


async def test_while_the_state_does_not_answer_nobody_is_let_in(serve: Any, tokens: Any) -> None:
    tokens.failure = StoreError("database is locked")
    async with serve() as app, app.http_client() as http:
        answer = await http.post("/mcp", json=PING, headers=ACCEPT | {"Authorization": "Bearer secret-approver"})

    assert answer.status_code == 401
    assert "locked" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Host": "evil.example"}, 421), ({"Origin": "https://evil.example"}, 403), ({"Host": "127.0.0.1:9732"}, 200)],
)
async def test_a_foreign_host_or_origin_is_turned_away_before_the_token_is_looked_at(
    serve: Any, headers: dict[str, str], status: int
) -> None:
    async with serve() as app, app.http_client() as http:
        answer = await http.post("/mcp", json=PING, headers=ACCEPT | {"Authorization": "Bearer secret-viewer"} | headers)

    assert answer.status_code == status


async def test_a_host_that_the_operator_allows_is_accepted(serve: Any) -> None:
    async with serve(allowed_hosts=["agent.example"]) as app, app.http_client() as http:
        headers = ACCEPT | {"Authorization": "Bearer secret-viewer", "Host": "agent.example"}
        answer = await http.post("/mcp", json=PING, headers=headers)

    assert answer.status_code == 200


# --- what the library does behind a call ------------------------------------------------------------------------------


class Counting(Middleware):
    """Counts what passes."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    async def on_request(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        self.methods.append(str(context.method))
        return await call_next(context)


async def test_a_call_with_arguments_runs_no_hidden_listing(serve: Any, desk: Any, tokens: Any) -> None:
    built = server.build(desk, authenticate=tokens.authenticate, writes=True)
    counting = Counting()
    built.add_middleware(counting)
    async with serve(built=built) as app, app.client(auth="secret-viewer") as client:
        await client.list_tools()
        counting.methods.clear()
        await client.call_tool("run_get", {"run_id": "run-low-1"})

    assert counting.methods == ["tools/call"]


async def test_the_sdk_still_has_the_hook_that_spares_the_listing(desk: Any, tokens: Any) -> None:
    built = server.build(desk, authenticate=tokens.authenticate, writes=True)
    lookup: Callable[[str], Any] = built._mcp_server.get_tool_input_schema

    assert "plan_hash" in lookup("run_decide")["properties"]
    assert lookup("nothing") is None


async def test_the_limit_counts_each_call_once_and_per_token(serve: Any, clock: Any) -> None:
    async with serve(rate=Rate(burst=4, per_second=0.5)) as app, app.client(auth="secret-viewer") as client:
        for _ in range(3):
            await client.list_tools()
        for _ in range(4):
            await client.call_tool("run_get", {"run_id": "run-low-1"})
        with pytest.raises(ToolError, match="rate limited, retry in 2 s"):
            await client.call_tool("target_list")
        async with app.client(auth="secret-operator") as other:
            assert not (await other.call_tool("target_list")).is_error
        clock.move(2)
        assert not (await client.call_tool("target_list")).is_error


async def test_both_eras_are_spoken_and_neither_has_a_session(serve: Any) -> None:
    async with serve() as app, app.http_client() as http:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
        answer = await http.post("/mcp", json=request, headers=ACCEPT | {"Authorization": "Bearer secret-viewer"})

    assert answer.json()["result"]["protocolVersion"] == "2025-11-25"
    assert "mcp-session-id" not in answer.headers
    assert answer.headers["content-type"].startswith("application/json")


# --- what a model reads -----------------------------------------------------------------------------------------------


async def test_every_tool_has_title_hints_schemas_and_a_short_description(serve: Any) -> None:
    async with serve() as app, app.client(auth="secret-approver") as client:
        tools = await client.list_tools()

    for tool in tools:
        hints = tool.annotations
        assert None not in {hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint}
        assert hints.read_only_hint is (tool.name in READS)
        assert tool.title
        assert 5 <= len(tool.description.split()) <= 60
        assert tool.output_schema["type"] == "object"
        assert all("description" in argument for argument in tool.input_schema["properties"].values())


async def test_schemas_are_sent_as_they_were_made(serve: Any) -> None:
    async with serve() as app, app.client(auth="secret-viewer") as client:
        schemas = {tool.name: tool.output_schema for tool in await client.list_tools()}

    assert schemas["run_list"]["properties"]["runs"]["items"] == {"$ref": "#/$defs/RunSummary"}


async def test_the_list_of_tools_is_small(serve: Any) -> None:
    async with serve() as app, app.client(auth="secret-approver") as client:
        tools = await client.list_tools()
    inputs = sum(len(f"{tool.name}{tool.description}{tool.input_schema}") for tool in tools)
    outputs = sum(len(str(tool.output_schema)) for tool in tools)

    assert inputs < 5_000
    assert outputs < 16_000


async def test_answers_hold_to_their_schema_and_have_text_too(serve: Any) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, one test needs it

    async with serve() as app, app.client(auth="secret-viewer") as client:
        schemas = {tool.name: tool.output_schema for tool in await client.list_tools()}
        for name, arguments in ARGUMENTS.items():
            result = await client.call_tool(name, arguments)
            Draft202012Validator(schemas[name]).validate(result.structured_content)
            assert result.content[0].text
            assert not result.content[0].text.startswith("{")


async def test_a_flood_of_runs_is_cut_and_says_so(serve: Any, desk: Any) -> None:
    one = desk.runs["run-low-1"]
    desk.runs = {f"run-{n}": one.model_copy(update={"id": f"run-{n}", "note": "n" * 240, "rule": "r" * 240}) for n in range(50)}
    async with serve() as app, app.client(auth="secret-viewer") as client:
        result = await client.call_tool("run_list", {"limit": 50})

    assert result.structured_content["truncated"]
    assert result.structured_content["shown"] == len(result.structured_content["runs"]) < 50
    assert max(len(result.content[0].text), len(str(result.structured_content))) < 1.2 * budget.LIMIT


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("run_list", {"limit": "5"}, "limit"),
        ("run_list", {"limit": 51}, "limit"),
        ("run_list", {"states": []}, "states"),
        ("run_get", {}, "run_id"),
        ("run_get", {"run_id": "../../etc"}, "run_id"),
        ("run_decide", {"run_id": "run-low-1", "plan_hash": "short", "decision": "approve"}, "plan_hash"),
        ("run_decide", {"run_id": "run-low-1", "plan_hash": "0" * 64, "decision": "yes"}, "decision"),
        ("metric_query", {"selector": "up", "window": "32d"}, "window"),
        ("metric_query", {"selector": "up", "window": "soon"}, "window"),
    ],
)
async def test_wrong_arguments_are_told_in_our_own_words(serve: Any, desk: Any, tool: str, arguments: Any, words: str) -> None:
    async with serve() as app, app.client(auth="secret-approver") as client:
        result = await client.call_tool(tool, arguments, raise_on_error=False)
    text = result.content[0].text

    assert result.is_error
    assert words in text
    assert "pydantic" not in text
    assert not [question for question in desk.asked if question[0] in {"run_decide", "metric_query"}]


async def test_an_unknown_run_is_told_with_what_to_do(serve: Any) -> None:
    async with serve() as app, app.client(auth="secret-viewer") as client:
        with pytest.raises(ToolError, match=r"there is no run run-none\. List what there is first"):
            await client.call_tool("run_get", {"run_id": "run-none"})


@pytest.mark.parametrize(
    "failure",
    [StoreError("cannot open postgresql://u:hunter2@db/state"), RuntimeError("hunter2"), KeyError("hunter2")],
)
@pytest.mark.filterwarnings("ignore")
async def test_no_text_of_an_inner_failure_reaches_the_model(serve: Any, desk: Any, failure: Exception) -> None:
    desk.failure = failure
    async with serve() as app, app.client(auth="secret-viewer") as client:
        result = await client.call_tool("run_get", {"run_id": "run-low-1"}, raise_on_error=False)

    assert result.is_error
    assert "hunter2" not in str(result)


async def test_a_targets_fault_is_told_with_its_hint(serve: Any, desk: Any) -> None:
    desk.failure = Unreachable("cluster-1 does not answer")
    async with serve() as app, app.client(auth="secret-viewer") as client:
        with pytest.raises(ToolError, match=r"cluster-1 does not answer\. Check the address"):
            await client.call_tool("target_list")


# --- without HTTP -----------------------------------------------------------------------------------------------------


async def test_without_tokens_there_can_be_no_tool_that_writes(desk: Any) -> None:
    with pytest.raises(ValueError, match="authentication"):
        server.build(desk, authenticate=None, writes=True)


async def test_in_memory_without_a_token_nothing_can_be_called(desk: Any, tokens: Any) -> None:
    built = server.build(desk, authenticate=tokens.authenticate, writes=True)
    async with Client(built) as client:
        assert await client.list_tools() == []
        for tool, arguments in ARGUMENTS.items():
            result: Awaitable[Any] = client.call_tool(tool, arguments)
            with pytest.raises(ToolError):
                await result

    assert desk.asked == []
