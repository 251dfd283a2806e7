"""One quota on its way through plan, apply, a second apply and a drift; its path is a template and its password a canary."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from mendwatch.playbooks.interface import Ending, Phase, Result, TaskEvent
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage

if TYPE_CHECKING:
    from conftest import Tools

GIB = 2**30
HARD = 100 * GIB
WANTED = 110 * GIB


@dataclass
class Step:
    result: Result
    writes: list[str]
    hard: int | None
    events: list[TaskEvent]
    left_over: set[int]


@dataclass
class Walk:
    """What was seen on the way."""

    path: str = ""
    steps: dict[str, Step] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)
    canary_seen: list[str] = field(default_factory=list)
    looks: int = 0


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Walk:
    return asyncio.run(_walk(tools, tmp_path_factory.mktemp("walk")))


async def _walk(tools: Tools, folder: Path) -> Walk:
    seen = Walk()
    seen.path = f"{{{{ lookup('pipe','touch {folder}/pwned') }}}}"
    async with tools.make_rig(folder) as rig:
        rig.sim.cluster.quotas.add(Quota("", seen.path, Limits(hard=HARD), Usage(95 * GIB)))
        password = rig.sim.accounts["remediate"]

        async def step(name: str, phase: Phase, **variables: object) -> None:
            before, events = len(rig.writes()), []
            job = rig.job(phase, variables={"path": seen.path, **variables})

            def look(event: TaskEvent) -> None:
                events.append(event)
                seen.looks += 1
                seen.canary_seen.extend(where for where in _everywhere(folder) if _holds(where, password))

            result = await rig.executor.run(job, look)
            left = tools.living(rig.executor.directory(job))
            seen.steps[name] = Step(result, rig.writes()[before:], rig.hard(seen.path), events, left)

        await step("plan", Phase.PLAN, new_hard_limit_bytes=float(WANTED) + 0.6)
        await step("apply", Phase.APPLY, new_hard_limit_bytes=float(WANTED) + 0.6, expect_before_bytes=HARD)
        await step("again", Phase.APPLY, new_hard_limit_bytes=float(WANTED) + 0.6, expect_before_bytes=HARD)
        await step("drift", Phase.APPLY, new_hard_limit_bytes=WANTED + GIB, expect_before_bytes=HARD)
        seen.canary_seen.extend(where for where in _everywhere(folder) if _holds(where, password))
        seen.canary_seen.extend(name for name, one in seen.steps.items() if _in_text(repr((one.result, one.events)), password))
        seen.requests = rig.sim.requests
    return seen


def _everywhere(folder: Path) -> Iterator[Path]:
    """Give every file that a playbook could write, but not the cluster's own, and every command line."""
    for place in (folder, Path.home() / ".ansible"):
        for inner, _, names in os.walk(place):  # which forgives that files vanish meanwhile
            yield from (Path(inner) / name for name in names if "cluster" not in Path(inner).parts)
    yield from (one / "cmdline" for one in Path("/proc").iterdir() if one.name.isdigit())


def _holds(path: Path, password: str) -> bool:
    try:
        return path.is_file() and _in_text(path.read_bytes().decode("utf-8", "replace"), password)
    except OSError:
        return False


def _in_text(text: str, password: str) -> bool:
    raw = password.encode()
    pairs = (raw, b"remediate:" + raw)
    forms = {password, quote(password, safe=""), quote(password), *(base64.b64encode(one).decode().rstrip("=") for one in pairs)}
    return any(form in text for form in forms)


def test_a_plan_writes_nothing(walk: Walk) -> None:
    plan = walk.steps["plan"]

    assert plan.result.ending is Ending.SUCCEEDED
    assert plan.result.outcome["outcome"] == "planned"
    assert plan.writes == []
    assert plan.hard == HARD


def test_a_plan_shows_exactly_what_apply_then_does(walk: Walk) -> None:
    plan, apply = walk.steps["plan"], walk.steps["apply"]

    assert len(plan.result.changes) == 1
    assert plan.result.changes == apply.result.changes
    assert plan.result.changes[0].before == f"hard_limit_bytes: {HARD}"
    assert plan.result.changes[0].after == f"hard_limit_bytes: {apply.hard}"


def test_a_plan_binds_the_limit_that_it_saw(walk: Walk) -> None:
    assert walk.steps["plan"].result.outcome["bind"] == {"expect_before_bytes": HARD}


def test_apply_raises_the_quota_once_and_rounds_down(walk: Walk) -> None:
    apply = walk.steps["apply"]

    assert apply.result.ending is Ending.SUCCEEDED
    assert apply.result.outcome["outcome"] == "applied"
    assert (apply.result.outcome["before_bytes"], apply.result.outcome["after_bytes"]) == (HARD, WANTED)
    assert len(apply.writes) == 1
    assert apply.hard == WANTED


def test_a_second_apply_changes_nothing(walk: Walk) -> None:
    again = walk.steps["again"]

    assert again.result.ending is Ending.SUCCEEDED
    assert again.result.outcome["outcome"] == "unchanged"
    assert again.result.changes == ()
    assert again.writes == []


def test_a_limit_that_drifted_since_the_plan_ends_without_a_write(walk: Walk) -> None:
    drift = walk.steps["drift"]

    assert drift.result.ending is Ending.FAILED
    assert drift.result.outcome["outcome"] == "precondition_failed"
    assert str(WANTED) in drift.result.message
    assert drift.writes == []
    assert drift.hard == WANTED


def test_a_path_that_is_a_template_goes_literally_to_the_api(walk: Walk) -> None:
    listed = {seen.query for seen in walk.requests if seen.path.endswith("/quota/quotas")}

    assert listed == {f"path={walk.path}&type=directory"}
    assert walk.steps["plan"].result.changes[0].subject == walk.path


def test_a_path_that_is_a_template_executes_nothing(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = list(tmp_path_factory.getbasetemp().rglob("pwned*"))

    assert len(walk.steps) == 4
    assert made == []


def test_the_password_is_in_no_file_no_command_line_and_no_answer(walk: Walk) -> None:
    assert walk.looks > 20  # it was looked for while playbooks ran, too
    assert walk.canary_seen == []


@pytest.mark.parametrize("form", ["p w+/d", "p%20w%2B%2Fd", "p%20w%2B/d", "cCB3Ky9k", "cmVtZWRpYXRlOnAgdysvZA=="])
def test_the_search_for_the_password_knows_its_forms(form: str) -> None:
    assert _in_text(f"Authorization: {form}!", "p w+/d")


def test_every_session_is_closed(walk: Walk) -> None:
    methods = [seen.method for seen in walk.requests if seen.path == "/session/1/session"]

    assert methods.count("POST") == methods.count("DELETE") > 0


def test_events_are_numbered_from_one_without_gaps(walk: Walk) -> None:
    for step in walk.steps.values():
        assert [event.counter for event in step.events] == list(range(1, len(step.events) + 1))


def test_the_times_of_a_result_are_in_order(walk: Walk) -> None:
    result = walk.steps["apply"].result

    assert result.started_at is not None
    assert result.first_task_at is not None
    assert result.ended_at is not None
    assert result.started_at < result.first_task_at < result.ended_at


def test_no_process_is_left_after_a_phase(walk: Walk) -> None:
    assert [step.left_over for step in walk.steps.values()] == [set()] * 4
