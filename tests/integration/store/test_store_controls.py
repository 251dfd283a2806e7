"""What people set by hand is kept, audited with every change, and asked in the transaction that would start a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import Refused
from mendwatch.model.controls import STOP_NAME, ControlKind
from mendwatch.model.runs import RunState
from mendwatch.store.interface import Store

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

STOP = ControlKind.STOP


async def stop(store: Store, reason: str = "a change of cables") -> None:
    value = {"reason": reason}
    await store.controls.set(STOP, STOP_NAME, value, actor="cli:ann", what="runs.stopped", detail=value)


async def test_what_was_set_is_kept_with_who_and_when(store: Store, make: Make) -> None:
    assert await store.controls.get(STOP, STOP_NAME) is None
    await stop(store)

    found = await store.controls.get(STOP, STOP_NAME)
    assert found is not None
    assert (found.by, found.at, found.value) == ("cli:ann", make.clock.now(), {"reason": "a change of cables"})
    assert await make.told(store, STOP_NAME) == ["runs.stopped"]


async def test_setting_it_again_replaces_it(store: Store) -> None:
    await stop(store, "one")
    await stop(store, "two")

    assert [one.value for one in await store.controls.all(STOP)] == [{"reason": "two"}]


async def test_clearing_gives_what_was_there_and_is_audited_once(store: Store, make: Make) -> None:
    await stop(store)
    cleared = [await store.controls.clear(STOP, STOP_NAME, actor="cli:bob", what="runs.allowed", detail={}) for _ in range(2)]

    assert [one and one.by for one in cleared] == ["cli:ann", None]
    assert await make.told(store, STOP_NAME) == ["runs.stopped", "runs.allowed"]


async def test_kinds_do_not_meet(store: Store) -> None:
    await store.controls.set(ControlKind.BREAKER, "a/b", {}, actor="x", what="w", detail={})
    await stop(store)

    assert [one.name for one in await store.controls.all(ControlKind.BREAKER)] == ["a/b"]


async def test_no_run_starts_while_runs_are_stopped(store: Store, make: Make) -> None:
    run = await make.approved(store)
    await stop(store)

    with pytest.raises(Refused, match=r"runs were stopped by cli:ann: a change of cables"):
        await store.runs.change(run.id, make.to(RunState.APPLYING))
    assert await store.runs.get(run.id) == run

    await store.controls.clear(STOP, STOP_NAME, actor="cli:ann", what="runs.allowed", detail={})
    assert (await store.runs.change(run.id, make.to(RunState.APPLYING))).state is RunState.APPLYING


async def test_a_stop_ends_no_run_that_has_begun(store: Store, make: Make) -> None:
    run = await store.runs.change((await make.approved(store)).id, make.to(RunState.APPLYING))
    await stop(store)

    assert (await store.runs.change(run.id, make.to(RunState.VERIFYING))).state is RunState.VERIFYING


async def test_the_newest_settled_runs_of_a_rule_on_a_target_are_found(store: Store, make: Make) -> None:
    for number in range(3):
        run = await make.approved(store, f"p{number}")
        await store.runs.change(run.id, make.to(RunState.APPLYING))
        await store.runs.change(run.id, make.to(RunState.FAILED, note=str(number)))
        make.clock.move(60)
    await make.pending(store, "open")

    found = await store.runs.settled("PowerScaleQuotaNearlyFull", "prod-1", 2)
    assert [run.note for run in found] == ["2", "1"]
    assert await store.runs.settled("PowerScaleQuotaNearlyFull", "prod-2", 2) == []
    assert await store.runs.settled("Other", "prod-1", 2) == []
