"""Answers: clean, finite, bounded, and the same facts in text and in structure."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mendwatch.history.answers import Answer, SeriesSummary
from mendwatch.mcp_server import budget, texts, translate
from mendwatch.mcp_server.shapes import RunList, TargetList
from mendwatch.model.runs import Change, Decision, Plan, Run, RunState
from mendwatch.model.targets import Identity, Target
from mendwatch.polling.outcomes import CollectorStatus, TargetStatus
from mendwatch.polling.standby import State

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
PATH = "/ifs/data/\u202e{{ evil }}"
PLAN = Plan("onefs/quota_raise", "d", "cluster-1", "https://x:8080", {"path": PATH, "limit": 11}, (Change("q", "a\nb", "c"),), {})
RUN = Run(
    id="0123456789abcdef",
    dedup_key="k",
    rule="QuotaNearlyFull",
    rule_digest="d",
    fingerprint="f",
    target="cluster-1",
    remediation="onefs/quota_raise",
    risk="low",
    mode="approve",
    proposer="rule:QuotaNearlyFull",
    state=RunState.PENDING,
    version=2,
    fence=0,
    created_at=NOON,
    updated_at=NOON,
    subject={"path": PATH},
    variables={"path": PATH},
    plan=PLAN,
    plan_hash=PLAN.sha256(),
)
STATUS = TargetStatus(
    Target("cluster-1", "onefs", "https://admin:hunter2@cluster:8080"),
    "onefs",
    "cluster",
    up=True,
    identity=Identity("c", "OneFS", "9.8"),
    state=State.POLLING,
    until=None,
    error=None,
    hint=None,
    collectors=(CollectorStatus("quotas", 30.0, State.RESTING, None, NOON, None, 0.1, "ISI_PRIV_QUOTA is missing", "denied"),),
)


def series(number: int, **more: object) -> SeriesSummary:
    labels = {"cluster": "cluster-1", "path": f"/ifs/data/{number:04}/" + "x" * 100}
    values: dict[str, object] = {"min": 1.0, "mean": 2.0, "max": 3.0, "last": 2.5, "slope_per_hour": None} | more
    return SeriesSummary("powerscale_quota_usage_bytes", labels, 48, NOON, NOON, max_at=NOON, **values)  # type: ignore[arg-type]


def answer(*found: SeriesSummary) -> Answer:
    return Answer("powerscale_quota_usage_bytes", NOON - timedelta(hours=1), NOON, found, len(found))


def test_a_plans_variables_are_exact_and_what_is_shown_is_clean() -> None:
    detail = translate.run_detail(RUN)

    assert json.loads(detail.variables["path"]) == PATH
    assert detail.variables["path"] == '"/ifs/data/\\u202e{{ evil }}"'
    assert detail.subject == {"path": "/ifs/data/{{ evil }}"}


def test_nothing_invisible_is_in_a_runs_answer() -> None:
    detail = translate.run_detail(RUN)

    assert "\u202e" not in detail.model_dump_json() + texts.run_detail(detail)


def test_the_text_of_a_run_has_the_facts_of_its_structure() -> None:
    decided = replace(RUN, decisions=(Decision("cli:anna", "cli", "approve", NOON, "it is needed"),), outcome={"changed": True})
    text = texts.run_detail(translate.run_detail(decided))

    for fact in (RUN.id, "pending", "QuotaNearlyFull", str(RUN.plan_hash), "limit = 11", '"a\\nb"', "cli:anna", 'changed="true"'):
        assert fact in text


def test_a_run_of_high_risk_says_where_it_is_decided() -> None:
    detail = translate.run_detail(replace(RUN, risk="high"))

    assert f"mendwatch runs show {RUN.id}" in detail.next


@pytest.mark.parametrize("state", [RunState.VERIFIED, RunState.APPLYING])
def test_a_run_that_waits_for_nobody_says_so(state: RunState) -> None:
    assert translate.run_detail(replace(RUN, state=state)).next.startswith("Nothing to decide")


def test_a_targets_answer_holds_no_password() -> None:
    answered = translate.target_list([STATUS])

    assert "hunter2" not in answered.model_dump_json() + texts.target_list(answered)
    assert 'collector quotas resting: "ISI_PRIV_QUOTA is missing"' in texts.target_list(answered)


def test_numbers_that_json_does_not_have_become_null() -> None:
    answered = translate.metric_answer(answer(series(1, max=math.inf, mean=math.nan)))

    assert json.loads(answered.model_dump_json())["series"][0]["max"] is None
    assert "1 - - " in texts.metric_answer(answered)


def test_a_window_that_is_longer_than_what_is_held_says_so() -> None:
    late = translate.metric_answer(replace(answer(series(1)), held_since=answer().end))
    whole = translate.metric_answer(replace(answer(series(1)), held_since=answer().start))

    assert late.held_since == answer().end
    assert "held only since" in texts.metric_answer(late)
    assert "held only since" not in texts.metric_answer(whole)


def test_a_large_answer_is_cut_to_the_limit_and_says_so() -> None:
    whole = translate.metric_answer(answer(*map(series, range(500))))
    fitted = budget.fit(whole, "series")

    assert len(fitted.model_dump_json()) <= budget.LIMIT < len(whole.model_dump_json())
    assert (fitted.truncated, fitted.shown, fitted.total) == (True, len(fitted.series), 500)
    assert fitted.shown > 10
    assert "truncated" in texts.metric_answer(fitted)


def test_the_largest_run_fits() -> None:
    huge = {f"variable_{number}": "\u202e" * 150 for number in range(60)}
    changes = tuple(Change("s" * 500, "b" * 9000, "a" * 9000) for _ in range(60))
    run = replace(RUN, plan=replace(PLAN, variables=huge, changes=changes), outcome={str(n): "o" * 400 for n in range(90)})
    fitted = budget.fit(translate.run_detail(run), "changes", "outcome", "events_resolved", "decisions", "variables", "subject")

    assert len(fitted.model_dump_json()) <= budget.LIMIT
    assert fitted.truncated
    assert len(budget.cut(texts.run_detail(fitted))) <= budget.LIMIT


def test_an_answer_that_fits_is_left_alone() -> None:
    whole = translate.metric_answer(answer(series(1)))

    assert budget.fit(whole, "series") is whole


def test_more_runs_than_asked_for_is_said() -> None:
    assert translate.run_list([RUN, RUN, RUN], 2).truncated
    assert not translate.run_list([RUN, RUN], 2).truncated


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (texts.run_list(RunList(runs=(), shown=0)), "no runs"),
        (texts.target_list(TargetList(targets=(), shown=0, total=0)), "no targets"),
        (texts.metric_answer(translate.metric_answer(replace(answer(), hint="no such metric"))), "no such metric"),
    ],
)
def test_nothing_found_is_said_in_words(text: str, words: str) -> None:
    assert words in text
