"""The webhooks over real connections: who may deliver, what is answered, and that 200 means kept."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
import pytest
from certificates import write_certificate
from foreign_worlds import a_message, an_alert

from mendwatch.alerting.foreign_messages import LARGEST, Message
from mendwatch.config import web_config
from mendwatch.errors import Refused, StoreError
from mendwatch.model.principals import PERMISSIONS, Permission, Role, Token
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore
from mendwatch.web import app, webhook
from mendwatch.web.server import WebServer
from mendwatch.web.tls import Certificates
from mendwatch.web.users import Users
from mendwatch.web.webhook import Delivery, Webhook

NOON = FakeClock().now()


def fresh(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return an_alert(startsAt=(NOON - timedelta(seconds=30)).isoformat(), **changes)


MESSAGE = a_message([fresh(), fresh(path="/ifs/b")])


@dataclass
class Post:
    """What an endpoint answered."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass
class Office:
    """A server with the webhooks, and what became of what was posted; `fault` is raised instead of keeping it."""

    clock: FakeClock = field(default_factory=FakeClock)
    taken: list[Message] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    fault: Exception | None = None
    url: str = ""
    gate: asyncio.Event | None = None

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)

    async def token(self, role: Role = Role.SOURCE, **fields: Any) -> str:  # noqa: ANN401 - fields of a token
        _, secret = await self.store.tokens.create("am", role, expires_at=fields.get("expires_at"), actor="cli:root")
        return secret

    async def authenticate(self, secret: str) -> Token | None:
        if isinstance(self.fault, StoreError):
            raise self.fault
        return await self.store.tokens.authenticate(secret)

    async def take(self, message: Message) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        self.taken.append(message)

    def count(self, source: str, result: str) -> None:
        self.counts[source, result] += 1

    async def post(
        self,
        body: object = MESSAGE,
        secret: str | None = None,
        path: str = "/webhook/alertmanager",
        **options: Any,  # noqa: ANN401 - of aiohttp
    ) -> Post:
        headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
        headers.update(options.pop("headers", {}))
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with aiohttp.ClientSession() as http, http.post(self.url + path, data=data, headers=headers, **options) as answer:
            text = await answer.text()
            return Post(answer.status, json.loads(text) if text.startswith("{") else {"text": text}, answer.headers)


@asynccontextmanager
async def serving(office: Office, folder: Path | None = None, text: str = "") -> AsyncIterator[Office]:
    door, tls = app.Door(), None
    if folder is not None:
        path = folder / "web.yml"
        path.write_text(text, "utf-8")
        config = web_config.load(path)
        door = app.Door(Users(path, config.basic_auth_users))
        tls = Certificates(config.tls).context if config.tls else None
    hook = Webhook(Delivery(office.authenticate, office.take, office.count), office.clock)
    views = app.Views(metrics=lambda _: iter(()), targets=lambda: ())
    server = WebServer(app.build(views, door=door, webhook=hook), "127.0.0.1", 0, tls=tls)
    await server.start()
    office.url = server.url
    try:
        yield office
    finally:
        await server.stop()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with serving(Office()) as running:
        yield running


async def test_a_message_with_a_token_is_taken(office: Office) -> None:
    answer = await office.post(secret=await office.token())

    assert (answer.status, answer.body) == (200, {"alerts": 2})
    (message,) = office.taken
    assert [alert.labels["path"] for alert in message.alerts] == ["/ifs/a", "/ifs/b"]
    assert office.counts == {("alertmanager", "taken"): 1}


async def test_grafana_delivers_at_its_own_path(office: Office) -> None:
    answer = await office.post(secret=await office.token(), path="/webhook/grafana")

    assert answer.status == 200
    assert office.taken[0].source == "grafana"


@pytest.mark.parametrize("secret", [None, "", "mw_00000000_" + "x" * 43, "nonsense", "\xe9"])
async def test_without_a_valid_token_nothing_is_read(office: Office, secret: str | None) -> None:
    answer = await office.post(b"x" * 1000, secret)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "--role source" in answer.body["hint"]
    assert office.counts == {("alertmanager", "unauthorized"): 1}


@pytest.mark.parametrize("role", [role for role in Role if Permission.DELIVER not in PERMISSIONS[role]])
async def test_a_token_of_another_role_may_not_deliver(office: Office, role: Role) -> None:
    answer = await office.post(secret=await office.token(role))

    assert (answer.status, office.taken) == (403, [])


async def test_a_source_may_do_nothing_else() -> None:
    assert PERMISSIONS[Role.SOURCE] == {Permission.DELIVER}


async def test_an_expired_and_a_revoked_token_are_none(office: Office) -> None:
    secret = await office.token(expires_at=NOON + timedelta(hours=1))
    assert (await office.post(secret=secret)).status == 200
    await office.clock.advance(3600)
    assert (await office.post(secret=secret)).status == 401

    other = await office.token()
    (token, *_) = await office.store.tokens.list()
    await office.store.tokens.revoke(token.id, actor="cli:root")
    assert (await office.post(secret=other)).status == 401


async def test_a_password_of_the_pages_is_no_token(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    async with serving(Office(), tmp_path, f"basic_auth_users: {{ann: '{hashed}'}}") as office:
        basic = aiohttp.encode_basic_auth("ann", "secret")
        assert (await office.post(headers={"Authorization": basic})).status == 401
        assert (await office.post(secret=await office.token())).status == 200  # and no password is asked for beside a token
        async with aiohttp.ClientSession() as http, http.get(office.url) as page:
            assert page.status == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"alerts":[{}]}', b"\xff\xfe"])
async def test_what_cannot_be_understood_is_400_and_says_why(office: Office, body: bytes) -> None:
    answer = await office.post(body, await office.token())

    assert (answer.status, office.taken) == (400, [])
    assert answer.body["error"]
    assert answer.body["hint"]
    assert office.counts == {("alertmanager", "malformed"): 1}


async def test_one_bad_alert_refuses_the_whole_message(office: Office) -> None:
    answer = await office.post(a_message([fresh(), fresh(status="odd")]), await office.token())

    assert (answer.status, office.taken) == (400, [])
    assert "alert 2 of 2" in answer.body["error"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_message_that_is_too_large_is_413_with_what_to_do(office: Office, *, chunked: bool) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(LARGEST // 2**20 + 2):
            yield b" " * 2**20

    secret = await office.token()
    headers = {"Authorization": f"Bearer {secret}"}
    async with aiohttp.ClientSession() as http:
        data = parts() if chunked else io.BytesIO(b" " * (LARGEST + 1))
        try:
            async with http.post(office.url + "/webhook/alertmanager", data=data, headers=headers) as answer:
                assert answer.status == 413
                assert "max_alerts" in (await answer.json())["hint"]
        except aiohttp.ClientConnectionError:
            pass  # it was answered before all was sent, which the client may see as a broken connection
    assert office.taken == []
    assert office.counts == {("alertmanager", "too_large"): 1}


async def test_too_many_alerts_are_413(office: Office) -> None:
    answer = await office.post({"alerts": [0] * 10_001}, await office.token())

    assert answer.status == 413
    assert "10000 alerts" in answer.body["hint"]


@pytest.mark.parametrize("fault", [StoreError("the disk is full"), Refused("too many are open")])
async def test_what_cannot_be_kept_is_503_so_that_it_comes_again(office: Office, fault: Exception) -> None:
    secret = await office.token()
    office.fault = fault

    answer = await office.post(secret=secret)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.body["error"] == str(fault)

    office.fault = None
    assert (await office.post(secret=secret)).status == 200
    assert len(office.taken) == 1


async def test_200_waits_until_all_is_kept(office: Office) -> None:
    office.gate = asyncio.Event()
    posting = asyncio.create_task(office.post(secret=await office.token()))

    done, _ = await asyncio.wait([posting], timeout=0.2)
    assert not done
    office.gate.set()

    assert (await posting).status == 200


async def test_many_at_a_time_wait_for_their_turn_and_too_many_come_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_WAITING", 5)
    secret, office.gate = await office.token(), asyncio.Event()
    posts = [asyncio.create_task(office.post(secret=secret)) for _ in range(12)]
    while office.counts["alertmanager", "busy"] < 7:  # noqa: ASYNC110 - what is waited for is counted by the server
        await asyncio.sleep(0.01)
    office.gate.set()

    assert Counter([(await one).status for one in posts]) == {200: 5, 503: 7}
    assert (await office.post(secret=secret)).status == 200


async def test_only_post_is_answered(office: Office) -> None:
    async with aiohttp.ClientSession() as http, http.get(office.url + "/webhook/alertmanager") as answer:
        assert answer.status == 405


def _client(folder: Path, name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "server.crt")
    context.check_hostname = False
    if name is not None:
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


def _mutual(folder: Path, how: str) -> str:
    for name in ("server", "am", "stranger"):
        write_certificate(folder, name)
    return f"tls_server_config: {{cert_file: server.crt, key_file: server.key, client_auth_type: {how}, client_ca_file: am.crt}}"


@pytest.mark.parametrize("how", ["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"])
async def test_a_verified_certificate_delivers_without_a_token(tmp_path: Path, how: str) -> None:
    async with serving(Office(), tmp_path, _mutual(tmp_path, how)) as office:
        answer = await office.post(ssl=_client(tmp_path, "am"))

        assert (answer.status, len(office.taken)) == (200, 1)


async def test_a_certificate_of_nobody_we_trust_delivers_nothing(tmp_path: Path) -> None:
    async with serving(Office(), tmp_path, _mutual(tmp_path, "VerifyClientCertIfGiven")) as office:
        assert (await office.post(ssl=_client(tmp_path, None))).status == 401
        with pytest.raises(aiohttp.ClientError):
            await office.post(ssl=_client(tmp_path, "stranger"))
        assert (await office.post(secret=await office.token(), ssl=_client(tmp_path, None))).status == 200

    assert len(office.taken) == 1


async def test_a_certificate_that_nobody_asked_for_delivers_nothing(tmp_path: Path) -> None:
    write_certificate(tmp_path, "server")
    write_certificate(tmp_path, "am")
    async with serving(Office(), tmp_path, "tls_server_config: {cert_file: server.crt, key_file: server.key}") as office:
        assert (await office.post(ssl=_client(tmp_path, "am"))).status == 401


async def test_a_wrong_token_is_wrong_whoever_brings_it(tmp_path: Path) -> None:
    async with serving(Office(), tmp_path, _mutual(tmp_path, "VerifyClientCertIfGiven")) as office:
        assert (await office.post(secret="nonsense", ssl=_client(tmp_path, "am"))).status == 401
