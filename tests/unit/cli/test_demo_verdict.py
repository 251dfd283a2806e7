"""The demo's verdict: times of what was decided, checks in words, done only if everything holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mendwatch.cli.demo import stage, verdict
from mendwatch.model.audits import ChainVerdict
from mendwatch.model.notices import Notice
from mendwatch.model.runs import Decision, Run, RunState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WHOLE = ChainVerdict(1, 1, "ab", None)


def notice(kind: str, seconds: int) -> Notice:
    return Notice(NOON.replace(second=seconds), kind, kind)


def test_the_first_task_counts_only_once_the_playbook_was_let_loose() -> None:
    told = [
        notice("run.task", 1),
        notice("run.approved", 2),
        notice("run.applying", 3),
        notice("run.task", 4),
        notice("run.task", 5),
    ]

    result = verdict.outcome(None, told, WHOLE, {}, begin=NOON.timestamp(), seconds=6)

    assert [(step.name, step.seconds) for step in result.timeline] == [("approved", 2.0), ("applying", 3.0), ("first task", 4.0)]
    assert result.approval_to_first_task == 2.0


@pytest.mark.parametrize(
    ("proof", "chain", "kinds"),
    [
        ({"mended": False}, WHOLE, ["alert.resolved"]),
        ({"mended": True}, ChainVerdict(1, 1, "ab", "row 1 was changed"), ["alert.resolved"]),
        ({"mended": True}, WHOLE, []),
    ],
    ids=["not mended", "broken chain", "alert still fires"],
)
def test_a_demo_is_done_only_if_everything_holds(proof: dict[str, object], chain: ChainVerdict, kinds: list[str]) -> None:
    result = verdict.outcome(None, [notice(kind, 1) for kind in kinds], chain, proof, begin=0, seconds=1)

    assert result.done is False
    assert result.reason


def test_the_demo_shortens_the_times_of_a_rule_that_mends_and_nothing_else() -> None:
    rule = {"alert": "A", "when": "x > 1.0", "for": "5m", "remediate": {"mode": "approve"}}

    patient = {"alert": "B", "when": "x > 1.0", "for": "1d"}

    quick = stage.quickened({"groups": [{"name": "g", "rules": [rule, patient]}], "tests": [1]})

    assert quick == {"groups": [{"name": "g", "rules": [{**rule, **stage.QUICK}, patient]}]}


def approved_by(*decisions: Decision) -> Run:
    return Run(
        id="run-1",
        dedup_key="k",
        rule="Full",
        rule_digest="r",
        fingerprint="f",
        target="lab",
        remediation="onefs/quota_raise",
        risk="low",
        mode="approve",
        proposer="rule:Full",
        state=RunState.VERIFIED,
        version=1,
        fence=1,
        created_at=NOON,
        updated_at=NOON,
        subject={},
        variables={},
        decisions=decisions,
    )


def test_the_approval_counts_from_the_last_decision_and_not_from_its_notice() -> None:
    decisions = [Decision(name, "cli", "approve", NOON + timedelta(seconds=at)) for name, at in (("anna", 1.0), ("bela", 1.8))]
    told = [notice("run.approved", 2), notice("run.applying", 3), notice("run.task", 4)]

    result = verdict.outcome(approved_by(*decisions), told, WHOLE, {}, begin=NOON.timestamp(), seconds=6)

    assert result.timeline[0].name == "approved"
    assert result.timeline[0].seconds == 1.8
    assert result.approval_to_first_task == 2.2


def test_the_timeline_goes_by_time() -> None:
    told = [notice("run.events_resolved", 3), notice("run.verified", 2), notice("alert.resolved", 1)]

    steps = verdict.timeline(told, NOON.timestamp())

    assert [step.name for step in steps] == ["alert resolved", "verified", "event resolved"]


@pytest.mark.parametrize(
    ("kinds", "fact"),
    [([], "never fired"), (["alert.firing"], "still firing"), (["alert.firing", "alert.resolved"], "resolved")],
)
def test_an_alert_that_never_fired_is_not_said_to_fire(kinds: list[str], fact: str) -> None:
    found = verdict.checks(None, [notice(kind, 1) for kind in kinds], WHOLE, {})

    assert [check.fact for check in found if check.name == "alert cleared"] == [fact]


def test_the_reason_names_what_failed_and_leaves_the_facts_to_the_checks() -> None:
    result = verdict.outcome(None, [], WHOLE, {"mended": False, "path": "/ifs/a"}, begin=0, seconds=1)

    assert result.reason == "not raised on the cluster; not run verified; not alert cleared"


def test_the_proof_is_said_in_words() -> None:
    proof = {"mended": True, "path": "/ifs/a", "hard_limit_after": 5 * 2**30, "raises": 1, "event_groups": ["1.2"], "settled": True}

    assert verdict.in_words(proof) == "path /ifs/a, hard limit after 5.00 GiB, raises 1, event groups 1.2, settled yes"
