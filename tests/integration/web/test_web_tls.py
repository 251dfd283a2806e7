"""TLS and passwords of the web server, over real connections."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import bcrypt
import pytest
from certificates import END, write_certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mendwatch.clock import SystemClock
from mendwatch.config import web_config
from mendwatch.errors import ConfigurationError
from mendwatch.web.passwords import BasicAuth
from mendwatch.web.server import WebServer
from mendwatch.web.tls import Certificates
from mendwatch.web.users import Users


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello\n")


@asynccontextmanager
async def _serving(folder: Path, text: str) -> AsyncIterator[WebServer]:
    path = folder / "web.yml"
    path.write_text(text, "utf-8")
    config = web_config.load(path)
    app = Starlette(routes=[Route("/", _hello), Route("/mcp", _hello)])
    tls = Certificates(config.tls).context if config.tls else None
    server = WebServer(BasicAuth(app, Users(path, config.basic_auth_users), {"/mcp"}), "127.0.0.1", 0, tls=tls)
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


async def test_the_page_is_served_over_tls_with_the_configured_certificate(tmp_path: Path) -> None:
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


async def test_the_end_of_the_certificate_is_told_and_follows_a_renewal_that_works(tmp_path: Path) -> None:
    write_certificate(tmp_path, "one")
    (tmp_path / "web.yml").write_text("tls_server_config: {cert_file: one.crt, key_file: one.key}", "utf-8")
    config = web_config.load(tmp_path / "web.yml").tls
    assert config is not None
    certificates = Certificates(config)
    assert certificates.not_after == END.timestamp()

    write_certificate(tmp_path, "one", days=90)
    certificates._renew()
    assert certificates.not_after == (END - timedelta(days=20_000 - 90)).timestamp()
    (tmp_path / "one.key").write_text("no key", "utf-8")
    certificates._renew()
    assert certificates.not_after == (END - timedelta(days=20_000 - 90)).timestamp()


async def test_a_broken_renewal_keeps_the_old_certificate(tmp_path: Path) -> None:
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


MUTUAL = (
    "tls_server_config: {cert_file: one.crt, key_file: one.key, client_ca_file: ca.crt, "
    "client_auth_type: RequireAndVerifyClientCert, max_version: VERSION}"
)


def _showing(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


def _asked(port: int, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSession | None:
    """Ask as one client; give the session that it may come back with, or None where it was refused."""
    try:
        with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, session=session) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return connection.session if connection.recv(100).startswith(b"HTTP/1.1 200") else None
    except OSError:
        return None


@pytest.mark.parametrize("version", ["TLS12", "TLS13"])
async def test_a_client_whose_authority_was_changed_is_out_at_once(tmp_path: Path, version: str) -> None:
    for name in ("one", "client", "other"):
        write_certificate(tmp_path, name)
    (tmp_path / "ca.crt").write_bytes((tmp_path / "client.crt").read_bytes())
    async with _serving(tmp_path, MUTUAL.replace("VERSION", version)) as server:
        known = _showing(tmp_path, "client")
        session = await asyncio.to_thread(_asked, server.port, known)
        assert session is not None
        (tmp_path / "ca.crt").write_bytes((tmp_path / "other.crt").read_bytes())

        assert await asyncio.to_thread(_asked, server.port, known, session) is None
        assert await asyncio.to_thread(_asked, server.port, _showing(tmp_path, "client")) is None
        assert await asyncio.to_thread(_asked, server.port, _showing(tmp_path, "other")) is not None


async def test_a_renewed_certificate_asks_for_the_clients_as_before(tmp_path: Path) -> None:
    for name in ("one", "client", "other"):
        write_certificate(tmp_path, name)
    (tmp_path / "ca.crt").write_bytes((tmp_path / "client.crt").read_bytes())
    async with _serving(tmp_path, MUTUAL.replace("VERSION", "TLS13")) as server:
        write_certificate(tmp_path, "one")

        assert await asyncio.to_thread(_asked, server.port, _showing(tmp_path, "other")) is None
        assert await asyncio.to_thread(_asked, server.port, _showing(tmp_path, "client")) is not None


async def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    write_certificate(tmp_path, "one")
    key = serialization.load_pem_private_key((tmp_path / "one.key").read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"word")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    (tmp_path / "one.key").write_bytes(pem)

    with pytest.raises(ConfigurationError) as raised:
        async with _serving(tmp_path, "tls_server_config: {cert_file: one.crt, key_file: one.key}"):
            pass

    assert "without a passphrase" in raised.value.hint


async def test_handshakes_that_never_end_hold_up_nobody_and_no_stop(tmp_path: Path) -> None:
    write_certificate(tmp_path, "one")
    clock = SystemClock()
    async with _serving(tmp_path, "tls_server_config: {cert_file: one.crt, key_file: one.key}") as server:
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(20)]
        await asyncio.wait_for(_fingerprint(server), 5)
        began = clock.monotonic()
    took = clock.monotonic() - began
    for _, writer in silent:
        writer.close()
        await writer.wait_closed()
    for _ in range(20):  # the server's side hears of it
        await asyncio.sleep(0)

    assert took < 3


async def test_a_password_opens_everything_but_what_has_its_own_door(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    async with _serving(tmp_path, f"basic_auth_users: {{alice: {hashed}}}") as server, aiohttp.ClientSession() as http:

        async def status(path: str, name: str = "", password: str = "") -> int:
            auth = aiohttp.encode_basic_auth(name, password) if name else None
            async with http.get(f"{server.url}{path}", headers={"Authorization": auth} if auth else {}) as answer:
                await answer.read()
                return answer.status

        assert [await status("/"), await status("/", "alice", "wrong"), await status("/", "bob", "right")] == [401, 401, 401]
        assert [await status("/", "alice", "right"), await status("/", "alice", "right"), await status("/mcp")] == [200, 200, 200]
        assert await status("/", "alice", "x" * 100) == 401


async def test_users_come_and_go_with_the_file(tmp_path: Path) -> None:
    one, two = (bcrypt.hashpw(word, bcrypt.gensalt(4)).decode() for word in (b"one", b"two"))
    file = tmp_path / "web.yml"
    async with _serving(tmp_path, f"basic_auth_users: {{alice: {one}}}") as server, aiohttp.ClientSession() as http:

        async def status(name: str, password: str) -> int:
            headers = {"Authorization": aiohttp.encode_basic_auth(name, password)}
            async with http.get(server.url, headers=headers) as answer:
                await answer.read()
                return answer.status

        assert await status("alice", "one") == 200
        file.write_text(f"basic_auth_users: {{alice: {two}}}", "utf-8")
        assert [await status("alice", "one"), await status("alice", "two")] == [401, 200]
        file.write_text("basic_auth_users: {ali", "utf-8")
        assert await status("alice", "two") == 200
        file.write_text("", "utf-8")
        assert await status("alice", "two") == 401
        file.write_text(f"basic_auth_users: {{bob: {one}}}", "utf-8")
        assert [await status("alice", "two"), await status("bob", "one")] == [401, 200]


async def test_users_that_are_added_close_an_open_door(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"one", bcrypt.gensalt(4)).decode()
    async with _serving(tmp_path, "") as server, aiohttp.ClientSession() as http:
        async with http.get(server.url) as answer:
            assert answer.status == 200
        (tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: {hashed}}}", "utf-8")
        async with http.get(server.url) as answer:
            assert answer.status == 401


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
