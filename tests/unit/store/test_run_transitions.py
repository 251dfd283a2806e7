"""How a row follows from a row, without any store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mendwatch.model.principals import PERMISSIONS, Principal, Role
from mendwatch.model.runs import TERMINAL, TRANSITIONS, RunState
from mendwatch.store import decisions, people, transitions
from mendwatch.store.interface import NewRun
from mendwatch.testing.clock import NOON

NEW = NewRun("k", "r", "d", "f", "t", "x", "low", "approve", "rule:r", {}, {})


@pytest.mark.parametrize("state", RunState)
def test_the_sources_of_a_state_are_the_table_read_backwards(state: RunState) -> None:
    assert all(state in TRANSITIONS[source] for source in transitions.sources(state))
    assert not transitions.sources(state) & TERMINAL


def test_only_what_waits_can_be_overdue() -> None:
    run = replace(transitions.opened(NEW, "run-0000000000", NOON), expires_at=NOON)

    late = {state for state in RunState if transitions.overdue(replace(run, state=state), NOON)}

    assert late == {RunState.PENDING, RunState.APPROVED}
    assert not transitions.overdue(replace(run, state=RunState.PENDING), NOON - timedelta(microseconds=1))


def test_the_audit_of_a_new_run_names_everything_but_its_variables() -> None:
    fact = transitions.proposed_fact(transitions.opened(NEW, "run-0000000000", NOON))

    assert (fact.actor, fact.what, fact.subject) == ("rule:r", "run.proposed", "run-0000000000")
    assert fact.detail["target"] == "t"
    assert "variables" not in fact.detail


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ann", "ann", True),
        ("cli:ann", "ann", True),
        ("cli:ann", "mcp:ANN", True),
        ("ann", "bob", False),
        ("ann:bob", "ann:bob", True),
        ("mcp:ann:bob", "ann:bob", True),
        ("rule:ann", "bob", False),
        ("", "", True),
    ],
)
def test_a_person_is_the_same_on_every_channel(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    assert people.same_person(one, other) is same
    assert people.same_person(other, one) is same


def test_a_refused_word_is_written_down_short() -> None:
    word = decisions.Word("v" * 500, "h" * 500, Principal("eve", "mcp", PERMISSIONS[Role.VIEWER]), "r" * 5000)

    fact = decisions.refusal("run-x", word, decisions.Refused("no"))

    assert [len(str(fact.detail[name])) for name in ("verdict", "plan_hash", "reason")] == [64, 64, 1000]
