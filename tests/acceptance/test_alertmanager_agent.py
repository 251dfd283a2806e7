"""Alerts of a real Prometheus and Alertmanager become alerts of the agent; what was acknowledged outlives a kill -9, once."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from alertmanager_server import Switch, alertmanager
from foreign_worlds import a_message, an_alert, resolved
from prometheus_server import started
from worlds import GIB, PATIENCE, AgentProcess, World

from mendwatch.clock import SystemClock
from mendwatch.config import loading
from mendwatch.model.alerts import AlertState
from mendwatch.model.journal import DecisionKind
from mendwatch.model.notices import Notice
from mendwatch.model.principals import Role
from mendwatch.model.runs import RunState
from mendwatch.service.agent import Agent
from mendwatch.service.state import open_state

PATH = "/ifs/data/foreign"
RULE: dict[str, Any] = {
    "alert": "QuotaFromElsewhere",
    "source": "alertmanager",
    "match": ['alertname="QuotaFull"'],
    "key": ["cluster", "path"],
    "labels": {"severity": "warning"},
    "annotations": {"summary": "{{ path }} is full, says its Alertmanager"},
}
MENDED = {
    **RULE,
    "remediate": {
        "remediation": "onefs/quota_raise",
        "variables": {"path": "path", "new_hard_limit_bytes": f"{125 * GIB}.0"},
        "mode": "approve",
    },
}


@pytest.fixture
def foreign(world: World) -> World:
    """A world whose only rule is over received alerts."""
    return ruled(world, RULE)


def ruled(world: World, rule: dict[str, Any]) -> World:
    (world.folder / "foreign.yaml").write_text(yaml.safe_dump({"groups": [{"name": "elsewhere", "rules": [rule]}]}))
    world.configure(rules=["foreign.yaml"], targets=[world.target()])
    return world


def an_alert_now(path: str = PATH, ago: float = 30) -> dict[str, Any]:
    return an_alert(path=path, startsAt=(SystemClock().now() - timedelta(seconds=ago)).isoformat())


async def token_of(world: World) -> str:
    """Make a token as an operator does."""
    made = await world.cli("token", "create", "--role", "source", "--json")
    assert made.code == 0, made.err
    return str(made.json()["secret"])


async def post(url: str, secret: str, alerts: Sequence[dict[str, Any]]) -> int:
    body, headers = json.dumps(a_message(alerts)), {"Authorization": f"Bearer {secret}"}
    async with aiohttp.ClientSession() as http, http.post(f"{url}/webhook/alertmanager", data=body, headers=headers) as answer:
        await answer.read()
        return answer.status


class Heard:
    """What an agent announces about alerts."""

    def __init__(self, agent: Agent) -> None:
        self.words: list[str] = []
        self._news = asyncio.Event()
        agent.feed.listen(self._listen)

    def _listen(self, notice: Notice) -> None:
        if notice.kind.startswith("alert."):
            self.words.append(notice.kind)
            self._news.set()

    async def until(self, *words: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.words != list(words):
                self._news.clear()
                await self._news.wait()


def scraping(switch: Switch, address: str, folder: Path) -> dict[str, object]:
    """Give a Prometheus that judges quickly and tells an Alertmanager."""
    labels = {"cluster": "lab", "path": PATH}
    rule = {"alert": "QuotaFull", "expr": "quota_is_full == 1", "labels": labels, "annotations": {"summary": "it is full"}}
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "quotas", "interval": "200ms", "rules": [rule]}]}))
    return {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [{"job_name": "switch", "static_configs": [{"targets": [switch.address]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [address]}]}]},
    }


def delivering(url: str, token_file: Path) -> dict[str, object]:
    """Give an Alertmanager that tells the agent at once."""
    authorization = {"type": "Bearer", "credentials_file": str(token_file)}
    webhook = {"url": f"{url}/webhook/alertmanager", "send_resolved": True, "http_config": {"authorization": authorization}}
    quick = {"group_wait": "100ms", "group_interval": "200ms", "repeat_interval": "1s", "group_by": ["..."]}
    return {"route": {"receiver": "mendwatch", **quick}, "receivers": [{"name": "mendwatch", "webhook_configs": [webhook]}]}


async def test_a_real_prometheus_and_alertmanager_fire_an_alert_and_end_it(foreign: World, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.touch(0o600)
    token_file.write_text(await token_of(foreign))
    async with foreign.agent() as agent, Switch() as switch:
        heard = Heard(agent)
        async with (
            alertmanager(tmp_path / "alertmanager", delivering(agent.url, token_file)) as address,
            started(tmp_path / "prometheus", scraping(switch, address, tmp_path)) as prometheus,
        ):
            await prometheus.scraped()
            switch.on = True
            await heard.until("alert.firing")
            (alert,) = [one for one in await agent.store.alerts.load() if one.state is AlertState.FIRING]

            switch.on = False
            await heard.until("alert.firing", "alert.resolved")

    assert (alert.rule, alert.target, alert.key) == ("QuotaFromElsewhere", "lab", {"cluster": "lab", "path": PATH})
    assert alert.annotations["summary"] == f"{PATH} is full, says its Alertmanager"


async def test_three_peers_that_try_five_times_each_are_one_alert_and_one_proposal(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    ruled(world, MENDED)
    secret, alert = await token_of(world), an_alert_now()
    async with world.agent() as agent:
        heard = Heard(agent)
        await world.ready(agent.url)

        statuses = await asyncio.gather(*(post(agent.url, secret, [alert]) for _ in range(15)))
        pending = await world.run_in(RunState.PENDING)
        again = [await post(agent.url, secret, [alert]) for _ in range(5)]

        assert Counter([*statuses, *again]) == {200: 20}
        assert heard.words == ["alert.firing"]
        assert [run.id for run in await world.runs()] == [pending.id]
        assert (pending.variables["path"], pending.target) == (PATH, "lab")

        await post(agent.url, secret, [resolved(alert, SystemClock().now())])
        overtaken = await world.run_in(RunState.SUPERSEDED)
        await post(agent.url, secret, [alert])  # a peer that comes late

        assert overtaken.id == pending.id
        await heard.until("alert.firing", "alert.resolved")
        assert len(await world.runs()) == 1


async def test_a_run_is_verified_by_its_senders_own_word(world: World) -> None:
    world.quota(PATH, used=95 * GIB)
    ruled(world, MENDED)
    secret, alert = await token_of(world), an_alert_now()
    async with world.agent() as agent:
        await world.ready(agent.url)
        await post(agent.url, secret, [alert])
        pending = await world.run_in(RunState.PENDING)
        approved = await world.cli("runs", "approve", pending.id, "--hash", str(pending.plan_hash), "--yes")
        assert approved.code == 0, approved.err
        await world.run_in(RunState.VERIFYING)
        assert world.hard_limit(PATH) == 125 * GIB

        await post(agent.url, secret, [resolved(alert, SystemClock().now())])
        ended = await world.run_in(RunState.VERIFIED, RunState.FAILED)

    assert ended.state is RunState.VERIFIED, ended.note
    assert "its sender says that it is resolved" in ended.note


async def firing(agent: AgentProcess) -> int:
    """Ask the page how many alerts fire."""
    async with aiohttp.ClientSession() as http, http.get(f"{agent.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return int(float(next(line for line in lines if line.startswith('mendwatch_alerts{state="firing"}')).split()[1]))


async def kept_by(world: World, what: str) -> Sequence[Any]:
    """Read the alerts, or the transitions in the journal, beside the agent."""
    store = await open_state(loading.load(world.config))
    try:
        if what == "alerts":
            return await store.alerts.load()
        return [row for row in await store.journal.newest(10_000) if row.kind is DecisionKind.TRANSITION]
    finally:
        await store.close()


async def some_are_judged(world: World) -> None:
    """Wait until the first alerts of a message are kept as alerts of ours."""
    with closing(sqlite3.connect(world.folder / "state" / "state.db")) as connection:
        while not connection.execute("SELECT count(*) FROM alerts").fetchone()[0]:  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("moment", [pytest.param("before they are judged", marks=pytest.mark.long), "in the middle of it"])
async def test_what_was_acknowledged_outlives_a_kill_and_is_told_once(foreign: World, moment: str) -> None:
    many = 2000
    secret = await token_of(foreign)
    agent = await foreign.start()
    alerts = [an_alert_now(f"/ifs/{number}") for number in range(many)]

    assert await post(agent.url, secret, alerts) == 200
    if moment == "in the middle of it":
        await some_are_judged(foreign)
    await agent.kill()
    judged = len(await kept_by(foreign, "alerts"))
    agent = await foreign.start()
    async with asyncio.timeout(PATIENCE):
        while await firing(agent) < many:  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.1)
    assert await post(agent.url, secret, alerts) == 200  # the sender did not hear our answer, for all it knows
    assert await agent.stop() == 0

    kept, told = await kept_by(foreign, "alerts"), await kept_by(foreign, "journal")
    assert judged < many  # it died in time, or this test shows nothing
    assert len({alert.fingerprint for alert in kept if alert.state is AlertState.FIRING}) == many
    assert Counter(row.word for row in told) == {"firing": many}
    assert max(Counter(row.fingerprint for row in told).values()) == 1


async def test_a_token_that_may_only_deliver_may_not_ask(foreign: World) -> None:
    async with foreign.agent() as agent:
        _, secret = await agent.store.tokens.create("am", Role.SOURCE, expires_at=None, actor="cli:root")
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json, text/event-stream"}
        async with aiohttp.ClientSession() as http, http.post(f"{agent.url}/mcp", json=call, headers=headers) as answer:
            assert answer.status in {401, 403}
