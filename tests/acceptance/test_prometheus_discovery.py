"""A real Prometheus finds the targets by itself and scrapes each alone, over TLS, with a password, under a label of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import bcrypt
import yaml
from certificates import write_certificate
from prometheus_server import started
from worlds import World

USER, PASSWORD = "prometheus", "canary-Web5!z q+/prometheus"


def _web_config(folder: Path) -> str:
    """Write the file with TLS and the password; give its name."""
    write_certificate(folder, "agent")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    tls = {"cert_file": "agent.crt", "key_file": "agent.key"}
    (folder / "web.yml").write_text(yaml.safe_dump({"tls_server_config": tls, "basic_auth_users": {USER: hashed}}), "utf-8")
    return "web.yml"


def _configuration(url: str, folder: Path) -> dict[str, object]:
    access = {
        "basic_auth": {"username": USER, "password": PASSWORD},
        "tls_config": {"ca_file": str(folder / "agent.crt"), "server_name": "localhost"},
    }
    job = {
        "job_name": "clusters",
        "scheme": "https",
        "metrics_path": "/probe",
        **access,
        "http_sd_configs": [{"url": f"{url}/sd", "refresh_interval": "1s", **access}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"source_labels": ["__meta_mendwatch_label_site"], "target_label": "site"},
            {"target_label": "__address__", "replacement": url.removeprefix("https://")},
        ],
    }
    return {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [job]}


async def test_each_target_is_found_and_scraped_alone(world: World, tmp_path: Path) -> None:
    ping = {"name": "gateway", "provider": "icmp", "address": "127.0.0.1"}
    world.configure(
        targets=[world.target(labels={"site": "north"}), ping],
        web_config=_web_config(world.folder),
        instance_label_name="powerscale",
    )
    async with world.agent() as agent:
        assert agent.url.startswith("https://")
        async with started(tmp_path / "prometheus", _configuration(agent.url, world.folder)) as prometheus:
            await prometheus.until("powerscale_up", lambda found: [value for _, value in found] == [1.0])
            await prometheus.until("icmp_up", lambda found: [value for _, value in found] == [1.0])
            (labels, _), *others = await prometheus.query("powerscale_up")
            clusters = await prometheus.query('{instance="gateway", __name__=~"powerscale.*"}')

    assert (labels["instance"], labels["powerscale"], labels["site"], others) == ("lab", "lab", "north", [])
    assert "cluster" not in labels
    assert clusters == []


async def test_without_the_password_nothing_is_shown(world: World) -> None:
    world.configure(web_config=_web_config(world.folder))
    async with world.agent() as agent, aiohttp.ClientSession() as http:

        async def status(path: str) -> int:
            async with http.get(f"{agent.url}{path}", ssl=False) as answer:
                await answer.read()
                return answer.status

        pages = ("/", "/metrics", "/probe?target=lab", "/sd", "/-/healthy", "/-/ready")
        assert set(await asyncio.gather(*map(status, pages))) == {401}


async def test_a_password_is_no_token_for_mcp(world: World) -> None:
    world.configure(web_config=_web_config(world.folder))
    async with world.agent() as agent, aiohttp.ClientSession() as http:

        async def status(path: str, header: str) -> int:
            question = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            headers = {"Authorization": header} if header else {}
            async with http.post(f"{agent.url}{path}", json=question, headers=headers, ssl=False) as answer:
                await answer.read()
                return answer.status

        right = aiohttp.encode_basic_auth(USER, PASSWORD)
        assert [await status("/mcp", header) for header in ("", right, "Bearer guess")] == [401, 401, 401]
        assert [await status(path, "Bearer guess") for path in ("/mcp/", "//mcp", "/mcp/x", "/%6Dcp/")] == [401] * 4
        assert await status("/mcp/", right) == 404


async def test_the_command_line_still_sees_the_agent_over_tls(world: World) -> None:
    write_certificate(world.folder, "agent")
    tls = {"cert_file": "agent.crt", "key_file": "agent.key"}
    (world.folder / "web.yml").write_text(yaml.safe_dump({"tls_server_config": tls}), "utf-8")
    world.configure(web_config="web.yml")
    async with world.agent():
        listed = await world.cli("targets")

    assert "unknown" not in listed.out
    assert "lab" in listed.out


async def test_an_agent_that_asks_for_a_password_is_not_told_to_be_down(world: World) -> None:
    world.configure(web_config=_web_config(world.folder))
    async with world.agent():
        listed = await world.cli("targets", "--json")

    assert [row["state"] for row in listed.json()] == ["unknown: the agent asks for a password"]
