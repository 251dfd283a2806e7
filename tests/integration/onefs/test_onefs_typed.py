"""Typed calls by the vendor's SDK: in a thread that ends when nobody waits any more, or not at all."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable, Mapping

import pytest

from mendwatch.clock import SystemClock
from mendwatch.errors import BadAnswer, TargetError, Unreachable, Unsupported
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Grade
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs import typed
from mendwatch_onefs.client import sdk_package
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.wire import Answer
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator

CALL = ("LicenseApi", "list_license_licenses")
RELEASE = "9.5.0.3"
Open = Callable[..., OneFSSession]


def _hang(simulator: Simulator) -> None:
    for version in range(1, 24):
        simulator.faults.add(Fault("hang", path=f"/platform/{version}/license/licenses", times=None))


async def _ended() -> bool:
    """Tell whether no thread is left at work: only then does the executor shut down at once."""
    clock = SystemClock()
    began = clock.monotonic()
    await asyncio.get_running_loop().shutdown_default_executor()
    return clock.monotonic() - began < 1


async def test_a_call_gives_the_vendors_model_over_our_session(simulator: Simulator, opened: Open) -> None:
    session = opened()
    await session.identify()

    found = await typed.call(session, RELEASE, *CALL)

    assert {one.name for one in found.licenses} == {one.name for one in simulator.cluster.operations.licences.all()}
    assert len([one for one in simulator.requests if one.method == "POST"]) == 1


async def test_a_cluster_that_hangs_is_given_up_with_the_thread(simulator: Simulator, opened: Open) -> None:
    session = opened(timeout=0.5)
    await session.identify()
    _hang(simulator)

    with pytest.raises(Unreachable):
        await typed.call(session, RELEASE, *CALL)

    assert await _ended()


async def test_the_deadline_of_the_whole_call_ends_the_question(
    simulator: Simulator, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(timeout=30)
    await session.identify()
    sdk_package(RELEASE)
    _hang(simulator)
    monkeypatch.setattr(typed, "_GRACE", -29.0)

    with pytest.raises(BadAnswer, match="took too long"):
        await typed.call(session, RELEASE, *CALL)

    assert await _ended()


async def test_who_leaves_while_the_thread_waits_leaves_no_thread_behind(
    simulator: Simulator, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, asked = opened(timeout=30), asyncio.Event()
    await session.identify()
    _hang(simulator)
    answer_of = session.answer_of

    async def told(path: str, query: Mapping[str, str]) -> Answer:
        asked.set()
        return await answer_of(path, query)

    monkeypatch.setattr(session, "answer_of", told)
    calling = asyncio.create_task(typed.call(session, RELEASE, *CALL))
    await asyncio.wait_for(asked.wait(), 20)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling

    assert await _ended()


async def test_a_thread_that_comes_late_asks_nothing(opened: Open) -> None:
    bridge = typed._Bridge(opened(), asyncio.get_running_loop())
    bridge.close()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Unreachable, match="nobody waits"):
            await asyncio.to_thread(bridge.ask, "https://c1/platform/1/license/licenses", {})


async def test_without_the_sdk_one_check_is_skipped_and_says_what_to_install(
    simulator: Simulator, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "isilon_sdk", None)
    target = Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file})
    read = Credential("monitor", Secret(simulator.accounts["monitor"]))

    checks = {check.name: check async for check in OneFSProvider(clock=clock).examine(target, read, None, ())}

    assert checks["licences"].grade is Grade.SKIPPED
    assert "pip install 'mendwatch[sdk]'" in checks["licences"].hint
    assert {check.grade for check in checks.values()} == {Grade.OK, Grade.SKIPPED}


@pytest.mark.parametrize(
    ("release", "package"),
    [
        ("9.5.0.3", "v9_5_0"),
        ("9.5.0.3-HP", "v9_5_0"),
        ("9.12.0.0", "v9_12_0"),
        ("9.99", "v9_12_0"),
        ("10.0", "v9_12_0"),
    ],
)
def test_a_release_gets_the_newest_package_that_is_not_newer(release: str, package: str) -> None:
    found = sdk_package(release)

    assert found is not None
    assert found.__name__ == f"isilon_sdk.{package}"


@pytest.mark.parametrize("release", ["", "8.2.1", "9", "nine", "-1.-1", "9.5.0".replace("9", "٩")])
async def test_a_release_without_a_package_is_unsupported(opened: Open, release: str) -> None:
    with pytest.raises(Unsupported, match="no package"):
        await typed.call(opened(), release, *CALL)


async def test_whatever_the_sdk_raises_is_an_answer_that_it_does_not_take(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    class OddError(Exception):
        """Belongs to nobody."""

    def broken(_: str) -> None:
        raise OddError

    monkeypatch.setattr(typed, "_package", broken)
    with pytest.raises(BadAnswer):
        await typed.call(opened(), RELEASE, *CALL)
    assert issubclass(BadAnswer, TargetError)
