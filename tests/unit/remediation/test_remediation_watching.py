"""Seeing what was decided elsewhere, and choosing what may start: pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from mendwatch.model.runs import Run, RunState
from mendwatch.remediation import watching

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World


async def _approved(world: World, *paths: str) -> list[Run]:
    """Give approved runs, the newest first, as the store does."""
    first = await world.approved()
    return [replace(first, id=f"run-{path}", updated_at=first.updated_at + timedelta(seconds=n)) for n, path in enumerate(paths)][
        ::-1
    ]


async def test_the_oldest_approval_of_a_target_comes_first_and_alone(world: World) -> None:
    newer, older = await _approved(world, "a", "b")
    elsewhere = replace(newer, id="run-c", target="two")

    assert [run.id for run in watching.startable([elsewhere, newer, older], (), ())] == ["run-a", "run-c"]


async def test_a_target_where_something_works_is_let_be(world: World) -> None:
    runs = await _approved(world, "a", "b")

    assert watching.startable(runs, (), {"one"}) == []


async def test_a_run_that_somebody_has_is_not_taken_again(world: World) -> None:
    runs = await _approved(world, "a", "b")

    assert [run.id for run in watching.startable(runs, {"run-a"}, ())] == ["run-b"]


async def test_a_pending_run_is_not_startable(world: World) -> None:
    assert watching.startable([await world.offered()], (), ()) == []


async def test_an_approval_by_a_person_is_news_once_and_by_the_agent_never(world: World) -> None:
    (run,) = await _approved(world, "a")

    assert watching.compare({}, [run]).approved == (run,)
    assert watching.compare({run.id: RunState.PENDING}, [run]).approved == (run,)
    assert watching.compare({run.id: RunState.APPROVED}, [run]).approved == ()
    assert watching.compare({}, [replace(run, decisions=())]).approved == ()


async def test_a_run_that_left_is_named(world: World) -> None:
    run = await world.offered()

    look = watching.compare({run.id: RunState.PENDING, "run-gone": RunState.PENDING}, [run])

    assert look.gone == ("run-gone",)
    assert look.states == {run.id: RunState.PENDING}
