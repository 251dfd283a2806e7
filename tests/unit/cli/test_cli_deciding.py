"""The commands with which people stop runs, close breakers, lend their word, ask for less, and say yes or no."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mendwatch.cli import app
from mendwatch.clock import SystemClock
from mendwatch.config import loading
from mendwatch.model.runs import Change, Plan, Run, RunState
from mendwatch.service.state import open_state
from mendwatch.store.interface import NewRun, RunChange, Store

T = TypeVar("T")
RULES = """
groups:
- name: g
  rules:
  - alert: Mine
    on: quota
    when: usage_bytes > 1.0
    remediate:
      remediation: onefs/quota_raise
      variables: {path: path, new_hard_limit_bytes: "hard_limit_bytes * 1.1"}
      verify: {when: usage_bytes < 1.0}
"""


@dataclass
class Caller:
    """A folder with a configuration, and the commands with what they print."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    out: str = ""

    def __call__(self, *arguments: str) -> int:
        code = app.call([*arguments, "--config", str(self.folder / "mendwatch.yaml")])
        self.out, err = self.capture.readouterr()
        self.out += err
        return code

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever was printed
        self(*arguments, "--json")
        return json.loads(self.out)

    def store(self, work: Callable[[Store], Awaitable[T]]) -> T:
        async def done() -> T:
            store = await open_state(loading.load(self.folder / "mendwatch.yaml"))
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(done())

    def pending(self, path: str = "/ifs/a", limit: int = 1100, rule: str = "Mine") -> Run:
        async def work(store: Store) -> Run:
            given = {"path": path, "new_hard_limit_bytes": limit}
            new = NewRun(path, rule, "d", "f", "lab", "onefs/quota_raise", "low", "approve", f"rule:{rule}", {"path": path}, given)
            run = await store.runs.propose(new)
            assert run is not None
            plan = Plan("onefs/quota_raise", "d", "lab", "https://lab", given, (Change(path, "hard: 1000", f"hard: {limit}"),), {})
            until = SystemClock().now() + timedelta(hours=1)
            return await store.runs.change(run.id, RunChange(RunState.PENDING, "agent:test", plan=plan, expires_at=until))

        return self.store(work)

    def failed(self, path: str) -> None:
        run = self.pending(path)
        assert self("runs", "approve", run.id, "--hash", str(run.plan_hash), "--yes") == 0

        async def work(store: Store) -> None:
            for state in (RunState.APPLYING, RunState.FAILED):
                await store.runs.change(run.id, RunChange(state, "agent:test"))

        self.store(work)

    def told(self) -> list[str]:
        return [row.what for row in self.store(lambda store: store.audit.entries())]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Caller:
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    (tmp_path / "mendwatch.yaml").write_text(
        "state_dir: state\nshipped_rules: false\nrules: [rules.yaml]\n"
        "targets: [{name: lab, provider: onefs, address: 'https://lab:8080'}]\n",
        "utf-8",
    )
    return Caller(tmp_path, capsys)


def test_runs_are_stopped_and_allowed_by_command(call: Caller) -> None:
    assert call("stop-runs", "--reason", "cables") == 0
    assert "allow-runs" in call.out
    assert call("allow-runs") == 0
    assert "had stopped them" in call.out
    assert call.json("allow-runs") == {"stopped": False, "was_stopped": False}
    assert call.told() == ["runs.stopped", "runs.allowed"]


def test_a_breaker_is_listed_and_reset_by_name(call: Caller) -> None:
    call.failed("/ifs/a")
    call.failed("/ifs/b")

    (found,) = call.json("breaker", "list")
    assert (found["rule"], found["target"], found["state"], found["failures"]) == ("Mine", "lab", "open", 2)
    assert call("breaker", "reset", "Mine", "elsewhere") == 1
    assert call("breaker", "reset", "Mine", "lab", "--reason", "the account may write now") == 0
    assert call.json("breaker", "list") == []
    assert call.told()[-1] == "breaker.reset"


def test_a_word_is_lent_listed_and_taken_back(call: Caller) -> None:
    made = call.json("delegation", "add", "bob", "--for", "8h", "--reason", "on a boat")
    assert (made["deputy"], made["reason"]) == ("bob", "on a boat")
    assert call("delegation", "list") == 0
    assert "holds" in call.out
    assert (call("delegation", "end", made["id"]), call("delegation", "end", made["id"])) == (0, 1)
    assert call.told() == ["delegation.added", "delegation.ended"]


@pytest.mark.parametrize(
    "arguments", [("bob", "--for", "90d"), ("bob", "--for", "0s"), ("b\u043eb", "--for", "1h"), ("bob", "--for", "x")]
)
def test_a_word_that_cannot_be_lent_is_refused(call: Caller, arguments: tuple[str, ...]) -> None:
    assert call("delegation", "add", *arguments) == 2
    assert call.told() == []


def test_a_lower_value_makes_another_run(call: Caller) -> None:
    run = call.pending()
    made = call.json("runs", "edit", run.id, "--set", "new_hard_limit_bytes=1050")

    assert (made["state"], made["variables"]["new_hard_limit_bytes"]) == ("planning", 1050)
    assert call.json("runs", "show", run.id)["state"] == "superseded"
    assert call("runs", "edit", made["id"], "--set", "new_hard_limit_bytes=1") == 1
    assert call("runs", "edit", made["id"], "--set", "path") == 2


def test_a_denial_needs_a_reason(call: Caller) -> None:
    run = call.pending()

    assert call("runs", "deny", run.id) == 1
    assert "needs a reason" in call.out
    assert call("runs", "deny", run.id, "--reason", "the owner cleans up") == 0


def test_several_runs_are_approved_by_one_word_where_their_plans_are_equal(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [call.pending(f"/ifs/{name}") for name in "abc"]
    other = call.pending("/ifs/d", limit=9999)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)

    assert call("runs", "approve", *(run.id for run in runs), other.id) == 1
    assert f"the plan of {other.id} is not equal" in call.out
    assert {run["state"] for run in call.json("runs", "list")} == {"pending"}
    assert call("runs", "approve", *(run.id for run in runs)) == 0
    assert sorted(run["state"] for run in call.json("runs", "list")) == ["approved"] * 3 + ["pending"]


def test_several_runs_are_not_approved_by_the_hash_of_one(call: Caller) -> None:
    runs = [call.pending(f"/ifs/{name}") for name in "ab"]

    assert call("runs", "approve", *(run.id for run in runs), "--hash", str(runs[0].plan_hash), "--yes") == 2
    assert {run["state"] for run in call.json("runs", "list")} == {"pending"}


def test_a_token_says_whose_it_is_and_a_models_is_no_approvers(call: Caller) -> None:
    made = call.json("token", "create", "--name", "phone", "--role", "approver", "--person", "zoe")
    assert (made["person"], made["model"]) == ("zoe", False)
    assert call("token", "create", "--name", "claude", "--role", "approver", "--model") == 2
    assert call("token", "create", "--name", "x", "--person", "z\u043ee") == 2
    assert call.json("token", "create", "--name", "claude", "--model")["person"] == ""
