"""What a drill must have come to, and that each thing that is not so is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mendwatch.cli.gym.stage import QUICK, adapted, shortened
from mendwatch.cli.gym.verdict import Seen, changed, report
from mendwatch.provider import Drill, ExpectedRun, Standing

RUN = ExpectedRun("NodeSuspended", "onefs/resume", {"node": "2"})
DRILL = Drill("suspended", "A node was suspended.", frozenset({"NodeSuspended"}), RUN, ("POST /pools/*/resume",), ("fabric.",))
GOOD = Seen(
    raised={"NodeSuspended": 3.5},
    runbooks=("docs/runbooks/NodeSuspended.md",),
    proposed=("onefs/resume", {"node": "2"}),
    state="verified",
    verified=7.25,
    standing=Standing(mended=True, open_events=()),
    writes=("POST /pools/pool0/resume",),
    changed=("fabric.pools.pool0.suspended",),
)
ADVISED = Drill("down", "A node is down.", frozenset({"NodeDown"}))


def test_a_drill_that_went_as_it_must_has_no_fault() -> None:
    found = report(DRILL, GOOD, 20.0)

    assert found.passed
    assert (found.detected, found.verified, found.events, found.plan) == (3.5, 7.25, "resolved", "onefs/resume")


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (replace(GOOD, raised={}), "not detected: NodeSuspended"),
        (replace(GOOD, raised={**GOOD.raised, "NodeDown": 4.0}), "false alert: NodeDown"),
        (replace(GOOD, proposed=None), "nothing was planned"),
        (replace(GOOD, proposed=("onefs/suspend", {"node": "2"})), "wrong remediation: onefs/suspend"),
        (replace(GOOD, proposed=("onefs/resume", {"node": "3"})), "wrong variables: {'node': '3'}"),
        (replace(GOOD, verified=None, state="failed", note="no data"), "not verified: failed: no data"),
        (replace(GOOD, verified=None, state=""), "not verified: no run"),
        (replace(GOOD, standing=Standing(mended=False, open_events=())), "verified, and the cause is still there"),
        (replace(GOOD, standing=Standing(mended=True, open_events=("724901",))), "event 724901 is open"),
        (replace(GOOD, left=("NodeSuspended",)), "NodeSuspended is raised after the repair"),
        (replace(GOOD, writes=()), "other writes than 1 that were expected: none"),
        (replace(GOOD, writes=GOOD.writes * 2), "other writes than 1 that were expected: " + ", ".join(GOOD.writes * 2)),
        (replace(GOOD, changed=("quotas.1.hard",)), "side effect: quotas.1.hard"),
        (replace(GOOD, changed=tuple("abcde")), "side effect: a, b, c and 2 more"),
        (replace(GOOD, problem="the simulated cluster did not start"), "the simulated cluster did not start"),
    ],
)
def test_what_is_not_as_it_must_be_is_named(seen: Seen, fault: str) -> None:
    found = report(DRILL, seen, 20.0)

    assert found.faults == (fault,)
    assert not found.passed


def test_where_only_a_person_can_help_the_plan_is_to_advise_with_the_runbook() -> None:
    seen = Seen(raised={"NodeDown": 2.0}, runbooks=("docs/runbooks/NodeDown.md",), changed=("hardware",))

    found = report(ADVISED, seen, 9.0)

    assert found.passed
    assert (found.plan, found.advice, found.verified) == ("advise", ("docs/runbooks/NodeDown.md",), None)


def test_advice_without_a_runbook_a_run_nobody_wants_and_a_write_are_faults() -> None:
    seen = Seen(raised={"NodeDown": 2.0}, proposed=("onefs/reboot", {}), writes=("POST /nodes/3/reboot",))

    faults = report(ADVISED, seen, 9.0).faults

    assert faults == (
        "onefs/reboot was planned, and only a person can mend this",
        "no runbook for what was raised",
        "other writes than 0 that were expected: POST /nodes/3/reboot",
    )


def test_alerts_that_stand_where_trouble_is_only_kept_within_bounds_are_no_fault() -> None:
    drill = replace(DRILL, standing=frozenset({"NodeSuspended", "NodesOut"}))
    seen = replace(
        GOOD,
        raised={**GOOD.raised, "NodesOut": 9.0},
        left=("NodeSuspended", "NodesOut"),
        standing=Standing(mended=False, open_events=("1",)),
    )

    assert report(drill, seen, 20.0).passed
    assert report(drill, replace(seen, left=("Other",)), 20.0).faults == ("Other is raised after the repair",)


def test_facts_that_differ_came_or_went_are_named() -> None:
    assert changed({"a": 1, "b": 2, "c": None}, {"a": 1, "b": 3, "d": None}) == ("b", "c", "d")


def test_only_the_remediation_of_the_drill_asks_for_approval_and_every_rule_is_quick() -> None:
    rules = {
        "groups": [
            {
                "name": "g",
                "rules": [
                    {"alert": "NodeSuspended", "for": "2h", "remediate": {"mode": "observe", "remediation": "onefs/resume"}},
                    {"alert": "Quota", "remediate": {"mode": "approve", "remediation": "onefs/quota_raise"}},
                    {"alert": "Mere", "for": "1h"},
                ],
            }
        ],
        "tests": [],
    }

    found = adapted(rules, DRILL)

    listed = found["groups"][0]["rules"]
    assert [rule.get("remediate", {}).get("mode") for rule in listed] == ["approve", "observe", None]
    assert all(rule[name] == value for rule in listed for name, value in QUICK.items())
    assert [rule["for"] for rule in listed] == [f"{1000 * shortened(wait):.0f}ms" for wait in ("2h", "0s", "1h")]
    assert "tests" not in found


def test_waits_are_shortened_and_longer_ones_stay_longer() -> None:
    waits = ["0s", "1m", "2m", "5m", "10m", "15m", "30m", "1h", "2h", "6h", "1d"]
    found = [shortened(wait) for wait in waits]

    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] < 36
