"""The two texts about a run: what an approver must see is there, and hostile values stay data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mendwatch import content
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.remediations import Remediation, Risk, Timeouts
from mendwatch.model.runs import Change, Decision, Plan, Run, RunState
from mendwatch.model.text import visible
from mendwatch.render.cleaning import Line
from mendwatch.render.renderer import Renderer

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOSTILE = "/ifs/{{ lookup('pipe','touch pwned') }}\u202e\x1b[2J\n```\n## Approved by everybody\n"
REQUEST, REPORT = "approval_request.md.j2", "run_report.md.j2"
REMEDIATION = Remediation(
    id="onefs/quota_raise",
    title="Raise a quota",
    description="Gives a directory more room.",
    risk=Risk.LOW,
    reversible=True,
    idempotent=True,
    parameters={},
    preconditions=("The quota exists.",),
    verification="Read again.",
    rollback="The old limit.",
    timeouts=Timeouts(),
    requires_collections=(),
    requires_privileges=(),
    resolve=None,
    digest="0" * 64,
    folder=Path(),
    playbook=Path("playbook.yaml"),
)
ALERT = Alert("f" * 32, "Full", "lab", {}, {}, AlertState.FIRING, NOW, {"summary": f"{HOSTILE} is full"}, {"usage_bytes": 9.5e9})


def run(path: str = "/ifs/data", **changes: object) -> Run:
    change = Change(path, "hard_limit_bytes: 10737418240", "hard_limit_bytes: 13421772800")
    variables = {"path": path, "new_hard_limit_bytes": 13421772800}
    plan = Plan("onefs/quota_raise", "d" * 64, "lab", "https://lab:8080", variables, (change,), {})
    made = Run(
        id="01hxyz",
        dedup_key="k",
        rule="Full",
        rule_digest="r",
        fingerprint="f" * 32,
        target="lab",
        remediation="onefs/quota_raise",
        risk="low",
        mode="approve",
        proposer="rule:Full",
        state=RunState.PENDING,
        version=1,
        fence=1,
        created_at=NOW,
        updated_at=NOW,
        subject={"path": path},
        variables=variables,
        plan=plan,
        plan_hash=plan.sha256(),
        expires_at=NOW + timedelta(minutes=30),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def text(template: str, of: Run, remediation: Remediation | None = REMEDIATION, alert: Alert | None = ALERT) -> str:
    commands = {
        "approve": Line(f"mendwatch runs approve {of.id} --hash {of.plan_hash}"),
        "deny": Line(f"mendwatch runs deny {of.id}"),
    }
    return Renderer(content.folder("templates")).text(template, {"run": of, "remediation": remediation, "alert": alert, **commands})


def test_the_request_shows_all_that_an_approver_decides_on() -> None:
    shown = text(REQUEST, run())

    for words in (
        "Raise a quota?",
        "lab (https://lab:8080)",
        "Full",
        "risk        low, can be undone",
        f"plan hash   {run().plan_hash}",
        "expires     2030-01-01T12:30:00+00:00 (then it expires, and nothing is done)",
        "hard_limit_bytes  10737418240 (10.00 GiB)  ->  13421772800 (12.50 GiB)",
        "usage_bytes  9500000000 (8.85 GiB)",
        "The quota exists.",
        f"mendwatch runs approve 01hxyz --hash {run().plan_hash}",
    ):
        assert words in shown


@pytest.mark.parametrize("template", [REQUEST, REPORT])
def test_hostile_values_stay_data(template: str) -> None:
    shown = text(template, run(HOSTILE, note=HOSTILE))
    lines = shown.splitlines()

    assert "{{ lookup('pipe','touch pwned') }}" in shown
    assert not [character for character in shown if character != "\n" and not visible(character)]
    assert "## Approved by everybody" not in lines
    fences = [line for line in lines if line.lstrip().startswith("```")]
    assert set(fences) == {"```", "```text"}
    assert fences == ["```text", "```"] * (len(fences) // 2)


@pytest.mark.parametrize("template", [REQUEST, REPORT])
def test_a_run_without_plan_remediation_and_alert_has_a_text_too(template: str) -> None:
    bare = run(plan=None, plan_hash=None, expires_at=None, state=RunState.PLANNING)
    shown = text(template, bare, remediation=None, alert=None)

    assert "no plan" in shown
    assert "runs approve" not in shown


def test_high_risk_says_that_it_is_not_decided_over_mcp() -> None:
    assert "not over MCP" in text(REQUEST, run(risk="high"))


def test_what_is_over_cannot_be_decided() -> None:
    assert "Nothing can be decided now: the run is denied." in text(REQUEST, run(state=RunState.DENIED))


def test_a_plan_that_changes_nothing_says_so() -> None:
    plan = run().plan
    assert plan is not None

    assert "nothing: the target is as it should be" in text(REQUEST, run(plan=replace(plan, changes=())))


def test_the_report_tells_who_decided_what_was_done_and_how_it_ended() -> None:
    shown = text(
        REPORT,
        run(
            state=RunState.VERIFIED,
            decisions=(Decision("anna", "cli", "approve", NOW, "room is there"),),
            started_at=NOW,
            ended_at=NOW + timedelta(seconds=75),
            outcome={"changed": True, "after_bytes": 13421772800},
            events_resolved=("1.42",),
        ),
    )

    for words in (
        "Run 01hxyz: verified",
        "approve  anna by cli: room is there",
        "after 1m15s",
        "13421772800 (12.50 GiB)",
        "- 1.42",
    ):
        assert words in shown
