"""The door with passwords: what is asked of whom, what a guesser can cost, and what nobody can get around."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping

import bcrypt
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope

from mendwatch.web import passwords
from mendwatch.web.passwords import BasicAuth

USERS = {"alice": bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()}


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class Door:
    """Asks the wrapper as a server does, without one."""

    def __init__(self, users: Mapping[str, str] = USERS) -> None:
        self.users = users
        self.app = BasicAuth(PlainTextResponse("inside"), lambda: self.users, {"/mcp"})

    async def status(
        self, header: bytes | str | None = None, path: str = "/", address: str = "192.0.2.1", method: str = "GET"
    ) -> int:
        raw = header.encode("latin-1") if isinstance(header, str) else header
        headers = [] if raw is None else [(b"authorization", raw)]
        scope: Scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": (address, 1)}
        found: list[int] = []

        async def receive() -> Message:
            raise AssertionError

        async def send(message: Message) -> None:
            found.extend([message["status"]] if message["type"] == "http.response.start" else [])

        await self.app(scope, receive, send)
        return found[0]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every password that bcrypt was asked about."""
    asked: list[bytes] = []
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        asked.append(password)
        return real(password, hashed)

    monkeypatch.setattr(passwords.bcrypt, "checkpw", counted)
    return asked


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Bearer abc",
        "Basic \u00e4\u00f6",
        "Basic !!!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:right").decode(),
        "Basic " + "A" * 50_000,
        _basic("", "right"),
        _basic("alice", ""),
        _basic("alice", "right\0"),
        _basic("alice", "right" + "x" * 100),
        _basic("alice:right", ""),
        _basic("ALICE", "right"),
    ],
)
async def test_an_odd_header_opens_nothing_and_breaks_nothing(header: str | None) -> None:
    assert await Door().status(header) == 401


@pytest.mark.parametrize("header", [_basic("alice", "right"), _basic("alice", "right").replace("Basic ", "bAsIc   ")])
async def test_the_right_password_opens(header: str) -> None:
    assert await Door().status(header) == 200


@pytest.mark.parametrize(
    "path", ["/", "//", "/mcp/", "//mcp", "/mcp/..", "/mcp/../metrics", "/MCP", "/mcp\0", "/metrics", "mcp", ""]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
async def test_nothing_but_the_open_path_itself_is_open(path: str, method: str) -> None:
    door = Door()

    assert await door.status(path=path, method=method) == 401
    assert await door.status(path="/mcp", method=method) == 200


async def test_who_asks_together_with_the_right_password_shares_one_check(checked: list[bytes]) -> None:
    door = Door()

    answers = await asyncio.gather(*(door.status(_basic("alice", "right")) for _ in range(100)))

    assert (set(answers), len(checked)) == ({200}, 1)
    assert await door.status(_basic("alice", "right")) == 200
    assert len(checked) == 1


async def test_a_guesser_is_held_off_and_another_address_still_comes_in(checked: list[bytes]) -> None:
    door = Door()
    guesses = [asyncio.create_task(door.status(_basic("alice", str(number)), address="192.0.2.66")) for number in range(500)]
    await asyncio.sleep(0)

    assert await door.status(_basic("alice", "right"), address="192.0.2.1") == 200
    answers = await asyncio.gather(*guesses)
    assert set(answers) == {401, 429}
    assert len(checked) < 20


async def test_nothing_is_remembered_of_a_guesser() -> None:
    door = Door()
    for number in range(30):
        await door.status(_basic(f"user{number}", str(number)), address=f"192.0.2.{number}")
    await asyncio.sleep(0)

    assert (door.app._right, door.app._checks, dict(door.app._of_address)) == ({}, {}, {})


async def test_a_check_whose_caller_leaves_ends_and_frees_its_place() -> None:
    door = Door()
    leaving = asyncio.create_task(door.status(_basic("alice", "wrong")))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await asyncio.gather(*door.app._checks.values())
    await asyncio.sleep(0)

    assert (door.app._checks, door.app._slots._value) == ({}, 2)


async def test_an_unknown_user_costs_what_a_known_one_does(checked: list[bytes]) -> None:
    assert await Door().status(_basic("nobody", "right")) == 401
    assert checked == [b"right"]


async def test_a_removed_user_and_a_changed_password_are_out_at_once() -> None:
    door = Door()
    assert await door.status(_basic("alice", "right")) == 200

    door.users = {"alice": bcrypt.hashpw(b"other", bcrypt.gensalt(4)).decode()}
    assert await door.status(_basic("alice", "right")) == 401
    door.users = {}
    assert await door.status(_basic("alice", "other")) == 401
