"""What the examination of a cluster finds inside it: every licence, the clocks, and what is not there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mendwatch.errors import Unreachable
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Check, Grade
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs import examination, handshake
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator


async def _checks(simulator: Simulator, clock: FakeClock) -> dict[str, Check]:
    target = Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file})
    read = Credential("monitor", Secret(simulator.accounts["monitor"]))
    found = [check async for check in OneFSProvider(clock=clock).examine(target, read, None, ())]
    assert len({check.name for check in found}) == len(found)
    return {check.name: check for check in found}


async def test_every_licence_is_told_and_those_that_end_are_warned_of(simulator: Simulator, clock: FakeClock) -> None:
    licences, today = simulator.cluster.operations.licences, clock.now().date()
    licences.end_on("SYNCIQ", today + timedelta(days=7))
    licences.end_on("SMARTDEDUPE", today - timedelta(days=3))

    checks = await _checks(simulator, clock)

    told = {name.removeprefix("licence "): check.grade for name, check in checks.items() if name.startswith("licence ")}
    assert set(told) == {one.name for one in licences.all()}
    assert {name for name, grade in told.items() if grade is Grade.WARNING} == {"SYNCIQ", "SMARTDEDUPE"}
    assert "in 7 days" in checks["licence SYNCIQ"].detail


async def test_a_cluster_without_licences_is_examined_to_the_end(simulator: Simulator, clock: FakeClock) -> None:
    whole = {"activation_incomplete_alert": False, "base_only_licenses": [], "evaluatable": [], "guid": "1", "swid": "2"}
    empty = {**whole, "licenses": [], "resume": None, "total": 0, "valid_signature": True}
    for version in range(1, 24):
        simulator.faults.add(Fault("status", path=f"/platform/{version}/license/licenses", status=200, body=empty, times=None))

    checks = await _checks(simulator, clock)

    assert checks["licences"].grade is Grade.OK
    assert checks["write login"].grade is Grade.SKIPPED


async def test_an_answer_that_the_sdk_does_not_take_is_one_failed_check_and_no_more(simulator: Simulator, clock: FakeClock) -> None:
    for version in range(1, 24):
        odd = {"licenses": [{"status": "Rented", "name": "X", "id": "X", "tiers": []}]}
        simulator.faults.add(Fault("status", path=f"/platform/{version}/license/licenses", status=200, body=odd, times=None))

    checks = await _checks(simulator, clock)

    assert checks["licences"].grade is Grade.FAILED
    assert {name for name, check in checks.items() if check.grade is Grade.FAILED} == {"licences"}


async def test_clocks_that_differ_are_warned_of(simulator: Simulator, clock: FakeClock) -> None:
    simulator.begin("clock-skew", lnn=2, seconds=90)

    checks = await _checks(simulator, clock)

    assert checks["clock"].grade is Grade.WARNING
    assert "node 2 is 9" in checks["clock"].detail


async def test_a_cluster_with_addresses_is_examined_without_a_name(simulator: Simulator, clock: FakeClock) -> None:
    url = simulator.url.replace("127.0.0.1", "no-such-name.invalid")
    options = {"fingerprint": simulator.fingerprint, "addresses": ["127.0.0.1"]}
    read = Credential("monitor", Secret(simulator.accounts["monitor"]))
    target = Target("c1", "onefs", url, options=options)

    found = {check.name: check async for check in OneFSProvider(clock=clock).examine(target, read, None, ())}

    assert found["name"].grade is Grade.WARNING
    assert (found["address 127.0.0.1"].grade, found["read login"].grade) == (Grade.OK, Grade.OK)


async def test_a_step_that_breaks_is_one_failed_check(
    simulator: Simulator, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[Check]:
        raise ZeroDivisionError

    monkeypatch.setattr(examination, "_clocks", broken)
    checks = await _checks(simulator, clock)

    assert {name for name, check in checks.items() if check.grade is Grade.FAILED} == {"clock"}
    assert "ZeroDivisionError" in checks["clock"].detail
    assert checks["statistics catalogue"].grade is Grade.OK


async def test_a_cluster_that_hangs_is_examined_in_a_bounded_time(simulator: Simulator) -> None:
    simulator.faults.add(Fault("hang", path="/", times=None))
    target = Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file, "timeout": 0.3})
    account = Credential("monitor", Secret(simulator.accounts["monitor"]))

    async with asyncio.timeout(10):
        found = {check.name: check.grade async for check in OneFSProvider().examine(target, account, account, ())}

    assert (found["read login"], found["write login"]) == (Grade.FAILED, Grade.FAILED)


@pytest.mark.parametrize("found", [("127.0.0.9", "127.0.0.1"), ("127.0.0.1", "127.0.0.9")])
async def test_a_certificate_is_looked_at_where_an_address_answers(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, found: tuple[str, ...]
) -> None:
    async def addresses(_: str, __: int) -> tuple[str, ...]:
        return found

    monkeypatch.setattr(handshake, "addresses", addresses)
    (suggestion,) = await OneFSProvider().suggest(Target("c1", "onefs", simulator.url))

    assert suggestion.value == simulator.fingerprint


async def test_where_no_address_answers_the_last_failure_is_told(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async def addresses(_: str, __: int) -> tuple[str, ...]:
        return ("127.0.0.8", "127.0.0.9")

    monkeypatch.setattr(handshake, "addresses", addresses)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.9"):
        await OneFSProvider().suggest(Target("c1", "onefs", simulator.url))
