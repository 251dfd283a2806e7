"""Sessions with a cluster over HTTPS: how often it is logged in to, and that it is left as it was found."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from mendwatch.errors import AuthenticationFailed, Unreachable
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.polling.conversation import CLOSE_PATIENCE
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator

Open = Callable[..., OneFSSession]
LOGIN = "/session/1/session"


def _count(simulator: Simulator, method: str, path: str = LOGIN) -> int:
    return sum(request.method == method and request.path == path for request in simulator.requests)


async def _poll(session: OneFSSession, clock: FakeClock) -> list[object]:
    """Run every collector at once, as the poller does; leave out those that have nothing to ask, as they are configured."""
    rounds = (collector.collect(session, clock.now()) for collector in OneFSProvider().collectors())
    return [outcome for outcome in await asyncio.gather(*rounds, return_exceptions=True) if outcome != Reading()]


async def test_a_wrong_password_is_tried_exactly_once_by_all_collectors_together(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened(password="wrong")
    outcomes = [*await _poll(session, clock), *await _poll(session, clock)]
    with pytest.raises(AuthenticationFailed) as caught:
        await session.identify()
    assert {type(outcome) for outcome in outcomes} == {AuthenticationFailed}
    assert len(simulator.requests) == 1
    assert _count(simulator, "POST") == 1
    assert "password" in caught.value.hint


async def test_a_new_session_tries_again(simulator: Simulator, opened: Open) -> None:
    for _ in range(2):
        with pytest.raises(AuthenticationFailed):
            await opened(password="wrong").identify()
    assert _count(simulator, "POST") == 2


async def test_no_credential_asks_nothing(simulator: Simulator) -> None:
    session = OneFSProvider().open(Target("c1", "onefs", simulator.url, options={"ca_file": simulator.ca_file}), None)
    with pytest.raises(AuthenticationFailed, match="no read credential"):
        await session.identify()
    await session.close()
    assert simulator.requests == []


async def test_opening_asks_nothing(simulator: Simulator, opened: Open) -> None:
    await opened().close()
    assert simulator.requests == []


async def test_many_polls_use_one_session_and_leave_none(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened()
    for _ in range(10):
        outcomes = await _poll(session, clock)
        assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        clock.move(30)
    assert _count(simulator, "POST") == 1
    assert simulator.sessions.count(simulator.cluster.elapsed) == 1
    await session.close()
    assert _count(simulator, "DELETE") == 1
    assert simulator.sessions.count(simulator.cluster.elapsed) == 0


async def test_cookies_that_are_replaced_in_use_are_taken_without_a_login(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    for _ in range(120):
        await session.identify()
        clock.move(30)
    assert _count(simulator, "POST") == 1
    assert {request.status for request in simulator.requests} == {200, 201}
    assert len({request.session for request in simulator.requests if request.session}) > 3


async def test_the_session_is_renewed_before_its_absolute_end(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened()
    for _ in range(600):
        await session.latest()
        await session.get(3, "cluster/config", dict)
        clock.move(30)
    assert _count(simulator, "POST") == 2
    assert not [request for request in simulator.requests if request.status == 401]


async def test_a_401_in_an_established_session_makes_exactly_one_new_login(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened()
    await session.identify()
    clock.move(1000)  # nobody asked for longer than a session may be idle
    outcomes = await _poll(session, clock)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert _count(simulator, "POST") == 2


async def test_a_401_as_html_is_not_parsed_and_the_question_is_asked_again(simulator: Simulator, opened: Open) -> None:
    session = opened()
    simulator.faults.add(Fault("html_401", path="/platform/3/cluster/config"))
    assert (await session.identify()).name == "demo-cluster"
    assert _count(simulator, "POST") == 2


async def test_a_cluster_that_refuses_its_own_new_session_is_asked_no_more(simulator: Simulator, opened: Open) -> None:
    session = opened()
    simulator.faults.add(Fault("html_401", path="/platform", times=None))
    for _ in range(3):
        with pytest.raises(AuthenticationFailed) as caught:
            await session.identify()
    assert _count(simulator, "POST") == 2
    assert "node" in caught.value.hint


async def test_a_session_that_is_closed_asks_no_more(simulator: Simulator, opened: Open) -> None:
    session = opened()
    await session.identify()
    await session.close()
    asked = len(simulator.requests)
    with pytest.raises(Exception, match="is closed"):
        await session.identify()
    await session.close()
    assert len(simulator.requests) == asked


async def test_closing_a_session_with_a_cluster_that_is_gone_does_not_raise(simulator: Simulator, opened: Open) -> None:
    session = opened(timeout=0.3)
    await session.identify()
    simulator.faults.add(Fault("close", path="/session", times=None))
    await session.close()


@pytest.mark.parametrize("asked", [0, 4])
async def test_closing_a_session_with_a_cluster_that_hangs_ends_before_the_core_loses_patience(
    asked: int, simulator: Simulator, opened: Open
) -> None:
    session = opened(timeout=30)
    await session.identify()
    simulator.faults.add(Fault("hang", path="/", times=None, seconds=3600))
    waiting = [asyncio.create_task(session.get(3, "cluster/config", dict)) for _ in range(asked)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(CLOSE_PATIENCE):
        await session.close()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {Unreachable}
    with pytest.raises(Unreachable, match="is closed"):
        await session.identify()


async def test_closing_that_is_cancelled_lets_go_of_the_connections(simulator: Simulator, opened: Open) -> None:
    session = opened(timeout=30)
    await session.identify()
    simulator.faults.add(Fault("hang", path="/session", times=None, seconds=3600))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await session.close()
    with pytest.raises(Unreachable, match="is closed"):
        await session.identify()


async def test_a_release_that_cannot_tell_its_api_is_asked_for_it_once(simulator: Simulator, opened: Open) -> None:
    simulator.faults.add(Fault("status", path="/platform/latest", status=404, times=None))
    session = opened()
    await session.identify()
    for _ in range(5):
        await session.get(3, "cluster/config", dict)
    assert _count(simulator, "GET", "/platform/latest") == 1


async def test_after_an_upgrade_the_cluster_is_asked_in_its_new_version(simulator: Simulator, opened: Open) -> None:
    new = simulator.cluster.hardware
    simulator.cluster.hardware = replace(new, latest=7)
    session = opened()
    await session.identify()
    simulator.cluster.hardware = new
    identity = await session.identify()
    assert identity.capabilities == {f"papi:{new.latest}"}
    assert await session.latest() == new.latest


async def test_no_more_requests_than_allowed_are_under_way(simulator: Simulator, opened: Open, clock: FakeClock) -> None:
    session = opened(concurrency=2)
    await session.identify()
    before = len(simulator.requests)
    simulator.faults.add(Fault("hang", path="/platform/3", times=None, seconds=5))
    waiting = [asyncio.create_task(session.get(3, "cluster/config", dict)) for _ in range(6)]
    for _ in range(200):
        await asyncio.sleep(0.001)
        if clock.sleepers >= 2:
            break
    await asyncio.sleep(0.05)
    assert clock.sleepers == 2
    while not all(task.done() for task in waiting):
        clock.move(5)
        await asyncio.sleep(0.005)
    assert len(simulator.requests) == before + 6


async def test_waiting_for_a_turn_does_not_count_against_a_requests_own_timeout(
    simulator: Simulator, opened: Open, clock: FakeClock
) -> None:
    session = opened(concurrency=1, timeout=1)
    await session.identify()
    simulator.faults.add(Fault("hang", path="/platform/3", times=None, seconds=5))
    waiting = [asyncio.create_task(session.get(3, "cluster/config", dict)) for _ in range(3)]
    for _ in waiting:
        while not clock.sleepers:  # noqa: ASYNC110 - the cluster has nothing to wait on
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.4)  # three answers of a slow cluster take longer together than one may take
        clock.move(5)
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {dict}


async def test_the_password_is_in_no_error_and_no_log(
    simulator: Simulator, opened: Open, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "kanarie-7f3a-93b1"
    echo = {"errors": [{"code": "AEC_EXCEPTION", "message": f"bad login monitor/{canary}"}]}
    simulator.faults.add(Fault("status", path="/session", status=500, body=echo))
    simulator.faults.add(Fault("status", path="/session", status=403, body=f"<b>{canary}</b>"))
    session = opened(password=canary)
    shown = [repr(session)]
    for _ in range(3):
        for outcome in await _poll(session, clock):
            assert isinstance(outcome, Exception)
            shown += [str(outcome), repr(outcome), repr(outcome.__cause__), repr(outcome.__context__)]
    assert canary not in " ".join(shown)
    assert canary not in caplog.text
