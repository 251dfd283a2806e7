"""The guards, one by one: what each blocks, what it lets pass, and its reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mendwatch.model.rules import Guard, Mode, Remediate
from mendwatch.model.runs import Run, RunState
from mendwatch.model.targets import Target
from mendwatch.remediation import guards
from mendwatch.remediation.guards import Request
from mendwatch.testing.clock import NOON

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def request_(world: World) -> Request:
    """Something that no guard minds."""
    proposal = world.proposal()
    assert proposal.rule.remediate
    return Request(
        rule=proposal.rule,
        stanza=replace(proposal.rule.remediate, guard=Guard()),
        target=Target("one", "box", "https://one"),
        fingerprint="fp",
        subject={"cluster": "one", "path": "/a"},
        variables={"path": "/a", "size": 11},
        remediation=world.catalogue["box/room"],
        runs=(),
        readable=True,
        writable=True,
        now=NOON,
    )


def past(state: RunState, ago: timedelta = MINUTE, **changes: object) -> Run:
    """Give a run that ended, or began, so long ago."""
    over = state not in {RunState.PENDING, RunState.APPLYING}
    run = Run(
        id=f"run-{ago}-{changes}",
        dedup_key="d",
        rule="NearlyFull",
        rule_digest="",
        fingerprint="fp",
        target="one",
        remediation="box/room",
        risk="low",
        mode="approve",
        proposer="rule:NearlyFull",
        state=state,
        version=1,
        fence=0,
        created_at=NOON - ago,
        updated_at=NOON - ago,
        subject={"cluster": "one", "path": "/a"},
        variables={},
        started_at=NOON - ago,
        ended_at=NOON - ago if over else None,
    )
    return replace(run, **changes)  # type: ignore[arg-type]  # the test knows the fields


def _blocking(request: Request, **changes: object) -> dict[str, str]:
    """Give the guards that block, with their reasons."""
    found = guards.verdicts(replace(request, **changes))  # type: ignore[arg-type]  # the test knows the fields
    return {verdict.guard: verdict.reason for verdict in found if verdict.blocks}


def _stanza(request: Request, mode: Mode = Mode.APPROVE, **guard: object) -> Remediate:
    return replace(request.stanza, mode=mode, guard=Guard(**guard))  # type: ignore[arg-type]  # the test knows the fields


def test_a_request_that_nobody_minds_passes_every_guard(request_: Request) -> None:
    found = guards.verdicts(request_)

    assert guards.blocking(found) is None
    assert {verdict.guard for verdict in found} == set(guards.GUARDS)


SIMPLE: list[tuple[Mapping[str, object], str, str]] = [
    ({"stopped": "runs are switched off"}, "kill_switch", "runs are switched off"),
    ({"remediation": None}, "available", "there is no remediation box/room"),
    ({"target": Target("one", "other", "")}, "available", "box/room is for box targets, and one is of other"),
    ({"variables": {"path": "/a"}}, "parameters", "'size' is a required property"),
    ({"variables": {"path": "/a", "size": 1.5}}, "parameters", "size: 1.5 is not of type 'integer'"),
    ({"variables": {"path": "/a", "size": 0}}, "parameters", "size: 0 is less than the minimum of 1"),
    ({"variables": {"path": "/a", "size": 1, "x": 1}}, "parameters", "'x' was unexpected"),
    ({"variables": {"path": "/a", "size": float("nan")}}, "parameters", "cannot be written as JSON"),
    ({"variables": {"path": "/a", "size": NOON}}, "parameters", "cannot be written as JSON"),
    ({"readable": False}, "credential", "one has no read credential"),
    ({"writable": False}, "credential", "one has no write credential"),
]


@pytest.mark.parametrize(("changes", "guard", "words"), SIMPLE)
def test_a_simple_reason_blocks_by_itself(request_: Request, changes: Mapping[str, object], guard: str, words: str) -> None:
    found = _blocking(request_, **changes)

    assert list(found) == [guard]
    assert words in found[guard]


def test_an_unavailable_remediation_says_how_to_install_what_it_needs(request_: Request) -> None:
    assert request_.remediation
    found = _blocking(request_, remediation=replace(request_.remediation, unavailable="needs x.y; install with: ..."))

    assert found == {"available": "box/room cannot run here: needs x.y; install with: ..."}


def test_observe_blocks_and_is_told_before_every_other_reason(request_: Request) -> None:
    found = guards.verdicts(replace(request_, stanza=_stanza(request_, Mode.OBSERVE), stopped="so it is", writable=False))

    first = guards.blocking(found)
    assert first
    assert first.guard == "mode"
    assert sum(verdict.blocks for verdict in found) == 3


def test_check_mode_needs_no_write_credential(request_: Request) -> None:
    assert not _blocking(request_, stanza=_stanza(request_, Mode.CHECK), writable=False)


@pytest.mark.parametrize(
    ("run", "blocks"),
    [
        (past(RunState.VERIFIED, 14 * MINUTE), True),
        (past(RunState.VERIFIED, 15 * MINUTE), False),
        (past(RunState.DENIED), True),
        (past(RunState.EXPIRED), True),
        (past(RunState.REFUSED), True),
        (past(RunState.CANCELLED), True),
        (past(RunState.SUPERSEDED), False),
        (past(RunState.VERIFIED, fingerprint="another"), False),
        (past(RunState.VERIFIED, rule="Another"), False),
    ],
)
def test_the_cooldown_follows_the_end_of_a_run_for_the_same_alert(request_: Request, run: Run, blocks: bool) -> None:  # noqa: FBT001 - a table
    assert ("cooldown" in _blocking(request_, runs=(run,))) is blocks


def test_the_cooldown_says_until_when_it_lasts(request_: Request) -> None:
    reason = _blocking(request_, runs=(past(RunState.VERIFIED),))["cooldown"]

    assert reason == (
        "the last run for this alert ended at 2026-01-15 11:59:00 UTC; the cooldown of 15m lasts until 2026-01-15 12:14:00 UTC"
    )


def test_no_more_runs_start_in_the_window_than_are_allowed(request_: Request) -> None:
    others = [past(RunState.VERIFIED, hours * timedelta(hours=1), fingerprint="another") for hours in (1, 12, 23)]

    assert "max_runs" in _blocking(request_, runs=others)
    assert not _blocking(request_, runs=others[:2])
    assert not _blocking(request_, runs=[*others[:2], past(RunState.VERIFIED, timedelta(hours=24), fingerprint="another")])
    assert not _blocking(request_, runs=[*others[:2], replace(others[2], started_at=None)])


def test_runs_are_counted_for_each_value_of_per(request_: Request) -> None:
    others = [past(RunState.VERIFIED, hours * timedelta(hours=1), fingerprint="f", target="two") for hours in (1, 2, 3)]
    elsewhere = [replace(run, subject={"cluster": "two", "path": "/a"}) for run in others]

    assert not _blocking(request_, runs=elsewhere)
    by_path = _stanza(request_, per=("path",))
    assert "for path /a" in _blocking(request_, runs=elsewhere, stanza=by_path)["max_runs"]


def test_a_label_that_no_subject_has_makes_one_group(request_: Request) -> None:
    others = [past(RunState.VERIFIED, hours * timedelta(hours=1), fingerprint="f", target="two") for hours in (1, 2, 3)]

    assert "max_runs" in _blocking(request_, runs=others, stanza=_stanza(request_, per=("rack",)))


def test_open_runs_of_one_group_are_limited(request_: Request) -> None:
    waiting = past(RunState.PENDING, fingerprint="another")

    assert _blocking(request_, runs=(waiting,)) == {"concurrent": "1 of its runs are open for target one; 1 at a time"}
    assert not _blocking(request_, runs=(waiting,), stanza=_stanza(request_, concurrent=2))
    assert not _blocking(request_, runs=(replace(waiting, rule="Another"),))


def test_targets_with_open_runs_are_limited(request_: Request) -> None:
    waiting = past(RunState.APPLYING, fingerprint="another", target="two")

    assert _blocking(request_, runs=(waiting,)) == {"max_targets": "this rule has open runs on two; 1 targets at a time"}
    assert not _blocking(request_, runs=(waiting,), stanza=_stanza(request_, max_targets=2))


FAILED, ROLLED_BACK = past(RunState.FAILED, fingerprint="a"), past(RunState.ROLLED_BACK, 2 * MINUTE, fingerprint="b")


@pytest.mark.parametrize(
    ("runs", "open_"),
    [
        ([FAILED], False),
        ([FAILED, ROLLED_BACK], True),
        ([past(RunState.ROLLBACK_FAILED, fingerprint="c"), ROLLED_BACK], True),
        ([past(RunState.VERIFIED, fingerprint="c"), ROLLED_BACK, past(RunState.FAILED, 3 * MINUTE, fingerprint="d")], False),
        ([FAILED, past(RunState.VERIFIED, MINUTE * 1.5, fingerprint="c"), ROLLED_BACK], False),
        ([FAILED, past(RunState.DENIED, MINUTE * 1.5, fingerprint="c"), ROLLED_BACK], True),
        ([replace(FAILED, target="two"), ROLLED_BACK], False),
        (
            [
                past(RunState.FAILED, timedelta(hours=24), fingerprint="a"),
                past(RunState.FAILED, timedelta(days=250), fingerprint="b"),
            ],
            True,
        ),
    ],
)
def test_the_breaker_opens_after_failures_in_a_row_on_one_target(request_: Request, runs: list[Run], open_: bool) -> None:  # noqa: FBT001 - a table
    assert ("breaker" in _blocking(request_, runs=runs)) is open_


def test_the_breaker_says_what_closes_it(request_: Request) -> None:
    reason = _blocking(request_, runs=[FAILED, ROLLED_BACK])["breaker"]

    assert reason == (
        "the breaker is open: 2 runs in a row failed on one; a person closes it: mendwatch breaker reset NearlyFull one"
    )


def test_failures_up_to_a_reset_are_forgiven(request_: Request) -> None:
    assert "breaker" not in _blocking(request_, runs=[FAILED, ROLLED_BACK], forgiven=NOON)
    assert "breaker" not in _blocking(request_, runs=[FAILED, ROLLED_BACK], forgiven=NOON - 1.5 * MINUTE)
    assert "breaker" in _blocking(request_, runs=[FAILED, ROLLED_BACK], forgiven=NOON - 3 * MINUTE)


def test_the_guards_look_back_as_far_as_they_need(request_: Request) -> None:
    assert guards.window(request_.stanza) == timedelta(hours=24)
    assert guards.window(_stanza(request_, cooldown=timedelta(days=3))) == timedelta(days=3)
