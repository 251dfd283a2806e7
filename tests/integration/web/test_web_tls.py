"""TLS and passwords of the web server, over real connections."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import bcrypt
import pytest
from certificates import write_certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mendwatch.config import web_config
from mendwatch.errors import ConfigurationError
from mendwatch.web.passwords import BasicAuth
from mendwatch.web.server import WebServer
from mendwatch.web.tls import Certificates


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello\n")


@asynccontextmanager
async def _serving(folder: Path, text: str) -> AsyncIterator[WebServer]:
    path = folder / "web.yml"
    path.write_text(text, "utf-8")
    config = web_config.load(path)
    app = Starlette(routes=[Route("/", _hello), Route("/mcp", _hello)])
    tls = Certificates(config.tls).context if config.tls else None
    server = WebServer(
        BasicAuth(app, config.basic_auth_users, {"/mcp"}) if config.basic_auth_users else app, "127.0.0.1", 0, tls=tls
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def _trusting(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / f"{name}.crt")
    context.check_hostname = False
    return context


async def _fingerprint(server: WebServer) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
    found = x509.load_der_x509_certificate(shown.getpeercert(binary_form=True) or b"").fingerprint(hashes.SHA256()).hex()
    writer.close()
    await writer.wait_closed()
    return found


async def test_the_page_is_served_over_tls_with_the_configuredwrite_certificate(tmp_path: Path) -> None:
    write_certificate(tmp_path, "one")

    async with (
        _serving(tmp_path, "tls_server_config: {cert_file: one.crt, key_file: one.key}") as server,
        aiohttp.ClientSession() as http,
    ):
        assert server.url.startswith("https://")
        async with http.get(server.url, ssl=_trusting(tmp_path, "one")) as answer:
            assert await answer.text() == "hello\n"


async def test_a_renewed_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    first = write_certificate(tmp_path, "one")
    async with _serving(tmp_path, "tls_server_config: {cert_file: one.crt, key_file: one.key}") as server:
        assert await _fingerprint(server) == first
        second = write_certificate(tmp_path, "one")
        assert await _fingerprint(server) == second != first


async def test_a_broken_renewal_keeps_the_oldwrite_certificate(tmp_path: Path) -> None:
    first = write_certificate(tmp_path, "one")
    async with _serving(tmp_path, "tls_server_config: {cert_file: one.crt, key_file: one.key}") as server:
        (tmp_path / "one.crt").write_text("nothing", "utf-8")
        assert await _fingerprint(server) == first


async def test_a_client_without_a_certificate_is_refused_where_one_is_required(tmp_path: Path) -> None:
    write_certificate(tmp_path, "one")
    write_certificate(tmp_path, "client")
    text = (
        "tls_server_config: {cert_file: one.crt, key_file: one.key, client_ca_file: client.crt, "
        "client_auth_type: RequireAndVerifyClientCert}"
    )
    async with _serving(tmp_path, text) as server, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientError):
            await http.get(server.url, ssl=_trusting(tmp_path, "one"))
        shown = _trusting(tmp_path, "one")
        shown.load_cert_chain(tmp_path / "client.crt", tmp_path / "client.key")
        async with http.get(server.url, ssl=shown) as answer:
            assert answer.status == 200


async def test_a_password_opens_everything_but_what_has_its_own_door(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    async with _serving(tmp_path, f"basic_auth_users: {{alice: {hashed}}}") as server, aiohttp.ClientSession() as http:

        async def status(path: str, name: str = "", password: str = "") -> int:
            auth = aiohttp.encode_basic_auth(name, password) if name else None
            async with http.get(f"{server.url}{path}", headers={"Authorization": auth} if auth else {}) as answer:
                return answer.status

        assert [await status("/"), await status("/", "alice", "wrong"), await status("/", "bob", "right")] == [401, 401, 401]
        assert [await status("/", "alice", "right"), await status("/", "alice", "right"), await status("/mcp")] == [200, 200, 200]
        assert await status("/", "alice", "x" * 100) == 401


async def test_a_wrong_certificate_file_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "one.crt").write_text("nothing", "utf-8")
    (tmp_path / "one.key").write_text("nothing", "utf-8")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        async with _serving(tmp_path, "tls_server_config: {cert_file: one.crt, key_file: one.key}"):
            pass


async def test_promtool_takes_the_same_file(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        assert "CI" not in os.environ, "promtool is missing"
        pytest.skip("promtool is not installed")
    write_certificate(tmp_path, "one")
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    text = (
        "tls_server_config: {cert_file: one.crt, key_file: one.key, min_version: TLS13}\n"
        "http_server_config: {headers: {Strict-Transport-Security: max-age=1}}\n"
        f"basic_auth_users: {{alice: {hashed}}}\n"
    )
    async with _serving(tmp_path, text):
        process = await asyncio.create_subprocess_exec(
            promtool,
            "check",
            "web-config",
            str(tmp_path / "web.yml"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()

    assert process.returncode == 0, said.decode()
