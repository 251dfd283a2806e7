"""Logins over real HTTPS: cookies, CSRF, ends of sessions, refusals as OneFS gives them."""

from __future__ import annotations

import base64
import ssl
import stat
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Client = Any  # the PapiClient of conftest.py, which is not imported


CONFIG = "/platform/3/cluster/config"


def modes(folder: Path, pattern: str) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob(pattern)}


async def test_a_login_gives_both_cookies_and_the_documented_body(stranger: Client) -> None:
    answered = await stranger.login()
    assert answered.status == 201
    assert answered.body == {
        "services": ["platform", "namespace"],
        "timeout_absolute": 14400,
        "timeout_inactive": 900,
        "username": "monitor",
    }
    first, second = answered.headers.getall("Set-Cookie")
    assert first.startswith("isisessid=")
    assert {"HttpOnly", "Secure", "SameSite=strict"} <= set(first.split("; "))
    assert second.startswith("isicsrf=")
    assert "HttpOnly" not in second


async def test_a_wrong_password_and_an_unknown_user_are_refused_with_a_page(stranger: Client) -> None:
    for user, password in (("monitor", "wrong"), ("nobody", "read-only-please")):
        answered = await stranger.ask(
            "POST", "/session/1/session", json={"username": user, "password": password, "services": ["platform"]}
        )
        assert answered.status == 401
        assert answered.headers["Content-Type"].startswith("text/html")
        assert answered.headers["Server"] == "Apache"
    assert [(record.user, record.status) for record in stranger.simulator.requests] == [("monitor", 401), ("nobody", 401)]


@pytest.mark.parametrize("body", ["[]", "{}", '{"username": "monitor", "password": "x", "services": ["shell"]}', "not json"])
async def test_a_login_that_makes_no_sense_is_a_bad_request(stranger: Client, body: str) -> None:
    answered = await stranger.ask("POST", "/session/1/session", data=body)
    assert (answered.status, answered.body["errors"][0]["code"]) == (400, "AEC_BAD_REQUEST")


async def test_nothing_is_told_to_a_stranger(stranger: Client) -> None:
    for path in (CONFIG, "/platform/latest", "/platform/99/nonsense"):
        assert (await stranger.ask("GET", path)).status == 401


async def test_basic_authentication_works_without_a_session(stranger: Client) -> None:
    for secret, status in ((f"monitor:{stranger.simulator.accounts['monitor']}", 200), ("monitor:wrong", 401), ("nobody:", 401)):
        header = "Basic " + base64.b64encode(secret.encode()).decode()
        assert (await stranger.ask("GET", CONFIG, headers={"Authorization": header})).status == status
    for nonsense in ("Basic !!!", "Basic", "Bearer x", "Basic /w=="):
        assert (await stranger.ask("GET", CONFIG, headers={"Authorization": nonsense})).status == 401


@pytest.mark.parametrize("missing", ["X-CSRF-Token", "Origin"])
async def test_a_session_needs_its_token_and_an_origin(monitor: Client, missing: str) -> None:
    del monitor.session.headers[missing]
    answered = await monitor.ask("GET", CONFIG)
    assert (answered.status, answered.headers["Content-Type"].split(";")[0]) == (401, "text/html")


async def test_a_referer_does_instead_of_an_origin(monitor: Client) -> None:
    del monitor.session.headers["Origin"]
    assert (await monitor.ask("GET", CONFIG, headers={"Referer": monitor.simulator.url + "/"})).status == 200
    assert (await monitor.ask("GET", CONFIG, headers={"Referer": "https://elsewhere.example/"})).status == 401


async def test_a_reader_is_told_which_privilege_a_write_needs(monitor: Client) -> None:
    answered = await monitor.ask("PUT", "/platform/19/event/eventgroup-occurrences/724902", json={"resolved": True})
    assert answered.status == 403
    assert answered.body["errors"] == [
        {
            "code": "AEC_FORBIDDEN",
            "message": "Privilege check failed. The following write privilege is required: Event (ISI_PRIV_EVENT)",
        }
    ]


async def test_a_session_tells_how_long_it_lives_and_ends_when_deleted(monitor: Client, clock: FakeClock) -> None:
    clock.move(100)
    shown = await monitor.ask("GET", "/session/1/session")
    assert (shown.body["timeout_absolute"], shown.body["timeout_inactive"]) == (14300, 800)
    assert (await monitor.ask("DELETE", "/session/1/session")).status == 204
    assert (await monitor.ask("GET", CONFIG)).status == 401


async def test_a_cookie_that_was_not_replaced_ends_after_900_seconds(monitor: Client, clock: FakeClock) -> None:
    clock.move(901)
    assert (await monitor.ask("GET", CONFIG)).status == 401


async def test_a_cookie_is_replaced_after_half_its_life_and_use_alone_does_not_extend_it(monitor: Client, clock: FakeClock) -> None:
    clock.move(440)
    assert "Set-Cookie" not in (await monitor.ask("GET", CONFIG)).headers
    clock.move(20)
    assert "isisessid=" in (await monitor.ask("GET", CONFIG)).headers["Set-Cookie"]
    clock.move(800)  # 1260 s since the login: only the new cookie is still good
    assert (await monitor.ask("GET", CONFIG)).status == 200


async def test_no_session_outlives_four_hours(monitor: Client, clock: FakeClock) -> None:
    for _ in range(31):
        clock.move(460)
        assert (await monitor.ask("GET", CONFIG)).status == 200
    clock.move(150)
    assert (await monitor.ask("GET", CONFIG)).status == 401


async def test_a_client_that_does_not_trust_the_authority_is_told_so(simulator: Simulator) -> None:
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        async with aiohttp.ClientSession() as session, session.get(simulator.url):
            pass


async def test_the_certificate_satisfies_a_strict_client(simulator: Simulator) -> None:
    context = ssl.create_default_context(cafile=simulator.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for host in ("127.0.0.1", "localhost"):
        url = simulator.url.replace("127.0.0.1", host)
        async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
            assert response.status == 404


async def test_the_pinned_fingerprint_is_that_of_the_certificate(simulator: Simulator) -> None:
    pin = aiohttp.Fingerprint(bytes.fromhex(simulator.fingerprint))
    async with aiohttp.ClientSession() as session, session.get(simulator.url, ssl=pin) as response:
        assert response.status == 404


async def test_only_the_owner_reads_the_key_and_nothing_is_served_once_it_ended(tmp_path: Path) -> None:
    async with Simulator(SimulatorOptions(tmp_path)) as simulator:
        url = simulator.url
        assert modes(tmp_path, "*.key") == {"server.key": 0o600}
    with pytest.raises(aiohttp.ClientConnectorError):
        async with aiohttp.ClientSession() as session, session.get(url):
            pass


async def test_no_record_of_a_request_holds_a_password(stranger: Client) -> None:
    await stranger.login()
    answered = await stranger.control("GET", "/requests")
    assert stranger.simulator.accounts["monitor"] not in answered.text
    assert answered.body["requests"][0]["path"] == "/session/1/session"
