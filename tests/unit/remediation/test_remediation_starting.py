"""The last look before a start: whatever changed since the plan was approved stops the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import ConfigurationError, Unreachable
from mendwatch.model.rules import Approval, Guard
from mendwatch.model.runs import RunState
from mendwatch.playbooks.interface import Phase
from mendwatch.remediation import catalogue

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World


def _kill_switch(world: World) -> None:
    world.enabled = False


def _alert_gone(world: World) -> None:
    world.judge.firing = False


def _no_data(world: World) -> None:
    world.judge.firing = None


def _unreachable(world: World) -> None:
    world.judge.broken = Unreachable("nothing answers")


def _playbook_edited(world: World) -> None:
    (world.folder / "playbook.yaml").write_text("- hosts: all\n")


def _file_added(world: World) -> None:
    (world.folder / "templates").mkdir()
    (world.folder / "templates" / "x.j2").write_text("x")


def _file_gone(world: World) -> None:
    (world.folder / "resolve.yaml").unlink()


def _folder_linked(world: World) -> None:
    (world.folder / "roles").symlink_to(world.root)


def _files_edited_and_catalogue_loaded_again(world: World) -> None:
    _playbook_edited(world)
    world.catalogue = catalogue.load([world.root])
    world.restart()


def _target_moved(world: World) -> None:
    world.access.targets["one"] = replace(world.access.targets["one"], address="https://elsewhere")


def _target_gone(world: World) -> None:
    del world.access.targets["one"]


def _rule_changed(world: World) -> None:
    world.rules["NearlyFull"] = replace(world.rules["NearlyFull"], digest="another")


def _rule_gone(world: World) -> None:
    world.rules.clear()


def _remediation_gone(world: World) -> None:
    world.catalogue = {}
    world.restart()


def _ansible_upgraded(world: World) -> None:
    world.executor.version = "2.20"


def _write_credential_gone(world: World) -> None:
    world.access.tiers.discard("write")


def _secret_unreadable(world: World) -> None:
    world.access.broken = ConfigurationError("no such file")


def _frozen(world: World) -> None:
    world.judge.holding = "frozen: Upgrade fires"


CHANGES = [
    (_frozen, RunState.SUPERSEDED, "nothing may begin for this alert now: frozen: Upgrade fires"),
    (_kill_switch, RunState.REFUSED, "runs are switched off"),
    (_alert_gone, RunState.SUPERSEDED, "does not hold any more"),
    (_no_data, RunState.SUPERSEDED, "no fresh data"),
    (_unreachable, RunState.SUPERSEDED, "no fresh data to act on: nothing answers"),
    (_playbook_edited, RunState.SUPERSEDED, "the files of box/room changed"),
    (_file_added, RunState.SUPERSEDED, "the files of box/room changed"),
    (_file_gone, RunState.SUPERSEDED, "the files of box/room changed"),
    (_folder_linked, RunState.SUPERSEDED, "cannot be read any more"),
    (_files_edited_and_catalogue_loaded_again, RunState.SUPERSEDED, "the files of box/room changed"),
    (_target_moved, RunState.SUPERSEDED, "the target one or its address changed"),
    (_target_gone, RunState.SUPERSEDED, "not in the configuration"),
    (_rule_changed, RunState.SUPERSEDED, "the rule NearlyFull was changed"),
    (_rule_gone, RunState.SUPERSEDED, "the rule NearlyFull was changed or removed"),
    (_remediation_gone, RunState.SUPERSEDED, "no remediation box/room any more"),
    (_ansible_upgraded, RunState.SUPERSEDED, "the versions of Ansible or mendwatch changed"),
    (_write_credential_gone, RunState.REFUSED, "no write credential"),
    (_secret_unreadable, RunState.REFUSED, "cannot be read: no such file"),
]


@pytest.mark.parametrize(("change", "state", "words"), CHANGES, ids=[change.__name__[1:] for change, _, _ in CHANGES])
async def test_what_changed_after_the_approval_stops_the_run_before_the_playbook(
    world: World, change: Callable[[World], None], state: RunState, words: str
) -> None:
    run = await world.approved()
    change(world)

    run = await world.run_to(run)

    assert run.state is state
    assert words in run.note
    assert not world.jobs(Phase.APPLY)
    assert run.run_dir is None


async def test_the_kill_switch_comes_before_every_other_question(world: World) -> None:
    run = await world.approved()
    world.enabled = False

    await world.run_to(run)

    assert world.judge.asked == []


async def test_variables_that_were_changed_in_the_store_stop_the_run(world: World) -> None:
    run = await world.approved()
    runs = world.store.runs._runs
    runs[run.id] = replace(run, plan=replace(run.plan, variables={**run.plan.variables, "size": 10**12}))

    run = await world.run_to(run)

    assert run.state is RunState.SUPERSEDED
    assert "the plan itself changed" in run.note
    assert not world.jobs(Phase.APPLY)


async def test_the_alert_is_not_asked_for_again_where_the_rule_says_so(world: World) -> None:
    world.use(approval=Approval(recheck=False))
    run = await world.approved()
    world.judge.firing = False

    run = await world.run_to(run)

    assert run.state is RunState.VERIFIED
    assert "still_firing" not in world.judge.asked


async def test_a_guard_that_closed_after_the_approval_refuses_the_start(world: World) -> None:
    world.use(guard=Guard(cooldown=timedelta(0), concurrent=2, max_runs=1, max_targets=5))
    first, second = await world.approved(path="/a"), await world.approved(path="/b")

    await world.run_to(first)
    second = await world.run_to(second)

    assert second.state is RunState.REFUSED
    assert "1 are allowed" in second.note
    assert len(world.jobs(Phase.APPLY)) == 1


async def test_an_approval_that_is_too_old_starts_nothing(world: World) -> None:
    run = await world.approved()
    world.clock.move(3600)

    run = await world.run_to(run)

    assert run.state is RunState.EXPIRED
    assert not world.jobs(Phase.APPLY)


async def test_an_unanswered_question_expires_into_no(world: World) -> None:
    world.use(approval=Approval(expires=timedelta(minutes=5)))
    run = await world.offered()
    world.clock.move(301)

    run = await world.run_to(run)

    assert run.state is RunState.EXPIRED
    assert "run.expired" in world.kinds()
    assert not world.jobs(Phase.APPLY)


async def test_a_fenced_engine_writes_nothing_more(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: bool(world.jobs(Phase.APPLY)))
        taken = replace(await world.store.runs.get(run.id), fence=7, note="another agent's")
        world.store.runs._runs[run.id] = taken
        world.executor.release.set()
        await world.clock.advance(5)

        assert await world.store.runs.get(run.id) == taken
