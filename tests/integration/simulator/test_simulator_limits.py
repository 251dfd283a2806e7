"""What a cluster refuses: privileges that lack, lines that are too long, too many at once, pages that came too late."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.conditions import Condition
from mendwatch_onefs_sim.paging import TOKEN_LIFE
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions
from mendwatch_onefs_sim.wire import LONGEST_LINE

Client = Any  # the PapiClient of conftest.py, which is not imported

CONFIG = "/platform/3/cluster/config"
CURRENT = "/platform/1/statistics/current"
FEW = {"ISI_PRIV_LOGIN_PAPI": "r", "ISI_PRIV_STATISTICS": "r", "ISI_PRIV_QUOTA": "w"}


@pytest.fixture
async def simulator(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Simulator]:
    async with Simulator(SimulatorOptions(tmp_path, clock=clock, most=3, privileges={"monitor": FEW})) as simulator:
        yield simulator


async def held(client: Client) -> dict[str, str]:
    return {item["id"]: item["permission"] for item in (await client.get("18/auth/id"))["ntoken"]["privilege"]}


async def test_what_auth_id_tells_is_what_the_account_may(monitor: Client) -> None:
    assert await held(monitor) == FEW
    assert (await monitor.ask("GET", f"{CURRENT}?key=cluster.health")).status == 200
    answered = await monitor.ask("GET", "/platform/19/event/eventgroup-occurrences")
    assert answered.status == 403
    assert "(ISI_PRIV_EVENT)" in answered.body["errors"][0]["message"]


async def test_a_write_needs_more_than_a_read(monitor: Client) -> None:
    quota = (await monitor.get("19/quota/quotas"))["quotas"][0]
    change = {"thresholds": {"hard": 2**50}}
    assert (await monitor.ask("PUT", f"/platform/19/quota/quotas/{quota['id']}", json=change)).status == 204
    changed = {"account": "monitor", "privileges": {**FEW, "ISI_PRIV_QUOTA": "r"}}
    assert (await monitor.control("POST", "/privileges", changed)).status == 200
    assert (await monitor.ask("PUT", f"/platform/19/quota/quotas/{quota['id']}", json=change)).status == 403
    assert (await held(monitor))["ISI_PRIV_QUOTA"] == "r", "sessions that are open are judged anew"


async def test_every_privilege_tells_which_part_of_the_api_it_opens(monitor: Client) -> None:
    privileges = {item["id"]: item for item in (await monitor.get("14/auth/privileges"))["privileges"]}
    assert privileges["ISI_PRIV_QUOTA"]["uri"] == "/quota"
    assert set(FEW) <= set(privileges)


async def test_without_the_privilege_to_log_in_nothing_answers(monitor: Client) -> None:
    await monitor.control("POST", "/privileges", {"account": "monitor", "privileges": {"ISI_PRIV_QUOTA": "r"}})
    answered = await monitor.ask("GET", "/platform/19/quota/quotas")
    assert (answered.status, "ISI_PRIV_LOGIN_PAPI" in answered.text) == (403, True)


async def test_a_line_that_is_too_long_is_refused_with_a_page(monitor: Client) -> None:
    room = LONGEST_LINE - len(f"GET {CURRENT}?key= HTTP/1.1")
    assert (await monitor.ask("GET", f"{CURRENT}?key={'k' * room}")).status == 404
    answered = await monitor.ask("GET", f"{CURRENT}?key={'k' * (room + 1)}")
    assert (answered.status, answered.headers["Content-Type"].split(";")[0]) == (414, "text/html")


async def test_too_many_at_once_are_told_when_to_come_again(monitor: Client, clock: FakeClock) -> None:
    monitor.simulator.cluster.conditions.put(1, Condition(delay=1))
    asking = [asyncio.ensure_future(monitor.ask("GET", CONFIG)) for _ in range(5)]
    while clock.sleepers < 5:  # noqa: ASYNC110 - the clock has no event to wait for
        await asyncio.sleep(0.001)
    clock.move(1)
    answers = await asyncio.gather(*asking)
    assert {answer.status for answer in answers} == {200, 503}
    assert {answer.headers.get("Retry-After") for answer in answers if answer.status == 503} == {"1"}


@pytest.mark.parametrize(("kind", "status"), [("throttled", 429), ("unavailable", 503)])
async def test_a_busy_cluster_says_when_to_come_again(monitor: Client, kind: str, status: int) -> None:
    await monitor.control("POST", "/faults", {"kind": kind, "path": "/platform/3", "seconds": 17})
    answered = await monitor.ask("GET", CONFIG)
    assert (answered.status, answered.headers["Retry-After"]) == (status, "17")
    assert (await monitor.ask("GET", CONFIG)).status == 200


async def test_a_token_for_the_next_page_expires(monitor: Client, clock: FakeClock) -> None:
    token = (await monitor.get("19/quota/quotas", limit=1))["resume"]
    clock.move(TOKEN_LIFE)
    await monitor.login()
    assert len((await monitor.get("19/quota/quotas", resume=token))["quotas"]) == 1
    clock.move(1)
    answered = await monitor.ask("GET", "/platform/19/quota/quotas", params={"resume": token})
    assert (answered.status, answered.body["errors"][0]["message"]) == (400, "Invalid resume token")


async def test_a_fault_can_refuse_next_pages_alone(monitor: Client) -> None:
    await monitor.control("POST", "/faults", {"kind": "resume_expired", "times": None})
    token = (await monitor.get("19/quota/quotas", limit=1))["resume"]
    answered = await monitor.ask("GET", "/platform/19/quota/quotas", params={"resume": token})
    assert (answered.status, answered.body["errors"][0]["field"]) == (400, "resume")


async def test_an_answer_is_compressed_for_whoever_asks(monitor: Client) -> None:
    async with monitor.session.get("/platform/1/statistics/keys", headers={"Accept-Encoding": "gzip"}) as answered:
        assert answered.headers["Content-Encoding"] == "gzip"
        body = await answered.read()
    async with monitor.session.get("/platform/1/statistics/keys", headers={"Accept-Encoding": "identity"}) as answered:
        assert "Content-Encoding" not in answered.headers
        assert await answered.read() == body
    assert int(answered.headers["Content-Length"]) > 5 * len(gzip.compress(body, 1))


async def test_a_fault_gives_error_codes_by_key(monitor: Client) -> None:
    codes = {"kind": "stat_errors", "path": CURRENT, "body": {"node.load.1min": 6, "cluster.health": 3}}
    await monitor.control("POST", "/faults", codes)
    keys = {"keys": "node.load.1min,cluster.health,node.load.5min", "degraded": "true"}
    stats = (await monitor.get("1/statistics/current", **keys))["stats"]
    assert [(stat["error_code"], stat["value"] is None) for stat in stats] == [(6, True), (3, False), (None, False)]


async def test_sessions_can_be_ended_from_outside(monitor: Client) -> None:
    assert (await monitor.control("DELETE", "/sessions")).status == 204
    assert (await monitor.ask("GET", CONFIG)).status == 401
