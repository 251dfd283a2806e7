"""Commands as a script calls them: one JSON answer on standard output whatever happens, and an exit code that says which kind."""

from __future__ import annotations

import asyncio
import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mendwatch.cli import app
from mendwatch.clock import SystemClock
from mendwatch.config import loading
from mendwatch.model.runs import Change, Plan, Run, RunState
from mendwatch.service.state import ADDRESS, open_state
from mendwatch.store.interface import NewRun, RunChange

BROKEN_RULES = "groups:\n- name: g\n  rules:\n  - {alert: A, on: quota, wenn: a}\n  - {alert: B, on: disk, when: a}\n"
RULES = "groups:\n- name: g\n  rules:\n  - {alert: Mine, on: quota, when: usage_bytes > 1.0}\n"


@dataclass
class Caller:
    """A folder with a configuration, and the commands with what they print."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    @property
    def config(self) -> Path:
        return self.folder / "mendwatch.yaml"

    def configure(self, text: str = "") -> None:
        self.config.write_text(f"state_dir: state\n{text}", "utf-8")

    def __call__(self, *arguments: str) -> int:
        code = app.call([*arguments, "--config", str(self.config)])
        self.out, self.err = self.capture.readouterr()
        return code

    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        return json.loads(self.out)

    def pending(self) -> Run:
        return asyncio.run(_pending(self.config))


async def _pending(config: Path) -> Run:
    store = await open_state(loading.load(config))
    try:
        run = await store.runs.propose(NewRun("k", "R", "d", "f", "lab", "onefs/quota_raise", "low", "approve", "rule:R", {}, {}))
        assert run is not None
        plan = Plan("onefs/quota_raise", "d", "lab", "https://lab", {}, (Change("/ifs/a", "a: 1", "a: 2"),), {})
        until = SystemClock().now() + timedelta(hours=1)
        return await store.runs.change(run.id, RunChange(RunState.PENDING, "agent:test", plan=plan, expires_at=until))
    finally:
        await store.close()


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Caller:
    caller = Caller(tmp_path, capsys)
    caller.configure()
    return caller


def test_a_missing_configuration_is_used_wrongly_and_a_faulty_one_is_found_wanting(call: Caller) -> None:
    call.configure("listn: x\n")
    faulty = call("check")
    other = call("runs", "list")
    call.config.unlink()

    assert (faulty, other, call("check")) == (1, 2, 2)


def test_rules_with_faults_are_found_wanting_fault_by_fault(call: Caller) -> None:
    rules = call.folder / "rules.yaml"
    rules.write_text(BROKEN_RULES, "utf-8")

    assert call("rules", "check", str(rules)) == 1
    assert [line.split(":")[0] for line in call.err.splitlines()] == ["error", "error", "2 faults"]
    assert call("rules", "test", str(rules)) == 1


def test_a_folder_without_rules_is_found_wanting_and_none_at_all_is_used_wrongly(call: Caller) -> None:
    (call.folder / "empty").mkdir()

    assert call("rules", "check", str(call.folder / "empty")) == 1
    assert "no rules found" in call.err
    assert call("rules", "check", str(call.folder / "nothing.yaml")) == 2
    assert "hint:  Name a file of rules" in call.err


def test_a_broken_remediation_is_found_wanting_and_a_script_gets_one_answer(call: Caller) -> None:
    (call.folder / "mine" / "onefs" / "broken").mkdir(parents=True)
    (call.folder / "mine" / "onefs" / "broken" / "remediation.yaml").write_text("titel: x\n", "utf-8")
    call.configure("remediations: [mine]\n")

    assert call("remediations", "list") == 1
    assert "onefs/quota_raise" in call.out
    assert call("remediations", "list", "--json") == 1
    assert {fault["message"] for fault in call.json()["faults"]} >= {"unknown key 'titel'", "risk: is missing"}


def test_the_operators_own_rules_are_checked_and_tested_with_the_configuration(call: Caller) -> None:
    (call.folder / "own.yaml").write_text(RULES, "utf-8")
    call.configure("rules: [own.yaml]\n")

    assert call("rules", "check", "--json") == 0
    known = [row["alert"] for row in call.json()]
    assert {"PowerScaleQuotaNearlyFull", "Mine"} < set(known)
    assert call("rules", "test", "--json") == 0
    assert call.json()["rules"] == len(known)


def test_check_refuses_a_state_folder_that_cannot_be_made_and_makes_none(call: Caller) -> None:
    call.config.write_text("state_dir: mendwatch.yaml/state\n", "utf-8")
    refused = call("check")
    reason = call.err
    call.configure()
    accepted = call("check")

    assert (refused, accepted) == (1, 0)
    assert "is no folder" in reason
    assert not (call.folder / "state").exists()


def test_check_warns_of_nothing_to_watch_and_of_a_password_in_the_file(call: Caller) -> None:
    assert call("check") == 0
    assert "warning: nothing is watched: no targets" in call.out

    accounts = "{read: {username: u, password: Canary9}, write: {username: v, password: 'file:pw'}}"
    (call.folder / "pw").write_text("x", "utf-8")
    call.configure(f"targets: [{{name: lab, provider: onefs, address: 'https://lab:8080', credentials: {accounts}}}]\n")
    assert call("check") == 0, call.err
    assert call.out.count("warning: ") == 1
    assert "lab: the read account's password is written" in call.out
    assert re.search(r"1 target, \d+ rules, \d+ remediations: no faults", call.out)
    assert "Canary9" not in call.out + call.err


def test_faults_are_json_where_json_was_asked(call: Caller) -> None:
    call.configure("listn: x\nlog_format: xml\n")

    assert call("check", "--json") == 1
    faults = call.json()["faults"]
    assert {(fault["where"], fault["message"]) for fault in faults} == {
        (f"{call.config}:2:1", "unknown key 'listn'"),
        (f"{call.config}:3:1", "log_format: expected 'text' or 'json'"),
    }
    assert "did you mean 'listen'?" in {fault["hint"] for fault in faults}
    assert call.err == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("runs", "show", "nope"), 1),
        (("runs", "approve", "run-000000"), 1),
        (("runs", "deny", "run-000000"), 1),
        (("runs", "cancel", "run-000000"), 1),
        (("token", "revoke", "nobody"), 1),
        (("token", "create", "--expires", "9999y"), 2),
        (("token", "create", "--nonsense"), 2),
        (("remediations", "show", "onefs/none"), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_every_refusal_is_json_with_a_hint(call: Caller, arguments: tuple[str, ...], code: int) -> None:
    assert call(*arguments, "--json") == code
    answer = call.json()
    assert answer["error"]
    assert answer["hint"]
    assert answer["faults"] == []
    assert call.err == ""


def test_a_demo_that_cannot_ask_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["demo", "--json"]) == 2
    assert "--yes" in json.loads(capsys.readouterr().out)["hint"]


def test_a_decision_is_json_where_json_was_asked(call: Caller) -> None:
    run = call.pending()

    assert call("runs", "approve", run.id, "--json") == 2  # nobody is asked, and no hash was given
    assert call("runs", "approve", run.id, "--hash", str(run.plan_hash), "--json") == 0
    assert (call.json()["id"], call.json()["state"]) == (run.id, "approved")
    assert call("runs", "cancel", run.id, "--json") == 0
    assert call.json()["state"] == "cancelled"


def test_an_approval_names_the_command_that_follows_it(call: Caller) -> None:
    run = call.pending()

    assert call("runs", "show", run.id) == 0
    assert f"runs approve {run.id} --hash {run.plan_hash} --config {call.config}" in call.out
    assert call("runs", "approve", run.id, "--hash", str(run.plan_hash), "--yes") == 0
    assert call.out.rstrip().endswith(f"runs show {run.id} --config {call.config}")


def test_a_token_has_a_name_of_its_own_and_its_end_is_json(call: Caller) -> None:
    assert call("token", "create", "--role", "operator", "--json") == 0
    token = call.json()
    assert token["name"].endswith("-operator")
    assert call("token", "revoke", token["id"], "--json") == 0
    assert call.json()["revoked_at"]


class _Ready(http.server.BaseHTTPRequestHandler):
    body = b'{"targets": {"lab": "up"}}'

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:  # type: ignore[override]
        pass


class _Other(_Ready):
    body = b"[1]"


@pytest.fixture
def agent(request: pytest.FixtureRequest) -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), request.param) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def told(call: Caller) -> str:
    assert call("targets", "--json") == 0
    return str(call.json()[0]["state"])


def write_address(call: Caller, url: str) -> None:
    call.configure("listen: 127.0.0.1:0\ntargets: [{name: lab, provider: icmp, address: 127.0.0.1}]\n")
    (call.folder / "state").mkdir()
    (call.folder / "state" / ADDRESS).write_text(f"{url}\n", "utf-8")


@pytest.mark.parametrize("agent", [_Ready], indirect=True)
def test_targets_finds_an_agent_on_a_port_of_its_own(call: Caller, agent: str) -> None:
    write_address(call, agent)

    assert told(call) == "up"


@pytest.mark.parametrize("agent", [_Other], indirect=True)
def test_another_program_at_the_address_is_no_agent(call: Caller, agent: str) -> None:
    write_address(call, agent)

    assert told(call) == "unknown: the agent is not running"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", ""])
def test_the_address_of_a_dead_agent_leads_nowhere(call: Caller, url: str) -> None:
    write_address(call, url)

    assert told(call) == "unknown: the agent is not running"
