"""ansible-runner's events, read for people, and how a playbook's end is judged."""

from __future__ import annotations

from typing import Any

import pytest

from mendwatch.model.runs import Change
from mendwatch.playbooks import verdict
from mendwatch.playbooks.events import LONGEST_MESSAGE, Recorder, changes
from mendwatch.playbooks.interface import Ending, TaskEvent
from mendwatch.playbooks.redaction import Redactor


def raw(event: str, **data: object) -> dict[str, Any]:
    return {"event": event, "created": "2026-01-15T12:00:00+00:00", "event_data": data}


def ok(**res: object) -> dict[str, Any]:
    return raw("runner_on_ok", task="T", res=res)


def told(*events: dict[str, Any]) -> tuple[Recorder, list[TaskEvent]]:
    seen: list[TaskEvent] = []
    recorder = Recorder(Redactor(["secret-word"]), seen.append)
    for event in events:
        recorder.take(event)
    return recorder, seen


def test_only_what_a_person_follows_is_told_and_numbered_without_gaps() -> None:
    _, seen = told(raw("playbook_on_start"), raw("playbook_on_task_start", task="T"), raw("runner_on_start"), ok(changed=True))

    assert [(event.counter, event.task, event.status) for event in seen] == [(1, "T", ""), (2, "T", "changed")]


def test_a_message_is_redacted_before_it_is_cut() -> None:
    text = "x" * (LONGEST_MESSAGE - 4) + "secret-word"

    _, seen = told(raw("runner_on_failed", task="secret-word", res={"msg": text}))

    assert "secr" not in seen[0].message
    assert len(seen[0].message) <= LONGEST_MESSAGE
    assert seen[0].task == "***"


def test_a_failure_that_the_playbook_ignores_is_not_the_reason() -> None:
    recorder, seen = told(
        raw("runner_on_failed", res={"msg": "the reason"}), raw("runner_on_failed", res={"msg": "ignored"}, ignore_errors=True)
    )

    assert [event.status for event in seen] == ["failed", "ignored"]
    assert recorder.failure == "the reason"


def test_the_outcome_is_what_set_stats_said_without_secrets() -> None:
    recorder, _ = told(
        raw("playbook_on_stats", ok={"localhost": 3}, rescued={}, artifact_data={"outcome": "applied", "x": "secret-word"})
    )

    assert recorder.outcome == {"outcome": "applied", "x": "***"}
    assert recorder.stats is not None
    assert recorder.stats["ok"] == 3


def test_a_diff_becomes_a_change_with_one_line_per_attribute() -> None:
    diff = {"before": {"a": 1, "b": "x"}, "after": {"a": 2, "b": "x"}, "after_header": "subject"}

    assert list(changes(ok(diff=diff))) == [Change("subject", "a: 1\nb: x", "a: 2\nb: x")]


def test_diffs_of_loops_and_lists_are_all_found_and_equal_sides_are_none() -> None:
    one, same = {"before": "1\n", "after": "2\n"}, {"before": "1", "after": "1"}

    found = list(changes(ok(results=[{"diff": [one, same]}, {"diff": one}, {"skipped": True}])))

    assert found == [Change("T", "1", "2"), Change("T", "1", "2")]


def test_a_failed_task_changes_nothing_in_the_plan() -> None:
    assert list(changes(raw("runner_on_failed", res={"diff": {"before": "1", "after": "2"}}))) == []


@pytest.mark.parametrize(
    ("rc", "stats", "outcome", "expected"),
    [
        (0, {"ok": 1}, {}, Ending.SUCCEEDED),
        (0, {"ok": 1, "rescued": 1}, {}, Ending.FAILED),
        (0, {"ok": 1, "rescued": 1}, {"outcome": "applied"}, Ending.SUCCEEDED),
        (0, {"ok": 1, "rescued": 1}, {"outcome": "what"}, Ending.FAILED),
        (0, {"ok": 1}, {"outcome": "rolled_back"}, Ending.FAILED),
        (2, {"ok": 1}, {"outcome": "applied"}, Ending.FAILED),
        (0, None, {}, Ending.DIED),
        (-9, None, {}, Ending.DIED),
        (None, None, {}, Ending.DIED),
        (None, {"ok": 1}, {"outcome": "applied"}, Ending.DIED),
    ],
)
def test_success_needs_more_than_an_exit_code(
    rc: int | None, stats: dict[str, int] | None, outcome: dict[str, object], expected: Ending
) -> None:
    assert verdict.ending(rc, stats, outcome, begun=True) is expected


@pytest.mark.parametrize("rc", [None, 0, 4, 127])
def test_a_playbook_that_reached_no_task_failed_and_did_nothing(rc: int | None) -> None:
    assert verdict.ending(rc, None, {}, begun=False) is Ending.FAILED


def test_a_failure_has_a_sentence_in_every_case() -> None:
    unreadable = verdict.message(4, {}, "", ["[ERROR]: couldn't resolve module/action 'x.y'.\nOrigin: z"])

    assert verdict.message(2, {"ok": 1}, "it broke", []) == "it broke"
    assert unreadable == "Ansible could not read the playbook: couldn't resolve module/action 'x.y'."
    assert "could not be started" in verdict.message(127, None, "", [])
    assert "rescued" in verdict.message(0, {"rescued": 1}, "", [])
    assert "code 3" in verdict.message(3, {"ok": 1}, "", [])
