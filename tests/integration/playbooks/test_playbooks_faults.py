"""What a playbook tells when the cluster misbehaves: always what is true of the quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mendwatch.playbooks.interface import Ending
from mendwatch_onefs_sim.faults import Fault

if TYPE_CHECKING:
    from conftest import Rig, Tools

QUOTAS = "/platform/15/quota/quotas"
#: Lets the first read through, so that the next fault meets the second.
FIRST_READ = Fault("content_type", path=QUOTAS, method="GET", times=1)


async def test_a_refused_write_ends_failed_with_the_quota_as_it_was(rig: Rig, tools: Tools) -> None:
    rig.sim.faults.add(Fault("status", path=QUOTAS, method="PUT", times=1, status=500))

    result = await rig.executor.run(rig.job())

    assert result.ending is Ending.FAILED
    assert result.outcome["outcome"] == "failed"
    assert "500" in result.message
    assert rig.hard() == tools.hard


async def test_a_raise_that_cannot_be_verified_is_rolled_back(rig: Rig, tools: Tools) -> None:
    rig.sim.faults.add(FIRST_READ)
    rig.sim.faults.add(Fault("status", path=QUOTAS, method="GET", times=1, status=503))

    result = await rig.executor.run(rig.job())

    assert result.ending is Ending.FAILED
    assert result.outcome["outcome"] == "rolled_back"
    assert [(change.before[18:], change.after[18:]) for change in result.changes] == [
        (str(tools.hard), str(tools.wanted)),
        (str(tools.wanted), str(tools.hard)),
    ]
    assert len(rig.writes()) == 2
    assert rig.hard() == tools.hard


async def test_a_rollback_that_fails_is_told_as_such(rig: Rig, tools: Tools) -> None:
    rig.sim.faults.add(FIRST_READ)
    rig.sim.faults.add(Fault("status", path=QUOTAS, method="GET", times=None, status=503))

    result = await rig.executor.run(rig.job())

    assert result.ending is Ending.FAILED
    assert result.outcome["outcome"] == "rollback_failed"
    assert "503" in result.outcome["message"]
    assert rig.hard() == tools.wanted  # and the result does not claim otherwise


async def test_an_api_that_hangs_ends_within_the_limit_and_two_seconds_and_writes_nothing(rig: Rig, tools: Tools) -> None:
    rig.sim.faults.add(Fault("hang", path=QUOTAS, method="GET", seconds=30.0))
    job = rig.job(timeout=2.0, MENDWATCH_ONEFS_TIMEOUT="30")
    clock = rig.executor._clock
    begun = clock.monotonic()

    result = await rig.executor.run(job)

    assert result.ending is Ending.TIMED_OUT
    assert clock.monotonic() - begun < 2.0 + 2.0
    assert tools.living(rig.executor.directory(job)) == set()
    await clock.sleep(0.3)
    assert rig.writes() == []


async def test_a_module_gives_up_on_one_answer_after_its_own_timeout(rig: Rig) -> None:
    rig.sim.faults.add(Fault("hang", path=QUOTAS, method="GET", seconds=30.0))

    result = await rig.executor.run(rig.job(MENDWATCH_ONEFS_TIMEOUT="0.3"))

    assert result.ending is Ending.FAILED
    assert "no answer" in result.message
    assert rig.writes() == []


async def test_a_wrong_password_is_tried_exactly_once(rig: Rig) -> None:
    result = await rig.executor.run(rig.job(MENDWATCH_ONEFS_PASSWORD="wrong-password"))

    assert result.ending is Ending.FAILED
    assert "401" in result.message
    assert len([seen for seen in rig.sim.requests if seen.method == "POST"]) == 1


async def test_a_write_that_was_given_up_has_no_effect_after_the_result(rig: Rig, tools: Tools) -> None:
    rig.sim.faults.add(Fault("hang", path=QUOTAS, method="PUT", times=1, seconds=0.55))

    result = await rig.executor.run(rig.job(MENDWATCH_ONEFS_TIMEOUT="0.5"))
    await rig.executor._clock.sleep(0.6)

    # Its session was closed first; a cluster that was faster is read once more, and taken back.
    assert result.outcome["outcome"] in {"failed", "rolled_back"}
    assert rig.hard() == tools.hard
